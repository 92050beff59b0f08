"""The sections of ``policy.toml``: every number of it, with the bounds within which an operator may set it."""

from dataclasses import dataclass, field
from typing import Any

MOST_WRONG = 100
"""Wrong guesses in a row at the codes of one way of getting back in, before it is shut (SP 800-63B-4 section 3.2.2)."""


def _within(low: float, high: float) -> Any:  # noqa: ANN401  (dataclasses.field is typed as the field's own type)
    return field(metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True)
class Password:
    """Length in characters; guessability as a power of ten."""

    min_length: int = _within(15, 64)
    max_length: int = _within(64, 1024)
    min_guesses_log10: float = _within(8, 16)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Buckets of failed attempts and the time to finish a sign-in."""

    failures: int = _within(3, 20)
    device_failures: int = _within(3, 20)
    pause_minutes: int = _within(5, 1440)
    attempts_per_address_per_minute: int = _within(5, 300)
    pending_minutes: int = _within(2, 15)


@dataclass(frozen=True, slots=True)
class SignUp:
    """Limits on account creation."""

    per_address_per_hour: int = _within(1, 1000)


@dataclass(frozen=True, slots=True)
class Proof:
    """Links and codes that are sent to an address."""

    link_hours: int = _within(1, 24)
    code_minutes: int = _within(1, 10)
    code_attempts: int = _within(3, 10)
    disown_hours: int = _within(24, 720)
    mails_per_address_per_hour: int = _within(1, 20)
    sign_in_codes_per_customer_per_hour: int = _within(5, 100)
    mails_per_network_address_per_hour: int = _within(1, 500)


@dataclass(frozen=True, slots=True)
class Session:
    """How long being signed in lasts."""

    idle_minutes: int = _within(2, 60)
    idle_warning_minutes: int = _within(1, 10)
    absolute_hours: int = _within(1, 24)
    device_days: int = _within(1, 400)
    device_overlap_minutes: int = _within(1, 60)
    suspended_minutes: int = _within(1, 10)
    kept_days: int = _within(36, 400)


@dataclass(frozen=True, slots=True)
class Factors:
    """Second factors."""

    backup_codes: int = _within(8, 20)
    passkeys: int = _within(2, 50)
    throttle_seconds: int = _within(1, 30)
    app_failures: int = _within(20, 100)
    sign_in_attempts: int = _within(3, 20)


@dataclass(frozen=True, slots=True)
class OAuth:
    """Lifetimes of what partners receive."""

    code_seconds: int = _within(10, 60)
    access_token_seconds: int = _within(60, 900)
    id_token_seconds: int = _within(60, 3600)
    refresh_token_days: int = _within(1, 90)
    refresh_idle_days: int = _within(1, 90)


@dataclass(frozen=True, slots=True)
class Approvals:
    """What partners ask about their own transactions, and how long an approval is good for."""

    seconds: int = _within(30, 600)
    questions_per_minute: int = _within(10, 100_000)


@dataclass(frozen=True, slots=True)
class Notices:
    """Delivery of messages."""

    attempts: int = _within(3, 50)
    retry_seconds: int = _within(1, 600)
    claim_seconds: int = _within(10, 600)
    stopped_sign_ins_per_hour: int = _within(1, 10)


@dataclass(frozen=True, slots=True)
class Disputes:
    """What customers may ask the help desk to look at."""

    per_customer_per_day: int = _within(1, 50)
    vouched_hours: int = _within(1, 72)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Getting back in: how long it waits, how often it may be asked for, and how long its pieces live."""

    wait_hours: int = _within(24, 72)
    longest_wait_hours: int = _within(72, 336)
    requests_per_two_minutes: int = _within(1, 5)
    requests_per_day: int = _within(2, 20)
    shut_hours: int = _within(1, 72)
    case_days: int = _within(7, 30)
    finish_hours: int = _within(24, 336)
    proposal_hours: int = _within(1, 72)
    desk_weight: int = _within(6, 11)
    desk_weight_apart: int = _within(4, 5)
    quarantine_hours: int = _within(24, 168)
    address_rest_hours: int = _within(24, 168)
    addresses: int = _within(1, 5)
    callback_days: int = _within(14, 365)
    release_hours: int = _within(1, 168)
    contacts: int = _within(1, 5)
    contact_invite_hours: int = _within(1, 48)
    contact_code_hours: int = _within(1, 48)
    review_days: int = _within(30, 366)


@dataclass(frozen=True, slots=True)
class Staff:
    """What staff may do, for how long and how often."""

    proposal_hours: int = _within(1, 168)
    break_glass_minutes: int = _within(15, 120)
    review_hours: int = _within(1, 48)
    record_minutes: int = _within(5, 60)
    searches_per_hour: int = _within(5, 600)
    exported_rows: int = _within(1000, 1_000_000)
    traces_per_hour: int = _within(100, 100_000)
    restrictions_per_day: int = _within(1, 200)
    restriction_days: int = _within(1, 30)
    restriction_review_hours: int = _within(1, 48)
    step_up_minutes: int = _within(5, 60)


@dataclass(frozen=True, slots=True)
class Risk:
    """Where a score (nats) becomes a level of risk, how trust grows and fades, and how all of it is watched."""

    moderate_score: float = _within(-5, 20)
    high_score: float = _within(-5, 30)
    severe_score: float = _within(0, 60)
    trust_device_hours: int = _within(1, 168)
    history_days: int = _within(30, 366)
    learn_after_hours: int = _within(0, 168)
    look_back_hours: int = _within(1, 48)
    challenge_target_percent: float = _within(1, 50)
    drift_psi: float = _within(0.05, 2)
