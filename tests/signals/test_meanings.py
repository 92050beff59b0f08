"""What partners hear of each thing that is recorded: each is told, or is named here as none of their business."""

import pkgutil
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest

from accounts.account import events as account
from accounts.factors import events as factors
from accounts.lock import events as lock
from accounts.lock.policy import WayBack
from accounts.proofing import events as proofing
from accounts.proofing.shapes import Found
from accounts.restrictions import events as restrictions
from accounts.sign_in import events as sign_in
from ciam_portal.core.audit import months  # noqa: F401  (what only jobs and commands record)
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.policy.assurance import Method
from ciam_portal.management import commands
from ciam_portal.management.commands import load_blocklist, network_data  # noqa: F401  (as above)
from ciam_portal.signals import meanings
from consent.erasure import events as erasure
from consent.permission import events as permission

ID, OTHER, NOW = UUID(int=1), UUID(int=2), datetime(2026, 3, 1, tzinfo=UTC)

UNTOLD = {
    "access.forbidden",
    "account.email_change_asked",
    "account.email_confirmed",
    "account.mailbox_settled",
    "account.opened",
    "account.opened_for_another",
    "account.proof_sent",
    "account.sign_up_with_known_address",
    "acting.begun",
    "acting.looked",
    "acting.refused",
    "acting.stopped",
    "activity.answered_again",
    "activity.browser_forgotten",
    "activity.browser_named",
    "activity.not_me",
    "activity.was_me",
    "agent.answer_fetched",
    "agent.answer_not_fetched",
    "agent.approved",
    "agent.ask_ended",
    "agent.asked",
    "agent.refused",
    "approval.redeemed",
    "approval.refused",
    "audit.months_dropped",
    "audit.verified",
    "business.assigned",
    "business.closed",
    "business.founded",
    "business.gone",
    "business.invitation_ended",
    "business.invited",
    "business.joined",
    "business.kept",
    "business.made_owner",
    "business.no_owner",
    "business.removal_agreed",
    "business.removal_asked",
    "business.removal_ended",
    "business.removal_objected",
    "business.renamed",
    "business.rested",
    "business.role_dropped",
    "business.role_saved",
    "business.verdict_proposed",
    "business.verdict_sent_back",
    "proofing.answered",
    "proofing.due",
    "proofing.failed",
    "proofing.noted",
    "proofing.staff_trained",
    "proofing.started",
    "proofing.stopped",
    "proofing.training_ended",
    "proofing.twin_proposed",
    "proofing.twin_seen",
    "succession.answered",
    "succession.approved",
    "succession.begun",
    "succession.named",
    "succession.noted",
    "succession.opened",
    "succession.proposed",
    "succession.rejected",
    "succession.removed",
    "succession.stopped",
    "succession.told_again",
    "choice.adopted",
    "choice.end_announced",
    "choice.recorded",
    "consent.denied",
    "consent.given",
    "consent.lapsed",
    "consent.withdrawn",
    "decision.given",
    "delegation.acted",
    "delegation.began",
    "delegation.changed",
    "delegation.ended",
    "delegation.offered",
    "delegation.paused",
    "delegation.reminded",
    "delegation.request_ended",
    "delegation.requested",
    "delegation.resumed",
    "details.approved",
    "details.refused",
    "device.remembered",
    "dispute.closed",
    "dispute.opened",
    "erasure.done",
    "erasure.reminded",
    "export.asked",
    "export.dropped",
    "export.failed",
    "export.made",
    "export.taken",
    "factor.backup_codes_made",
    "factor.counter_went_back",
    "factor.failed",
    "factor.mail_code_sent",
    "factor.renamed",
    "factor.used",
    "family.answered",
    "family.answered_for_child",
    "family.asked",
    "family.child_added",
    "family.claimed",
    "family.comes_of_age",
    "family.confirmed",
    "family.guardian_left",
    "family.handed_over",
    "family.powers_changed",
    "family.protected",
    "family.removal_answered",
    "family.removal_asked",
    "flow.refused",
    "gateway.answered",
    "gateway.entered",
    "key.released",
    "key.took_over",
    "network_data.blocklist_loaded",
    "network_data.loaded",
    "oauth.acted_in_app",
    "oauth.code_exchanged",
    "oauth.code_issued",
    "oauth.code_refused",
    "oauth.code_reused",
    "oauth.delegate_admitted",
    "oauth.device_allowed",
    "oauth.device_asked",
    "oauth.device_code_typed",
    "oauth.device_connected",
    "oauth.device_not_connected",
    "oauth.device_refused",
    "oauth.exchange_refused",
    "oauth.partner_authorized",
    "oauth.refresh_refused",
    "oauth.refresh_reused",
    "oauth.refreshed",
    "oauth.token_exchanged",
    "oauth.token_returned",
    "outbox.sent_again",
    "partner.agent_ceiling",
    "partner.agent_gone",
    "partner.agent_met",
    "partner.agent_read_again",
    "partner.change_asked",
    "partner.change_decided",
    "partner.credential_ended",
    "partner.credential_ending",
    "partner.credential_made",
    "partner.delegates_let",
    "partner.managed",
    "partner.may_ask",
    "partner.may_reach",
    "partner.may_use",
    "partner.owned",
    "partner.registered",
    "partner.retired",
    "partner.switched",
    "partner.takes_delegates",
    "partner.told_of_lapsed",
    "partner.unused",
    "passwords.breached_loaded",
    "policy.approved",
    "policy.found",
    "policy.proposed",
    "policy.rejected",
    "policy.replay_begun",
    "policy.upgraded",
    "purpose.activated",
    "purpose.approved",
    "purpose.drafted",
    "purpose.installed",
    "purpose.proposed",
    "purpose.rejected",
    "purpose.retired",
    "push.nights_chosen",
    "push.switched_off",
    "push.switched_on",
    "push.tested",
    "recovery.address_added",
    "recovery.address_asked",
    "recovery.address_missed",
    "recovery.address_removed",
    "recovery.approved",
    "recovery.asked",
    "recovery.cancelled",
    "recovery.claimed",
    "recovery.contact_accepted",
    "recovery.contact_declined",
    "recovery.contact_invited",
    "recovery.contact_put_back",
    "recovery.contact_removed",
    "recovery.contact_saw_code",
    "recovery.desk_asked",
    "recovery.desk_let_go",
    "moving.approved",
    "moving.ended",
    "moving.imported",
    "moving.old_password_ended",
    "moving.proposed",
    "moving.rejected",
    "recovery.desk_missed",
    "recovery.desk_noted",
    "recovery.desk_took",
    "recovery.expired",
    "recovery.link_sent",
    "recovery.missed",
    "recovery.proposed",
    "recovery.ready",
    "recovery.rejected",
    "recovery.reminded",
    "recovery.reset_asked",
    "recovery.shown",
    "recovery.waits",
    "registration.appealed",
    "registration.dropped",
    "registration.held",
    "registration.passed",
    "registration.rejected",
    "resource.registered",
    "resource.switched",
    "restriction.contested",
    "restriction.reviewed",
    "rights.answered",
    "rights.asked",
    "rights.extended",
    "rights.reminded",
    "rights.restricted",
    "rights.restriction_lifted",
    "rights.withdrawn",
    "risk.alert_acknowledged",
    "risk.alert_raised",
    "risk.calibrated",
    "risk.drift_measured",
    "risk.model_kept",
    "risk.population_faded",
    "risk.population_learned",
    "risk.session_reweighed",
    "risk.sign_in_unlearned",
    "session.app_ended",
    "session.changed_browser",
    "session.changed_place",
    "sign_in.code_sent",
    "sign_in.completed",
    "sign_in.device_copied",
    "sign_in.failed",
    "sign_in.recognition",
    "sign_in.second_step_failed",
    "sign_in.weighed",
    "signals.status_changed",
    "signals.stream_changed",
    "signals.stream_created",
    "signals.stream_deleted",
    "signing_key.made",
    "signing_key.retired",
    "signing_key.revoked",
    "staff.customer_searched",
    "staff.exported",
    "staff.glass_broken",
    "staff.glass_reviewed",
    "staff.looked",
    "staff.record_opened",
    "staff.role_granted",
    "staff.role_proposed",
    "staff.role_rejected",
    "staff.role_revoked",
    "staff.value_shown",
    "trust.domain_passed",
    "trust.domain_taken_back",
    "trust.passed",
    "trust.waits",
    "upstream.linked",
    "upstream.opened",
    "upstream.unlinked",
    "upstream.used",
}


def kinds(kind: type[AuditEvent] = AuditEvent) -> set[type[AuditEvent]]:
    return {kind} | {below for each in kind.__subclasses__() for below in kinds(each)}


def test_nothing_that_is_recorded_is_forgotten() -> None:
    """Whoever adds an event says here whether partners hear of it (``ciam_portal/signals/meanings.py``)."""
    for command in pkgutil.iter_modules(commands.__path__):
        import_module(f"{commands.__name__}.{command.name}")
    names = {kind.name for kind in kinds() if kind.name and not kind.__module__.startswith("tests.")}
    assert not set(meanings.TOLD) & UNTOLD
    assert names == set(meanings.TOLD) | UNTOLD


def changed(**said: Any) -> permission.ConsentChanged:
    nothing: dict[str, Any] = dict.fromkeys(("allowed", "declined", "added", "removed"), ())
    return permission.ConsentChanged(consent=ID, partner=OTHER, **(nothing | said))


def removed(method: Method) -> factors.FactorRemoved:
    return factors.FactorRemoved(method, 1, last=False, sessions_ended=0)


def restricted(kind: str) -> restrictions.Restricted:
    fields = {"restriction": ID, "reason": Code("x"), "until": NOW, "review_due_at": NOW}
    return restrictions.Restricted(kind=Code(kind), sessions_ended=0, tokens_ended=0, **fields)  # type: ignore[arg-type]


def stepped(before: str | None, now: str) -> sign_in.SteppedUp:
    return sign_in.SteppedUp(ID, Method.TOTP, Code(now), Code(before) if before else None)


def proven(*, counts: bool) -> proofing.IdentityProven:
    how = {"provider": Code("wallet"), "strength": Code("strong"), "pathway": Code("onsite"), "expires_at": NOW}
    return proofing.IdentityProven(attempt=ID, evidence=ID, counts=counts, **how)  # type: ignore[arg-type]


def undone(kind: str) -> lock.ChangeUndone:
    return lock.ChangeUndone(ID, Code(kind), 0, restored=True, way=WayBack.MAILBOX, sessions_ended=0, tokens_ended=0)


@pytest.mark.control("RISC-events")
@pytest.mark.control("CAEP-credential-change")
@pytest.mark.parametrize(
    ("event", "told"),
    [
        (account.PasswordChanged(0, 0), ["credential-change update password"]),
        (factors.FactorAdded(Method.TOTP, 1), ["credential-change create app"]),
        (factors.FactorAdded(Method.PASSKEY, 1), ["credential-change create fido2-platform"]),
        (
            removed(Method.SECURITY_KEY),
            ["credential-change delete fido2-roaming"],
        ),
        (removed(Method.BACKUP_CODE), []),
        (
            factors.FactorsReplaced((Method.TOTP, Method.PASSKEY), last=True, added=False),
            ["credential-change delete app", "credential-change delete fido2-platform"],
        ),
        (stepped("aal1", "aal2"), ["assurance-level-change increase nist-aal2"]),
        (stepped("aal2", "aal1"), ["assurance-level-change decrease nist-aal1"]),
        (stepped("aal2", "phr"), []),
        (stepped("aal1", "aal1"), []),
        (stepped(None, "aal2"), []),
        (
            account.ProfileChanged((Code("name"), Code("timezone"))),
            ["token-claims-change name verified_claims zoneinfo"],
        ),
        (account.ProfileChanged((Code("phone"),)), ["identifier-changed", "token-claims-change phone_number"]),
        (account.ProfileChanged(()), []),
        (proven(counts=True), ["token-claims-change verified_claims"]),
        (proven(counts=False), []),
        (proofing.EvidenceRemoved(ID, counted=True), ["token-claims-change verified_claims"]),
        (proofing.EvidenceRemoved(ID, counted=False), []),
        (proofing.TwinSettled(ID, Code(Found.DIFFERENT)), ["token-claims-change verified_claims"]),
        (proofing.TwinSettled(ID, Code(Found.ONE_ACCOUNT)), []),
        (account.EmailChanged(), ["identifier-changed", "token-claims-change email email_verified"]),
        (changed(removed=(Code("email"),)), ["token-claims-change scope"]),
        (changed(), []),
        (restricted("suspend"), ["account-disabled", "account-enabled"]),
        (restricted("step_up"), []),
        (restrictions.RestrictionEnded(ID, Code("suspend"), by_review=True), ["account-enabled"]),
        (undone("email"), ["account-disabled", "token-claims-change email"]),
        (undone("password"), ["account-disabled"]),
        (lock.AccountUnlocked(), ["account-enabled"]),
        (account.UnprovenAccountRemoved(), ["account-purged"]),
        (erasure.DeletionAsked(ID, NOW, 0, 0), ["account-disabled"]),
        (erasure.DeletionKept(ID), ["account-enabled"]),
        (erasure.ErasureBegan(ID, 0, 0), ["account-purged"]),
    ],
    ids=str,
)
def test_what_each_means(event: AuditEvent, told: list[str]) -> None:
    said = []
    for each in meanings.meant(event):
        assert each.type in meanings.SUPPORTED
        words = [each.says[name] for name in ("change_direction", "change_type") if name in each.says]
        words += [each.says[name] for name in ("credential_type", "current_level") if name in each.says]
        said.append(" ".join([each.type.rpartition("/")[2], *words, *each.claims]))
    assert said == told


def test_only_the_partner_hears_how_its_consent_changed() -> None:
    assert [each.partner for each in meanings.meant(changed(added=(Code("email"),)))] == [OTHER]
