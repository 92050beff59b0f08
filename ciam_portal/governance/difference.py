"""Two policies side by side: each number and each word of an action that differs, and which way it leans."""

from dataclasses import dataclass, fields
from enum import IntEnum, StrEnum
from typing import Any

from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.catalogue import InQuarantine, Needs, Row, Sensitivity
from ciam_portal.core.policy.identity import Identity
from ciam_portal.core.policy.limits import Limits


class Lean(StrEnum):
    """Which way a change leans for whoever would misuse the portal."""

    STRICTER = "stricter"
    LOOSER = "looser"
    OTHER = "other"  # neither, or it depends


@dataclass(frozen=True, slots=True)
class Change:
    """One line: where (a section or an action), what, and from what to what."""

    where: str
    key: str
    old: str
    new: str
    lean: Lean


MORE_IS_STRICTER = frozenset({
    "password.min_length", "password.min_guesses_log10", "sign_in.pause_minutes", "session.idle_warning_minutes",
    "factors.throttle_seconds", "risk.trust_device_hours", "moving.failure_milliseconds", "trust.settled_days",
    "trust.domain_days", "trust.known_days", "trust.waiting_days",
    "risk.learn_after_hours", "risk.look_back_hours",
    "recovery.wait_hours", "recovery.longest_wait_hours", "recovery.address_rest_hours", "recovery.quarantine_hours",
    "erasure.cooling_off_days", "recovery.desk_weight", "recovery.desk_weight_apart", "recovery.callback_days",
    "recovery.shut_hours", "delegation.closed_days", "family.cooling_off_days", "sign_up.device_days",
    "sign_up.work_bits", "sign_up.most_work_bits",
    "asking.interval_seconds", "outbound.young_days",
    "business.objection_days", "business.owner_rest_days", "succession.wait_days", "succession.rest_days",
})  # fmt: skip
LESS_IS_STRICTER = frozenset({
    "sign_in.failures", "sign_in.device_failures", "sign_in.attempts_per_address_per_minute",
    "sign_in.pending_minutes", "sign_up.per_address_per_hour", "sign_up.challenge_score",
    "sign_up.hold_score", "sign_up.refuse_score", "sign_up.form_hours",
    "sign_up.challenge_minutes", "sign_up.held_per_network",
    "sign_up.review_hours", "proof.link_hours", "proof.code_minutes",
    "proof.code_attempts", "proof.mails_per_address_per_hour",
    "proof.sign_in_codes_per_customer_per_hour", "proof.mails_per_network_address_per_hour",
    "session.idle_minutes", "session.absolute_hours", "session.device_days",
    "factors.sign_in_attempts", "factors.app_failures",
    "oauth.code_seconds", "oauth.access_token_seconds", "oauth.delegated_token_seconds",
    "oauth.id_token_seconds", "oauth.refresh_token_days",
    "oauth.refresh_idle_days", "oauth.pushed_seconds", "oauth.assertion_seconds", "oauth.request_object_seconds",
    "oauth.clock_skew_seconds", "oauth.proof_seconds", "oauth.nonce_seconds", "oauth.refresh_grace_seconds",
    "oauth.signed_token_seconds", "oauth.actors", "oauth.unused_days",
    "oauth.requests_per_minute", "oauth.logout_token_seconds", "oauth.signing_key_days",
    "gateway.handover_seconds", "gateway.identity_seconds",
    "oauth.device_code_seconds", "oauth.device_tries", "oauth.device_requests_per_minute",
    "session.suspended_minutes", "session.at_once", "session.device_overlap_minutes",
    "disputes.vouched_hours", "staff.exported_rows", "rights.exports_per_day", "rights.export_days",
    "recovery.requests_per_two_minutes", "recovery.requests_per_day", "recovery.proposal_hours",
    "recovery.release_hours", "recovery.addresses",
    "recovery.contacts", "recovery.contact_invite_hours", "recovery.contact_code_hours", "recovery.review_days",
    "approvals.seconds", "asking.seconds", "asking.waiting", "asking.per_hour", "asking.refusals",
    "audit.late_seconds", "consent.takes_effect_seconds", "rights.unusual_times",
    "rights.unusual_releases",
    "partners.secret_days", "partners.keys_days", "partners.overlap_hours", "partners.unused_days",
    "partners.replacements_per_day",
    "approvals.questions_per_minute", "consent.uses_per_minute", "signals.subjects", "signals.requests_per_minute",
    "risk.moderate_score", "risk.high_score", "risk.severe_score",
    "moving.proposal_hours", "moving.run_hours", "moving.unseen_days",
    "trust.new_apps_per_day", "trust.shown_apps_per_day", "trust.new_offers_per_day", "trust.shown_offers_per_day",
    "trust.new_approvals_per_day", "trust.shown_approvals_per_day",
    "trust.new_api_per_minute", "trust.shown_api_per_minute",
    "trust.first_at_domain", "trust.first_at_host", "trust.accounts_per_phone",
    "staff.proposal_hours", "staff.break_glass_minutes", "staff.review_hours", "staff.record_minutes",
    "staff.searches_per_hour", "staff.restrictions_per_day", "staff.restriction_days",
    "unregistered_agents.allowed", "unregistered_agents.fresh_minutes", "unregistered_agents.per_host_per_minute",
    "unregistered_agents.per_customer_per_hour",
    "staff.restriction_review_hours", "staff.step_up_minutes", "erasure.hold_days",
    "delegation.longest_days", "delegation.request_days", "delegation.open_requests", "delegation.requests_per_day",
    "delegation.refusals", "delegation.acting_minutes",
    "family.children", "family.request_days", "family.claim_hours", "family.claim_days", "family.consent_days",
    "business.per_customer", "business.members", "business.roles", "business.invitations_per_day",
    "succession.tell_days", "succession.invite_days", "succession.proposal_hours", "succession.grant_days",
    "proofing.evidence_days", "proofing.failures_per_day", "proofing.meeting_days", "proofing.service_minutes",
    "proofing.wallet_seconds", "proofing.training_days",
    "outbound.stranger_messages_per_day", "outbound.desk_messages_per_day", "outbound.mails_per_source_per_hour",
    "outbound.mails_per_domain_per_hour", "outbound.mails_per_large_domain_per_hour",
    "outbound.texts_per_number_per_day", "outbound.text_notices_per_number_per_day",
    "outbound.texts_per_source_per_hour", "outbound.texts_per_range_per_hour", "outbound.texts_per_day",
    "outbound.text_cents_per_day", "outbound.text_notice_cents_per_day", "recovery.phone_counts_unsaid",
})  # fmt: skip


def between(old: Limits, new: Limits) -> list[Change]:
    """Every difference: numbers first, then actions, each in the order of the file."""
    changes: list[Change] = []
    for section in fields(Limits):
        if section.name in {"actions", "version"}:
            continue
        before, after = getattr(old, section.name), getattr(new, section.name)
        for item in fields(before):
            was, now = getattr(before, item.name), getattr(after, item.name)
            if was != now:
                lean = _number(f"{section.name}.{item.name}", was, now)
                changes.append(Change(section.name, item.name, _figure(was), _figure(now), lean))
    for name in sorted({*old.actions, *new.actions}):
        changes += _action(name, old.actions.get(name), new.actions.get(name))
    return changes


def _figure(value: float | tuple[str, ...]) -> str:
    return said(value) if isinstance(value, tuple) else f"{value:g}"


def _number(name: str, was: float, now: float) -> Lean:
    if name in MORE_IS_STRICTER:
        return Lean.STRICTER if now > was else Lean.LOOSER
    if name in LESS_IS_STRICTER:
        return Lean.STRICTER if now < was else Lean.LOOSER
    return Lean.OTHER


def _action(name: str, old: Row | None, new: Row | None) -> list[Change]:
    if old is None or new is None:
        return [
            Change(name, "the whole action", "" if old is None else "there", "" if new is None else "there", Lean.OTHER)
        ]
    found = []
    for item in fields(Row):
        was, now = getattr(old, item.name), getattr(new, item.name)
        if was != now:
            found.append(Change(name, item.name, said(was), said(now), _word(item.name, was, now)))
    return found


def said(value: Any) -> str:  # noqa: ANN401  (any cell of a row)
    """A value as the policy file says it."""
    match value:
        case None:
            return "never"
        case StrEnum():
            return value.value
        case IntEnum():
            return value.name.lower()
        case tuple():
            return (
                ", ".join(f"{part[0]} {part[1]}" if isinstance(part, tuple) else said(part) for part in value) or "none"
            )
    return str(value)


def _word(key: str, was: Any, now: Any) -> Lean:  # noqa: ANN401  (any cell of a row)
    match key:
        case "sensitivity" | "in_quarantine" | "proofing":
            return Lean.STRICTER if _rank(now) > _rank(was) else Lean.LOOSER
        case "needs":
            return _needs(was, now)
        case "fresh_seconds":  # 0: at any time
            return Lean.STRICTER if (now or _EVER) < (was or _EVER) else Lean.LOOSER
        case "challenge_from" | "hold_from" | "deny_from":
            return Lean.STRICTER if _ceiling(now) < _ceiling(was) else Lean.LOOSER
        case "channels":
            return _fewer(set(was), set(now))
    return Lean.OTHER


_EVER = 1_000_000_000


def _rank(word: Sensitivity | Identity | InQuarantine) -> int:
    return int(word is InQuarantine.HOLD) if isinstance(word, InQuarantine) else int(word)


def _ceiling(level: int | None) -> int:
    return _EVER if level is None else int(level)


def _needs(was: Needs, now: Needs) -> Lean:
    """Stricter if for no customer, whatever they can prove, it means less."""
    steps = {now.level(highest) - was.level(highest) for highest in Level}
    if min(steps) >= 0:
        return Lean.STRICTER
    return Lean.LOOSER if max(steps) <= 0 else Lean.OTHER


def _fewer(was: set[Any], now: set[Any]) -> Lean:
    if now < was:
        return Lean.STRICTER
    return Lean.LOOSER if now > was else Lean.OTHER
