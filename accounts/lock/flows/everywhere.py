"""Telling a customer of a change at every proven address and number, so that no channel can be kept in the dark.

Whoever has taken one of them over must not be the only one who hears. Which there are beside the address to sign in
with is known to an app above this one (``settings.PROVEN_CHANNELS``, a dotted path: imports point down).
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import User
from ciam_portal.core.outbox.notice import By, ChangeNotice
from ciam_portal.core.outbox.tell import tell

Channel = tuple[By, str]


def channels(customer: User) -> list[Channel]:
    """Every proven address and number, also one too new to restore anything."""
    found: list[Channel] = import_string(settings.PROVEN_CHANNELS)(customer)
    return found


def spread(
    customer: User, notice: ChangeNotice, *, at: datetime, before: Iterable[str] = (), without: Iterable[str] = ()
) -> None:
    """Tell all of them. ``before``: mail addresses that were proven until now; ``without``: those told apart."""
    apart = {(By.MAIL, address) for address in without}
    known = dict.fromkeys([*((By.MAIL, address) for address in before), *channels(customer)])
    for by, address in known:
        if (by, address) not in apart:
            tell(customer, notice, to=[address], channel=by, at=at)
