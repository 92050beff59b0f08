"""What is recorded of partners' credentials."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class CredentialMade(AuditEvent):
    """A partner has another secret, or other keys; a former one dies by itself at ``former_until``."""

    name: ClassVar[str] = "partner.credential_made"
    partner: UUID
    credential: UUID
    kind: Code
    expires_at: datetime
    former: UUID | None
    former_until: datetime | None


@dataclass(frozen=True, slots=True)
class CredentialEnding(AuditEvent):
    """A partner's owner was told that its secret, or keys, end soon."""

    name: ClassVar[str] = "partner.credential_ending"
    partner: UUID
    credential: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CredentialEnded(AuditEvent):
    """A partner's secret, or keys, prove nothing any more."""

    name: ClassVar[str] = "partner.credential_ended"
    partner: UUID
    credential: UUID
