"""What ``policy.toml`` holds: every number of it, with the bounds within which an operator may set it."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, with_config

from ciam_portal.core.policy.acting_numbers import Business, Succession
from ciam_portal.core.policy.catalogue import Row
from ciam_portal.core.policy.keeping_numbers import Moving, Retention, Trust
from ciam_portal.core.policy.message_numbers import Notices, Outbound
from ciam_portal.core.policy.partner_numbers import (
    Approvals,
    Asking,
    Gateway,
    OAuth,
    Partners,
    Signals,
    UnregisteredAgents,
)

MOST_WRONG = 100
"""Wrong guesses in a row at the codes of one way of getting back in, before it is shut (SP 800-63B-4 section 3.2.2)."""


@dataclass(frozen=True, slots=True)
class Password:
    """Length in characters; guessability as a power of ten."""

    min_length: Annotated[StrictInt, Field(ge=15, le=64)]
    max_length: Annotated[StrictInt, Field(ge=64, le=1024)]
    min_guesses_log10: Annotated[StrictFloat, Field(ge=8, le=16)]


@dataclass(frozen=True, slots=True)
class SignIn:
    """Buckets of failed attempts and the time to finish a sign-in."""

    failures: Annotated[StrictInt, Field(ge=3, le=20)]
    device_failures: Annotated[StrictInt, Field(ge=3, le=20)]
    pause_minutes: Annotated[StrictInt, Field(ge=5, le=1440)]
    attempts_per_address_per_minute: Annotated[StrictInt, Field(ge=5, le=300)]
    pending_minutes: Annotated[StrictInt, Field(ge=2, le=15)]


@dataclass(frozen=True, slots=True)
class SignUp:
    """From which points on a sign-up is challenged, held or refused, and how long what it leaves behind is good for."""

    per_address_per_hour: Annotated[StrictInt, Field(ge=1, le=1000)]
    challenge_score: Annotated[StrictFloat, Field(ge=1, le=10)]
    hold_score: Annotated[StrictFloat, Field(ge=3, le=20)]
    refuse_score: Annotated[StrictFloat, Field(ge=4, le=30)]
    device_days: Annotated[StrictInt, Field(ge=1, le=90)]
    form_hours: Annotated[StrictInt, Field(ge=1, le=24)]
    challenge_minutes: Annotated[StrictInt, Field(ge=10, le=30)]
    review_hours: Annotated[StrictInt, Field(ge=1, le=72)]
    held_per_network: Annotated[StrictInt, Field(ge=1, le=500)]
    appeal_hours: Annotated[StrictInt, Field(ge=24, le=144)]
    work_bits: Annotated[StrictInt, Field(ge=8, le=14)]
    most_work_bits: Annotated[StrictInt, Field(ge=8, le=17)]


@dataclass(frozen=True, slots=True)
class Proof:
    """Links and codes that are sent to an address."""

    link_hours: Annotated[StrictInt, Field(ge=1, le=24)]
    code_minutes: Annotated[StrictInt, Field(ge=1, le=10)]
    code_attempts: Annotated[StrictInt, Field(ge=3, le=10)]
    disown_hours: Annotated[StrictInt, Field(ge=24, le=720)]
    mails_per_address_per_hour: Annotated[StrictInt, Field(ge=1, le=20)]
    sign_in_codes_per_customer_per_hour: Annotated[StrictInt, Field(ge=5, le=100)]
    mails_per_network_address_per_hour: Annotated[StrictInt, Field(ge=1, le=500)]


@dataclass(frozen=True, slots=True)
class Session:
    """How long being signed in lasts."""

    idle_minutes: Annotated[StrictInt, Field(ge=2, le=60)]
    idle_warning_minutes: Annotated[StrictInt, Field(ge=1, le=10)]
    absolute_hours: Annotated[StrictInt, Field(ge=1, le=24)]
    device_days: Annotated[StrictInt, Field(ge=1, le=400)]
    device_overlap_minutes: Annotated[StrictInt, Field(ge=1, le=60)]
    suspended_minutes: Annotated[StrictInt, Field(ge=1, le=10)]
    at_once: Annotated[StrictInt, Field(ge=2, le=100)]
    kept_days: Annotated[StrictInt, Field(ge=36, le=400)]


@dataclass(frozen=True, slots=True)
class Factors:
    """Second factors."""

    backup_codes: Annotated[StrictInt, Field(ge=8, le=20)]
    passkeys: Annotated[StrictInt, Field(ge=2, le=50)]
    throttle_seconds: Annotated[StrictInt, Field(ge=1, le=30)]
    app_failures: Annotated[StrictInt, Field(ge=20, le=100)]
    sign_in_attempts: Annotated[StrictInt, Field(ge=3, le=20)]


@dataclass(frozen=True, slots=True)
class Consent:
    """What customers allowed, and its end."""

    announce_days: Annotated[StrictInt, Field(ge=3, le=60)]
    uses_per_minute: Annotated[StrictInt, Field(ge=10, le=100_000)]
    takes_effect_seconds: Annotated[StrictInt, Field(ge=1, le=60)]


@dataclass(frozen=True, slots=True)
class Disputes:
    """What customers may ask the help desk to look at."""

    per_customer_per_day: Annotated[StrictInt, Field(ge=1, le=50)]
    vouched_hours: Annotated[StrictInt, Field(ge=1, le=72)]


@dataclass(frozen=True, slots=True)
class Erasure:
    """Deleting an account: how long it can be kept after all, and how long a legal hold may keep the data."""

    cooling_off_days: Annotated[StrictInt, Field(ge=7, le=30)]
    reminder_days: Annotated[StrictInt, Field(ge=1, le=6)]
    hold_days: Annotated[StrictInt, Field(ge=30, le=366)]


@dataclass(frozen=True, slots=True)
class Audit:
    """The tree over the audit's rows."""

    late_seconds: Annotated[StrictInt, Field(ge=30, le=3600)]
    checkpoint_days: Annotated[StrictInt, Field(ge=7, le=400)]
    witness_days: Annotated[StrictInt, Field(ge=7, le=400)]


@dataclass(frozen=True, slots=True)
class Recovery:
    """Getting back in: how long it waits, how often it may be asked for, and how long its pieces live."""

    wait_hours: Annotated[StrictInt, Field(ge=24, le=72)]
    longest_wait_hours: Annotated[StrictInt, Field(ge=72, le=336)]
    requests_per_two_minutes: Annotated[StrictInt, Field(ge=1, le=5)]
    requests_per_day: Annotated[StrictInt, Field(ge=2, le=20)]
    shut_hours: Annotated[StrictInt, Field(ge=1, le=72)]
    case_days: Annotated[StrictInt, Field(ge=7, le=30)]
    finish_hours: Annotated[StrictInt, Field(ge=24, le=336)]
    proposal_hours: Annotated[StrictInt, Field(ge=1, le=72)]
    desk_weight: Annotated[StrictInt, Field(ge=6, le=11)]
    desk_weight_apart: Annotated[StrictInt, Field(ge=4, le=5)]
    quarantine_hours: Annotated[StrictInt, Field(ge=24, le=168)]
    address_rest_hours: Annotated[StrictInt, Field(ge=24, le=168)]
    addresses: Annotated[StrictInt, Field(ge=1, le=5)]
    phone_counts_unsaid: StrictBool
    callback_days: Annotated[StrictInt, Field(ge=14, le=365)]
    release_hours: Annotated[StrictInt, Field(ge=1, le=168)]
    contacts: Annotated[StrictInt, Field(ge=1, le=5)]
    contact_invite_hours: Annotated[StrictInt, Field(ge=1, le=48)]
    contact_code_hours: Annotated[StrictInt, Field(ge=1, le=48)]
    review_days: Annotated[StrictInt, Field(ge=30, le=366)]


@dataclass(frozen=True, slots=True)
class Staff:
    """What staff may do, for how long and how often."""

    proposal_hours: Annotated[StrictInt, Field(ge=1, le=168)]
    break_glass_minutes: Annotated[StrictInt, Field(ge=15, le=120)]
    review_hours: Annotated[StrictInt, Field(ge=1, le=48)]
    record_minutes: Annotated[StrictInt, Field(ge=5, le=60)]
    searches_per_hour: Annotated[StrictInt, Field(ge=5, le=600)]
    exported_rows: Annotated[StrictInt, Field(ge=1000, le=1_000_000)]
    traces_per_hour: Annotated[StrictInt, Field(ge=100, le=100_000)]
    restrictions_per_day: Annotated[StrictInt, Field(ge=1, le=200)]
    restriction_days: Annotated[StrictInt, Field(ge=1, le=30)]
    restriction_review_hours: Annotated[StrictInt, Field(ge=1, le=48)]
    step_up_minutes: Annotated[StrictInt, Field(ge=5, le=60)]


@dataclass(frozen=True, slots=True)
class Rights:
    """What customers may ask of their data, how often, and until when they are answered (GDPR 12(3))."""

    exports_per_day: Annotated[StrictInt, Field(ge=1, le=10)]
    export_days: Annotated[StrictInt, Field(ge=1, le=14)]
    requests_per_day: Annotated[StrictInt, Field(ge=1, le=20)]
    answer_days: Annotated[StrictInt, Field(ge=7, le=30)]
    reminder_days: Annotated[StrictInt, Field(ge=3, le=29)]
    extension_days: Annotated[StrictInt, Field(ge=1, le=60)]
    unused_days: Annotated[StrictInt, Field(ge=14, le=365)]
    unusual_times: Annotated[StrictInt, Field(ge=2, le=50)]
    unusual_releases: Annotated[StrictInt, Field(ge=1, le=100_000)]


@dataclass(frozen=True, slots=True)
class Delegation:
    """Letting somebody act for oneself: how long at most, and how often somebody may be asked."""

    longest_days: Annotated[StrictInt, Field(ge=30, le=366)]
    default_days: Annotated[StrictInt, Field(ge=1, le=366)]
    request_days: Annotated[StrictInt, Field(ge=1, le=14)]
    open_requests: Annotated[StrictInt, Field(ge=1, le=20)]
    requests_per_day: Annotated[StrictInt, Field(ge=1, le=50)]
    refusals: Annotated[StrictInt, Field(ge=1, le=10)]
    closed_days: Annotated[StrictInt, Field(ge=7, le=366)]
    reminder_days: Annotated[StrictInt, Field(ge=1, le=30)]
    acting_minutes: Annotated[StrictInt, Field(ge=2, le=60)]


@dataclass(frozen=True, slots=True)
class Family:
    """Children without a sign-in of their own, and those who answer for them."""

    request_days: Annotated[StrictInt, Field(ge=1, le=14)]
    cooling_off_days: Annotated[StrictInt, Field(ge=7, le=60)]
    announce_days: Annotated[StrictInt, Field(ge=7, le=90)]
    claim_hours: Annotated[StrictInt, Field(ge=1, le=168)]
    claim_days: Annotated[StrictInt, Field(ge=30, le=1095)]
    children: Annotated[StrictInt, Field(ge=1, le=40)]
    consent_days: Annotated[StrictInt, Field(ge=30, le=1095)]


@dataclass(frozen=True, slots=True)
class Proofing:
    """How long it counts that somebody has shown who they are, and how long a check may take."""

    evidence_days: Annotated[StrictInt, Field(ge=30, le=1826)]
    reminder_days: Annotated[StrictInt, Field(ge=7, le=90)]
    failures_per_day: Annotated[StrictInt, Field(ge=1, le=5)]
    meeting_days: Annotated[StrictInt, Field(ge=1, le=30)]
    service_minutes: Annotated[StrictInt, Field(ge=5, le=60)]
    wallet_seconds: Annotated[StrictInt, Field(ge=60, le=300)]
    training_days: Annotated[StrictInt, Field(ge=30, le=366)]


@dataclass(frozen=True, slots=True)
class Risk:
    """Where a score (nats) becomes a level of risk, how trust grows and fades, and how all of it is watched."""

    moderate_score: Annotated[StrictFloat, Field(ge=-5, le=20)]
    high_score: Annotated[StrictFloat, Field(ge=-5, le=30)]
    severe_score: Annotated[StrictFloat, Field(ge=0, le=60)]
    trust_device_hours: Annotated[StrictInt, Field(ge=1, le=168)]
    history_days: Annotated[StrictInt, Field(ge=30, le=366)]
    learn_after_hours: Annotated[StrictInt, Field(ge=0, le=168)]
    look_back_hours: Annotated[StrictInt, Field(ge=1, le=48)]
    challenge_target_percent: Annotated[StrictFloat, Field(ge=1, le=50)]
    drift_psi: Annotated[StrictFloat, Field(ge=0.05, le=2)]


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True, slots=True)
class Content:
    """The whole file."""

    password: Password
    sign_in: SignIn
    sign_up: SignUp
    moving: Moving
    trust: Trust
    proof: Proof
    session: Session
    factors: Factors
    oauth: OAuth
    consent: Consent
    gateway: Gateway
    approvals: Approvals
    asking: Asking
    partners: Partners
    signals: Signals
    notices: Notices
    outbound: Outbound
    unregistered_agents: UnregisteredAgents
    disputes: Disputes
    retention: Retention
    erasure: Erasure
    audit: Audit
    recovery: Recovery
    staff: Staff
    rights: Rights
    delegation: Delegation
    business: Business
    succession: Succession
    family: Family
    proofing: Proofing
    risk: Risk
    actions: dict[str, Row]
