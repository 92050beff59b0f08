"""What the two sign and read: who an agent is (RFC 7523), and that it holds a key (RFC 9449)."""

import base64
import hashlib
import json
import time
import uuid
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto import jwk, jws
from jwcrypto.common import JWException

_SECONDS = 60


def key_of(secret: str) -> Any:
    """The P-256 key that these 32 bytes (base64url) are."""
    number = int.from_bytes(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)))
    key = jwk.JWK.from_pyca(ec.derive_private_key(number, ec.SECP256R1()))
    return jwk.JWK(**key.export(as_dict=True) | {"kid": key.thumbprint()})


def public(secret: str) -> dict[str, Any]:
    """Its public half, as a partner registers it."""
    return {"keys": [key_of(secret).export_public(as_dict=True)]}


def assertion(key: Any, client_id: str, issuer: str) -> str:
    """Signed by this key: who it is, for this issuer, once."""
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": issuer, "iat": now, "exp": now + _SECONDS}
    return _signed(claims | {"jti": uuid.uuid4().hex}, key, {"kid": key.get("kid")})


def proof(key: Any, method: str, url: str, *, token: str = "", nonce: str = "") -> str:
    """Whoever sends this very request holds the key."""
    claims: dict[str, Any] = {"htm": method, "htu": url, "iat": int(time.time()), "jti": uuid.uuid4().hex}
    claims |= {"ath": digest(token)} if token else {}
    claims |= {"nonce": nonce} if nonce else {}
    return _signed(claims, key, {"typ": "dpop+jwt", "jwk": key.export_public(as_dict=True)})


def prover(text: str, method: str, url: str, token: str, seen: dict[str, float]) -> str | None:
    """The thumbprint of the key that this proves for this request and token; None if it proves nothing, or again."""
    try:
        read = jws.JWS()
        read.deserialize(text)
        header = read.jose_header
        key = jwk.JWK(**header["jwk"])
        read.allowed_algs = ["ES256"]
        read.verify(key)
        said = json.loads(read.payload)
        right = header["typ"] == "dpop+jwt" and (said["htm"], said["htu"], said["ath"]) == (method, url, digest(token))
        fresh = abs(time.time() - said["iat"]) < _SECONDS and _first(said["jti"], seen)
    except (JWException, KeyError, TypeError, ValueError):
        return None
    return str(key.thumbprint()) if right and fresh and not key.has_private else None


def digest(text: str) -> str:
    """Its SHA-256, base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def _first(jti: str, seen: dict[str, float]) -> bool:
    now = time.time()
    for old in [name for name, until in seen.items() if until < now]:
        del seen[old]
    return seen.setdefault(jti, now + 2 * _SECONDS) == now + 2 * _SECONDS


def _signed(claims: dict[str, Any], key: Any, header: dict[str, Any]) -> str:
    token = jws.JWS(json.dumps(claims))
    token.add_signature(key, alg="ES256", protected=json.dumps({"alg": "ES256"} | header))
    return str(token.serialize(compact=True))
