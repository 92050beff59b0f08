"""The numbers of the policy that partners feel: tokens, questions, applications behind proxies, signals."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr


@dataclass(frozen=True, slots=True)
class OAuth:
    """Lifetimes of what partners receive."""

    code_seconds: Annotated[StrictInt, Field(ge=10, le=60)]
    access_token_seconds: Annotated[StrictInt, Field(ge=60, le=900)]
    signed_token_seconds: Annotated[StrictInt, Field(ge=10, le=60)]
    delegated_token_seconds: Annotated[StrictInt, Field(ge=60, le=300)]
    id_token_seconds: Annotated[StrictInt, Field(ge=60, le=3600)]
    refresh_token_days: Annotated[StrictInt, Field(ge=1, le=90)]
    refresh_idle_days: Annotated[StrictInt, Field(ge=1, le=90)]
    pushed_seconds: Annotated[StrictInt, Field(ge=10, le=600)]
    assertion_seconds: Annotated[StrictInt, Field(ge=30, le=600)]
    request_object_seconds: Annotated[StrictInt, Field(ge=30, le=3600)]
    proof_seconds: Annotated[StrictInt, Field(ge=10, le=120)]
    nonce_seconds: Annotated[StrictInt, Field(ge=60, le=600)]
    logout_token_seconds: Annotated[StrictInt, Field(ge=30, le=300)]
    refresh_grace_seconds: Annotated[StrictInt, Field(ge=0, le=30)]
    signing_key_days: Annotated[StrictInt, Field(ge=7, le=365)]
    signing_key_ahead_hours: Annotated[StrictInt, Field(ge=1, le=72)]
    clock_skew_seconds: Annotated[StrictInt, Field(ge=0, le=60)]
    actors: Annotated[StrictInt, Field(ge=1, le=8)]
    unused_days: Annotated[StrictInt, Field(ge=30, le=400)]
    requests_per_minute: Annotated[StrictInt, Field(ge=60, le=10_000_000)]
    device_code_seconds: Annotated[StrictInt, Field(ge=60, le=900)]
    device_interval_seconds: Annotated[StrictInt, Field(ge=5, le=30)]
    device_tries: Annotated[StrictInt, Field(ge=3, le=10)]
    device_requests_per_minute: Annotated[StrictInt, Field(ge=5, le=1000)]


@dataclass(frozen=True, slots=True)
class UnregisteredAgents:
    """Agents that nobody registered: whether they are met at all, and the most that one can be let do."""

    allowed: StrictBool
    hosts: tuple[StrictStr, ...]
    scopes: tuple[StrictStr, ...]
    actions: tuple[StrictStr, ...]
    fresh_minutes: Annotated[StrictInt, Field(ge=5, le=1440)]
    per_host_per_minute: Annotated[StrictInt, Field(ge=1, le=60)]
    per_customer_per_hour: Annotated[StrictInt, Field(ge=1, le=200)]


@dataclass(frozen=True, slots=True)
class Gateway:
    """How long what passes between the portal and an application behind the gateway is good for."""

    handover_seconds: Annotated[StrictInt, Field(ge=5, le=120)]
    identity_seconds: Annotated[StrictInt, Field(ge=10, le=300)]


@dataclass(frozen=True, slots=True)
class Approvals:
    """What partners ask about their own transactions, and how long an approval is good for."""

    seconds: Annotated[StrictInt, Field(ge=30, le=600)]
    questions_per_minute: Annotated[StrictInt, Field(ge=10, le=100_000)]


@dataclass(frozen=True, slots=True)
class Asking:
    """What agents ask their customers: how long that waits, and how often at most, so that nobody is worn down."""

    seconds: Annotated[StrictInt, Field(ge=60, le=900)]
    interval_seconds: Annotated[StrictInt, Field(ge=2, le=30)]
    waiting: Annotated[StrictInt, Field(ge=1, le=10)]
    per_hour: Annotated[StrictInt, Field(ge=1, le=60)]
    refusals: Annotated[StrictInt, Field(ge=2, le=10)]


@dataclass(frozen=True, slots=True)
class Partners:
    """How long what partners prove themselves with lives, and partners that nobody uses."""

    secret_days: Annotated[StrictInt, Field(ge=1, le=90)]
    keys_days: Annotated[StrictInt, Field(ge=30, le=400)]
    overlap_hours: Annotated[StrictInt, Field(ge=1, le=168)]
    replacements_per_day: Annotated[StrictInt, Field(ge=2, le=100)]
    first_reminder_days: Annotated[StrictInt, Field(ge=8, le=60)]
    second_reminder_days: Annotated[StrictInt, Field(ge=2, le=30)]
    last_reminder_days: Annotated[StrictInt, Field(ge=1, le=7)]
    unused_days: Annotated[StrictInt, Field(ge=14, le=365)]


@dataclass(frozen=True, slots=True)
class Signals:
    """What partners hear of customers, and how often they may ask."""

    held_days: Annotated[StrictInt, Field(ge=1, le=30)]
    subjects: Annotated[StrictInt, Field(ge=1000, le=10_000_000)]
    verification_seconds: Annotated[StrictInt, Field(ge=1, le=3600)]
    requests_per_minute: Annotated[StrictInt, Field(ge=10, le=100_000)]
