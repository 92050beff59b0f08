"""A small wallet and an issuer, home-made so that they can do everything wrong; and the operator's folder for both."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from jwcrypto import jwe, jwk, jws

ISS, VCT = "https://issuer.example", "https://issuer.example/person"
PERSON = {"given_name": "Ada", "family_name": "Lovelace", "birthdate": "1990-12-10"}
Change = Callable[[dict[str, Any]], None]


def encoded(data: bytes) -> str:
    """base64url, unpadded."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def new_key() -> Any:
    """ES256."""
    return jwk.JWK.generate(kty="EC", crv="P-256")


def sign(claims: dict[str, Any], key: Any, typ: str, **header: Any) -> str:
    """A signed token."""
    token = jws.JWS(json.dumps(claims))
    token.add_signature(key, alg="ES256", protected=json.dumps({"alg": "ES256", "typ": typ} | header))
    return str(token.serialize(compact=True))


def disclosure(*parts: Any) -> tuple[str, str]:
    """One, and its digest."""
    text = encoded(json.dumps(parts).encode())
    return text, encoded(hashlib.sha256(text.encode()).digest())


def nothing(_claims: dict[str, Any]) -> None:
    """No change."""


@dataclass
class Wallet:
    """It holds a key, and shows what the issuer gives it."""

    issuer: Any = field(default_factory=new_key)
    holder: Any = field(default_factory=new_key)
    person: dict[str, str] = field(default_factory=lambda: dict(PERSON))

    def credential(
        self, at: datetime, *, change: Change = nothing, typ: str = "dc+sd-jwt", more: tuple[tuple[str, str], ...] = ()
    ) -> str:
        """Signed, with all that it discloses. ``change`` is made before it is signed."""
        disclosed = [disclosure(secrets.token_hex(8), name, value) for name, value in self.person.items()]
        disclosed += more
        claims = {
            "iss": ISS, "vct": VCT, "iat": int(at.timestamp()), "exp": int((at + timedelta(days=90)).timestamp()),
            "cnf": {"jwk": self.holder.export_public(as_dict=True)}, "_sd_alg": "sha-256",
            "_sd": [digest for _text, digest in disclosed] + [encoded(secrets.token_bytes(32))],
        }  # fmt: skip
        change(claims)
        return "~".join([sign(claims, self.issuer, typ), *(text for text, _digest in disclosed), ""])

    def presented(
        self, credential: str, audience: str, nonce: str, at: datetime, *, change: Change = nothing, typ: str = "kb+jwt"
    ) -> str:
        """Bound to this request."""
        digest = encoded(hashlib.sha256(credential.encode()).digest())
        claims = {"iat": int(at.timestamp()), "aud": audience, "nonce": nonce, "sd_hash": digest}
        change(claims)
        return credential + sign(claims, self.holder, typ)


def asked(request: str) -> dict[str, Any]:
    """What a request object says; who signed it is looked at by the other wallet (tests/clients/wallet.mjs)."""
    body = request.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


def encrypted(answer: dict[str, Any], key: dict[str, Any], **header: str) -> str:
    """To the key of the request."""
    said = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key["kid"]} | header
    token = jwe.JWE(json.dumps(answer), protected=json.dumps(said))
    token.add_recipient(jwk.JWK(**key))
    return str(token.serialize(compact=True))


def answer(wallet: Wallet, request: dict[str, Any], at: datetime) -> str:
    """A whole one, as it should be."""
    presented = wallet.presented(wallet.credential(at), request["client_id"], request["nonce"], at)
    said = {"state": request["state"], "vp_token": {"person": [presented]}}
    return encrypted(said, request["client_metadata"]["jwks"]["keys"][0])


def folder(where: Path, issuer: Any, at: datetime, *, days: int = 365, **said: Any) -> None:
    """The operator's folder: a trust list with this issuer, and our certificate."""
    where.mkdir(parents=True, exist_ok=True)
    operator = new_key()
    listed = {
        "iss": ISS, "vct": [VCT], "mechanism": "keys", "keys": [issuer.export_public(as_dict=True)],
        "status_hosts": [], "strength": "strong",
    } | said  # fmt: skip
    ends = int((at + timedelta(days=days)).timestamp())
    claims = {"version": 1, "iat": int(at.timestamp()) - 60, "exp": ends, "issuers": [listed]}
    (where / "trust-list.jwt").write_text(sign(claims, operator, "trust-list+jwt"))
    (where / "trust-key.json").write_text(operator.export_public())
    (where / "verifier.pem").write_bytes(pem(*certified("portal.example", at)))


def certified(name: str, at: datetime, by: tuple[Any, Any] | None = None) -> tuple[Any, x509.Certificate]:
    """A key and its certificate, of its own making or issued by another one."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, issuer = (key, subject) if by is None else (by[0], by[1].subject)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(at - timedelta(hours=1))
    return key, made.not_valid_after(at + timedelta(days=365)).sign(signer, hashes.SHA256())


def pem(key: Any, certificate: x509.Certificate) -> bytes:
    """Both, in one file."""
    whole: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return whole + certificate.public_bytes(Encoding.PEM)


def now() -> datetime:
    """Now."""
    return datetime.now(UTC)


def service(where: Path, key: Any, url: str, *, iss: str, strength: str = "strong") -> None:
    """An outside service, in the operator's folder."""
    keys = {"keys": [key.export_public(as_dict=True)]}
    said = {"title": "Identity service", "iss": iss, "url": url, "jwks": keys, "strength": strength}
    (where / "service.json").write_text(json.dumps(said))


def stated(asked: dict[str, str], iss: str, at: datetime, **said: Any) -> dict[str, Any]:
    """What such a service says of somebody who was sent with this, as it should be."""
    now = int(at.timestamp())
    person = {
        "name": "Ada Lovelace", "birth_date": "1990-12-10", "issuer": "NO", "number": f"D{asked['sub'][:8]}",
        "expires_on": "2031-01-01", "confirmed": True,
    }  # fmt: skip
    must = {name: asked[name] for name in ("reference", "nonce", "sub", "aud")}
    return must | {"iss": iss, "iat": now, "exp": now + 120} | person | said
