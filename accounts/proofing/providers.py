"""Who can confirm who somebody is. Each provider stands in this registry; what it needs of the world is its own.

A provider is four things: it *starts* a check (``begin``: where the customer goes on, and what is kept for its answer),
takes the *callback* in a view of its own, turns that into what was *shown* (``Shown``), and hands it to
``flows.answers``, which waits for the customer's own browser. The *outcome* is evidence, and nothing else writes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.proofing.verifier import presentation, statement, trust
from accounts.proofing.verifier.jose import NotGood
from ciam_portal.core import links
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.words import Text

if TYPE_CHECKING:
    from accounts.proofing.models import IdentityCheck


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the customer goes on (nowhere: on our page), and what is kept, sealed, until an answer comes."""

    url: str = ""
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


WALLET_REQUEST = "accounts:identity_wallet_request"
SERVICE_CALLBACK = "accounts:identity_service_callback"
PROVIDERS: dict[str, Provider] = {}


def declare(provider: Provider) -> Provider:
    """One more."""
    PROVIDERS[provider.code] = provider
    return provider


def offered(at: datetime) -> list[Provider]:
    """Those that customers can use now."""
    return [each for each in PROVIDERS.values() if each.is_offered(at)]


def _wallet(check: "IdentityCheck") -> Begun:
    kept = presentation.Kept.new()
    asked = {"client_id": trust.client_id(), "request_uri": links.absolute(WALLET_REQUEST, str(check.pk))}
    url = f"{settings.IDENTITY_WALLET_URL}?{urlencode(asked | {'request_uri_method': 'get'})}"
    return Begun(url, str(kept))


def _is_wallet_offered(at: datetime) -> bool:
    try:
        trust.certificate()
        return bool(trust.trusted(at).kinds)
    except NotGood:
        return False


def _service(check: "IdentityCheck") -> Begun:
    kept, service = statement.Kept.new(), trust.service()
    asked = {"reference": str(check.pk), "nonce": kept.nonce, "sub": kept.sub, "aud": settings.PUBLIC_URL}
    asked |= {"callback": links.absolute(SERVICE_CALLBACK, str(check.pk))}
    return Begun(f"{service.url if service else ''}?{urlencode(asked)}", str(kept))


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
WALLET = declare(
    Provider(
        code="wallet",
        title=_("With a digital ID"),
        words=_("You show it from the wallet app on this device. We see your name and date of birth, nothing else."),
        lives=lambda rules: timedelta(seconds=rules.proofing.wallet_seconds),
        is_offered=_is_wallet_offered,
        begin=_wallet,
    )
)
SERVICE = declare(
    Provider(
        code="service",
        title=_("With an identity service"),
        words=_("A service that we rely on looks at your document, and tells us your name and date of birth."),
        lives=lambda rules: timedelta(minutes=rules.proofing.service_minutes),
        is_offered=lambda _at: trust.service() is not None,
        begin=_service,
    )
)
