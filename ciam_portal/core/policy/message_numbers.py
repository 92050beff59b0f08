"""The numbers of ``policy.toml`` that are about messages, with their bounds."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StrictInt, StringConstraints

Countries = tuple[Annotated[str, StringConstraints(strict=True, pattern="^[A-Z]{2}$")], ...]


@dataclass(frozen=True, slots=True)
class Notices:
    """Delivery of messages."""

    retry_seconds: Annotated[StrictInt, Field(ge=1, le=600)]
    longest_wait_minutes: Annotated[StrictInt, Field(ge=10, le=360)]
    retry_days: Annotated[StrictInt, Field(ge=2, le=14)]
    kept_days: Annotated[StrictInt, Field(ge=7, le=60)]
    claim_seconds: Annotated[StrictInt, Field(ge=10, le=600)]
    delivery_seconds: Annotated[StrictInt, Field(ge=60, le=280)]
    circuit_failures: Annotated[StrictInt, Field(ge=2, le=20)]
    circuit_seconds: Annotated[StrictInt, Field(ge=10, le=300)]
    late_minutes: Annotated[StrictInt, Field(ge=2, le=120)]
    undeliverable_per_hour: Annotated[StrictInt, Field(ge=1, le=10_000)]
    stopped_sign_ins_per_hour: Annotated[StrictInt, Field(ge=1, le=10)]
    push_hours: Annotated[StrictInt, Field(ge=1, le=24)]
    push_quiet_from: Annotated[StrictInt, Field(ge=18, le=23)]
    push_quiet_until: Annotated[StrictInt, Field(ge=0, le=10)]
    push_tests_per_hour: Annotated[StrictInt, Field(ge=1, le=60)]


@dataclass(frozen=True, slots=True)
class Outbound:
    """How many messages go out, and to which countries texts go. Cents are of the money that the operator pays in."""

    stranger_messages_per_day: Annotated[StrictInt, Field(ge=2, le=10)]
    of_them_resets: Annotated[StrictInt, Field(ge=1, le=5)]
    desk_messages_per_day: Annotated[StrictInt, Field(ge=1, le=20)]
    young_days: Annotated[StrictInt, Field(ge=1, le=90)]
    mails_per_source_per_hour: Annotated[StrictInt, Field(ge=30, le=100_000)]
    mails_per_domain_per_hour: Annotated[StrictInt, Field(ge=5, le=100_000)]
    mails_per_large_domain_per_hour: Annotated[StrictInt, Field(ge=100, le=1_000_000)]
    texts_per_number_per_day: Annotated[StrictInt, Field(ge=1, le=50)]
    text_notices_per_number_per_day: Annotated[StrictInt, Field(ge=1, le=100)]
    texts_per_source_per_hour: Annotated[StrictInt, Field(ge=1, le=100)]
    texts_per_range_per_hour: Annotated[StrictInt, Field(ge=1, le=1000)]
    texts_per_day: Annotated[StrictInt, Field(ge=1, le=10_000_000)]
    text_cents_per_day: Annotated[StrictInt, Field(ge=1, le=100_000_000)]
    text_notice_cents_per_day: Annotated[StrictInt, Field(ge=1, le=100_000_000)]
    low_cost_countries: Countries
    middle_cost_countries: Countries
    high_cost_countries: Countries
    low_cost_cents: Annotated[StrictInt, Field(ge=0, le=1000)]
    middle_cost_cents: Annotated[StrictInt, Field(ge=0, le=1000)]
    high_cost_cents: Annotated[StrictInt, Field(ge=0, le=1000)]
