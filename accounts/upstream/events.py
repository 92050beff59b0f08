"""What is recorded of signing in with other services. Which service is a word of the operator's."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.policy.assurance import Method


@dataclass(frozen=True, slots=True)
class UpstreamUsed(AuditEvent):
    """Another service has said that it is the customer; the sign-in goes on from there."""

    name: ClassVar[str] = "upstream.used"
    upstream: Code
    method: Method


@dataclass(frozen=True, slots=True)
class OpenedWithUpstream(AuditEvent):
    """Somebody whom another service named asked for an account; ``vouched``: its word about the address counts."""

    name: ClassVar[str] = "upstream.opened"
    upstream: Code
    vouched: bool


@dataclass(frozen=True, slots=True)
class UpstreamLinked(AuditEvent):
    """From now on this service's word lets the customer in; ``key`` numbers the link's row."""

    name: ClassVar[str] = "upstream.linked"
    upstream: Code
    key: int


@dataclass(frozen=True, slots=True)
class UpstreamUnlinked(AuditEvent):
    """It no longer does, and other sessions that rested on such a word have ended."""

    name: ClassVar[str] = "upstream.unlinked"
    upstream: Code
    key: int
    sessions_ended: int
