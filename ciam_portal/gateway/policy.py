"""Under which route does a request fall? An application may read a path otherwise than we do: then the answer is no."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

from ciam_portal.gateway.shapes import App, Route

_LONGEST, _LONGEST_PATH = 8192, 2048
# Of RFC 3986's path without ";", after which some applications read no further.
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{2})*")
_METHOD = re.compile(r"[A-Z]{1,16}")
# Nobody but who wants to be misread writes these as %XX: letters, digits, and what gives a path its shape.
_NEVER_ENCODED = re.compile(rb"[A-Za-z0-9._~/\\;%\x00-\x1f\x7f-]")
_SHAPES = re.compile(r"//|\\|;|(?:^|/)\.{1,2}(?:/|$)")
_OVERRIDES = re.compile(r"(?:^|&)_method(?:=|&|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to an application, as the proxy in front of it saw it: host, method and the address as it was sent."""

    host: str
    method: str
    uri: str

    @property
    def path(self) -> str:
        """Without the query."""
        return self.uri.partition("?")[0]

    @property
    def query(self) -> str:
        """What stands behind the first question mark."""
        return self.uri.partition("?")[2]


def app_at(host: str, apps: Mapping[str, App]) -> App | None:
    """The application at this host; None if there is none."""
    return next((app for app in apps.values() if app.host == host.lower()), None)


def route_of(asked: Asked, app: App) -> Route | None:
    """What decides about this request: the longest path that it lies at or below; None if nothing speaks of it.

    The path is read as it stands, without regard to capitals and kinds of letters, and as if a name ended at any sign.
    Only what all these readings find is the route: an application that reads otherwise gets no request that falls
    under another.
    """
    fits = len(asked.uri) <= _LONGEST and len(asked.path) <= _LONGEST_PATH
    if not (fits and _METHOD.fullmatch(asked.method) and is_plain(asked.path)):
        return None
    if _OVERRIDES.search(unquote(asked.query)):
        return None
    folded = _folded(asked.path)
    found = {
        _below(text, app, is_folded=text is folded, loose=loose)
        for text in (asked.path, folded)
        for loose in (False, True)
    }
    if len(found) != 1 or (below := found.pop()) is None:
        return None
    method = "GET" if asked.method == "HEAD" else asked.method
    return next(
        (each for each in app.routes if each.below == below and (not each.methods or method in each.methods)), None
    )


def is_plain(path: str) -> bool:
    """Whether everybody reads this path alike: no empty or dotted segment, nothing encoded that need not be."""
    if not _PATH.fullmatch(path) or _SHAPES.search(path):
        return False
    if any(_NEVER_ENCODED.match(unquote_to_bytes(each)) for each in re.findall(r"%..", path)):
        return False
    try:
        unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        return False
    folded = _folded(path)
    return folded.count("/") == path.count("/") and not _SHAPES.search(folded)


def _folded(path: str) -> str:
    """As somebody reads it who tells neither capitals nor wide letters from others."""
    return unicodedata.normalize("NFKC", unquote(path)).casefold()


def _below(path: str, app: App, *, is_folded: bool, loose: bool) -> str | None:
    """The longest of the application's paths that this one lies at or below."""
    fitting = [route.below for route in app.routes if _fits(path, route.below, is_folded=is_folded, loose=loose)]
    return max(fitting, key=len, default=None)


def _fits(path: str, below: str, *, is_folded: bool, loose: bool) -> bool:
    below = below.casefold() if is_folded else below
    if not path.startswith(below):
        return False
    rest = path[len(below) :]
    return not rest or rest[0] == "/" or (loose and not (rest[0].isalnum() or rest[0] in "-_"))
