"""Two policies side by side: every number and word that differs, and which way it leans."""

import itertools
from dataclasses import fields
from typing import Any

import pytest
from django.conf import settings

from ciam_portal.core.policy.limits import Limits
from ciam_portal.governance import difference
from ciam_portal.governance.difference import Change, Lean
from tests.governance.conftest import limits_with

NO_DIRECTION = {
    "unregistered_agents.hosts", "unregistered_agents.scopes", "unregistered_agents.actions",  # lists
    "password.max_length", "factors.backup_codes", "factors.passkeys", "notices.retry_seconds",
    "notices.longest_wait_minutes", "notices.retry_days", "notices.kept_days", "notices.circuit_failures",
    "notices.circuit_seconds", "notices.late_minutes", "notices.undeliverable_per_hour", "notices.claim_seconds",
    "notices.delivery_seconds", "notices.push_hours", "notices.push_quiet_from", "notices.push_quiet_until",
    "notices.push_tests_per_hour", "risk.history_days",
    "proof.disown_hours", "notices.stopped_sign_ins_per_hour", "disputes.per_customer_per_day",
    "risk.challenge_target_percent", "risk.drift_psi",
    "outbound.of_them_resets",  # more of them help who lost a password, fewer whoever waits for another message
    "outbound.low_cost_countries", "outbound.middle_cost_countries", "outbound.high_cost_countries",  # lists
    "outbound.low_cost_cents", "outbound.middle_cost_cents", "outbound.high_cost_cents",  # what carriers ask for
    "proofing.reminder_days",
    "recovery.case_days",  # longer waits for late evidence, and lets a case lie open longer
    "staff.traces_per_hour",  # more of them says more, and fills the audit faster
    "recovery.finish_hours",  # the same
    "sign_up.appeal_hours",  # longer is fairer, and keeps longer what a program has sent
    "session.kept_days",  # longer helps whoever looks into what happened, and keeps more about everybody
    "retention.audit_months", "retention.decision_months", "retention.record_days", "retention.message_days",
    "retention.unproven_days", "retention.receipt_key_days", "retention.use_months",
    "audit.checkpoint_days", "audit.witness_days", "erasure.reminder_days",
    "partners.first_reminder_days", "partners.second_reminder_days", "partners.last_reminder_days",
    "consent.announce_days", "family.announce_days",  # sooner is better heard, and sooner forgotten
    "oauth.device_interval_seconds", "rights.requests_per_day",
    "rights.answer_days", "rights.reminder_days", "rights.extension_days",  # sooner helps customers, and hurries staff
    "delegation.default_days", "delegation.reminder_days",
    "rights.unused_days",  # what officers are shown
    "signals.held_days", "signals.verification_seconds", "oauth.signing_key_ahead_hours",
}  # fmt: skip


def test_nothing_differs_from_itself() -> None:
    assert difference.between(settings.LIMITS, settings.LIMITS) == []


# where, key, from, to, value in the file, and which way it leans
CHANGES: list[tuple[str, str, str, str, Any, Lean]] = [
    ("session", "idle_minutes", "15", "14", 14, Lean.STRICTER),
    ("session", "idle_minutes", "15", "16", 16, Lean.LOOSER),
    ("password", "min_length", "15", "16", 16, Lean.STRICTER),
    ("risk", "moderate_score", "1", "2.5", 2.5, Lean.LOOSER),
    ("factors", "passkeys", "10", "9", 9, Lean.OTHER),
    ("actions.sign_in", "needs", "second_factor_if_held", "aal2", "aal2", Lean.STRICTER),
    ("actions.sign_in", "needs", "second_factor_if_held", "aal1", "aal1", Lean.LOOSER),
    ("actions.add_factor", "needs", "highest", "aal2", "aal2", Lean.OTHER),
    ("actions.add_factor", "fresh_seconds", "600", "599", 599, Lean.STRICTER),
    ("actions.add_factor", "fresh_seconds", "600", "601", 601, Lean.LOOSER),
    ("actions.sign_in", "fresh_seconds", "0", "9", 9, Lean.STRICTER),
    ("actions.sign_in", "challenge_from", "moderate", "high", "high", Lean.LOOSER),
    ("actions.sign_up", "in_quarantine", "allow", "hold", "hold", Lean.STRICTER),
    ("actions.partner.change_payee", "in_quarantine", "hold", "allow", "allow", Lean.LOOSER),
    ("recovery", "quarantine_hours", "72", "96", 96, Lean.STRICTER),
    ("actions.sign_in", "hold_from", "never", "severe", "severe", Lean.STRICTER),
    ("actions.sign_in", "channels", "web, mobile, api", "web", ["web"], Lean.STRICTER),
    ("actions.edit_profile", "channels", "web, mobile", "web, mobile, api", ["web", "mobile", "api"], Lean.LOOSER),
    ("actions.edit_profile", "channels", "web, mobile", "api", ["api"], Lean.OTHER),
    ("actions.sign_in", "triggers", "fraud", "regulatory", ["regulatory"], Lean.OTHER),
    (
        "actions.partner.payment",
        "large",
        "EUR 10000, GBP 10000, NOK 100000, USD 10000",
        "EUR 5",
        {"EUR": 5},
        Lean.OTHER,
    ),
]


@pytest.mark.parametrize(("where", "key", "old", "new", "value", "lean"), CHANGES)
def test_each_change_is_said_once(where: str, key: str, old: str, new: str, value: Any, lean: Lean) -> None:
    section, _, action = where.partition(".")
    path = "__".join(part for part in (section, action, key) if part)
    found = difference.between(settings.LIMITS, limits_with(**{path: value}))
    assert found == [Change(action or section, key, old, new, lean)]


def test_a_stricter_class_with_the_ceilings_it_needs_is_stricter_throughout() -> None:
    row = {"sensitivity": "moderate", "challenge_from": "high", "hold_from": "severe", "deny_from": "severe"}
    found = difference.between(
        settings.LIMITS, limits_with(**{f"actions__see_profile__{key}": value for key, value in row.items()})
    )
    assert Change("see_profile", "sensitivity", "low", "moderate", Lean.STRICTER) in found
    assert {item.lean for item in found} == {Lean.STRICTER}


def test_actions_that_come_and_go() -> None:
    row = {
        "sensitivity": "low", "triggers": ["fraud"], "needs": "aal1", "fresh_seconds": 0, "channels": ["api"],
        "challenge_from": "never", "hold_from": "never", "deny_from": "never",
        "in_quarantine": "allow",
    }  # fmt: skip
    more = limits_with(**{"actions__partner.new": row})
    assert difference.between(settings.LIMITS, more) == [
        Change("partner.new", "the whole action", "", "there", Lean.OTHER)
    ]
    assert difference.between(more, settings.LIMITS) == [
        Change("partner.new", "the whole action", "there", "", Lean.OTHER)
    ]


def test_every_number_of_the_policy_has_a_direction_or_none_on_purpose() -> None:
    numbers = {
        f"{section.name}.{item.name}"
        for section in fields(Limits)
        if section.name not in {"actions", "version"}
        for item in fields(getattr(settings.LIMITS, section.name))
    }
    named = [difference.MORE_IS_STRICTER, difference.LESS_IS_STRICTER, NO_DIRECTION]
    assert numbers <= frozenset().union(*named)
    assert not any(one & other for one, other in itertools.combinations(named, 2))
