"""What an agent says of itself, as far as it counts (draft-ietf-oauth-client-id-metadata-document)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from ciam_portal.core import fetch, strictjson
from ciam_portal.oauth import jwts
from ciam_portal.oauth.documents import names
from ciam_portal.oauth.environment import Environment, without_port
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.redirect_uris import Unacceptable, check_uri

_LONGEST_ID = 100
_MOST_URIS = 10
_PROFILES = {"none": Profile.AGENT_APP, "private_key_jwt": Profile.AGENT}
_LINKS = ("client_uri", "logo_uri", "policy_uri", "tos_uri", "jwks_uri")


class Unfit(Exception):
    """Such a document, or address of one, is not taken: says what is wrong, for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Document:
    """What counts of one. It has keys (``jwks``, or an address of them), or proves itself with none."""

    url: str
    name: str
    redirect_uris: tuple[str, ...]
    profile: Profile
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    logo_uri: str = ""

    def snapshot(self, keys: dict[str, Any] | None) -> dict[str, Any]:
        """What a customer says yes to: if any of it changes, it is another agent."""
        found = sorted(key.thumbprint() for key in jwts.key_set(keys)) if keys else []
        said = {"client_id": self.url, "client_name": self.name, "redirect_uris": sorted(self.redirect_uris)}
        return said | {"logo_uri": self.logo_uri, "profile": self.profile.value, "keys": found}


def is_address(client_id: str) -> bool:
    """Whether this names an agent by an address; ours are no addresses."""
    return "://" in client_id


def check_address(url: str, hosts: tuple[str, ...] = ()) -> None:
    """Raises Unfit for one that names nobody here. ``hosts``: those that may, with what is below them; none: any."""
    if not fetch.acceptable(url) or len(url) > _LONGEST_ID:
        raise Unfit(f"client_id is no https address in full of {_LONGEST_ID} characters at most")
    parts = urlsplit(url)
    plain = not parts.query and parts.netloc == parts.netloc.lower() and not parts.netloc.endswith((":443", ":80"))
    steps = unquote(parts.path).split("/")
    if not plain or parts.path in {"", "/"} or {".", ".."} & set(steps) or "" in steps[1:-1]:
        raise Unfit("client_id has a path in its plain form, a host in lower case, and no query")
    if hosts and not any(_is_below(parts, each) for each in hosts):
        raise Unfit("agents of this host are not met here")


def read(url: str, body: bytes) -> Document:
    """What stands at this address. Raises Unfit."""
    said = _json(body)
    if said.get("client_id") != url:
        raise Unfit("client_id in it is another than its address")
    if any(name.startswith("client_secret") for name in said):
        raise Unfit("it holds a secret, which everybody can read")
    profile = _PROFILES.get(str(said.get("token_endpoint_auth_method", "none")))
    if profile is None:
        raise Unfit("token_endpoint_auth_method is none or private_key_jwt")
    _check_links(said)
    jwks, jwks_uri = _keys(said, profile)
    name = _text(said, "client_name")
    if not names.is_plain(name):
        raise Unfit("client_name is a few letters of one script, and no address")
    return Document(url, name, _redirects(said, url, profile), profile, jwks, jwks_uri, _text(said, "logo_uri"))


def usable_keys(document: object) -> dict[str, Any]:
    """A set of public keys as it is kept. Raises Unfit."""
    try:
        keys = jwts.key_set(document)
    except jwts.UnusableKeys as error:
        raise Unfit(str(error)) from error
    return {"keys": [key.export_public(as_dict=True) for key in keys]}


def _json(body: bytes) -> dict[str, Any]:
    try:
        said = strictjson.loads(body)
    except strictjson.NoJSON:
        said = None
    if not isinstance(said, dict):
        raise Unfit("it is no JSON object that says each thing once")
    return said


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise Unfit(f"{name} is no text")
    return value


def _check_links(said: dict[str, Any]) -> None:
    """None of them leads inside; we ask no more than that of links that nobody here follows or shows."""
    for name in _LINKS:
        if (link := _text(said, name)) and not fetch.acceptable(link):
            raise Unfit(f"{name} is no https address in full")


def _keys(said: dict[str, Any], profile: Profile) -> tuple[dict[str, Any] | None, str]:
    jwks, jwks_uri = said.get("jwks"), _text(said, "jwks_uri")
    if not profile.rules.keyed:
        return None, ""
    if bool(jwks) == bool(jwks_uri):
        raise Unfit("who signs who it is has jwks or jwks_uri, not both")
    return (usable_keys(jwks) if jwks else None), jwks_uri


def _redirects(said: dict[str, Any], url: str, profile: Profile) -> tuple[str, ...]:
    """Those of its redirect URIs that are its own: on its host or below, or on the customer's device."""
    asked = said.get("redirect_uris")
    if not isinstance(asked, list) or len(asked) > _MOST_URIS or not all(isinstance(each, str) for each in asked):
        raise Unfit(f"redirect_uris is a list of {_MOST_URIS} addresses at most")
    own = tuple(dict.fromkeys(each for each in asked if _is_own(each, url, profile)))
    if not own:
        raise Unfit("none of redirect_uris is on its own host, or on its customer's device at 127.0.0.1 or [::1]")
    return own


def _is_own(uri: str, url: str, profile: Profile) -> bool:
    try:
        check_uri(uri, profile.rules, Environment.PRODUCTION)
    except Unacceptable:
        return False
    on_device = profile.rules.on_devices and without_port(uri) is not None
    return on_device or _is_below(urlsplit(uri), urlsplit(url).hostname or "")


def _is_below(parts: SplitResult, host: str) -> bool:
    found = parts.hostname or ""
    return bool(host) and (found == host or found.endswith(f".{host}"))
