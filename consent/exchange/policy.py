"""What may be exchanged for what. Whether all that the token hangs from still stands is the issuance gate's to say."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ciam_portal.core.policy.limits import Limits


class Why(StrEnum):
    """Why a token was not exchanged."""

    ENDED = "ended"  # or it never was
    EXPIRED = "expired"
    NOT_THEIRS = "not_theirs"
    WRONG_KEY = "wrong_key"
    WRONG_ACTOR = "wrong_actor"  # not who may act by it
    NO_DELEGATION = "no_delegation"  # or the customer has not connected the app
    TOO_DEEP = "too_deep"
    TOO_WIDE = "too_wide"
    WRONG_TARGET = "wrong_target"
    WRONG_DETAILS = "wrong_details"
    NOT_ALLOWED = "not_allowed"  # the issuance gate's answers
    PROVE_MORE = "prove_more"


@dataclass(frozen=True, slots=True)
class Exchanging:
    """A token that a partner presents, and what it wants for it."""

    ends_at: datetime
    was_issued_to_it: bool
    """Or it is the audience: it was sent the token."""
    is_for_it: bool
    jkt: str
    proven: str
    acted: int
    """How many have acted with it already, one after another."""
    held: frozenset[str]
    asked: frozenset[str]
    target_stands: bool
    """The resource is known, on, and open to the partner; and wants to know who acts, if somebody else does."""
    target_is_ours: bool
    target_was_agreed: bool
    """The customer said yes to its use there."""
    audience_is_ours: bool
    details_stand: bool
    """Of what was approved by itself and is asked for, the token carries each, and none was done yet."""


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who wants to act in an app for one of its customers: what they show of themselves, and for whom.

    ``is_their_own``: their access token is for themselves, and for our own APIs.
    """

    ends_at: datetime
    was_issued_to_it: bool
    is_their_own: bool
    jkt: str
    proven: str
    is_named: bool
    has_delegation: bool
    is_connected: bool
    target_stands: bool
    target_is_ours: bool
    target_was_agreed: bool


def flaw(facts: Exchanging, *, limits: Limits, at: datetime) -> Why | None:
    """Why not, if it may not be. Whoever was sent a token acts from then on; it gets no nearer to the customer's data.

    A bound token (RFC 9449) is exchanged by who holds its key, or for one that is bound to the key of who was sent it.
    """
    if at >= facts.ends_at:
        return Why.EXPIRED
    if not (facts.was_issued_to_it or facts.is_for_it):
        return Why.NOT_THEIRS
    if facts.jkt and (not facts.proven or (facts.was_issued_to_it and facts.proven != facts.jkt)):
        return Why.WRONG_KEY
    if facts.acted + (not facts.was_issued_to_it) > limits.oauth.actors:
        return Why.TOO_DEEP
    ours = facts.target_is_ours and facts.audience_is_ours and facts.was_issued_to_it
    theirs = not facts.target_is_ours and (facts.target_was_agreed or not facts.was_issued_to_it)
    if not (facts.target_stands and (ours or theirs)):
        return Why.WRONG_TARGET
    if not facts.details_stand:
        return Why.WRONG_DETAILS
    return None if facts.asked <= facts.held else Why.TOO_WIDE


def flaw_of_acting(facts: Acting, *, at: datetime) -> Why | None:
    """Why not, if nobody may act with this. Both tokens, and a delegation that stands: none is enough by itself."""
    if at >= facts.ends_at:
        return Why.EXPIRED
    if not (facts.was_issued_to_it and facts.is_their_own):
        return Why.NOT_THEIRS
    if facts.jkt and facts.proven != facts.jkt:
        return Why.WRONG_KEY
    if not facts.is_named:
        return Why.WRONG_ACTOR
    if not (facts.has_delegation and facts.is_connected):
        return Why.NO_DELEGATION
    open_to_it = facts.target_stands and (facts.target_is_ours or facts.target_was_agreed)
    return None if open_to_it else Why.WRONG_TARGET
