"""What is recorded of deleting an account. It outlives the account, under a number that names nobody by then."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent


@dataclass(frozen=True, slots=True)
class DeletionAsked(AuditEvent):
    """The customer deletes their account: it is erased at ``due_at`` unless they keep it."""

    name: ClassVar[str] = "erasure.asked"
    deletion: UUID
    due_at: datetime
    sessions_ended: int
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class DeletionReminded(AuditEvent):
    """They were told again that it comes."""

    name: ClassVar[str] = "erasure.reminded"
    deletion: UUID


@dataclass(frozen=True, slots=True)
class DeletionKept(AuditEvent):
    """The account is kept after all."""

    name: ClassVar[str] = "erasure.kept"
    deletion: UUID


@dataclass(frozen=True, slots=True)
class ErasureBegan(AuditEvent):
    """There is no way back: nobody comes in, and rows go from now on."""

    name: ClassVar[str] = "erasure.began"
    deletion: UUID
    sessions_ended: int
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class AccountErased(AuditEvent):
    """All of it is gone, so many rows and the account's own."""

    name: ClassVar[str] = "erasure.done"
    deletion: UUID
    rows: int
