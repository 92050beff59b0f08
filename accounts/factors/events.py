"""What is recorded of second factors: made, used, failed, gone."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.policy.assurance import Method


@dataclass(frozen=True, slots=True)
class FactorAdded(AuditEvent):
    """A new authenticator is bound to the account. ``key`` numbers a passkey's row."""

    name: ClassVar[str] = "factor.added"
    method: Method
    key: int | UUID
    synced: bool = False  # a passkey that may be copied to the customer's other devices


@dataclass(frozen=True, slots=True)
class FactorRemoved(AuditEvent):
    """An authenticator is gone, and with it the other sessions that were proven with that kind."""

    name: ClassVar[str] = "factor.removed"
    method: Method
    key: int | UUID
    last: bool  # nothing but a password is left, so backup codes went too
    sessions_ended: int


@dataclass(frozen=True, slots=True)
class FactorsReplaced(AuditEvent):
    """A recovery dropped what was lost; ``last``: no factor was left then, so backup codes went too."""

    name: ClassVar[str] = "factor.replaced"
    dropped: tuple[Method, ...]
    last: bool
    added: bool


@dataclass(frozen=True, slots=True)
class PasskeyRenamed(AuditEvent):
    """A passkey has another name; not which."""

    name: ClassVar[str] = "factor.renamed"
    key: int | UUID


@dataclass(frozen=True, slots=True)
class BackupCodesMade(AuditEvent):
    """A new set replaced whatever was left of the old one."""

    name: ClassVar[str] = "factor.backup_codes_made"
    count: int


@dataclass(frozen=True, slots=True)
class FactorUsed(AuditEvent):
    """A right answer. ``left`` counts backup codes that remain."""

    name: ClassVar[str] = "factor.used"
    method: Method
    left: int | None = None


@dataclass(frozen=True, slots=True)
class FactorFailed(AuditEvent):
    """A wrong answer, one that came while waiting, or a passkey that proved nothing; ``why`` says which."""

    name: ClassVar[str] = "factor.failed"
    sourced: ClassVar[bool] = True
    method: Method
    why: Code


@dataclass(frozen=True, slots=True)
class PasskeyCounterWentBack(AuditEvent):
    """A valid signature with an old counter: the passkey may have been copied. It was refused."""

    name: ClassVar[str] = "factor.counter_went_back"
    key: int | UUID
    known: int
    shown: int


@dataclass(frozen=True, slots=True)
class StepUpCodeSent(AuditEvent):
    """A code to be typed in one session went to the customer's address."""

    name: ClassVar[str] = "factor.mail_code_sent"
    session: UUID
