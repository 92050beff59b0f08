"""What is recorded of resets."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class ResetAsked(AuditEvent):
    """Somebody asked for a link to set a new password; ``sent`` says whether one went out."""

    name: ClassVar[str] = "recovery.reset_asked"
    bucket: Code
    sent: bool


@dataclass(frozen=True, slots=True)
class PasswordReset(AuditEvent):
    """A new password was set with a link; second factors were not touched, and nobody was signed in by it."""

    name: ClassVar[str] = "recovery.password_reset"
    sessions_ended: int
    tokens_ended: int
