"""An authenticator in software: makes and shows passkeys, and lies where a test asks it to."""

import hashlib
import json
import os
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

ORIGIN = settings.PUBLIC_URL
RP_ID = "localhost"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class SoftAuthenticator:
    """One passkey. Change a field to lie: origin, rp_id, verifies, counter, cross_origin."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    verifies: bool = True
    counter: int = 0
    step: int = 1
    cross_origin: bool = False
    number: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    handle: bytes | None = None

    def create(self, options: dict[str, Any]) -> str:
        """Answer ``navigator.credentials.create``: the JSON that the page sends."""
        self.handle = base64url_to_bytes(options["user"]["id"])
        data = self._data(_ATTESTED) + bytes(16) + struct.pack(">H", len(self.number)) + self.number + self._cose()
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._message({"attestationObject": attestation, "clientDataJSON": client, "transports": ["internal"]})

    def get(self, options: dict[str, Any]) -> str:
        """Answer ``navigator.credentials.get``."""
        self.counter += self.step
        data, client = self._data(0), self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        parts: dict[str, Any] = {"authenticatorData": data, "clientDataJSON": client, "signature": signature}
        if self.handle is not None:
            parts["userHandle"] = self.handle
        return self._message(parts)

    def _data(self, more: int) -> bytes:
        flags = _PRESENT | (_VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, self.counter)

    def _client(self, kind: str, challenge: str) -> bytes:
        words = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(words).encode()

    def _cose(self) -> bytes:
        point = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})

    def _message(self, parts: dict[str, Any]) -> str:
        response = {name: bytes_to_base64url(part) if isinstance(part, bytes) else part for name, part in parts.items()}
        number = bytes_to_base64url(self.number)
        return json.dumps({"id": number, "rawId": number, "type": "public-key", "response": response})
