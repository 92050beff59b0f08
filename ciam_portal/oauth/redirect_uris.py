"""Which addresses a partner may register to have customers sent back to."""

import re
from urllib.parse import urlsplit

from django.conf import settings

from ciam_portal.oauth import environment
from ciam_portal.oauth.environment import Environment, without_port
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Profile, Rules

_IN_BROWSERS = [each.value for each in Profile if each.rules.in_browsers]
_LOCAL = frozenset({"localhost", "127.0.0.1"})
_LONGEST_URL = 1024
TRIALS_ONLY = (
    "sandbox partners, and they alone, are on hosts for trials (localhost, or named test, sandbox, staging, dev)."
)
# A private-use scheme is a domain of its maker's, turned round (RFC 8252 section 7.1).
_OF_AN_APP = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:/(?!/)[A-Za-z0-9._~/-]{0,200}")


class Unacceptable(ValueError):
    """The profile of a partner cannot be used; says what is wrong in one sentence."""


def check_uri(uri: str, rules: Rules, where: Environment) -> None:
    """Raises Unacceptable for one that a partner with these rules, in this environment, may not have."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError as error:
        raise Unacceptable(f"{uri!r} is no address.") from error
    is_sandbox, on_device = where is Environment.SANDBOX, rules.on_devices and without_port(uri) is not None
    here = on_device or (host in _LOCAL and (is_sandbox or not settings.PRODUCTION))
    if environment.is_for_trials(uri) != is_sandbox and not here:
        raise Unacceptable(f"{uri!r}: {TRIALS_ONLY}")
    if on_device or (rules.on_devices and _OF_AN_APP.fullmatch(uri)):
        return
    secure = parts.scheme == "https" or (parts.scheme == "http" and here)
    plain = uri.isascii() and uri.isprintable() and not set(uri) & set(" *#\\")
    if not (secure and plain and host and len(uri) <= _LONGEST_URL) or "@" in parts.netloc:
        message = f"{uri!r}: redirect URIs are https addresses in full, without user, fragment or wildcard"
        raise Unacceptable(
            f"{message} (http only to localhost, in development; an app on devices also has http://127.0.0.1/…, "
            "http://[::1]/… with any port, or com.example.app:/…)."
        )


def is_origin(origin: str) -> bool:
    """Whether an app that runs in browsers was registered with a redirect URI there (CORS)."""
    parts = urlsplit(origin)
    if not parts.netloc or f"{parts.scheme}://{parts.netloc}" != origin:
        return False
    found = Partner.objects.filter(
        profile__in=_IN_BROWSERS, is_enabled=True, redirect_uris__contains=f"{origin}/"
    ).values_list("redirect_uris", flat=True)
    return any(uri.startswith(f"{origin}/") for uris in found for uri in uris.split())
