"""Whom we keep, and for how long: what is over, and who comes from elsewhere or goes there."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StrictInt


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is over stays on record."""

    audit_months: Annotated[StrictInt, Field(ge=12, le=120)]
    decision_months: Annotated[StrictInt, Field(ge=12, le=120)]
    use_months: Annotated[StrictInt, Field(ge=12, le=120)]
    record_days: Annotated[StrictInt, Field(ge=365, le=3650)]
    receipt_key_days: Annotated[StrictInt, Field(ge=3650, le=36_500)]
    message_days: Annotated[StrictInt, Field(ge=7, le=400)]
    unproven_days: Annotated[StrictInt, Field(ge=2, le=365)]


@dataclass(frozen=True, slots=True)
class Trust:
    """What an account may do less of while it is new, for how long that is, and who waits for evidence."""

    settled_days: Annotated[StrictInt, Field(ge=1, le=90)]
    new_apps_per_day: Annotated[StrictInt, Field(ge=1, le=100)]
    shown_apps_per_day: Annotated[StrictInt, Field(ge=1, le=200)]
    new_offers_per_day: Annotated[StrictInt, Field(ge=1, le=50)]
    shown_offers_per_day: Annotated[StrictInt, Field(ge=1, le=50)]
    new_approvals_per_day: Annotated[StrictInt, Field(ge=1, le=200)]
    shown_approvals_per_day: Annotated[StrictInt, Field(ge=1, le=500)]
    new_api_per_minute: Annotated[StrictInt, Field(ge=10, le=1000)]
    shown_api_per_minute: Annotated[StrictInt, Field(ge=10, le=5000)]
    first_at_domain: Annotated[StrictInt, Field(ge=1, le=20)]
    first_at_host: Annotated[StrictInt, Field(ge=1, le=50)]
    domain_days: Annotated[StrictInt, Field(ge=7, le=90)]
    known_days: Annotated[StrictInt, Field(ge=14, le=180)]
    waiting_days: Annotated[StrictInt, Field(ge=30, le=365)]
    accounts_per_phone: Annotated[StrictInt, Field(ge=1, le=10)]


@dataclass(frozen=True, slots=True)
class Moving:
    """Customers who come from elsewhere, or go there: how long an approval counts, and how they first sign in."""

    proposal_hours: Annotated[StrictInt, Field(ge=1, le=168)]
    run_hours: Annotated[StrictInt, Field(ge=1, le=336)]
    unseen_days: Annotated[StrictInt, Field(ge=30, le=730)]
    failure_milliseconds: Annotated[StrictInt, Field(ge=100, le=2000)]
