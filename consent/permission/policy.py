"""What a partner may be given, and who may take it back. Asked when it is given, and again at every use."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.catalogue import USE_SCOPE
from ciam_portal.core.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase
from consent.records import policy as choices


class Reason(ReasonBase):
    """Why not. ``words`` is what the customer reads."""

    PARTNER_OFF = "partner_off", "This app is switched off at the moment. Please try again later."
    ACCOUNT_CLOSED = "account_closed", "This account is closed."
    SESSION_ENDED = "session_ended", "You are signed out. Please sign in again."
    CONSENT_ENDED = "consent_ended", "This app is no longer connected to your account."
    NOT_COVERED = "not_covered", "You have not allowed this app to see that."
    NOT_OFFERED = "not_offered", "This app may not ask for that."
    NEEDED = "needed", "The app cannot work without this. To end it, disconnect the app."
    PROVE_FOR_APP = "prove_for_app", "The app you are going to asks you to show once more that it is you."
    IN_USE = "consent_in_use", "This app is in use."
    NOT_YOURS = "not_yours", "Only the owner of the account can do this."


class Holder(StrEnum):
    """Who acts, as far as these questions care."""

    OWNER = "owner"
    PARTNER = "partner"  # the app itself: it may give up what it was given
    SYSTEM = "system"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sharing:
    """One use of what was allowed: by whom it was allowed, whether all it rests on still stands, and for what."""

    consent: UUID
    consent_ended: bool
    customer_active: bool
    partner_enabled: bool
    session_cut: bool
    allowed: tuple[str, ...]
    needed: tuple[str, ...]
    resources_covered: bool = True


@dataclass(frozen=True, slots=True)
class Giving:
    """A customer's answer: what was on the page, what of it they tick, what the partner may ask for at all."""

    customer_active: bool
    partner_enabled: bool
    ceiling: tuple[str, ...]
    shown: tuple[str, ...]
    ticked: tuple[str, ...]
    required: tuple[str, ...]
    texts_stand: bool = True
    """What the page said of the purposes is what holds now."""


@dataclass(frozen=True, slots=True)
class LettingOut:
    """Scopes that are newly allowed and have a row of their own in the catalogue, and what the session has proven."""

    guarded: tuple[str, ...]
    proof: Assurance
    highest: Level


@dataclass(frozen=True, slots=True)
class Changing:
    """A consent that somebody wants to narrow or end."""

    consent: UUID
    is_ended: bool
    holder: Holder
    removed: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


def missing(
    asked: Iterable[str], *, allowed: Iterable[str], declined: Iterable[str], ask_again: bool
) -> tuple[str, ...]:
    """The scopes the customer still has to be asked about. What they declined is asked again only on ``ask_again``."""
    known = frozenset(allowed) | (frozenset() if ask_again else frozenset(declined))
    return tuple(name for name in asked if name not in known)


def needs_page(unanswered: tuple[str, ...], *, is_public: bool, ask_again: bool, by_itself: bool) -> bool:
    """Whether the consent page must be shown. Anybody can pretend to be a public partner, so it always asks.

    So does what is approved ``by_itself``, such as a payment: an earlier yes was to another.
    """
    return bool(unanswered) or is_public or ask_again or by_itself


@question("consent.may_share")
def may_share(facts: Sharing, *, limits: Limits, at: datetime) -> Decision:
    """Everything a use rests on must stand at the moment of use; any one that fell refuses it."""
    if not facts.partner_enabled:
        return Deny(Reason.PARTNER_OFF)
    if not facts.customer_active:
        return Deny(Reason.ACCOUNT_CLOSED)
    if facts.consent_ended:
        return Deny(Reason.CONSENT_ENDED)
    if facts.session_cut:
        return Deny(Reason.SESSION_ENDED)
    if not (facts.resources_covered and set(facts.needed) <= set(facts.allowed)):
        return Deny(Reason.NOT_COVERED)
    return Allow()


@question("consent.may_give")
def may_give(facts: Giving, *, limits: Limits, at: datetime) -> Decision:
    """Only what was shown can be ticked, only what the partner may ask for can be shown, what it needs must be in."""
    if not facts.partner_enabled:
        return Deny(Reason.PARTNER_OFF)
    if not facts.customer_active:
        return Deny(Reason.ACCOUNT_CLOSED)
    if not set(facts.ticked) <= set(facts.shown) <= set(facts.ceiling):
        return Deny(Reason.NOT_OFFERED)
    if not set(facts.required) <= set(facts.ticked):
        return Deny(Reason.NEEDED)
    if not facts.texts_stand:
        return Deny(choices.Reason.NOT_CURRENT)
    return Allow()


@question("consent.may_let_out")
def may_let_out(facts: LettingOut, *, limits: Limits, at: datetime) -> Decision:
    """What an app may read only after a strong and fresh proof is not let out on a weaker one.

    Whoever cannot reach the level shows the most they can: the use itself stays refused until they can.
    """
    rows = [limits.actions[USE_SCOPE + name] for name in facts.guarded if USE_SCOPE + name in limits.actions]
    asked = [(min(row.needs.level(facts.highest), facts.highest), row.fresh_seconds or None) for row in rows]
    if all(facts.proof.meets(level, within, at) for level, within in asked):
        return Allow()
    spans = [within for _level, within in asked if within is not None]
    return StepUp(max(level for level, _within in asked), Reason.PROVE_FOR_APP, min(spans, default=None))


@question("consent.may_narrow")
def may_narrow(facts: Changing, *, limits: Limits, at: datetime) -> Decision:
    """As easy as giving: the owner, at any time; what the partner needs ends only with the whole."""
    answer = may_withdraw(facts, limits=limits, at=at)
    if not isinstance(answer, Allow):
        return answer
    if set(facts.removed) & set(facts.required):
        return Deny(Reason.NEEDED)
    return Allow()


@question("consent.may_withdraw")
def may_withdraw(facts: Changing, *, limits: Limits, at: datetime) -> Decision:
    """As easy as giving: the owner, at any time, without proving more; the portal itself when an account ends."""
    if facts.holder is Holder.OTHER:
        return Deny(Reason.NOT_YOURS)
    if facts.is_ended:
        return Deny(Reason.CONSENT_ENDED)
    return Allow()
