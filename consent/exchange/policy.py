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
    TOO_DEEP = "too_deep"
    TOO_WIDE = "too_wide"
    WRONG_TARGET = "wrong_target"
    NOT_ALLOWED = "not_allowed"  # the issuance gate's answers


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
    """The resource is known, on, and open to the partner."""
    target_is_ours: bool
    target_was_agreed: bool
    """The customer said yes to its use there."""
    audience_is_ours: bool


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
    return None if facts.asked <= facts.held else Why.TOO_WIDE
