"""The device cookie: what one browser is known by, signed: ``browser.token.token.signature``.

The browser has one random name, by which we see that many customers use it; it opens nothing. Beside it stands one
random token for each customer who completed a sign-in here. A token is made for that customer in that moment and is
known for nobody else, so whoever planted the cookie, or kept a copy of it, holds nothing of the next customer's.
Its keys (``settings.DEVICE_KEYS``) sign nothing else. A cookie that we did not sign is as good as none, and is known
as such without asking the database. Only the tokens' digests are kept there, never the cookie.
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from django.conf import settings

from ciam_portal.core import base64url
from ciam_portal.core.crypto import codes

_MOST = 5  # customers that one browser stays known for; whoever used it longest ago is forgotten first
_VALUE = r"[A-Za-z0-9_-]{43}"  # 256 bits, base64url
_FORM = re.compile(rf"({_VALUE}(?:\.{_VALUE}){{0,{_MOST}}})\.({_VALUE})")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a cookie says: the browser's own name, and its customers' tokens, latest sign-in first."""

    browser: str
    tokens: tuple[str, ...] = ()

    def first(self, token: str, without: Collection[str] = ()) -> "Kept":
        """The same with this token at the head, and those that are of no use any more left out."""
        rest = [known for known in self.tokens if known != token and known not in without]
        return replace(self, tokens=(token, *rest)[:_MOST])

    def signed(self) -> str:
        """The cookie, signed with today's key: what a known browser is given again as keys rotate."""
        text = ".".join((self.browser, *self.tokens))
        return f"{text}.{_signature(text, settings.DEVICE_KEYS[0])}"


def new() -> Kept:
    """A browser not seen before."""
    return Kept(codes.new_token())


def of_key(thumbprint: str) -> str:
    """What an app that has proven this key shows in place of a cookie."""
    return Kept(thumbprint, (thumbprint,)).signed()


def read(cookie: str) -> Kept | None:
    """What a cookie says that we signed; None for any other text."""
    parts = _FORM.fullmatch(cookie)
    if parts is None:
        return None
    text, signature = parts.groups()
    verified = [hmac.compare_digest(_signature(text, key), signature) for key in settings.DEVICE_KEYS]
    if not any(verified):
        return None
    browser, *tokens = text.split(".")
    return Kept(browser, tuple(tokens))


def digest(token: str) -> str:
    """What is kept of a new token."""
    return codes.digest(token, "device")


def digests(cookie: str) -> dict[str, str]:
    """Every digest that a token of this cookie may be kept under, and the token; none if we did not sign it."""
    stored = read(cookie)
    return {each: token for token in (stored.tokens if stored else ()) for each in codes.digests(token, "device")}


def _signature(text: str, key: bytes) -> str:
    return base64url.encode(hmac.digest(key, text.encode(), hashlib.sha256))
