"""Whom we believe: a list in a file, signed by the operator, with an end. Expired, broken or not there: nobody.

The operator's folder (``IDENTITY_DIR``) holds ``trust-list.jwt``, ``trust-key.json`` (the public key that signed it),
``verifier.pem`` (our key and certificate for wallets) and ``service.json`` (an outside service).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from accounts.proofing.shapes import Strength
from accounts.proofing.verifier import jose
from accounts.proofing.verifier.jose import NotGood
from ciam_portal.core import fetch, strictjson
from ciam_portal.oauth import jwts

_KIND = "trust-list+jwt"


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer: which credentials it may issue, by which key, where it says that one was revoked, what it is worth.

    ``anchor``: of the certificate that signed its own (``x5c``), or nothing, where ``keys`` are pinned.
    """

    iss: str
    vct: frozenset[str]
    keys: tuple[Any, ...]
    anchor: str
    status_hosts: frozenset[str]
    strength: Strength

    def may_have_signed(self, header: dict[str, Any], at: datetime) -> tuple[Any, ...]:
        """Its keys, by the mechanism that the list fixes; a token suggests none. Raises NotGood."""
        return (jose.of_chain(header, self.anchor, at),) if self.anchor else self.keys


@dataclass(frozen=True, slots=True)
class TrustList:
    """All of them."""

    issuers: tuple[Issuer, ...] = ()

    @property
    def kinds(self) -> list[str]:
        """Which credentials are known at all."""
        return sorted({vct for each in self.issuers for vct in each.vct})

    def issuer(self, iss: object) -> Issuer:
        """The one of that name. Raises NotGood."""
        found = next((each for each in self.issuers if each.iss == iss), None)
        if found is None:
            raise NotGood("unknown_issuer")
        return found


@dataclass(frozen=True, slots=True)
class Service:
    """An outside service that confirms who somebody is, by a signed statement."""

    title: str
    iss: str
    url: str
    keys: tuple[Any, ...]
    strength: Strength


def trusted(at: datetime) -> TrustList:
    """The list as it stands now. Raises NotGood if there is none that may be used."""
    try:
        (key,) = jwts.key_set({"keys": [strictjson.loads(_file("trust-key.json"))]})
        claims = jose.verified(_file("trust-list.jwt").decode().strip(), [key], _KIND).claims
        if not datetime.fromtimestamp(claims["iat"], UTC) <= at < datetime.fromtimestamp(claims["exp"], UTC):
            raise NotGood("trust_list_expired")
        return TrustList(tuple(_issuer(each) for each in claims["issuers"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotGood("no_trust_list") from error


def _issuer(said: dict[str, Any]) -> Issuer:
    mechanism = said["mechanism"]
    if mechanism not in {"keys", "x5c"}:
        raise NotGood("unknown_mechanism")
    return Issuer(
        iss=said["iss"],
        vct=frozenset(said["vct"]),
        keys=jwts.key_set({"keys": said["keys"]}) if mechanism == "keys" else (),
        anchor=said["anchor"] if mechanism == "x5c" else "",
        status_hosts=frozenset(said["status_hosts"]),
        strength=Strength(said["strength"]),
    )


def certificate() -> tuple[bytes, x509.Certificate]:
    """Our key (PEM) and certificate for wallets. Raises NotGood if there is none."""
    try:
        pem = _file("verifier.pem")
        return pem, x509.load_pem_x509_certificate(pem)
    except (OSError, ValueError) as error:
        raise NotGood("no_certificate") from error


def client_id() -> str:
    """Who we are to wallets (OpenID4VP section 5.9.3). Raises NotGood."""
    return f"x509_hash:{jose.hash_of(certificate()[1].public_bytes(Encoding.DER))}"


def service() -> Service | None:
    """The outside service; None, if the file is missing or cannot be used."""
    try:
        said = strictjson.loads(_file("service.json"))
        if not fetch.acceptable(said["url"]):
            return None
        keys = jwts.key_set(said["jwks"])
        return Service(str(said["title"]), str(said["iss"]), said["url"], keys, Strength(said["strength"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _file(name: str) -> bytes:
    if not settings.IDENTITY_DIR:
        raise FileNotFoundError(name)
    return Path(settings.IDENTITY_DIR, name).read_bytes()
