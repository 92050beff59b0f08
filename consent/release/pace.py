"""How often a partner may come to the token and introspection endpoints, and to our APIs about a new customer.

Counted once it has proved who it is, so that nobody else can use it up. A public partner can prove nothing, and is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.budgets import counter
from accounts.trust import facts as trust
from ciam_portal.core import clock
from ciam_portal.core.policy import limits
from ciam_portal.oauth.models import Partner
from consent.release.access import Access

ERROR, STATUS = "too_many_requests", 429
_WHAT, _SECONDS = "partner", 60
_AHEAD = counter.Ahead(_WHAT, seconds=_SECONDS)


def too_many(partner: Partner) -> int | None:
    """Counts one more; the seconds until it may come again, if this is one too many."""
    most = limits.current().oauth.requests_per_minute
    if partner.is_public or _AHEAD.spend(str(partner.pk), limit=most):
        return None
    return counter.wait(_WHAT, str(partner.pk))


@dataclass(frozen=True, slots=True)
class Calls:
    """What one app asks about one new customer, for itself or for one person who acts there.

    Each of these is counted apart, so that nobody uses up what is another's.
    """

    customer: UUID
    app: UUID
    actor: UUID | None

    def too_many(self) -> int | None:
        """Counts one more; the seconds until the next may come, if this is one too many."""
        made = counter.count("calls", self._who, seconds=_SECONDS)
        return None if self._may_be(made) else counter.wait("calls", self._who)

    def are_left(self, _environ: Mapping[str, Any]) -> bool:
        """Whether one more would be let; counts nothing, so that it may be asked before anything is proven."""
        return self._may_be(counter.made("calls", self._who) + 1)

    def go_on(self, _environ: Mapping[str, Any]) -> bool:
        """Counts one more, for an answer that would be given again; whether it is let."""
        return self.too_many() is None

    @property
    def _who(self) -> str:
        return f"{self.customer}:{self.app}:{self.actor}"

    def _may_be(self, made: int) -> bool:
        return trust.may_be_called(self.customer, made, clock.now())


def calls(access: Access) -> Calls | None:
    """What counts its calls; None: the account is old enough, and nothing is counted."""
    if not trust.is_new(access.customer, access.at):
        return None
    return Calls(access.customer.pk, access.partner.pk, access.actor)
