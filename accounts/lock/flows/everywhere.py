"""Telling a customer of a change at every proven address and number, so that no channel can be kept in the dark.

Whoever has taken one of them over must not be the only one who hears.
"""

from collections.abc import Iterable
from datetime import datetime

from accounts.customer import addresses
from accounts.models import User
from ciam_portal.core.outbox.notice import ChangeNotice, Medium
from ciam_portal.core.outbox.tell import tell


def announce(
    customer: User, notice: ChangeNotice, *, at: datetime, before: Iterable[str] = (), without: Iterable[str] = ()
) -> None:
    """Tell all of them. ``before``: mail addresses that were proven until now; ``without``: those told apart."""
    apart = {(Medium.MAIL, address) for address in without}
    known = dict.fromkeys([*((Medium.MAIL, address) for address in before), *addresses.every(customer)])
    for by, address in known:
        if (by, address) not in apart:
            tell(customer, notice, to=[address], channel=by, at=at)
