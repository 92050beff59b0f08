"""What an outside service says, signed, of the person whom we sent to it: for one check, one nonce, within minutes."""

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from accounts.proofing.shapes import Document, Pathway, Shown
from accounts.proofing.verifier import jose
from accounts.proofing.verifier.jose import NotGood
from accounts.proofing.verifier.sdjwt import instant
from accounts.proofing.verifier.trust import Service
from ciam_portal.core import typed
from ciam_portal.core.crypto import codes

KIND = "identity-statement+jwt"
_MOST = timedelta(minutes=5)
_SKEW = timedelta(seconds=10)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """What its answer must carry: whom we call them there, and a nonce."""

    nonce: str
    sub: str

    @classmethod
    def new(cls) -> "Kept":
        """For one more check. Nobody is called the same twice."""
        return cls(codes.new_token(), codes.new_token())

    @classmethod
    def of(cls, text: str) -> "Kept":
        """As it was written."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps({"nonce": self.nonce, "sub": self.sub})


def read(text: str, service: Service, kept: Kept, *, reference: str, audience: str, at: datetime) -> Shown | None:
    """What the service has seen; None: it says that it could not confirm who it is. Raises NotGood."""
    if len(text) > jose.LONGEST:
        raise NotGood("too_long")
    said = jose.verified(text, service.keys, KIND).claims
    made, ends = instant(said.get("iat")), instant(said.get("exp"))
    if made is None or ends is None or not made - _SKEW <= at < ends or ends - made > _MOST:
        raise NotGood("out_of_time")
    must = {"iss": service.iss, "aud": audience, "reference": reference, "nonce": kept.nonce, "sub": kept.sub}
    for name, value in must.items():
        found = said.get(name)
        if not isinstance(found, str) or not hmac.compare_digest(found.encode(), value.encode()):
            raise NotGood(f"wrong_{name}")
    return _shown(said, service) if said.get("confirmed") is True else None


def _shown(said: dict[str, Any], service: Service) -> Shown:
    try:
        ends = datetime.combine(date.fromisoformat(said["expires_on"]), time.max, UTC)
        return Shown(
            name=typed.name(_text(said["name"])),
            birth_date=date.fromisoformat(said["birth_date"]),
            document=Document.SERVICE,
            issuer=_text(said["issuer"]),
            number=_text(said["number"]),
            strength=service.strength,
            pathway=Pathway.REMOTE_UNATTENDED,
            expires_at=ends,
        )
    except (KeyError, TypeError, ValueError):
        raise NotGood("claims_missing") from None


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise ValueError
    return value
