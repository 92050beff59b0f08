"""Sealing what must be stored and read again: authenticator seeds, the content of messages not yet sent.

AES-256-GCM under the first of ``settings.DATA_KEYS``; all of them open. The context is authenticated with the text,
so that a sealed value moved to another row or column does not open.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


class CannotOpen(Exception):
    """No key opens this value in this context: it was altered, moved, or its key is gone."""


def seal(plain: bytes, context: str) -> str:
    """Encrypt ``plain`` for ``context`` (for example ``"totp:<customer id>"``); base64url text without padding."""
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(settings.DATA_KEYS[0]).encrypt(nonce, plain, context.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def unseal(sealed: str, context: str) -> bytes:
    """The bytes that were sealed for ``context``. Raises CannotOpen."""
    try:
        raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except ValueError as error:
        raise CannotOpen(context) from error
    for key in settings.DATA_KEYS:
        try:
            return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], context.encode())
        except (InvalidTag, ValueError):
            continue
    raise CannotOpen(context)
