"""What an import says of a password's hash, checked by form and length, and what is stored of it. Never a guess."""

import base64
import binascii
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from accounts.passwords.hashers.foreign import AFTER, BEFORE, KEPT, cost_of_ours, wrapped
from accounts.passwords.shapes import FOREIGN as PREFIX
from ciam_portal.core import base64url

_LEAST = 16  # bytes of a key
_MOST_ITERATIONS = 5_000_000
LONGEST = 128  # characters that the column holds
_STRICT = with_config(ConfigDict(extra="forbid"))
_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}")
_LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}
_PRFS = {0: "sha1", 1: "sha256", 2: "sha512"}  # of ASP.NET
_SALT, _KEPT = r"\$(?P<salt>[A-Za-z0-9_-]*)", r"\$(?P<kept>[A-Za-z0-9_-]{22,43})"
_OURS = re.compile(
    rf"{PREFIX}(pbkdf2\$sha(1|256|512)\$[0-9]{{1,7}}|(scrypt|firebase)\$(?P<powers>[0-9]{{1,7}}\$[0-9]{{1,2}}\$[0-9]{{1,2}})"
    rf"|digest\$[{BEFORE}{AFTER}]\$(md5|sha1|sha256|sha512)\$[0-9]{{1,6}}-[0-9]{{1,2}}\$(?P<before>[A-Za-z0-9_-]*)){_SALT}{_KEPT}"
)
_Text = Annotated[str, Field(max_length=1024)]
Wrap = Callable[[bytes, bytes, str], bytes]
_Power = Annotated[int, Field(ge=1, le=1 << 20)]


class Unreadable(ValueError):
    """It is no hash that we know. Never holds any of it."""


@_STRICT
@dataclass(frozen=True, slots=True)
class Firebase:
    """What all hashes of one Firebase project share."""

    signer_key: _Text
    salt_separator: _Text
    rounds: Annotated[int, Field(ge=1, le=8)]
    mem_cost: Annotated[int, Field(ge=10, le=16)]


@_STRICT
@dataclass(frozen=True, slots=True)
class _Whole:
    """A hash that is one text."""

    scheme: Literal["bcrypt", "argon2", "aspnet", "ours"]
    value: _Text

    def stored(self, _project: Firebase | None, _wrap: Wrap) -> str:
        return _WHOLE[self.scheme](self.value)


@_STRICT
@dataclass(frozen=True, slots=True)
class _Pbkdf2:
    scheme: Literal["pbkdf2"]
    digest: Literal["sha1", "sha256", "sha512"]
    iterations: Annotated[int, Field(ge=1, le=_MOST_ITERATIONS)]
    salt: _Text
    key: _Text

    def stored(self, _project: Firebase | None, _wrap: Wrap) -> str:
        return _pbkdf2(self.digest, self.iterations, _bytes(self.salt), _bytes(self.key))


@_STRICT
@dataclass(frozen=True, slots=True)
class _Scrypt:
    scheme: Literal["scrypt"]
    n: _Power
    r: Annotated[int, Field(ge=1, le=32)]
    p: Annotated[int, Field(ge=1, le=16)]
    salt: _Text
    key: _Text

    def stored(self, _project: Firebase | None, _wrap: Wrap) -> str:
        return _put("scrypt", *_powers(self.n, self.r, self.p), _bytes(self.salt), _begin(_bytes(self.key)))


@_STRICT
@dataclass(frozen=True, slots=True)
class _OfFirebase:
    scheme: Literal["firebase"]
    salt: _Text
    key: _Text

    def stored(self, project: Firebase | None, _wrap: Wrap) -> str:
        if project is None:
            raise Unreadable
        signer, kept = _bytes(project.signer_key)[:KEPT], _bytes(self.key)[:KEPT]
        if len(signer) != KEPT or len(kept) != KEPT:
            raise Unreadable
        stream = bytes(one ^ other for one, other in zip(signer, kept, strict=True))
        powers = _powers(1 << project.mem_cost, project.rounds, 1)
        return _put("firebase", *powers, _bytes(self.salt) + _bytes(project.salt_separator, least=0), stream)


@_STRICT
@dataclass(frozen=True, slots=True)
class _Digest:
    """``key``: in hexadecimal digits, as such digests are kept. Here alone, ``salt`` may be a text as it was typed."""

    scheme: Literal["md5", "sha1", "sha256", "sha512"]
    key: _Text
    salt: _Text = ""
    salt_is: Literal["text", "base64"] = "text"
    salted: Literal["before", "after"] = "before"

    def stored(self, _project: Firebase | None, wrap: Wrap) -> str:
        salt = self.salt.encode() if self.salt_is == "text" else _bytes(self.salt, least=0)
        try:
            digest, ours = bytes.fromhex(self.key), os.urandom(16)
        except ValueError:
            raise Unreadable from None
        if len(digest) != _LENGTHS[self.scheme]:
            raise Unreadable
        salted, cost = BEFORE if self.salted == "before" else AFTER, cost_of_ours()
        return _put("digest", salted, self.scheme, cost, salt, ours, wrap(digest, ours, cost))


_SAID: TypeAdapter[Any] = TypeAdapter(
    Annotated[_Whole | _Pbkdf2 | _Scrypt | _OfFirebase | _Digest, Field(discriminator="scheme")]
)


def stored(said: object, project: Firebase | None = None, wrap: Wrap = wrapped) -> str:
    """What stands in the password's column. ``wrap``: a bare digest, which takes a while. Raises Unreadable."""
    try:
        found: str = _SAID.validate_python(said).stored(project, wrap)
    except (ValidationError, InvalidHashError):
        raise Unreadable from None
    if len(found) > LONGEST:
        raise Unreadable
    return found


def said(encoded: str) -> dict[str, str]:
    """The same in the other direction, for an export."""
    algorithm, _, rest = encoded.partition("$")
    if algorithm in {"argon2", PREFIX + "argon2"}:
        return {"scheme": "argon2", "value": f"${rest}"}
    return (
        {"scheme": "bcrypt", "value": rest} if algorithm == PREFIX + "bcrypt" else {"scheme": "ours", "value": encoded}
    )


def milliseconds(encoded: str) -> float:
    """About how long it takes to check a password against this, on one core of today."""
    algorithm, *parameters = encoded.removeprefix(PREFIX).split("$")
    match algorithm:
        case "bcrypt":
            return float(0.0575 * 2 ** int(parameters[2]))
        case "argon2":
            cost = extract_parameters("$" + "$".join(parameters))
            return cost.memory_cost * cost.time_cost * 0.001
        case "pbkdf2":
            return int(parameters[1]) * (0.00052 if parameters[0] == "sha512" else 0.00022)
        case "scrypt" | "firebase":
            n, r, p = map(int, parameters[:3])
            return n * r * p * 0.0003
        case _:
            memory, passes = map(int, parameters[2].split("-"))
            return memory * passes * 0.00067


def _bcrypt(text: str) -> str:
    if not _BCRYPT.fullmatch(text):
        raise Unreadable
    return f"{PREFIX}bcrypt${text}"


def _argon2(text: str) -> str:
    cost = extract_parameters(text)
    if cost.memory_cost > 1 << 18 or cost.time_cost > 1 << 8 or cost.hash_len < _LEAST:
        raise Unreadable
    return f"{PREFIX}argon2{text}"


def _aspnet(text: str) -> str:
    """ASP.NET Core Identity, version 3: PBKDF2 with its parameters before it."""
    found = _bytes(text, least=13 + _LEAST)
    prf, iterations, salt = (int.from_bytes(found[at : at + 4]) for at in (1, 5, 9))
    if found[0] != 1 or prf not in _PRFS or not 1 <= iterations <= _MOST_ITERATIONS or salt > len(found) - 13 - _LEAST:
        raise Unreadable
    return _pbkdf2(_PRFS[prf], iterations, found[13 : 13 + salt], found[13 + salt :])


def _ours(text: str) -> str:
    """What another installation of this portal was given, and keeps as we do."""
    found = _OURS.fullmatch(text)
    if found is None or any(len(found[name] or "") % 4 == 1 for name in ("before", "salt", "kept")):
        raise Unreadable
    if found["powers"]:
        _powers(*map(int, found["powers"].split("$")))
    return text


_WHOLE: dict[str, Callable[[str], str]] = {"bcrypt": _bcrypt, "argon2": _argon2, "aspnet": _aspnet, "ours": _ours}


def _pbkdf2(digest: str, iterations: int, salt: bytes, key: bytes) -> str:
    return _put("pbkdf2", digest, str(iterations), salt, _begin(key))


def _powers(n: int, r: int, p: int) -> tuple[str, str, str]:
    if n == 1 or n & (n - 1) or 128 * n * r > 64 << 20:
        raise Unreadable
    return str(n), str(r), str(p)


def _put(algorithm: str, *parts: str | bytes) -> str:
    texts = (base64url.encode(part) if isinstance(part, bytes) else part for part in parts)
    return "$".join([PREFIX + algorithm, *texts])


def _begin(key: bytes) -> bytes:
    """As much of a key as is kept: much shorter ones are not taken."""
    if len(key) < _LEAST:
        raise Unreadable
    return key[:KEPT]


def _bytes(text: str, *, least: int = 1) -> bytes:
    """Base64 of either alphabet, padded or not."""
    try:
        found = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable from None
    if len(found) < least:
        raise Unreadable
    return found
