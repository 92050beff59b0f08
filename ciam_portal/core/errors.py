"""Refused: nothing changed, and here is why. One middleware turns it into the right page or API answer."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ciam_portal.core.policy.assurance import Level


class Refused(Exception):
    """A policy said no (or not now). ``reason`` is a stable code; ``decision`` the id under which it is kept."""

    status = 403

    def __init__(self, reason: StrEnum, *, decision: UUID | None = None) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.decision = decision
        self.recorded = False  # a flow has kept it


class ProveMore(Refused):
    """A policy asks for a stronger or fresher proof first: reach ``to`` within the last ``within`` seconds.

    ``challenge``: in those seconds something more than the password, or a code to a proven address from a customer who
    has no second factor.
    """

    status = 401

    def __init__(
        self,
        to: Level,
        within: int | None,
        reason: StrEnum,
        *,
        challenge: bool = False,
        decision: UUID | None = None,
    ) -> None:
        super().__init__(reason, decision=decision)
        self.to = to
        self.within = within
        self.challenge = challenge


class OnHold(Refused):
    """A policy says: not now. It waits until ``until``, or for a person to look at it (None)."""

    def __init__(self, reason: StrEnum, until: datetime | None, *, decision: UUID | None = None) -> None:
        super().__init__(reason, decision=decision)
        self.until = until


class TooMany(Refused):
    """Asked too often: try again in ``retry_after`` seconds (HTTP 429)."""

    status = 429

    def __init__(self, reason: StrEnum, *, retry_after: int) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
