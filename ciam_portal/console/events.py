"""What is recorded of what owners ask to change about their apps."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class ChangeAsked(AuditEvent):
    """An owner asked for other redirect URIs or scopes, or for an agent to be let do other things."""

    name: ClassVar[str] = "partner.change_asked"
    partner: UUID
    change: UUID
    scopes_added: tuple[Code, ...]
    scopes_removed: tuple[Code, ...]
    redirect_uris: int
    actions_added: tuple[Code, ...] = ()
    actions_removed: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeDecided(AuditEvent):
    """Staff approved or rejected it, or the owner took it back. Approved, it holds from now on."""

    name: ClassVar[str] = "partner.change_decided"
    partner: UUID
    change: UUID
    state: Code


@dataclass(frozen=True, slots=True)
class Managed(AuditEvent):
    """An owner replaced or ended what their app proves itself with, in this session."""

    name: ClassVar[str] = "partner.managed"
    partner: UUID


@dataclass(frozen=True, slots=True)
class DelegatesLet(AuditEvent):
    """An owner said whether customers may act for others in their app."""

    name: ClassVar[str] = "partner.delegates_let"
    partner: UUID
    enabled: bool
