"""Where something that an agent asked stands."""

from enum import StrEnum


class State(StrEnum):
    """What became of it. ``USED``: the agent fetched its token; whether it was done then, the approved details say."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # by the agent, or with what it rested on
    USED = "used"


OPEN = (State.WAITING, State.APPROVED)
"""Those that something may still come of."""
