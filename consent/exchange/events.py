"""What is recorded of token exchange."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code
from consent.exchange.policy import Why


@dataclass(frozen=True, slots=True)
class TokenExchanged(AuditEvent):
    """A partner exchanged an access token for another. ``acted``: how many have acted with it, one after another."""

    name: ClassVar[str] = "oauth.token_exchanged"
    consent: UUID
    partner: UUID
    token: UUID
    scopes: tuple[Code, ...]
    resource: UUID | None
    acted: int


@dataclass(frozen=True, slots=True)
class DelegateAdmitted(AuditEvent):
    """An app got a token with which somebody acts for its customer: the first of those alike on a day (``tally``)."""

    name: ClassVar[str] = "oauth.delegate_admitted"
    delegation: UUID
    consent: UUID
    partner: UUID
    scopes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ActedInApp(AuditEvent):
    """The same, as it concerns who acts."""

    name: ClassVar[str] = "oauth.acted_in_app"
    delegation: UUID
    consent: UUID
    partner: UUID
    scopes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ExchangeRefused(AuditEvent):
    """A partner presented an access token, and got no other for it."""

    name: ClassVar[str] = "oauth.exchange_refused"
    sourced: ClassVar[bool] = True
    partner: UUID
    why: Why
