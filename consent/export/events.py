"""What is recorded of copies of a customer's data."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent


@dataclass(frozen=True, slots=True)
class ExportAsked(AuditEvent):
    """The customer asked for a copy of their data. ``again``: one was being made already, and it is the same."""

    name: ClassVar[str] = "export.asked"
    export: UUID
    again: bool


@dataclass(frozen=True, slots=True)
class ExportMade(AuditEvent):
    """It is ready: so many tables, rows and bytes."""

    name: ClassVar[str] = "export.made"
    export: UUID
    tables: int
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class ExportFailed(AuditEvent):
    """It could not be made, after so many tries."""

    name: ClassVar[str] = "export.failed"
    export: UUID
    attempts: int


@dataclass(frozen=True, slots=True)
class ExportTaken(AuditEvent):
    """The customer has downloaded it."""

    name: ClassVar[str] = "export.taken"
    export: UUID


@dataclass(frozen=True, slots=True)
class ExportDropped(AuditEvent):
    """The account was locked, or a change taken back: a copy that was asked for since is nobody's."""

    name: ClassVar[str] = "export.dropped"
    export: UUID
