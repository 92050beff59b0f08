"""What is recorded of locking an account, of unlocking it, and of changes that were taken back."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from accounts.lock.policy import WayBack
from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class AccountLocked(AuditEvent):
    """By the panic button. Everything has ended; ``way`` is what leads back."""

    name: ClassVar[str] = "account.locked"
    way: WayBack
    sessions_ended: int
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class AccountUnlocked(AuditEvent):
    """What the lock asked for was proven."""

    name: ClassVar[str] = "account.unlocked"


@dataclass(frozen=True, slots=True)
class ChangeUndone(AuditEvent):
    """A change that the customer disowned is taken back, with ``later`` ones that came after it; the account is locked.

    ``restored`` False: something that was kept could not be put back, the help desk has to look.
    """

    name: ClassVar[str] = "account.change_undone"
    change: UUID
    kind: Code
    later: int
    restored: bool
    way: WayBack
    sessions_ended: int
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class SignUpVoided(AuditEvent):
    """A sign-up that was never proven stood on an address that went back to its owner; it is deleted."""

    name: ClassVar[str] = "account.sign_up_voided"
