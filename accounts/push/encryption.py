"""The only speaker of the Web Push library: a message that only one browser can read (RFC 8291), and who sends it.

Who sends it is said with a key (VAPID, RFC 8292) by which the push service knows that nobody else does.
"""

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from webpush import WebPush
from webpush.types import WebPushKeys, WebPushSubscription

from accounts.push.shapes import Endpoint
from ciam_portal.core import base64url

_TOKEN_SECONDS = 3600  # a day at most (RFC 8292 section 2)


@lru_cache(maxsize=8)
def _key(seed: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(seed), ec.SECP256R1())


def public(seed: bytes) -> str:
    """The public half, as browsers take it."""
    point = _key(seed).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64url.encode(point)


def sealed(message: bytes, to: Endpoint, seed: bytes, *, keep_seconds: int) -> tuple[bytes, dict[str, str]]:
    """What the push service is sent: the body and its headers. It can read none of the message."""
    private = _key(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    known = _key(seed).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    sender = WebPush(private, known, subscriber=settings.HELP_DESK.email, ttl=keep_seconds, expiration=_TOKEN_SECONDS)
    keys = WebPushKeys(auth=to.auth, p256dh=to.p256dh)
    made = sender.get(message, WebPushSubscription(endpoint=to.url, keys=keys))
    headers = {name: str(value) for name, value in made.headers.items()}
    return made.encrypted, headers | {"content-type": "application/octet-stream", "urgency": "high"}
