"""What a case is, and what it may become. One table; whatever is not in it is refused.

::

    OPEN -prove-> PROVEN
    PROVEN -cool_off-> COOLING_OFF
    COOLING_OFF -complete-> COMPLETED
    OPEN -propose-> PROPOSED
    PROPOSED -approve-> APPROVED
    OPEN PROPOSED COOLING_OFF -reject-> REJECTED
    APPROVED -cool_off-> COOLING_OFF
    OPEN PROVEN PROPOSED APPROVED COOLING_OFF -cancel-> CANCELLED
    OPEN PROVEN PROPOSED APPROVED COOLING_OFF -expire-> EXPIRED
"""

from enum import StrEnum


class State(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    PROVEN = "proven"
    PROPOSED = "proposed"
    APPROVED = "approved"
    COOLING_OFF = "cooling_off"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Verb(StrEnum):
    """What can happen to a case."""

    PROVE = "prove"
    COOL_OFF = "cool_off"
    COMPLETE = "complete"
    PROPOSE = "propose"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    EXPIRE = "expire"


LIVE = (State.OPEN, State.PROVEN, State.PROPOSED, State.APPROVED, State.COOLING_OFF)
"""The states in which a case can still lead somewhere; a customer has at most one such case."""

TRANSITIONS: dict[tuple[State, Verb], State] = {
    (State.OPEN, Verb.PROVE): State.PROVEN,
    (State.PROVEN, Verb.COOL_OFF): State.COOLING_OFF,
    (State.COOLING_OFF, Verb.COMPLETE): State.COMPLETED,
    (State.OPEN, Verb.PROPOSE): State.PROPOSED,
    (State.PROPOSED, Verb.APPROVE): State.APPROVED,
    **{(state, Verb.REJECT): State.REJECTED for state in (State.OPEN, State.PROPOSED, State.COOLING_OFF)},
    (State.APPROVED, Verb.COOL_OFF): State.COOLING_OFF,
    **{(state, Verb.CANCEL): State.CANCELLED for state in LIVE},
    **{(state, Verb.EXPIRE): State.EXPIRED for state in LIVE},
}


def after(state: State, verb: Verb) -> State | None:
    """What a case becomes; None if that cannot happen to it."""
    return TRANSITIONS.get((state, verb))
