"""Questions have names of their own; rows made before held the module and function that answered them.

The rows are append-only, so their trigger is set aside for this one statement, in the migration's transaction, and an
entry in the audit says how many rows it was.
"""

from typing import Any

from django.db import migrations, models

from ciam_portal.core import clock

NAMES = (
    ("accounts.policy.account.may_use_link", "account.may_use_link"),
    ("accounts.policy.alerts.may_acknowledge", "alerts.may_acknowledge"),
    ("accounts.policy.dispute.may_answer", "dispute.may_answer"),
    ("accounts.policy.dispute.may_close", "dispute.may_close"),
    ("accounts.policy.dispute.may_contest", "dispute.may_contest"),
    ("accounts.policy.factors.may_add_app", "factors.may_add_app"),
    ("accounts.policy.factors.may_add_passkey", "factors.may_add_passkey"),
    ("accounts.policy.factors.may_make_backup_codes", "factors.may_make_backup_codes"),
    ("accounts.policy.lock.may_undo", "lock.may_undo"),
    ("accounts.policy.lock.may_unlock_by_mail", "lock.may_unlock_by_mail"),
    ("accounts.policy.restriction.may_end", "restriction.may_end"),
    ("accounts.policy.restriction.may_restrict", "restriction.may_restrict"),
    ("accounts.policy.restriction.may_review", "restriction.may_review"),
    ("accounts.policy.sessions.on_risk_risen", "sessions.on_risk_risen"),
    ("accounts.policy.sign_in.on_sign_in", "sign_in.on_sign_in"),
    ("accounts.policy.staff.may_approve", "staff.may_approve"),
    ("accounts.policy.staff.may_break_glass", "staff.may_break_glass"),
    ("accounts.policy.staff.may_install", "staff.may_install"),
    ("accounts.policy.staff.may_look", "staff.may_look"),
    ("accounts.policy.staff.may_propose", "staff.may_propose"),
    ("accounts.policy.staff.may_reject", "staff.may_reject"),
    ("accounts.policy.staff.may_review", "staff.may_review"),
    ("accounts.policy.staff.may_revoke", "staff.may_revoke"),
    ("ciam_portal.decisions.policy.may_ask", "decisions.may_ask"),
    ("ciam_portal.decisions.policy.may_redeem", "decisions.may_redeem"),
    ("ciam_portal.gate.decide", "gate.decide"),
    ("ciam_portal.governance.policy.may_approve", "governance.may_approve"),
    ("ciam_portal.governance.policy.may_propose", "governance.may_propose"),
    ("ciam_portal.governance.policy.may_reject", "governance.may_reject"),
    ("consent.policy.may_give", "consent.may_give"),
    ("consent.policy.may_let_out", "consent.may_let_out"),
    ("consent.policy.may_narrow", "consent.may_narrow"),
    ("consent.policy.may_share", "consent.may_share"),
    ("consent.policy.may_withdraw", "consent.may_withdraw"),
    ("recovery.policy.addresses.may_add", "addresses.may_add"),
    ("recovery.policy.cases.may_approve", "recovery.may_approve"),
    ("recovery.policy.cases.may_cancel", "recovery.may_cancel"),
    ("recovery.policy.cases.may_complete", "recovery.may_complete"),
    ("recovery.policy.cases.may_cool_off", "recovery.may_cool_off"),
    ("recovery.policy.cases.may_expire", "recovery.may_expire"),
    ("recovery.policy.cases.may_open", "recovery.may_open"),
    ("recovery.policy.cases.may_propose", "recovery.may_propose"),
    ("recovery.policy.cases.may_prove", "recovery.may_prove"),
    ("recovery.policy.cases.may_reject", "recovery.may_reject"),
    ("recovery.policy.cases.may_say_ready", "recovery.may_say_ready"),
    ("recovery.policy.cases.may_show", "recovery.may_show"),
    ("recovery.policy.contacts.may_answer", "contacts.may_answer"),
    ("recovery.policy.contacts.may_invite", "contacts.may_invite"),
    ("recovery.policy.contacts.may_remind", "contacts.may_remind"),
    ("recovery.policy.contacts.may_see_code", "contacts.may_see_code"),
    ("recovery.policy.desk.may_answer", "desk.may_answer"),
    ("recovery.policy.desk.may_ask", "desk.may_ask"),
    ("recovery.policy.desk.may_begin", "desk.may_begin"),
    ("recovery.policy.desk.may_claim", "desk.may_claim"),
    ("recovery.policy.desk.may_note", "desk.may_note"),
    ("recovery.policy.desk.may_send_again", "desk.may_send_again"),
    ("recovery.policy.renewal.may_renew", "renewal.may_renew"),
    ("recovery.policy.reset.may_reset_password", "reset.may_reset_password"),
)


def rename(apps: Any, schema_editor: Any, *, back: bool = False) -> None:
    """Old values to names, or names to old values."""
    then, now = zip(*NAMES, strict=True)
    if back:
        then, now = now, then
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_decisionentry DISABLE TRIGGER decision_entry_append_only")
        cursor.execute(
            "UPDATE audit_decisionentry SET question = named.after "
            "FROM unnest(%s::text[], %s::text[]) AS named (before, after) WHERE question = named.before",
            [list(then), list(now)],
        )
        rows = cursor.rowcount
        cursor.execute("ALTER TABLE audit_decisionentry ENABLE TRIGGER decision_entry_append_only")
    if rows:
        apps.get_model("audit", "AuditEntry").objects.create(
            name="audit.questions_named", at=clock.now(), actor_kind="system", channel="system", data={"rows": rows}
        )


def rename_back(apps: Any, schema_editor: Any) -> None:
    """Names to old values."""
    rename(apps, schema_editor, back=True)


class Migration(migrations.Migration):
    dependencies = (("audit", "0003_gate"),)
    operations = (
        migrations.AlterField(
            model_name="decisionentry",
            name="question",
            field=models.CharField(db_comment="not sensitive: stable name of the question", max_length=96),
        ),
        migrations.RunPython(rename, rename_back),
    )
