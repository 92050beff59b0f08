"""What we ask a wallet for (OpenID4VP 1.0, by reference, signed), and what its answer is worth."""

import hmac
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.proofing.shapes import Document, Pathway, Shown
from accounts.proofing.verifier import jose, sdjwt, trust
from accounts.proofing.verifier.jose import NotGood
from accounts.proofing.verifier.sdjwt import Credential
from accounts.proofing.verifier.trust import TrustList
from ciam_portal.core import typed
from ciam_portal.core.crypto import codes
from ciam_portal.oauth import jwts

_ID = "person"  # of the one credential that is asked for
_WANTED = ("given_name", "family_name", "birthdate")
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of one request until it is answered: its state, its nonce, and the key for its answer alone."""

    state: str
    nonce: str
    key: str

    @classmethod
    def new(cls) -> "Kept":
        """For one more request."""
        return cls(codes.new_token(), codes.new_token(), jose.new_encryption_key())

    @classmethod
    def of(cls, text: str) -> "Kept":
        """As it was written."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps({"state": self.state, "nonce": self.nonce, "key": self.key})

    def is_state(self, state: object) -> bool:
        """Whether an answer names this request."""
        return isinstance(state, str) and hmac.compare_digest(state.encode(), self.state.encode())


def request(kept: Kept, response_uri: str, ends_at: datetime, at: datetime) -> str:
    """The request object. Raises NotGood if nobody could be believed, or we have no certificate."""
    kinds = trust.trusted(at).kinds
    pem, certificate = trust.certificate()
    claims = {
        "response_type": "vp_token",
        "response_mode": "direct_post.jwt",
        "client_id": trust.client_id(),
        "response_uri": response_uri,
        "aud": "https://self-issued.me/v2",
        "nonce": kept.nonce,
        "state": kept.state,
        "iat": int(at.timestamp()),
        "exp": int(ends_at.timestamp()),
        "dcql_query": query(kinds),
        "client_metadata": {
            "jwks": {"keys": [jose.public_half(kept.key)]},
            "encrypted_response_enc_values_supported": list(jose.ENCRYPTIONS),
            "vp_formats_supported": {
                sdjwt.KIND: {"sd-jwt_alg_values": list(jwts.ALGORITHMS), "kb-jwt_alg_values": list(jwts.ALGORITHMS)}
            },
        },
    }
    return jose.sign_request(claims, pem, certificate)


def query(kinds: list[str]) -> dict[str, Any]:
    """Name and birth date, and no more (DCQL)."""
    claims = [{"path": [name]} for name in _WANTED]
    asked = {"id": _ID, "format": sdjwt.KIND, "meta": {"vct_values": kinds}, "claims": claims}
    return {"credentials": [asked | {"require_cryptographic_holder_binding": True}]}


def answer(response: str, kept: Kept, at: datetime) -> Shown:
    """What an answer to this request shows. It is asked of each detail again what we asked the wallet for.

    Raises NotGood.
    """
    said = jose.decrypt(response, kept.key)
    if not kept.is_state(said.get("state")):
        raise NotGood("wrong_state")
    trusted, presented = trust.trusted(at), _presented(said.get("vp_token"))
    found = sdjwt.read(presented, trusted, audience=trust.client_id(), nonce=kept.nonce, at=at)
    return _shown(found, trusted)


def _presented(token: object) -> str:
    """The one presentation of the one credential that was asked for."""
    if not isinstance(token, dict) or set(token) != {_ID}:
        raise NotGood("wrong_credentials")
    if not isinstance(token[_ID], list) or len(token[_ID]) != 1 or not isinstance(token[_ID][0], str):
        raise NotGood("wrong_credentials")
    return str(token[_ID][0])


def _shown(found: Credential, trusted: TrustList) -> Shown:
    if found.vct not in trusted.kinds:
        raise NotGood("not_asked_for")
    given, family, born = (found.claims.get(name) for name in _WANTED)
    try:
        name = typed.name(f"{_text(given)} {_text(family)}")
        birth_date = date.fromisoformat(_text(born))
    except ValueError:
        raise NotGood("claims_missing") from None
    if len(name) > _LONGEST_NAME:
        raise NotGood("claims_missing")
    return Shown(
        name=name,
        birth_date=birth_date,
        document=Document.CREDENTIAL,
        issuer=found.issuer.iss,
        number="",
        strength=found.issuer.strength,
        pathway=Pathway.REMOTE_UNATTENDED,
        expires_at=found.expires_at,
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise NotGood("claims_missing")
    return value
