"""What is recorded of the policy's versions."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class ModelKept(AuditEvent):
    """Another version of the risk model runs here from now on; its numbers are kept."""

    name: ClassVar[str] = "risk.model_kept"
    version: Code


@dataclass(frozen=True, slots=True)
class KeyTookOver(AuditEvent):
    """Another key is the first of its ring from now on; ``key``: the ring, and what the key is called."""

    name: ClassVar[str] = "key.took_over"
    key: Code


@dataclass(frozen=True, slots=True)
class KeyReleased(AuditEvent):
    """A former key may go. ``given_up``: although stored data still needs it, which the operator accepts."""

    name: ClassVar[str] = "key.released"
    key: Code
    given_up: bool


@dataclass(frozen=True, slots=True)
class PolicyFound(AuditEvent):
    """The policy file holds a version that does not decide."""

    name: ClassVar[str] = "policy.found"
    version: Code
    deciding: Code


@dataclass(frozen=True, slots=True)
class PolicyReplayed(AuditEvent):
    """Somebody has past decisions asked again under this version."""

    name: ClassVar[str] = "policy.replay_begun"
    version: Code
    rows: int


@dataclass(frozen=True, slots=True)
class PolicyProposed(AuditEvent):
    """A first person wants this version to decide; what its replay showed."""

    name: ClassVar[str] = "policy.proposed"
    version: Code
    deciding: Code | None
    rows: int
    changed: int
    takeovers_stopped: int
    genuine_bothered: int


@dataclass(frozen=True, slots=True)
class PolicyApproved(AuditEvent):
    """From now on this version decides. The very first, approved by the installation, replaces none."""

    name: ClassVar[str] = "policy.approved"
    version: Code
    replaces: Code | None = None


@dataclass(frozen=True, slots=True)
class PolicyUpgraded(AuditEvent):
    """The approved version was completed for newer software: ``added`` keys from the file, ``dropped`` ones gone."""

    name: ClassVar[str] = "policy.upgraded"
    version: Code
    replaces: Code
    added: tuple[Code, ...]
    dropped: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class PolicyRejected(AuditEvent):
    """Somebody said no to this version."""

    name: ClassVar[str] = "policy.rejected"
    version: Code
