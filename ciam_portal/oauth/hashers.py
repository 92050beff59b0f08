"""A fast keyed hash for partners' secrets: they are 256 random bits, so slowness would add cost and no safety."""

import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import BasePasswordHasher, mask_hash


class ClientSecret(BasePasswordHasher):
    """HMAC-SHA256 under the data keys. Never for anything that a person chose."""

    algorithm = "client_secret"

    def salt(self) -> str:
        """Random secrets need none."""
        return ""

    def encode(self, password: str, salt: str) -> str:  # noqa: ARG002  (Django's signature)
        """The stored form."""
        return f"{self.algorithm}${_mac(settings.DATA_KEYS[0], password)}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """The parts of the stored form."""
        algorithm, mac = encoded.split("$", 1)
        return {"algorithm": algorithm, "hash": mac, "salt": None}

    def verify(self, password: str, encoded: str) -> bool:
        """Whether this is the secret, under any of the keys being rotated."""
        stored = self.decode(encoded)["hash"]
        found = [hmac.compare_digest(stored, _mac(key, password)) for key in settings.DATA_KEYS]
        return any(found)

    def safe_summary(self, encoded: str) -> Any:  # noqa: ANN401  (Django's lazy labels)
        """What may be shown."""
        return {"algorithm": self.algorithm, "hash": mask_hash(self.decode(encoded)["hash"])}

    def must_update(self, encoded: str) -> bool:  # noqa: ARG002  (Django's signature)
        """Never: a secret is replaced, not re-hashed."""
        return False

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to even out."""


def _mac(key: bytes, secret: str) -> str:
    return hmac.new(key, b"client secret\x00" + secret.encode(), hashlib.sha256).hexdigest()
