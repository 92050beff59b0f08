"""How well it is known who a customer is, for the gate: read only where a row of the policy asks for it."""

from collections.abc import Callable
from datetime import datetime

from accounts.models import User
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.identity import Identity
from ciam_portal.core.themes import Joined

KNOWN = Joined[Callable[[User, datetime], Identity]]()
"""By what it is known."""


def of(customer: User, at: datetime) -> Identity | None:
    """None: no row asks, or nobody knows, which counts against them."""
    if not any(row.proofing for row in limits.current().actions.values()):
        return None
    return max((known(customer, at) for known in KNOWN), default=None)


def level(customer: User, at: datetime) -> Identity:
    """The same, for whoever needs to know, whatever the policy asks."""
    return max((known(customer, at) for known in KNOWN), default=Identity.SELF_ASSERTED)
