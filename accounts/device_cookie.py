"""The device cookie: a random token and our signature over it, ``token.signature``.

Its keys (``settings.DEVICE_KEYS``) sign nothing else. A cookie that we did not sign is as good as none, and is known
as such without asking the database. Only the token's digest is kept there, never the cookie.
"""

import base64
import hashlib
import hmac
import re

from django.conf import settings

from ciam_portal import codes

_FORM = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})")  # 256 bits each, base64url


def new() -> str:
    """A cookie for a browser not seen before."""
    return signed(codes.new_token())


def signed(token: str) -> str:
    """The cookie for a token, signed with today's key: what a known browser is given again as keys rotate."""
    return f"{token}.{_signature(token, settings.DEVICE_KEYS[0])}"


def token_of(cookie: str) -> str:
    """The token in a cookie that we signed, or "" for any other text."""
    parts = _FORM.fullmatch(cookie)
    if parts is None:
        return ""
    token, signature = parts.groups()
    verified = [hmac.compare_digest(_signature(token, key), signature) for key in settings.DEVICE_KEYS]
    return token if any(verified) else ""


def _signature(token: str, key: bytes) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, token.encode(), hashlib.sha256)).decode().rstrip("=")
