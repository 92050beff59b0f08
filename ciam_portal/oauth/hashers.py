"""A sealed digest for partners' secrets: they are 256 random bits, so slowness would add cost and no safety."""

import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import BasePasswordHasher, mask_hash

from ciam_portal.core.crypto import vault

PREFIX, CONTEXT = "client_secret$", "client secret"


class ClientSecret(BasePasswordHasher):
    """SHA-256, sealed under the data keys (``vault``). Never for anything that a person chose."""

    algorithm = PREFIX[:-1]

    def salt(self) -> str:
        """Random secrets need none."""
        return ""

    def encode(self, password: str, salt: str) -> str:  # noqa: ARG002  (Django's signature)
        """The stored form."""
        return PREFIX + vault.seal_digest(password, CONTEXT)

    def decode(self, encoded: str) -> dict[str, Any]:
        """The parts of the stored form."""
        algorithm, mac = encoded.split("$", 1)
        return {"algorithm": algorithm, "hash": mac, "salt": None}

    def verify(self, password: str, encoded: str) -> bool:
        """Whether this is the secret, under any of the keys being rotated."""
        stored = self.decode(encoded)["hash"]
        if not self.must_update(encoded):
            return vault.is_digest_of(stored, password, CONTEXT)
        found = [hmac.compare_digest(stored, _mac(key, password)) for key in settings.DATA_KEYS]
        return any(found)

    def safe_summary(self, encoded: str) -> Any:  # noqa: ANN401  (Django's lazy labels)
        """What may be shown."""
        return {"algorithm": self.algorithm, "hash": mask_hash(self.decode(encoded)["hash"])}

    def must_update(self, encoded: str) -> bool:
        """Whether it was stored before digests were sealed: as a keyed one, which moves to no other key."""
        return vault.NAMED not in encoded

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to even out."""


def _mac(key: bytes, secret: str) -> str:
    return hmac.new(key, b"client secret\x00" + secret.encode(), hashlib.sha256).hexdigest()
