"""From which pages our answers may be read (CORS): those of apps that run in browsers, from where they registered."""

from urllib.parse import urlsplit

from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Profile

_IN_BROWSERS = [each.value for each in Profile if each.rules.in_browsers]


def is_registered(origin: str) -> bool:
    """Whether an app that runs in browsers was registered with a redirect URI there (CORS)."""
    parts = urlsplit(origin)
    if not parts.netloc or f"{parts.scheme}://{parts.netloc}" != origin:
        return False
    found = Partner.objects.filter(
        profile__in=_IN_BROWSERS, is_enabled=True, redirect_uris__contains=f"{origin}/"
    ).values_list("redirect_uris", flat=True)
    return any(uri.startswith(f"{origin}/") for uris in found for uri in uris.split())
