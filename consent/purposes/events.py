"""What is recorded of purposes."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class PurposesInstalled(AuditEvent):
    """The installation approved the purposes that the portal comes with, each in its first version."""

    name: ClassVar[str] = "purpose.installed"
    purposes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class PurposeDrafted(AuditEvent):
    """Somebody wrote what a purpose shall say."""

    name: ClassVar[str] = "purpose.drafted"
    purpose: Code
    number: int
    text: Code


@dataclass(frozen=True, slots=True)
class PurposeProposed(AuditEvent):
    """A first person wants this version. ``material``: everybody would be asked again."""

    name: ClassVar[str] = "purpose.proposed"
    purpose: Code
    number: int
    text: Code
    material: bool


@dataclass(frozen=True, slots=True)
class PurposeApproved(AuditEvent):
    """A second person approved just this text and these terms."""

    name: ClassVar[str] = "purpose.approved"
    purpose: Code
    number: int
    text: Code
    material: bool


@dataclass(frozen=True, slots=True)
class PurposeRejected(AuditEvent):
    """Somebody sent a proposal back: it is a draft again."""

    name: ClassVar[str] = "purpose.rejected"
    purpose: Code
    number: int


@dataclass(frozen=True, slots=True)
class PurposeActivated(AuditEvent):
    """From now on data is used under this version. ``replaces``: the number of the one before; 0: there was none."""

    name: ClassVar[str] = "purpose.activated"
    purpose: Code
    number: int
    replaces: int
    text: Code


@dataclass(frozen=True, slots=True)
class PurposeRetired(AuditEvent):
    """This version is over. ``was``: where it stood."""

    name: ClassVar[str] = "purpose.retired"
    purpose: Code
    number: int
    was: Code
