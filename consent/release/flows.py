"""A partner exchanges codes and refresh tokens. Whatever they rest on is asked again, under lock.

Rows are locked in one order: consent, customer, session, and what hangs from them. A withdrawal, a lock or an end waits
for an exchange, or the exchange finds it. A code or token that was found but not exchanged is an outcome (``Why``), not
a refusal: that it was presented must be kept.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from accounts.customer import addresses
from accounts.models import Session, User
from accounts.step_up.flows import shared
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import counted, record, tallied, tally
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from ciam_portal.core.postgres.prepared import Prepared
from ciam_portal.oauth import actors as entities
from ciam_portal.oauth import backchannel, rows, tokens
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.families import Carried, Issued
from ciam_portal.oauth.families import Root as Trunk
from ciam_portal.oauth.models import AccessToken, AuthorizationCode, Partner, RefreshToken
from ciam_portal.oauth.resources.targets import OURS, Target
from ciam_portal.oauth.scopes import OFFLINE
from ciam_portal.oauth.subjects import subject
from consent.details import facts as details
from consent.ledger.shapes import Party, Way
from consent.models import Consent
from consent.permission import facts, notices
from consent.release import actors, events, issuance
from consent.release.events import Why
from consent.use import flows as leaving
from consent.use.policy import Reason as NotUsed
from consent.use.shapes import To

_CONSENT = Prepared(lambda key: Consent.objects.select_for_update().filter(pk=key))


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


@flow
def redeem(
    found: AuthorizationCode, partner: Partner, wanted: Wanted, *,
    redirect_uri: str, verifier: str, by: Actor, at: datetime,
) -> Exchanged | Why:  # fmt: skip
    """Exchange an authorization code. Presented once, it is dead; a second time, so is all it had issued."""
    consent = _CONSENT.first(found.consent_id)
    shared(found.user_id, found.session_id)
    code = rows.LOCKED_CODE.first(found.pk)
    if consent is None or code is None:
        return _refused_code(partner, Why.ENDED, found.user_id, by, at)
    if code.used_at is not None:
        ended = tokens.end_family(code.family)
        record(events.CodeReused(partner=partner.pk, tokens_ended=ended), about=code.user_id, by=by, at=at)
        return Why.ENDED
    held, root = tuple(code.scope.split()), _root(code, partner, consent)
    asked = issuance.ask(root, Action.ISSUE_TOKEN, held=held, by=by, at=at)
    why, decision = (
        issuance.flaw(code, redirect_uri, wanted.jkt, at) or issuance.unproven(code, partner, verifier),
        None,
    )
    if why is None:
        why, decision = issuance.why_not(asked, root, at)
    if why is not None:
        tokens.spend(code, None, at)
        return _refused_code(partner, why, code.user_id, by, at, decision=decision)
    lasting, carried = _carried(code, wanted.details)
    own = partner.pk, code.user_id, code.session_id, consent.pk, codes.new_id()
    trunk = Trunk(*own, wanted.jkt, tuple(code.resource), tuple(code.named), lasting)
    tokens.spend(code, trunk.family, at)
    issued = begin_family(trunk, root, asked, wanted.target, carried, at=at)
    event = events.CodeExchanged(
        consent=consent.pk,
        partner=partner.pk,
        session=code.session_id,
        family=trunk.family,
        scopes=_coded(issued.scopes),
    )
    record(event, about=code.user_id, by=by, at=at, decision=decision)
    read(consent, issued, at)
    sid = "" if root.delegation else backchannel.took_part(partner, code.session_id)
    said = tuple(carried.values())
    return Exchanged(issued, code.user, code.session, consent, trunk.named, code.nonce, sid, said)


@flow
def refresh(found: RefreshToken, partner: Partner, wanted: Wanted, *, by: Actor, at: datetime) -> Exchanged | Why:
    """Exchange a refresh token for the next of its family.

    What is wanted must lie within what the token holds. The same once more at once, because its answer was lost, gets
    the same answer; any other second use ends the family, and the customer is told.
    """
    asked, jkt = wanted.scopes, wanted.jkt
    consent = _CONSENT.first(found.consent_id)
    shared(found.user_id, found.session_id)
    old = rows.LOCKED_REFRESH.first(found.pk)
    if consent is None or old is None:
        return _refused_refresh(partner, Why.ENDED, found.user_id, by, at)
    lasting, carried = _carried(old, wanted.details)
    root = _root(old, partner, consent)
    says = spoken(root, wanted.target, carried)
    same = Carried(wanted.target.scopes(asked), wanted.target, tuple(carried), says)
    again = tokens.repeated(old, same, jkt=jkt, at=at)
    if old.used_at is not None and again is None:
        _reused(old, partner, by, at)
        return Why.ENDED
    held = tuple(old.scope.split())
    needed = (OFFLINE,) if root.delegation is None else ()
    answered = issuance.ask(root, Action.REFRESH_TOKEN, held=held, needed=needed, by=by, at=at)
    same = answered.acts.carry(same, at) if answered.acts else same
    if not again and (worn := issuance.worn(old, asked, jkt, at)) is not None:
        return _refused_refresh(partner, worn, old.user_id, by, at)
    scopes = tuple(name for name in answered.allowed if not asked or name in asked)
    scopes = again.scopes if again else wanted.target.scopes(scopes)
    own = partner.pk, old.user_id, old.session_id, consent.pk, old.token_family
    trunk = Trunk(*own, jkt, tuple(old.resource), tuple(old.named), lasting)
    rotated = partial(tokens.rotate, old, trunk, answered.allowed, replace(same, scopes=scopes), at=at)
    alike, issued = (old.token_family, old.session_id, *answered.alike, *scopes), None
    if allowed := isinstance(answered.answer, Allow):
        handed_out(root, wanted.target, answered, at)
        counts = tallied(events.TokensRefreshed, *alike, about=old.user_id, by=by, at=at)
        if not again and (issued := rotated(after=(counts,))) is not None:
            counted()
    if issued is None:  # the first of its kind on this day, whose answer was lost, or refused
        key = tally(events.TokensRefreshed, *alike, about=old.user_id, by=by, at=at) if allowed else codes.new_id()
        if key is not None:
            why, decision = issuance.why_not(answered, root, at)
            if why is not None:
                return _refused_refresh(partner, why, old.user_id, by, at, decision=decision)
            event = events.TokensRefreshed(
                consent=consent.pk, partner=partner.pk, family=old.token_family, scopes=_coded(scopes)
            )
            record(event, about=old.user_id, by=by, at=at, decision=decision, key=key)
        issued = again or rotated()
    if issued is None:
        return _refused_refresh(partner, Why.ENDED, old.user_id, by, at)
    read(consent, issued, at)
    sid, said = "" if root.delegation else backchannel.took_part(partner, old.session_id), tuple(carried.values())
    return Exchanged(issued, old.user, old.session, consent, trunk.named, sid=sid, details=said)


@flow
def authorize_partner(partner: Partner, carried: Carried, *, jkt: str, by: Actor, at: datetime) -> Issued:
    """A partner gets a token to act for itself: no customer, no customer's data."""
    issued = tokens.issue_to_partner(partner, carried, jkt=jkt, at=at)
    key = tally(events.PartnerAuthorized, *_alike(partner, carried, jkt), about=None, by=by, at=at)
    if key is not None:
        credential = partner.shown.pk if partner.shown else None
        event = events.PartnerAuthorized(partner=partner.pk, credential=credential, scopes=_coded(carried.scopes))
        record(event, about=None, by=by, at=at, key=key)
    return issued


def authorize_again(partner: Partner, carried: Carried, *, by: Actor, at: datetime) -> Issued:
    """The same, of a moment ago, once more: in one statement, unless it is the first of its day."""
    alike = _alike(partner, carried, "")
    counted = tallied(events.PartnerAuthorized, *alike, about=None, by=by, at=at)
    issued = tokens.issue_another(partner, carried, counted, at=at)
    return issued or authorize_partner(partner, carried, jkt="", by=by, at=at)


def _alike(partner: Partner, carried: Carried, jkt: str) -> tuple[object, ...]:
    credential = partner.shown.pk if partner.shown else None
    return credential, bool(jkt), *carried.target.audience, *sorted(carried.scopes)


@flow
def give_back(found: AccessToken | RefreshToken, partner: Partner, *, by: Actor, at: datetime) -> int:
    """A partner is done with a token of its own; a refresh token takes its whole family with it."""
    if isinstance(found, RefreshToken):
        _CONSENT.first(found.consent_id)
        ended = tokens.end_family(found.token_family)
    else:
        ended = tokens.end_access(found)
    record(events.TokenReturned(partner=partner.pk, tokens_ended=ended), about=found.user_id, by=by, at=at)
    return ended


def _root(held: AuthorizationCode | RefreshToken, partner: Partner, consent: Consent) -> issuance.Root:
    consent.choices = held.choices
    acts = actors.standing_of(partner, consent.customer_id)
    return issuance.Root(partner, held.user, held.session, consent, tuple(held.resource), acts)


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


def _carried(
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


def _refused_code(
    partner: Partner, why: Why, about: UUID, by: Actor, at: datetime, *, decision: UUID | None = None
) -> Why:
    record(events.CodeRefused(partner=partner.pk, why=why), about=about, by=by, at=at, decision=decision)
    return why


def _refused_refresh(
    partner: Partner, why: Why, about: UUID, by: Actor, at: datetime, *, decision: UUID | None = None
) -> Why:
    record(events.RefreshRefused(partner=partner.pk, why=why), about=about, by=by, at=at, decision=decision)
    return why


def _reused(old: RefreshToken, partner: Partner, by: Actor, at: datetime) -> None:
    ended = tokens.end_family(old.token_family)
    event = events.RefreshReused(partner=partner.pk, family=old.token_family, tokens_ended=ended)
    record(event, about=old.user_id, by=by, at=at)
    if ended:
        link = links.absolute("consent:index")
        notice = notices.AppCutOff(partner=partner.name, link=link)
        tell(old.user, notice, to=addresses.proven(old.user), at=at)


def _coded(names: tuple[str, ...]) -> tuple[Code, ...]:
    return tuple(Code(name) for name in names)
