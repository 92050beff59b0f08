"""Who can confirm who somebody is. Each provider stands in this registry; what it needs of the world is its own.

A provider is four things: it *starts* a check (``begin``: where the customer goes on, and what its answer must carry),
takes the *callback* in a view of its own, turns that into *evidence* (``Shown``), and hands the *outcome* to
``flows.checks``: ``conclude`` or ``fail``. Nothing else writes evidence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.words import Text

if TYPE_CHECKING:
    from accounts.proofing.models import IdentityCheck


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the customer goes on (nowhere: on our page). ``secret``: what the answer must carry; ``sealed``: kept."""

    url: str = ""
    secret: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """One way to show who one is. ``title`` and ``words`` are the customer's."""

    code: str
    title: Text
    words: Text
    lives: Callable[[Limits], timedelta]
    is_offered: Callable[[datetime], bool]
    begin: Callable[["IdentityCheck"], Begun]


PROVIDERS: dict[str, Provider] = {}


def declare(provider: Provider) -> Provider:
    """One more."""
    PROVIDERS[provider.code] = provider
    return provider


def offered(at: datetime) -> list[Provider]:
    """Those that customers can use now."""
    return [each for each in PROVIDERS.values() if each.is_offered(at)]


ATTENDED = declare(
    Provider(
        code="attended",
        title=_("In person, or in a video call"),
        words=_("Two people of our staff look at you and at your passport or identity card, one after the other."),
        lives=lambda rules: timedelta(days=rules.proofing.meeting_days),
        is_offered=lambda _at: True,
        begin=lambda _check: Begun(),
    )
)
