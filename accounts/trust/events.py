"""What is recorded of accounts that wait for evidence."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class AccountWaits(AuditEvent):
    """A new account is one of many at its mail domain: it does nothing toward apps or others before it shows more."""

    name: ClassVar[str] = "trust.waits"


@dataclass(frozen=True, slots=True)
class AccountPassed(AuditEvent):
    """Staff looked, and the account waits no longer."""

    name: ClassVar[str] = "trust.passed"


@dataclass(frozen=True, slots=True)
class DomainPassed(AuditEvent):
    """Staff passed a whole mail domain, asked because of this account; ``accounts`` waited no longer."""

    name: ClassVar[str] = "trust.domain_passed"
    domain: UUID
    reason: Code
    accounts: int


@dataclass(frozen=True, slots=True)
class DomainTakenBack(AuditEvent):
    """A mail domain that was passed is not any more; ``accounts`` wait again."""

    name: ClassVar[str] = "trust.domain_taken_back"
    domain: UUID
    accounts: int
