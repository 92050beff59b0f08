"""The keys and secrets that the environment gives: long enough, random, and each for one purpose."""

import binascii
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ciam_portal.core import base64url
from ciam_portal.core.crypto.rings import PORTAL
from ciam_portal.environment.reading import Reading, noted, refuse

KEY_BYTES = 32
_SECRET_LENGTH = 50
_LEAST_DIFFERENT = 16  # bytes in a key: of 32 random ones, fewer never happens
_NO_KEY = b"\0" * KEY_BYTES


@dataclass(frozen=True, slots=True)
class Secrets(Reading):
    """All of them."""

    keys_of: dict[bytes, str] = field(default_factory=dict)

    @noted(("-", []))
    def secret_keys(self) -> tuple[str, list[str]]:
        """SECRET_KEY, and SECRET_KEY_FALLBACKS (comma-separated) while rotating."""
        first = self.text("SECRET_KEY", f"a random text of at least {_SECRET_LENGTH} characters")
        others: list[str] = [key for key in self.env.list("SECRET_KEY_FALLBACKS", default=[]) if key]
        for key in (first, *others):
            if len(key) < _SECRET_LENGTH or len(set(key)) < 10 or key.startswith("django-insecure"):  # noqa: PLR2004
                refuse(f"SECRET_KEY is too weak: set a random text of at least {_SECRET_LENGTH} characters.")
        return first, others

    @noted([_NO_KEY])
    def keys(self, name: str, what: str) -> list[bytes]:
        """Comma-separated base64url keys of 32 bytes."""
        return [self._key(name, text.strip(), what) for text in self.text(name, what).split(",")]

    @noted([])
    def vapid_keys(self) -> list[bytes]:
        """VAPID_KEYS: the same, each of them the private half of a P-256 pair; none if it is not set."""
        what = "keys that browsers know us by (manage.py push new); the first is given to new ones, all sign"
        found = self.keys("VAPID_KEYS", what) if self.env.str("VAPID_KEYS", "") else []
        for key in found:
            try:
                ec.derive_private_key(int.from_bytes(key), ec.SECP256R1())
            except ValueError:
                refuse("VAPID_KEYS holds a key that is none of the curve P-256: make one with manage.py push new.")
        return found

    @noted([])
    def texts_of_keys(self, name: str, what: str) -> list[str]:
        """The same, as the text that somebody shows who knows one of them."""
        texts = [text.strip() for text in self.text(name, what).split(",")]
        return [text for text in texts if self._key(name, text, what)]

    @noted([_NO_KEY])
    def digest_keys(self) -> list[bytes]:
        """DIGEST_KEYS: the same; after the first may stand ``text:`` and a text, as SECRET_KEY made digests before."""
        name, what = "DIGEST_KEYS", "keys behind digests and pseudonyms; the first makes them, all are known again"
        first, *former = self.text(name, what).split(",")
        known = [text.strip().removeprefix("text:").encode() if text.strip().startswith("text:")
                 else self._key(name, text.strip(), what) for text in former]  # fmt: skip
        return [self._key(name, first.strip(), what), *known]

    def _key(self, name: str, text: str, what: str) -> bytes:
        try:
            key = base64url.decode(text)
        except (ValueError, binascii.Error):
            key = b""
        if len(key) != KEY_BYTES:
            refuse(f"{name} must be base64url text of {KEY_BYTES} random bytes: {what}")
        if len(set(key)) < _LEAST_DIFFERENT:
            refuse(f"{name} must be random bytes, which these are not: {what}")
        if key in self.keys_of:
            refuse(f"{name} holds a key that stands in {self.keys_of[key]} already: each key is for one purpose.")
        self.keys_of[key] = name
        return key

    @noted([])
    def signing_keys(self) -> list[bytes]:
        """OIDC_SIGNING_KEYS, comma-separated: ``portal``, or PEM files of P-256 private keys; the first one signs."""
        what = "comma-separated: portal, or paths of PEM files with EC P-256 private keys; the first one signs"
        found = []
        for path in self.env.str("OIDC_SIGNING_KEYS", default="").strip().split(","):
            if path.strip() in {"", PORTAL.decode()}:
                found.append(PORTAL)
                continue
            try:
                pem = Path(path.strip()).read_bytes()
                key = load_pem_private_key(pem, password=None)
            except (OSError, ValueError, TypeError):
                refuse(f"OIDC_SIGNING_KEYS: {path.strip()} is no readable PEM private key. Set {what}.")
            if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
                refuse(f"OIDC_SIGNING_KEYS: {path.strip()} is no P-256 key. Set {what}.")
            found.append(pem)
        return found
