"""A partner exchanges codes and refresh tokens. Whatever they rest on is asked again, under lock.

Rows are locked in one order, consent first: a withdrawal waits for an exchange, or the exchange finds it ended. A code
or token that was found but not exchanged is an outcome (``Why``), not a refusal: that it was presented must be kept.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from accounts.customer import addresses
from accounts.models import Session, User
from accounts.step_up import facts as accounts_facts
from ciam_portal.core import gate, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.decide import keep, refusal
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record, tally
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow, Deny, Hold, StepUp
from ciam_portal.core.postgres.prepared import Prepared
from ciam_portal.oauth import backchannel, jwts, tokens
from ciam_portal.oauth.models import AccessToken, AuthorizationCode, Partner, RefreshToken
from consent.models import Consent
from consent.permission import facts, notices, policy
from consent.release import events
from consent.release.events import Why

Answered = tuple[gate.Facts, gate.Assessed]
M = TypeVar("M", AuthorizationCode, RefreshToken)


def _locked(kind: type[M]) -> Prepared[M]:
    """One row that nobody changes meanwhile, with the customer and session that it rests on."""
    rows = kind.objects.select_for_update(of=("self",)).select_related("user", "session__device")
    return Prepared(lambda key: rows.defer("session__visit").filter(pk=key))


_CONSENT = Prepared(lambda key: Consent.objects.select_for_update().filter(pk=key))
_CODE, _REFRESH = _locked(AuthorizationCode), _locked(RefreshToken)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a partner receives, and of whom it speaks."""

    issued: tokens.Issued
    customer: User
    session: Session
    consent: Consent
    named: tuple[str, ...]
    nonce: str = ""
    sid: str = ""


@flow
def redeem(
    found: AuthorizationCode, partner: Partner, *, redirect_uri: str, verifier: str, jkt: str, by: Actor, at: datetime
) -> Exchanged | Why:
    """Exchange an authorization code. Presented once, it is dead; a second time, so is all it had issued.

    ``jkt`` is the key that the partner proved to hold (RFC 9449); what is issued is bound to it. "" binds to none.
    """
    consent, code = _CONSENT.first(found.consent_id), _CODE.first(found.pk)
    if consent is None or code is None:
        return _refused_code(partner, Why.ENDED, found.user_id, by, at)
    if code.used_at is not None:
        ended = tokens.end_family(code.family)
        record(events.CodeReused(partner=partner.pk, tokens_ended=ended), about=code.user_id, by=by, at=at)
        return Why.ENDED
    held = tuple(code.scope.split())
    sharing = facts.for_sharing(consent, partner, code.user, code.session, at, held=held, needed=())
    why = _flaw(code, redirect_uri, jkt, at) or _unproven(code, partner, verifier)
    why, decision = why or _unshared(sharing, code.user_id, by, at), None
    if why is None:
        why, decision = _kept(Action.ISSUE_TOKEN, code, _asked(Action.ISSUE_TOKEN, code, by, at), by, at)
    if why is not None:
        tokens.spend(code, None, at)
        return _refused_code(partner, why, code.user_id, by, at, decision=decision)
    named = tuple(code.named)
    root = tokens.Root(partner.pk, code.user_id, code.session_id, consent.pk, codes.new_id(), jkt, named)
    tokens.spend(code, root.family, at)
    ends_at = code.session.auth_time + timedelta(days=limits.current().oauth.refresh_token_days)
    issued = tokens.issue(root, sharing.allowed, ends_at=ends_at, at=at)
    event = events.CodeExchanged(
        consent=consent.pk,
        partner=partner.pk,
        session=code.session_id,
        family=root.family,
        scopes=_coded(issued.scopes),
    )
    record(event, about=code.user_id, by=by, at=at, decision=decision)
    _read(consent, issued, at)
    sid = backchannel.took_part(partner, code.session_id)
    return Exchanged(issued, code.user, code.session, consent, named, code.nonce, sid)


@flow
def refresh(
    found: RefreshToken, partner: Partner, asked: tuple[str, ...], *, jkt: str, by: Actor, at: datetime
) -> Exchanged | Why:
    """Exchange a refresh token for the next of its family, for what was ``asked`` of it or for all (nothing asked).

    ``asked`` must lie within what the token holds; ``jkt`` as for a code. The same once more at once, because its
    answer was lost, gets the same answer; any other second use ends the family, and the customer is told.
    """
    consent, old = _CONSENT.first(found.consent_id), _REFRESH.first(found.pk)
    if consent is None or old is None:
        return _refused_refresh(partner, Why.ENDED, found.user_id, by, at)
    again = tokens.repeated(old, asked, jkt=jkt, at=at)
    if old.used_at is not None and again is None:
        _reused(old, partner, by, at)
        return Why.ENDED
    held = tuple(old.scope.split())
    sharing = facts.for_sharing(consent, partner, old.user, old.session, at, held=held, needed=(tokens.OFFLINE,))
    why = (None if again else _worn(old, asked, jkt, at)) or _unshared(sharing, old.user_id, by, at)
    if why is not None:
        return _refused_refresh(partner, why, old.user_id, by, at)
    scopes = again.scopes if again else tuple(name for name in sharing.allowed if not asked or name in asked)
    answered = _asked(Action.REFRESH_TOKEN, old, by, at)
    if (key := _one_of_its_own(old, answered[1], scopes, by, at)) is not None:
        why, decision = _kept(Action.REFRESH_TOKEN, old, answered, by, at)
        if why is not None:
            return _refused_refresh(partner, why, old.user_id, by, at, decision=decision)
        event = events.TokensRefreshed(
            consent=consent.pk, partner=partner.pk, family=old.token_family, scopes=_coded(scopes)
        )
        record(event, about=old.user_id, by=by, at=at, decision=decision, key=key)
    issued = again or tokens.rotate(old, scopes, sharing.allowed, jkt=jkt, at=at)
    _read(consent, issued, at)
    sid = backchannel.took_part(partner, old.session_id)
    return Exchanged(issued, old.user, old.session, consent, tuple(old.named), sid=sid)


@flow
def authorize_partner(
    partner: Partner, value: str, scopes: tuple[str, ...], *, jkt: str, by: Actor, at: datetime
) -> None:
    """A partner gets a token (``value``) to act for itself: no customer, no customer's data."""
    tokens.issue_to_partner(partner, value, scopes, jkt=jkt, at=at)
    record(events.PartnerAuthorized(partner=partner.pk), about=None, by=by, at=at)


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


def _read(consent: Consent, issued: tokens.Issued, at: datetime) -> None:
    """The ID token that comes with the tokens tells the partner about the customer too."""
    if "openid" in issued.scopes:
        consent.used(at)


def _flaw(code: AuthorizationCode, redirect_uri: str, jkt: str, at: datetime) -> Why | None:
    if at >= code.expires:
        return Why.EXPIRED
    if not hmac.compare_digest(redirect_uri.encode(), code.redirect_uri.encode()):
        return Why.WRONG_REDIRECT
    return Why.WRONG_KEY if code.jkt not in {"", jkt} else None


def _unproven(code: AuthorizationCode, partner: Partner, verifier: str) -> Why | None:
    """By PKCE, or the nonce in the ID token will do; then a verifier is somebody else's (RFC 9700 section 4.8.2)."""
    if code.code_challenge:
        is_theirs = hmac.compare_digest(jwts.hash_of(verifier).encode(), code.code_challenge.encode())
    else:
        is_theirs = partner.rules.nonce_suffices and bool(code.nonce) and not verifier
    return None if is_theirs else Why.WRONG_VERIFIER


def _worn(old: RefreshToken, asked: tuple[str, ...], jkt: str, at: datetime) -> Why | None:
    if old.revoked is not None:
        return Why.ENDED
    if at >= min(old.idle_at, old.expires_at):
        return Why.EXPIRED
    if old.jkt not in {"", jkt}:
        return Why.WRONG_KEY
    return None if set(asked) <= set(old.scope.split()) else Why.TOO_WIDE


def _unshared(sharing: policy.Sharing, about: UUID, by: Actor, at: datetime) -> Why | None:
    # An allow is on record as the event of the exchange; a refusal gets its own decision, with the facts.
    return Why.NOT_ALLOWED if refusal(policy.may_share, sharing, about=about, by=by, at=at) is not None else None


def _asked(action: Action, root: AuthorizationCode | RefreshToken, by: Actor, at: datetime) -> Answered:
    """What the gate says to handing out tokens in this session as it stands now, and to which facts."""
    asked = accounts_facts.for_token(root.user, root.session, by=by, at=at)
    return accounts_facts.assessed(action, asked, root.user, at)


def _one_of_its_own(
    old: RefreshToken, assessed: gate.Assessed, scopes: tuple[str, ...], by: Actor, at: datetime
) -> UUID | None:
    """The number under which this refresh is kept whole; None: it was allowed like others of its family on this day."""
    if not isinstance(assessed.decision, Allow):
        return codes.new_id()
    found = sorted((finding.code, finding.points) for finding in assessed.decision.findings)
    alike = (old.token_family, old.session_id, limits.current().version, assessed.risk, found, *scopes)
    return tally(events.TokensRefreshed, *alike, about=old.user_id, by=by, at=at)


def _kept(
    action: Action, root: AuthorizationCode | RefreshToken, answered: Answered, by: Actor, at: datetime
) -> tuple[Why | None, UUID | None]:
    """The same, kept: why not, and the decision's id."""
    decided = keep(action, *answered, about=root.user_id, by=by, at=at)
    match decided.answer:
        case Allow():
            return None, decided.id
        case StepUp():
            return Why.PROVE_MORE, decided.id
        case Hold():
            return Why.ON_HOLD, decided.id
        case Deny():
            return Why.TOO_RISKY, decided.id


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
