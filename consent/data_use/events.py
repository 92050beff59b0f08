"""What is recorded of services."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class PartnerMayUse(AuditEvent):
    """For which purposes a partner may use data, as a service of ours, was changed."""

    name: ClassVar[str] = "partner.may_use"
    partner: UUID
    data_purposes: tuple[Code, ...]
