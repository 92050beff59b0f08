"""What is recorded of coming in, proving more, and going."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.policy.assurance import Method


@dataclass(frozen=True, slots=True)
class SignInAssessed(AuditEvent):
    """A correct first step was decided on: allowed, asked for more, or stopped.

    ``source`` is a pseudonym of browser and network: what tells one stranger's attempts from another's.
    """

    name: ClassVar[str] = "sign_in.weighed"
    answer: Code
    methods: tuple[Method, ...]
    source: Code

    @property
    def keeps_source(self) -> bool:
        """One that was let in has a session, which keeps it."""
        return self.answer != "allow"


@dataclass(frozen=True, slots=True)
class SignedIn(AuditEvent):
    """A session began."""

    name: ClassVar[str] = "sign_in.completed"
    session: UUID
    device: UUID
    new_device: bool
    acr: Code
    methods: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class DeviceCopied(AuditEvent):
    """A device's former key was shown with the right password: there is a copy, and the device is known no more."""

    name: ClassVar[str] = "sign_in.device_copied"
    device: UUID


@dataclass(frozen=True, slots=True)
class Recognition(AuditEvent):
    """A session shows its recovery phone: a code was asked for (or too many were), and came back right or wrong."""

    name: ClassVar[str] = "sign_in.recognition"
    step: Code


@dataclass(frozen=True, slots=True)
class DeviceRemembered(AuditEvent):
    """The browser in which the address was proven counts as known from the start."""

    name: ClassVar[str] = "device.remembered"
    device: UUID
    new: bool


@dataclass(frozen=True, slots=True)
class SignInFailed(AuditEvent):
    """A wrong password or code, or an account that is paused. ``account_known`` is never shown to anyone outside."""

    name: ClassVar[str] = "sign_in.failed"
    sourced: ClassVar[bool] = True
    bucket: Code
    account_known: bool
    paused: bool


@dataclass(frozen=True, slots=True)
class SignInCodeSent(AuditEvent):
    """An unusual sign-in was challenged: a code for it went to the customer's proven address."""

    name: ClassVar[str] = "sign_in.code_sent"
    attempt: UUID


@dataclass(frozen=True, slots=True)
class SecondStepFailed(AuditEvent):
    """A wrong second factor at sign-in."""

    name: ClassVar[str] = "sign_in.second_step_failed"
    sourced: ClassVar[bool] = True
    attempts: int


@dataclass(frozen=True, slots=True)
class SteppedUp(AuditEvent):
    """A live session proved more, or proved it again; ``before``: what it had proven until then."""

    name: ClassVar[str] = "session.stepped_up"
    session: UUID
    method: Method
    acr: Code
    before: Code | None = None
