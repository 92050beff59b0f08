"""What codes and refresh tokens hang from, and what comes of them: the tokens of one family."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Session, User
from ciam_portal.core.audit.events import Code
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.oauth import actors as entities
from ciam_portal.oauth import tokens
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.families import Carried, Issued
from ciam_portal.oauth.families import Root as Trunk
from ciam_portal.oauth.models import AuthorizationCode, Partner, RefreshToken
from ciam_portal.oauth.resources.targets import OURS, Target
from ciam_portal.oauth.subjects import subject
from consent.details import facts as details
from consent.ledger.shapes import Party, Way
from consent.models import Consent
from consent.permission import facts
from consent.release import actors, issuance
from consent.use import flows as leaving
from consent.use.policy import Reason as NotUsed
from consent.use.shapes import To


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a partner receives, and of whom it speaks."""

    issued: Issued
    customer: User
    session: Session
    consent: Consent
    named: tuple[str, ...]
    nonce: str = ""
    sid: str = ""
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """For what a partner exchanges what it holds: for all of it, or less.

    ``scopes``: none means all. ``details``: of those that were approved by themselves. ``target``: what the token
    is to be for. ``jkt`` is the key that the partner proved to hold (RFC 9449); what is issued is bound to it. "" binds
    to none.
    """

    scopes: tuple[str, ...] = ()
    details: tuple[UUID, ...] = ()
    target: Target = OURS
    jkt: str = ""


def root_of(held: AuthorizationCode | RefreshToken, partner: Partner) -> issuance.Root:
    """What it hangs from, as it was read with it."""
    held.consent.choices = held.choices
    acts = actors.standing_of(partner, held.user_id)
    return issuance.Root(partner, held.user, held.session, held.consent, tuple(held.resource), acts)


def spoken(root: issuance.Root, target: Target, carried: dict[UUID, Detail]) -> dict[str, Any]:
    """What a signed access token says of partner and customer, who is known there by the resource's own name."""
    if target.signed_for is None:
        return {}
    said = entities.client(root.partner) | {"sub": subject(target.signed_for, root.customer.pk)}
    more = {"authorization_details": list(carried.values())} if carried else {}
    proven = facts.signed_in(root.session) if root.delegation is None else {}  # the customer's; who acts is not them
    return said | proven | more


def handed_out(root: issuance.Root, target: Target, asked: issuance.Asked, at: datetime) -> None:
    """A signed token tells who runs its resource who is there, and nobody asks us then: so it is asked and noted here.

    What else it says is no data about a person, or was approved by itself. Raises Refused: nothing may go.
    """
    if target.signed_for is None:
        return
    to = To(Party(target.signed_for.pk), Way.ACCESS_TOKEN, actor=asked.actor(target.signed_for.pk))
    if not leaving.release_to_app(root.consent, root.customer, ("openid",), to, at=at).names:
        raise Refused(NotUsed.NOT_COVERED)


def approved(
    held: AuthorizationCode | RefreshToken, wanted: tuple[UUID, ...]
) -> tuple[tuple[UUID, ...], dict[UUID, Detail]]:
    """Of the approved details that this holds, those that are still to be done; and what is ``wanted`` of them now."""
    rows = details.standing(held.details)
    return tuple(row.pk for row in rows), {row.pk: row.said for row in rows if row.pk in wanted}


def begin_family(
    trunk: Trunk, root: issuance.Root, asked: issuance.Asked, target: Target, carried: dict[UUID, Detail],
    *, at: datetime,
) -> Issued:  # fmt: skip
    """The first tokens, for all that is allowed; whatever is refreshed later, they end so long after the sign-in."""
    ends_at = root.session.auth_time + timedelta(days=limits.current().oauth.refresh_token_days)
    handed_out(root, target, asked, at)
    first = Carried(target.scopes(asked.allowed), target, tuple(carried), spoken(root, target, carried))
    if asked.acts is not None:
        first, ends_at = asked.acts.carry(first, at), min(ends_at, asked.acts.ends_at(at))
    return tokens.issue(trunk, asked.allowed, first, ends_at=ends_at, at=at)


def read(consent: Consent, issued: Issued, at: datetime) -> None:
    """The ID token that comes with the tokens tells the partner about the customer too."""
    if "openid" in issued.scopes:
        consent.used(at)


def coded(names: tuple[str, ...]) -> tuple[Code, ...]:
    """Scopes, for an event."""
    return tuple(Code(name) for name in names)
