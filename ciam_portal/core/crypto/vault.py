"""Sealing what must be stored and read again: authenticator seeds, the content of messages not yet sent.

AES-256-GCM under the first of ``settings.DATA_KEYS``, whose name stands before the sealed text; all of them open. The
context is authenticated with the text, so that a sealed value moved to another row or column does not open.

A digest can be sealed too (``seal_digest``): what is only ever compared can then move to another key, which a keyed
digest cannot.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from ciam_portal.core import base64url
from ciam_portal.core.crypto.rings import name_of

_NONCE = 12
_BESIDE = "opens only beside: "
NAMED = "."
"""Stands behind the key's name. What was sealed before keys were named has none."""


class CannotOpen(Exception):
    """No key opens this value in this context: it was altered, moved, or its key is gone."""


def seal(plain: bytes, context: str, *, beside: str = "") -> str:
    """Encrypt ``plain`` for ``context`` (for example ``"totp:<customer id>"``): a name, and base64url text unpadded.

    ``beside``: at least 128 random bits that are kept elsewhere, without which our keys do not open it, and it does not
    move to another of them.
    """
    key, nonce = settings.DATA_KEYS[0], os.urandom(_NONCE)
    sealed = AESGCM(_with(key, beside)).encrypt(nonce, plain, context.encode())
    return name_of(key) + NAMED + base64url.encode(nonce + sealed)


def unseal(sealed: str, context: str, *, beside: str = "") -> bytes:
    """The bytes that were sealed for ``context``, ``beside`` the same. Raises CannotOpen."""
    name, _, text = sealed.rpartition(NAMED)
    try:
        raw = base64url.decode(text)
    except ValueError as error:
        raise CannotOpen(context) from error
    for key in settings.DATA_KEYS:
        if name and name != name_of(key):
            continue
        try:
            return AESGCM(_with(key, beside)).decrypt(raw[:_NONCE], raw[_NONCE:], context.encode())
        except (InvalidTag, ValueError):
            continue
    raise CannotOpen(context)


def _with(key: bytes, beside: str) -> bytes:
    return hmac.digest(key, f"{_BESIDE}{beside}".encode(), hashlib.sha256) if beside else key


def seal_digest(value: str, context: str) -> str:
    """A digest of a random value, sealed."""
    return seal(_digest(value, context), context)


def is_digest_of(sealed: str, value: str, context: str) -> bool:
    """Whether the digest of this value was sealed, compared in constant time."""
    try:
        return hmac.compare_digest(unseal(sealed, context), _digest(value, context))
    except CannotOpen:
        return False


def _digest(value: str, context: str) -> bytes:
    return hashlib.sha256(f"{context}\x00{value}".encode()).digest()
