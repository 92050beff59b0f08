"""Signed and encrypted JSON as wallets and services send it. The speaker of jwcrypto here."""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from jwcrypto import jwe, jwk, jws
from jwcrypto.common import JWException

from ciam_portal.core import base64url, strictjson
from ciam_portal.core.crypto import parcel
from ciam_portal.oauth import jwts

ENCRYPTIONS = ("A128GCM", "A256GCM")
AGREEMENT = "ECDH-ES"
LONGEST = 64 * 1024
_BROKEN = (JWException, ValueError, TypeError, AttributeError, KeyError, RecursionError)


class NotGood(Exception):
    """What was shown does not hold. ``code``: why, for tests and the operator's log; nobody else is told."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed token whose signature holds."""

    header: dict[str, Any]
    claims: dict[str, Any]


def new_encryption_key() -> str:
    """A key for one answer alone, whole."""
    return str(jwk.JWK.generate(kty="EC", crv="P-256", alg=AGREEMENT, use="enc").export_private())


def public_half(key: str) -> dict[str, Any]:
    """What the wallet gets of it."""
    whole = jwk.JWK.from_json(key)
    public: dict[str, Any] = whole.export_public(as_dict=True) | {"kid": whole.thumbprint()}
    return public


def decrypt(text: str, key: str) -> dict[str, Any]:
    """What was encrypted to this very key, in a way that was offered. Says nothing of who sent it. Raises NotGood."""
    if len(text) > LONGEST:
        raise NotGood("too_long")
    whole = jwk.JWK.from_json(key)
    try:
        token = jwe.JWE(algs=[AGREEMENT, *ENCRYPTIONS])
        token.deserialize(text)
        header = token.jose_header
        if header.get("kid") != whole.thumbprint() or header.get("alg") != AGREEMENT or "zip" in header:
            raise NotGood("not_for_this_key")
        parcel.decrypt(token, whole)
        found = strictjson.loads(token.payload)
    except _BROKEN:
        raise NotGood("not_for_this_key") from None
    if not isinstance(found, dict):
        raise NotGood("no_object")
    return found


def said(text: str) -> Signed:
    """Header and claims as a token says them of itself, by nobody's word. Raises NotGood."""
    try:
        head, body, _signature = text.split(".")
        header, claims = strictjson.loads(base64url.decode(head)), strictjson.loads(base64url.decode(body))
    except _BROKEN:
        raise NotGood("no_token") from None
    if not isinstance(header, dict) or not isinstance(claims, dict) or "crit" in header:
        raise NotGood("no_token")
    return Signed(header, claims)


def verified(text: str, keys: Iterable[Any], kind: str) -> Signed:
    """The same, once one of these keys has signed it as this kind, exactly so named. Raises NotGood."""
    found = said(text)
    if found.header.get("typ") != kind or found.header.get("alg") not in jwts.ALGORITHMS:
        raise NotGood("wrong_kind")
    for key in keys:
        if jwts.algorithm_of(key) == found.header["alg"] and _holds(text, key):
            return found
    raise NotGood("not_signed")


def _holds(text: str, key: Any) -> bool:  # noqa: ANN401  (jwcrypto is untyped)
    token = jws.JWS()
    token.allowed_algs = list(jwts.ALGORITHMS)
    try:
        token.deserialize(text, key)
    except _BROKEN:
        return False
    return True


def holders_key(confirmation: object) -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    """The public key that ``cnf`` names. Raises NotGood."""
    try:
        (key,) = jwts.key_set({"keys": [confirmation["jwk"]]})  # type: ignore[index]  # whatever it is
    except (jwts.UnusableKeys, *_BROKEN):
        raise NotGood("no_holder") from None
    return key


def of_chain(header: dict[str, Any], anchor: str, now: Any) -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    """The key of the leaf in ``x5c``, if this very anchor (PEM) has issued it and it is valid. Raises NotGood."""
    try:
        leaf = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
        issuer = x509.load_pem_x509_certificate(anchor.encode())
        leaf.verify_directly_issued_by(issuer)
        valid = all(each.not_valid_before_utc <= now < each.not_valid_after_utc for each in (leaf, issuer))
        key = jwk.JWK.from_pem(leaf.public_bytes(Encoding.PEM))
    except Exception:  # noqa: BLE001  (whatever a stranger's certificate makes the library raise)
        raise NotGood("not_of_the_anchor") from None
    if not valid:
        raise NotGood("certificate_expired")
    return key


def sign_request(claims: dict[str, Any], pem: bytes, certificate: x509.Certificate) -> str:
    """A request object (RFC 9101), with the certificate that its client id is a hash of."""
    header = {
        "alg": jwts.ES256,
        "typ": "oauth-authz-req+jwt",
        "x5c": [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()],
    }
    token = jws.JWS(json.dumps(claims))
    token.add_signature(jwk.JWK.from_pem(pem), alg=jwts.ES256, protected=json.dumps(header))
    return str(token.serialize(compact=True))


def hash_of(data: bytes, algorithm: str = "sha256") -> str:
    """Its hash, base64url."""
    return base64url.encode(hashlib.new(algorithm, data).digest())
