"""Wrong guesses, by customer and way: a hundred within a day shut that way for a while (NIST SP 800-63B-4 3.2.2).

Only guesses at something that was issued to the browser that guesses are counted (``show``). Nobody who merely knows an
address is issued that many codes in a day, so strangers shut nothing; and what was shut opens again by itself, or once
the customer signs in properly.
"""

from datetime import datetime, timedelta

from accounts.models import User
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.numbers import MOST_WRONG
from recovery.case import facts
from recovery.case.policy.evidence import Way
from recovery.models import Guesses

_DAY = timedelta(days=1)
_NEVER = frozenset({Way.SAVED, Way.PASSKEY})  # 80 random bits, a signature: nobody guesses these, so none is shut


def shut_until(customer: User, way: Way, at: datetime) -> datetime | None:
    """Until when nothing of this way is looked at, after too many wrong guesses; None if it is open."""
    if way in _NEVER:
        return None
    found = Guesses.objects.filter(customer=customer, way=way).first()
    return None if found is None else _shut_until(customer, found, at)


def _shut_until(customer: User, found: Guesses, at: datetime) -> datetime | None:
    until = found.last_at + timedelta(hours=limits.current().recovery.shut_hours)
    if found.wrong < MOST_WRONG or at >= until:
        return None
    proven = facts.proven_elsewhere_at(customer, strong=facts.needed(customer).factors)
    return until if proven is None or proven < found.last_at else None


def count(customer: User, way: Way, at: datetime, *, right: bool) -> bool:
    """One more guess; whether it was the one that shut the way. Call with the customer locked, while it is not shut."""
    if way in _NEVER:
        return False
    found = Guesses.objects.select_for_update().filter(customer=customer, way=way).first()
    if right:
        if found is not None:
            found.set(0, at)
        return False
    if found is None:
        found = Guesses.objects.create(customer=customer, way=way, first_at=at, last_at=at)
    # A day later, and once it has opened again, counting begins anew.
    is_over = found.wrong >= MOST_WRONG or at >= found.first_at + _DAY
    found.set(1 if is_over else found.wrong + 1, at)
    return found.wrong >= MOST_WRONG
