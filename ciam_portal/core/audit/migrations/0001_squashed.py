"""The audit and the decisions: nobody, not even the portal itself, changes or removes what was written."""

from django.db import migrations, models

import ciam_portal.core.crypto.codes

FORWARD = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% refused: % is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER decision_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_decisionentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""
BACKWARD = """
DROP TRIGGER audit_entry_append_only ON audit_auditentry;
DROP TRIGGER decision_entry_append_only ON audit_decisionentry;
DROP FUNCTION audit_is_append_only();
"""


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("audit", "0001_initial"),
        ("audit", "0002_append_only"),
        ("audit", "0003_gate"),
        ("audit", "0004_question_names"),
        ("audit", "0005_seals"),
        ("audit", "0006_lists"),
        ("audit", "0007_source"),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="not sensitive",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField(db_comment="not sensitive: when")),
                ("about", models.UUIDField(db_comment="pseudonymous: customer id of the subject", null=True)),
                ("actor_kind", models.CharField(db_comment="not sensitive", max_length=16)),
                ("actor", models.UUIDField(db_comment="pseudonymous: id of who acted", null=True)),
                (
                    "on_behalf_of",
                    models.UUIDField(db_comment="pseudonymous: id of the person a delegate acted for", null=True),
                ),
                ("session", models.UUIDField(db_comment="pseudonymous: session the actor was in", null=True)),
                ("channel", models.CharField(db_comment="not sensitive", max_length=16)),
                ("request_id", models.CharField(blank=True, db_comment="not sensitive", max_length=64)),
                (
                    "seal",
                    models.CharField(db_comment="not sensitive: keyed digest of the row", default="", max_length=96),
                ),
                ("name", models.CharField(db_comment="not sensitive: event name", max_length=64)),
                ("decision", models.UUIDField(db_comment="not sensitive: the decision behind it", null=True)),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        db_comment="pseudonymous: digest of the address it came from, of what failed or was refused",
                        default="",
                        max_length=20,
                    ),
                ),
                (
                    "data",
                    models.JSONField(db_comment="not sensitive: ids, codes, counts and instants only", default=dict),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "indexes": [
                    models.Index(fields=["about", "-at"], name="audit_entry_about"),
                    models.Index(fields=["actor", "-at"], name="audit_entry_actor"),
                    models.Index(fields=["name", "-at"], name="audit_entry_name"),
                    models.Index(fields=["-at"], name="audit_entry_at"),
                    models.Index(
                        condition=models.Q(("source", ""), _negated=True),
                        fields=["source", "-at"],
                        name="audit_entry_source",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DecisionEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="not sensitive",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField(db_comment="not sensitive: when")),
                ("about", models.UUIDField(db_comment="pseudonymous: customer id of the subject", null=True)),
                ("actor_kind", models.CharField(db_comment="not sensitive", max_length=16)),
                ("actor", models.UUIDField(db_comment="pseudonymous: id of who acted", null=True)),
                (
                    "on_behalf_of",
                    models.UUIDField(db_comment="pseudonymous: id of the person a delegate acted for", null=True),
                ),
                ("session", models.UUIDField(db_comment="pseudonymous: session the actor was in", null=True)),
                ("channel", models.CharField(db_comment="not sensitive", max_length=16)),
                ("request_id", models.CharField(blank=True, db_comment="not sensitive", max_length=64)),
                (
                    "seal",
                    models.CharField(db_comment="not sensitive: keyed digest of the row", default="", max_length=96),
                ),
                ("question", models.CharField(db_comment="not sensitive: stable name of the question", max_length=96)),
                (
                    "action",
                    models.CharField(blank=True, db_comment="not sensitive: action of the catalogue", max_length=64),
                ),
                (
                    "risk",
                    models.PositiveSmallIntegerField(
                        db_comment="not sensitive: the level of risk that counted", null=True
                    ),
                ),
                (
                    "score",
                    models.FloatField(
                        db_comment="not sensitive: how unusual, in nats; the sum of contributions", null=True
                    ),
                ),
                ("model_version", models.CharField(blank=True, db_comment="not sensitive", max_length=16)),
                (
                    "contributions",
                    models.JSONField(db_comment="not sensitive: codes and log-likelihood ratios", default=list),
                ),
                ("policy_version", models.CharField(db_comment="not sensitive", max_length=16)),
                ("inputs", models.JSONField(db_comment="pseudonymous: the facts as plain JSON")),
                ("answer", models.CharField(db_comment="not sensitive: allow, step_up, hold or deny", max_length=16)),
                ("reason", models.CharField(blank=True, db_comment="not sensitive: reason code", max_length=64)),
                (
                    "detail",
                    models.JSONField(db_comment="not sensitive: level, freshness or end of the answer", default=dict),
                ),
                ("findings", models.JSONField(db_comment="not sensitive: codes and points", default=list)),
            ],
            options={
                "verbose_name_plural": "decision entries",
                "indexes": [
                    models.Index(fields=["-at"], name="audit_decision_at"),
                    models.Index(fields=["about", "-at"], name="audit_decision_about"),
                    models.Index(fields=["question", "-at"], name="audit_decision_question"),
                    models.Index(fields=["action", "-at"], name="audit_decision_action"),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
