"""Signed tokens: made with our keys, read with those of whoever is said to have made them.

The speaker of jwcrypto, which knows keys, and of PyJWT, which signs in half its time and verifies in three quarters.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from jwcrypto import jwk
from jwcrypto.common import JWException
from jwt import PyJWS
from jwt.exceptions import PyJWTError

from ciam_portal.core import base64url

LONGEST = 8192
ES256, RS256 = "ES256", "RS256"
ALGORITHMS = (ES256, "PS256", "EdDSA")  # what partners may sign with (FAPI 2.0 Security Profile section 5.4.1)
OURS = (*ALGORITHMS, RS256)  # what we sign with for them (RS256: OpenID Connect Core section 15.1)
_NEW: dict[str, dict[str, Any]] = {
    ES256: {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
    "PS256": {"kty": "RSA", "size": 3072},
    RS256: {"kty": "RSA", "size": 3072},
}
_CURVES = {"P-256": ES256, "Ed25519": "EdDSA"}
_SHORTEST_RSA = 2048

_SIGNATURES = PyJWS(algorithms=list(OURS))  # it knows no others
_BROKEN = (JWException, PyJWTError, ValueError, TypeError, AttributeError, KeyError, RecursionError)


class _Token(NamedTuple):
    """What a text holds by its own word, and the signature over it."""

    header: dict[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes


_NONE = _Token({}, b"", b"", b"")


class UnusableKeys(ValueError):
    """A key set that signs nothing here; says what is wrong in one sentence."""


def sign(claims: dict[str, Any], key: Any, kind: str = "JWT", kid: str = "") -> str:  # noqa: ANN401  (jwcrypto is untyped)
    """A token of these claims by one of our keys; ``kind`` is its ``typ`` (RFC 8725 section 3.11).

    ``kid``: what its reader calls the key, if that is not its thumbprint.
    """
    algorithm = algorithm_of(key)
    header = {"typ": kind, "kid": kid or key["kid"]}
    return _SIGNATURES.encode(json.dumps(claims).encode(), key.get_op_key("sign"), algorithm, header)


def new_key(algorithm: str) -> tuple[str, dict[str, str], str]:
    """A new key of our own for this algorithm: its ``kid``, its public half, and the whole, to be sealed."""
    key = jwk.JWK.generate(**_NEW[algorithm], alg=algorithm)
    kid = str(key.thumbprint())
    if not kid[0].isalnum():  # one that begins with a dash is no argument of a command, and no code of an event
        return new_key(algorithm)
    public = key.export_public(as_dict=True) | {"kid": kid}
    return kid, public, str(key.export_private())


def from_pem(pem: bytes) -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    """A key of our own that the environment gives (ES256)."""
    return jwk.JWK.from_pem(pem)


def from_json(text: str) -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    """A key of our own, as ``new_key`` made it: either half."""
    key = jwk.JWK.from_json(text)
    key.update(kid=key.thumbprint())
    return key


def read(
    text: str,
    keys: Callable[[str], Iterable[Any]],
    *,
    algorithms: tuple[str, ...],
    kinds: tuple[str, ...],
    longest: int = LONGEST,
) -> dict[str, Any] | None:
    """The claims of a token that one of these keys signed; None for anything else. Its times are not looked at.

    ``keys`` answers to a ``kid`` with those that may have signed. A key signs with its own algorithm only, so that no
    header can choose another (RFC 8725 section 3.1).
    """
    return _said(_opened(text, longest), keys, algorithms, kinds)


def _opened(text: str, longest: int = LONGEST) -> _Token:
    """What this text is, by nobody's word; ``_NONE`` if it is no token, or one with extensions (RFC 7515 4.1.11)."""
    if not text or len(text) > longest or text.count(".") != 2 or "=" in text:  # noqa: PLR2004  (RFC 7515 section 7.1)
        return _NONE
    try:
        found = _SIGNATURES.decode_complete(text, options={"verify_signature": False})
    except _BROKEN:
        return _NONE
    header: dict[str, Any] = found["header"]
    if "crit" in header or "b64" in header:
        return _NONE
    return _Token(header, found["payload"], text.rpartition(".")[0].encode(), found["signature"])


def _said(
    token: _Token, keys: Callable[[str], Iterable[Any]], algorithms: tuple[str, ...], kinds: tuple[str, ...]
) -> dict[str, Any] | None:
    header = token.header
    try:
        kid = header.get("kid", "")
        if str(header.get("typ", "")).lower().removeprefix("application/") not in kinds or not isinstance(kid, str):
            return None
        for key in keys(kid):
            algorithm = algorithm_of(key)
            if algorithm == header["alg"] and algorithm in algorithms and _verifies(token, key, algorithm):
                return _claims_of(token)
    except _BROKEN:
        return None
    return None


def _verifies(token: _Token, key: Any, algorithm: str) -> bool:  # noqa: ANN401  (jwcrypto is untyped)
    by = _SIGNATURES.get_algorithm_by_name(algorithm)
    try:
        return by.verify(token.signed, key.get_op_key("verify"), token.signature)
    except _BROKEN:
        return False  # a key that is none; the next may be one


def _claims_of(token: _Token) -> dict[str, Any] | None:
    claims = json.loads(token.payload)
    json.dumps(claims, ensure_ascii=False).encode()  # half a letter is no text: nobody could hash or store it
    return claims if isinstance(claims, dict) else None


def hash_of(text: str) -> str:
    """Its SHA-256, base64url: the hash of PKCE and ``ath``."""
    return base64url.encode(hashlib.sha256(text.encode()).digest())


def half_hash(text: str, algorithm: str) -> str:
    """Half of its hash, by the hash of the algorithm that signs (OpenID Connect Core section 3.1.3.6)."""
    whole = hashlib.new("sha512" if algorithm == "EdDSA" else "sha256", text.encode()).digest()  # RFC 8032: Ed25519
    return base64url.encode(whole[: len(whole) // 2])


def seconds(claims: dict[str, Any], *names: str) -> dict[str, int] | None:
    """Those of these times that a token says (RFC 7519 section 2, NumericDate); None if one of them is no time."""
    said = {name: claims[name] for name in names if name in claims}
    if not all(type(value) in {int, float} and math.isfinite(value) for value in said.values()):
        return None
    return {name: int(value) for name, value in said.items()}


def self_signed(text: str, *, kind: str) -> tuple[Any, dict[str, Any]] | None:
    """Key and claims of a token that brings its own public key: whoever made it holds that key, no more is said."""
    token = _opened(text)
    try:
        key = _key_of(json.dumps(token.header["jwk"]))
    except (UnusableKeys, *_BROKEN):
        return None
    claims = _said(token, lambda _kid: [key], ALGORITHMS, (kind,))
    return None if claims is None else (key, claims)


@lru_cache(maxsize=1024)
def _key_of(text: str) -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    """The public key of this JWK. Raises UnusableKeys."""
    (key,) = key_set({"keys": [json.loads(text)]})
    return key


def unverified(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as a token says them of itself, by nobody's word; empty if it is none."""
    token = _opened(text)
    try:
        claims = _claims_of(token)
    except _BROKEN:
        return {}, {}
    return ({}, {}) if claims is None else (token.header, claims)


def key_set(document: Any, algorithms: tuple[str, ...] = ALGORITHMS) -> tuple[Any, ...]:  # noqa: ANN401  (JSON)
    """The keys of a JWK Set (RFC 7517 section 5) that may sign here. Raises UnusableKeys: none, or a secret one."""
    found = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(found, list):
        message = 'A key set is {"keys": [...]}.'
        raise UnusableKeys(message)
    usable = []
    for each in found:
        key = jwk.JWK()
        try:
            key.import_key(**each)  # its constructor would also take what tells it to make one
            signs = each.get("use", "sig") == "sig" and algorithm_of(key) in algorithms
        except _BROKEN:
            continue
        if key.has_private or key.is_symmetric:
            message = "A key set for us holds public keys only."
            raise UnusableKeys(message)
        if signs:
            usable.append(key)
    if not usable:
        message = f"A key set for us holds a key for one of {', '.join(algorithms)}."
        raise UnusableKeys(message)
    return tuple(usable)


def named(keys: Iterable[Any], kid: str) -> list[Any]:
    """Those of the keys that a token with this ``kid`` may have been signed with; all, if it names none."""
    return [key for key in keys if not kid or key.get("kid") in {None, kid}]


def algorithm_of(key: Any) -> str | None:  # noqa: ANN401  (jwcrypto is untyped)
    """The one algorithm that a key signs with here; None if it signs nothing here."""
    kind = key.get("kty")
    if kind in {"EC", "OKP"}:
        return _CURVES.get(key.get("crv"))
    if kind == "RSA" and key.get("alg", "PS256") in {"PS256", RS256}:
        long_enough = key.get_op_key("verify").key_size >= _SHORTEST_RSA
        return str(key.get("alg", "PS256")) if long_enough else None
    return None
