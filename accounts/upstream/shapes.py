"""What ``UPSTREAMS`` names: a TOML file of the services with which customers may sign in, and what their word is worth.

Read and checked at the start, as the policy is. Pure.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, StrictInt, StrictStr, TypeAdapter, ValidationError, with_config

from ciam_portal.core import misfit

_LOCAL = ("localhost", "127.0.0.1")
_ISSUERS = {
    "google": "https://accounts.google.com",
    "apple": "https://appleid.apple.com",
    "github": "https://github.com",
}
_Text = Annotated[StrictStr, Field(min_length=1, max_length=4096)]


class UnusableUpstreams(Exception):
    """The file cannot be used: says which key and what is wrong, a sentence for each."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """One service. ``key`` and ``issuer`` name it in what we keep, so they stay.

    ``domains``: mail domains of which its word about an address is enough; of every other we ask by our own mail.
    ``second_step``, ``phishing_resistant``: values of its ``acr`` or ``amr`` that count as such here, if its customer
    signed in there within ``fresh_minutes``. ``team``, ``key_id``: of Apple, whose ``secret`` is a private key.
    """

    name: Annotated[StrictStr, Field(min_length=1, max_length=40)]
    client_id: _Text
    secret: _Text
    kind: Literal["openid", "google", "apple", "github"] = "openid"
    issuer: StrictStr = ""
    domains: tuple[_Text, ...] = ()
    second_step: tuple[_Text, ...] = ()
    phishing_resistant: tuple[_Text, ...] = ()
    fresh_minutes: Annotated[StrictInt, Field(ge=1, le=720)] = 60
    team: StrictStr = ""
    key_id: StrictStr = ""
    key: str = field(default="", kw_only=True)

    @property
    def says_how(self) -> bool:
        """Whether how somebody signed in there matters here."""
        return bool(self.second_step or self.phishing_resistant)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a service says somebody is. ``upstream``, ``issuer`` and ``subject`` name them; an address never does."""

    upstream: str
    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    said: tuple[str, ...] = ()  # its ``acr`` and ``amr``
    authenticated_at: int | None = None  # seconds since 1970


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class _File:
    upstreams: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,31}$")], Upstream]


_FILE = TypeAdapter(_File)


def read(path: str, *, production: bool) -> dict[str, Upstream]:
    """The services, by their key. Raises UnusableUpstreams."""
    try:
        found = _FILE.validate_python(tomllib.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnusableUpstreams(f"UPSTREAMS: {path} cannot be read: {error}.") from error
    except ValidationError as error:
        wrong = [misfit.sentence(each, whole="the file", table="a table") for each in error.errors()]
        raise UnusableUpstreams(f"UPSTREAMS: {' '.join(wrong)}") from None
    if wrong := [flaw for key, each in found.upstreams.items() for flaw in _flaws(key, each, production=production)]:
        raise UnusableUpstreams(f"UPSTREAMS: {' '.join(wrong)}")
    return {
        key: replace(each, key=key, issuer=_ISSUERS.get(each.kind, each.issuer))
        for key, each in found.upstreams.items()
    }


def _flaws(key: str, each: Upstream, *, production: bool) -> Iterator[str]:
    where, parts = f"upstreams.{key}", urlsplit(each.issuer)
    local = not production and parts.scheme == "http" and parts.hostname in _LOCAL
    plain = not (parts.query or parts.fragment or "@" in parts.netloc) and bool(parts.hostname)
    if each.kind == "openid" and not (plain and (parts.scheme == "https" or local)):
        yield f"{where}.issuer must be the https:// address that the service calls itself by."
    if each.kind != "openid" and each.issuer:
        yield f"{where}.issuer is known of this kind."
    if (each.kind == "apple") != bool(each.team and each.key_id):
        yield f"{where}.team and key_id belong to the kind apple, which needs both."
    if each.kind == "github" and each.says_how:
        yield f"{where}: this kind does not say how somebody signed in."
    if any(domain != domain.lower() or "." not in domain or "@" in domain for domain in each.domains):
        yield f"{where}.domains must be mail domains in lower case, such as example.com."
