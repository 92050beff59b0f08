"""What ``GATEWAY_ROUTES`` names: a TOML file of the applications behind the gateway, and what each request needs.

Read and checked at the start, as the policy is. Pure.
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, StrictBool, StrictStr, TypeAdapter, ValidationError, with_config

from ciam_portal.core import misfit
from ciam_portal.core.policy.catalogue import Row
from ciam_portal.core.policy.channel import Channel

_LOCAL = (".localhost", "localhost", "127.0.0.1")
_Method = Annotated[StrictStr, Field(pattern="^[A-Z]{1,16}$")]


class UnusableRoutes(Exception):
    """The file cannot be used: says which key and what is wrong, a sentence for each."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a request to ``path``, or to anything below it, needs: a row of the catalogue, or nothing (``public``).

    ``methods``: with which it may come at all; any, if none is named. ``scopes``: what of the customer the application
    is told, beside who it is.
    """

    path: Annotated[StrictStr, Field(pattern="^/[A-Za-z0-9._~/-]*$", max_length=512)]
    action: StrictStr = ""
    public: StrictBool = False
    methods: tuple[_Method, ...] = ()
    scopes: tuple[StrictStr, ...] = ()

    @property
    def below(self) -> str:
        """Where it stands, so that what is below it begins with this and a slash."""
        return self.path.rstrip("/")


@dataclass(frozen=True, slots=True)
class App:
    """One application: what customers call it, where it is, and its routes."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=80)]
    origin: StrictStr
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    key: str = field(default="", kw_only=True)

    @property
    def host(self) -> str:
        """Its host as requests name it, with the port if that is not the usual one."""
        return urlsplit(self.origin).netloc

    @property
    def is_secure(self) -> bool:
        """Whether browsers come to it encrypted."""
        return self.origin.startswith("https://")


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class _File:
    apps: dict[Annotated[str, Field(pattern="^[a-z0-9_-]{1,32}$")], App]


_FILE = TypeAdapter(_File)


def read(
    path: str, actions: Mapping[str, Row], scopes: Collection[str], *, portal: str, secure: bool
) -> dict[str, App]:
    """The applications, by their key. Raises UnusableRoutes.

    ``scopes`` are those that open something. ``portal`` is the portal's own origin: no application may share its host,
    whose cookies are its own.
    """
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        found = _FILE.validate_python(tables)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnusableRoutes(f"GATEWAY_ROUTES: {path} cannot be read: {error}.") from error
    except ValidationError as error:
        wrong = [misfit.sentence(each, whole="the file", table="a table") for each in error.errors()]
        raise UnusableRoutes(f"GATEWAY_ROUTES: {' '.join(wrong)}") from None
    apps = {key: App(each.name, each.origin, each.routes, key=key) for key, each in found.apps.items()}
    if wrong := [*_flaws(apps, actions, scopes, portal, secure=secure)]:
        raise UnusableRoutes(f"GATEWAY_ROUTES: {' '.join(wrong)}")
    return apps


def _flaws(
    apps: dict[str, App], actions: Mapping[str, Row], scopes: Collection[str], portal: str, *, secure: bool
) -> Iterator[str]:
    hosts = [urlsplit(app.origin).hostname for app in apps.values()]
    for key, app in apps.items():
        where, parts = f"apps.{key}", urlsplit(app.origin)
        local = not secure and parts.scheme == "http" and (parts.hostname or "").endswith(_LOCAL)
        plain = app.origin == app.origin.lower() == f"{parts.scheme}://{parts.netloc}"
        if not (plain and parts.hostname and "@" not in parts.netloc and (parts.scheme == "https" or local)):
            yield f"{where}.origin must be scheme and host only, such as https://shop.example.com."
        if parts.hostname == urlsplit(portal).hostname:
            yield f"{where}.origin must be another host than the portal's."
        if hosts.count(parts.hostname) > 1:
            yield f"{where}.origin shares its host with another application."
        for number, route in enumerate(app.routes):
            yield from (f"{where}.routes.{number}{flaw}." for flaw in _wrong(route, actions, scopes))
        yield from (f"{where}.routes: {path} is said more than once." for path in _doubled(app.routes))


def _doubled(routes: tuple[Route, ...]) -> Iterator[str]:
    """Paths of which two routes say the same method; those that name none say all."""
    for path in sorted({route.below.casefold() for route in routes}):
        said = [route.methods for route in routes if route.below.casefold() == path]
        methods = [method for each in said for method in each]
        if (() in said and len(said) > 1) or len(methods) != len(set(methods)):
            yield path or "/"


def _wrong(route: Route, actions: Mapping[str, Row], scopes: Collection[str]) -> Iterator[str]:
    if route.public == bool(route.action):
        yield " must have an action, or be public, and not both"
    row = actions.get(route.action)
    if route.action and (row is None or Channel.GATEWAY not in row.channels):
        yield f".action: {route.action} is no row of the policy's catalogue for the gateway"
    if "//" in route.path or {".", ".."} & set(route.path.split("/")):
        yield ".path must be plain"
    if unknown := sorted(set(route.scopes) - set(scopes)):
        yield f".scopes: not known: {', '.join(unknown)}"
    if route.public and route.scopes:
        yield " is public, so it can say nothing of a customer"
