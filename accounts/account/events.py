"""What is recorded of an account's own life."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class AccountOpened(AuditEvent):
    """Somebody signed up; the address is not proven yet."""

    name: ClassVar[str] = "account.opened"
    again: bool = False  # the same unproven address was signed up before, and that attempt is void


@dataclass(frozen=True, slots=True)
class OpenedForAnother(AuditEvent):
    """Somebody made an account for a person who cannot sign in."""

    name: ClassVar[str] = "account.opened_for_another"


@dataclass(frozen=True, slots=True)
class SignUpWithKnownAddress(AuditEvent):
    """Somebody signed up with an address that has an account; its owner was told."""

    name: ClassVar[str] = "account.sign_up_with_known_address"


@dataclass(frozen=True, slots=True)
class ProofSent(AuditEvent):
    """A link or code went to an address of the customer."""

    name: ClassVar[str] = "account.proof_sent"
    purpose: Code


@dataclass(frozen=True, slots=True)
class UnprovenAccountRemoved(AuditEvent):
    """An account whose address was never proven went: nobody did in time, or somebody else proved it as theirs."""

    name: ClassVar[str] = "account.unproven_removed"


@dataclass(frozen=True, slots=True)
class EmailConfirmed(AuditEvent):
    """The address is proven; the account works from now on."""

    name: ClassVar[str] = "account.email_confirmed"


@dataclass(frozen=True, slots=True)
class EmailChangeAsked(AuditEvent):
    """A link went to the new address; nothing has changed yet."""

    name: ClassVar[str] = "account.email_change_asked"
    address_is_free: bool


@dataclass(frozen=True, slots=True)
class EmailChanged(AuditEvent):
    """The new address is proven and has replaced the old one."""

    name: ClassVar[str] = "account.email_changed"


@dataclass(frozen=True, slots=True)
class PasswordChanged(AuditEvent):
    """By its owner, signed in. All other sessions and all tokens ended."""

    name: ClassVar[str] = "account.password_changed"
    sessions_ended: int
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class ProfileChanged(AuditEvent):
    """Which fields changed; not their content."""

    name: ClassVar[str] = "account.profile_changed"
    fields: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class MailboxSettled(AuditEvent):
    """Of two accounts of one mailbox, from before addresses had one form, this one has it now, or has it no longer."""

    name: ClassVar[str] = "account.mailbox_settled"
    other: UUID | None
    has_it: bool
