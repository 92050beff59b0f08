"""The receipts of what customers said, each written once and for good."""

import django.db.models.deletion
from django.db import migrations, models

import ciam_portal.core.crypto.codes

FORWARD = """
CREATE TRIGGER receipt_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""
BACKWARD = "DROP TRIGGER receipt_append_only ON consent_receipt;"


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0011_records"),
    ]

    operations = [
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="pseudonymous",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "subject",
                    models.UUIDField(db_comment="pseudonymous: whose it is; outlives the account, as evidence does"),
                ),
                (
                    "number",
                    models.PositiveIntegerField(
                        db_comment="not sensitive: the person's receipts count from 1, without a gap"
                    ),
                ),
                ("at", models.DateTimeField(db_comment="not sensitive: when it was signed")),
                ("text", models.TextField(db_comment="personal: evidence; exactly what was signed (JWS compact)")),
                (
                    "event",
                    models.OneToOneField(
                        db_comment="pseudonymous: what it proves",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipt",
                        to="consent.consentevent",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("subject", "number"), name="receipt_in_order"),
                    models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="receipt_counts_from_one"),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
