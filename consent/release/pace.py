"""How often a partner may come to the token and introspection endpoints.

Counted once it has proved who it is, so that nobody else can use it up. A public partner can prove nothing, and is not.
"""

from accounts.budgets import counter
from ciam_portal.core.policy import limits
from ciam_portal.oauth.models import Partner

ERROR, STATUS = "too_many_requests", 429
_WHAT = "partner"
_AHEAD = counter.Ahead(_WHAT, seconds=60)


def too_many(partner: Partner) -> int | None:
    """Counts one more; the seconds until it may come again, if this is one too many."""
    most = limits.current().oauth.requests_per_minute
    if partner.is_public or _AHEAD.spend(str(partner.pk), limit=most):
        return None
    return counter.wait(_WHAT, str(partner.pk))
