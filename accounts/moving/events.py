"""What is recorded of customers who are brought from elsewhere, or given away."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from accounts.moving.shapes import Direction
from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class MoveProposed(AuditEvent):
    """Somebody who runs the installation wants it."""

    name: ClassVar[str] = "moving.proposed"
    move: UUID
    direction: Direction
    customers: int


@dataclass(frozen=True, slots=True)
class MoveApproved(AuditEvent):
    """A second person said yes."""

    name: ClassVar[str] = "moving.approved"
    move: UUID
    direction: Direction


@dataclass(frozen=True, slots=True)
class MoveRejected(AuditEvent):
    """Somebody said no, or stopped it."""

    name: ClassVar[str] = "moving.rejected"
    move: UUID
    direction: Direction


@dataclass(frozen=True, slots=True)
class MoveEnded(AuditEvent):
    """It is through."""

    name: ClassVar[str] = "moving.ended"
    move: UUID
    direction: Direction
    customers: int
    broken: int


@dataclass(frozen=True, slots=True)
class Imported(AuditEvent):
    """A customer was brought from elsewhere. ``asked``: purposes to which they are said to have agreed there."""

    name: ClassVar[str] = "moving.imported"
    move: UUID
    line: int
    proven: bool
    with_password: bool
    with_app: bool
    asked: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class OldPasswordEnded(AuditEvent):
    """Nobody signed in with the password from elsewhere for long: it opens nothing any more."""

    name: ClassVar[str] = "moving.old_password_ended"
