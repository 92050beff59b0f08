"""What an access token opens at this moment: consent, account, session and the gate are asked at every use."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accounts.models import Session, User
from ciam_portal.core import clock, request_id
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.decide import Decided
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Sensitivity
from ciam_portal.core.policy.decision import Allow, StepUp
from ciam_portal.oauth import claims, tokens
from ciam_portal.oauth.models import AccessToken, Partner
from ciam_portal.oauth.resources import ours
from consent.models import Consent
from consent.permission import facts
from consent.release import challenges, issuance

_LONGEST = 255  # of those that our own APIs take


@dataclass(frozen=True, slots=True)
class Live:
    """A customer's access token that has not expired, with all that decides about it."""

    token: AccessToken
    partner: Partner
    customer: User
    session: Session
    consent: Consent

    @property
    def root(self) -> issuance.Root:
        """What it hangs from."""
        held = self.partner, self.customer, self.session, self.consent
        return issuance.Root(*held, delegation=self.token.delegation_id)


@dataclass(frozen=True, slots=True)
class Access:
    """What a bearer token opens right now: of whom, for whom, and which scopes still stand."""

    token: AccessToken
    partner: Partner
    customer: User
    consent: Consent
    scopes: tuple[str, ...]
    at: datetime
    named: tuple[str, ...] = ()
    """Fields for userinfo that the partner asked for by name, and that stand."""
    actor: UUID | None = None
    """Who acts for the customer, if somebody does."""
    used_by: UUID | None = None
    """The same, or the program that acts, if another partner than itself is told."""


def admit(value: str, *needed: str, path: str, jkt: str = "") -> Access | Decided | None:
    """What this access token opens at our API at ``path``; the answer if that is not allowed (yet).

    None if it is no live token for that API. ``jkt`` is the key that was proven on the request (RFC 9449): one that is
    bound opens nothing without its own, and one that is not bound is not sent with any.

    ID tokens, codes and refresh tokens are no access tokens. One statement, unless something is refused or a scope has
    a sensitive row of its own in the catalogue.
    """
    at = clock.now()
    found = live(value, at)
    if found is None or found.token.jkt != jkt or not ours.opens(found.token.resource, path):
        return None
    partner, customer, session = found.partner, found.customer, found.session
    by, held = acting(partner), tuple(found.token.scope.split())
    asked = issuance.ask(found.root, *facts.uses(needed), held=held, needed=needed, by=by, at=at)
    if not isinstance(asked.answer, Allow):
        if isinstance(asked.answer, StepUp):
            challenges.remember(session.pk, partner.pk, asked.answer)
        return issuance.kept(asked, found.root, at=at)
    _keep(asked, found.root, at)
    opened = facts.open_now(asked.allowed, asked.token, asked.person, at, answered=needed)
    named = facts.named_now(claims.USERINFO, found.token.named, found.consent, asked.token, at, partner=partner)
    return Access(
        found.token, partner, customer, found.consent, opened, at, named, asked.delegate, asked.actor(partner.pk)
    )


def live(value: str, at: datetime) -> Live | None:
    """A customer's access token that has not expired; None for whatever else it is. One statement."""
    found = _unexpired(value, at)
    if found is None or found.consent is None or found.session is None:
        return None
    found.consent.choices = found.choices
    return Live(found, found.application, found.user, found.session, found.consent)


def partner_of(value: str, at: datetime, *, jkt: str) -> tuple[Partner | None, frozenset[str]]:
    """Who acts for itself with this access token, and for what; nobody, with a customer's or one that is over.

    What the partner may no longer ask for falls out.
    """
    found = _unexpired(value, at)
    if found is None or found.user_id or found.resource or found.jkt != jkt:
        return None, frozenset()
    partner: Partner = found.application
    held = frozenset(found.scope.split()) & frozenset(partner.scopes_allowed)
    return (partner, held) if partner.is_on else (None, frozenset())


def _unexpired(value: str, at: datetime) -> AccessToken | None:
    found = tokens.access_of(value) if 0 < len(value) <= _LONGEST else None
    return found if found is not None and at < found.expires else None


def acting(partner: Partner) -> Actor:
    """A partner, on the request that is being answered."""
    return Actor(ActorKind.PARTNER, partner.pk, Channel.API, request_id=request_id.current.get().strip("-"))


def _keep(asked: issuance.Asked, root: issuance.Root, at: datetime) -> None:
    """An allow of low sensitivity is not kept: this path has to stay fast."""
    rows = limits.current().actions
    grave = [one for one in asked.gated if one[0] not in rows or rows[one[0]].sensitivity is not Sensitivity.LOW]
    if grave:
        issuance.kept(replace(asked, gated=tuple(grave)), root, at=at)
