"""What is recorded of the keys that the portal signs with: never a key."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class SigningKeyMade(AuditEvent):
    """A key was made. It is published at once, and signs from an instant on."""

    name: ClassVar[str] = "signing_key.made"
    key: Code
    algorithm: Code
    signs_from: datetime


@dataclass(frozen=True, slots=True)
class SigningKeyRetired(AuditEvent):
    """Another key has taken over: its private half is gone, and it is published until nothing signed with it lives."""

    name: ClassVar[str] = "signing_key.retired"
    key: Code
    published_until: datetime


@dataclass(frozen=True, slots=True)
class SigningKeyRevoked(AuditEvent):
    """A key may be known to others: nothing that is signed with it counts any more."""

    name: ClassVar[str] = "signing_key.revoked"
    key: Code
