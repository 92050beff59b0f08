"""What is recorded of what partners were given under a consent."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


class Why(StrEnum):
    """Why a code or token was not exchanged."""

    EXPIRED = "expired"
    ENDED = "ended"
    WRONG_REDIRECT = "wrong_redirect"
    WRONG_VERIFIER = "wrong_verifier"
    WRONG_KEY = "wrong_key"
    TOO_WIDE = "too_wide"
    NOT_ALLOWED = "not_allowed"
    PROVE_MORE = "prove_more"  # the gate's answers: the customer must show more,
    ON_HOLD = "on_hold"  # wait,
    TOO_RISKY = "too_risky"  # or is protected from whoever holds this


@dataclass(frozen=True, slots=True)
class CodeIssued(AuditEvent):
    """A partner was sent an authorization code."""

    name: ClassVar[str] = "oauth.code_issued"
    consent: UUID
    partner: UUID
    scopes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class CodeExchanged(AuditEvent):
    """A partner exchanged its code for tokens."""

    name: ClassVar[str] = "oauth.code_exchanged"
    consent: UUID
    partner: UUID
    session: UUID
    family: UUID
    scopes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class CodeRefused(AuditEvent):
    """A code was presented and is dead now."""

    name: ClassVar[str] = "oauth.code_refused"
    sourced: ClassVar[bool] = True
    partner: UUID
    why: Why


@dataclass(frozen=True, slots=True)
class CodeReused(AuditEvent):
    """A used code was presented again: what it had issued was ended."""

    name: ClassVar[str] = "oauth.code_reused"
    sourced: ClassVar[bool] = True
    partner: UUID
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class TokensRefreshed(AuditEvent):
    """A partner exchanged its refresh token for the next."""

    name: ClassVar[str] = "oauth.refreshed"
    consent: UUID
    partner: UUID
    family: UUID
    scopes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class RefreshRefused(AuditEvent):
    """A refresh token was presented and not exchanged."""

    name: ClassVar[str] = "oauth.refresh_refused"
    sourced: ClassVar[bool] = True
    partner: UUID
    why: Why


@dataclass(frozen=True, slots=True)
class RefreshReused(AuditEvent):
    """A used refresh token was presented again: somebody has a copy, so its whole family was ended."""

    name: ClassVar[str] = "oauth.refresh_reused"
    sourced: ClassVar[bool] = True
    partner: UUID
    family: UUID
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class PartnerAuthorized(AuditEvent):
    """A partner got a token to act for itself: the first of those alike on a day (``tally``)."""

    name: ClassVar[str] = "oauth.partner_authorized"
    partner: UUID
    credential: UUID | None
    scopes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class TokenReturned(AuditEvent):
    """A partner gave a token back (RFC 7009)."""

    name: ClassVar[str] = "oauth.token_returned"
    partner: UUID
    tokens_ended: int
