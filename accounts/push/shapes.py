"""What a browser says of where it is told things."""

import base64
import binascii
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

_AUTH_BYTES = 16


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address at the browser's push service, and the browser's keys: only it can read what is sent there."""

    url: str
    p256dh: str
    auth: str

    @property
    def is_whole(self) -> bool:
        """Whether something can be encrypted for it (RFC 8291)."""
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(self.p256dh))
            return len(_bytes(self.auth)) == _AUTH_BYTES
        except (ValueError, binascii.Error):
            return False


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
