"""Wrong guesses, by customer and way: a hundred shut that way, not the owner (NIST SP 800-63B-4 section 3.2.2)."""

from datetime import datetime

from accounts.models import User
from recovery import facts
from recovery.models import Guesses
from recovery.policy.evidence import Way

_MOST_WRONG = 100


def is_shut(customer: User, way: Way) -> bool:
    """Too many wrong guesses. A customer who has signed in properly since has opened it again."""
    found = Guesses.objects.filter(customer=customer, way=way).first()
    if found is None or found.wrong < _MOST_WRONG:
        return False
    proven = facts.proven_elsewhere_at(customer, strong=facts.needed(customer).factors)
    return proven is None or proven < found.last_at


def count(customer: User, way: Way, at: datetime, *, right: bool) -> bool:
    """One more guess; whether it was the one that shut the way. Call with the customer locked, while it is not shut."""
    found = Guesses.objects.select_for_update().filter(customer=customer, way=way).first()
    if right:
        if found is not None:
            found.set(0, at)
        return False
    if found is None:
        found = Guesses.objects.create(customer=customer, way=way, last_at=at)
    # What a sign-in has opened again starts from nothing.
    wrong = 1 if found.wrong >= _MOST_WRONG else found.wrong + 1
    found.set(wrong, at)
    return wrong >= _MOST_WRONG
