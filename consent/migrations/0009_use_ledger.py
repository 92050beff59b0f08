"""The use ledger, in one part for each month (UTC); its rows may only count up.

The part that a month's own trigger leaves open (``only_counts``) is said before months are made.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

BY_MONTH = """
ALTER TABLE consent_use RENAME TO consent_use_before;
CREATE TABLE consent_use (LIKE consent_use_before INCLUDING DEFAULTS INCLUDING COMMENTS INCLUDING CONSTRAINTS)
    PARTITION BY RANGE (at);
DROP TABLE consent_use_before;
ALTER TABLE consent_use ADD CONSTRAINT consent_use_pkey PRIMARY KEY (id, at);
CREATE FUNCTION consent_use_only_counts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before record := OLD;
BEGIN
    before.times := NEW.times;
    before.last_at := NEW.last_at;
    IF before IS DISTINCT FROM NEW OR NEW.times <= OLD.times OR NEW.last_at < OLD.last_at THEN
        RAISE EXCEPTION 'the use ledger is append-only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_counts BEFORE UPDATE ON consent_use FOR EACH ROW EXECUTE FUNCTION consent_use_only_counts();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON consent_use
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
SELECT audit_make_month('consent_use', NULL);
SELECT audit_make_months(3);
"""
DROPPED = "DROP TABLE consent_use; DROP FUNCTION consent_use_only_counts(); CREATE TABLE consent_use ();"


class Migration(migrations.Migration):
    dependencies = [("consent", "0008_exports"), ("audit", "0007_any_table_by_month")]

    operations = [
        migrations.CreateModel(
            name="Use",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="not sensitive: of all that is alike in a minute",
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField(db_comment="not sensitive: the minute")),
                ("customer", models.UUIDField(db_comment="pseudonymous: whose data")),
                ("purpose", models.CharField(db_comment="not sensitive: for what, by its code", max_length=64)),
                ("version", models.PositiveIntegerField(db_comment="not sensitive: of the purpose")),
                ("basis", models.CharField(db_comment="not sensitive: the legal one", max_length=32)),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        db_comment="not sensitive: of data, by their codes",
                        size=None,
                    ),
                ),
                ("way", models.CharField(db_comment="not sensitive: how it went out", max_length=16)),
                ("partner", models.UUIDField(db_comment="not sensitive: by whom; none: by ourselves", null=True)),
                (
                    "application",
                    models.CharField(
                        blank=True, db_comment="not sensitive: one of ours, behind the gateway", max_length=64
                    ),
                ),
                (
                    "event",
                    models.PositiveIntegerField(
                        db_comment="not sensitive: number of the answer that it rests on", null=True
                    ),
                ),
                (
                    "actor",
                    models.UUIDField(db_comment="pseudonymous: who acted in the recipient's place", null=True),
                ),
                (
                    "reason",
                    models.CharField(blank=True, db_comment="not sensitive: why it was refused", max_length=64),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[("allowed", "Allowed"), ("refused", "Refused")],
                        db_comment="not sensitive",
                        max_length=8,
                    ),
                ),
                ("times", models.PositiveIntegerField(db_comment="not sensitive: how often within the minute")),
                ("last_at", models.DateTimeField(db_comment="not sensitive: the latest of these")),
            ],
        ),
        migrations.RunSQL(BY_MONTH, DROPPED),
        migrations.AddIndex(model_name="use", index=models.Index(fields=["customer", "-at"], name="use_customer")),
        migrations.AddIndex(model_name="use", index=models.Index(fields=["partner", "-at"], name="use_partner")),
        migrations.AddIndex(model_name="use", index=models.Index(fields=["-at"], name="use_at")),
    ]
