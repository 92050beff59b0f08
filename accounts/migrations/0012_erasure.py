"""When an account is erased, and the key behind what the audit keeps of its person: each gets one of their own."""

import django.contrib.postgres.functions
from django.db import migrations, models

import ciam_portal.core.crypto.codes


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_categories")]

    operations = [
        migrations.AddField(
            "user",
            "erase_at",
            models.DateTimeField(
                db_comment="not sensitive: erased from then on unless it is kept; nothing works until it is",
                null=True,
            ),
        ),
        migrations.AddField(
            "user",
            "evidence_key",
            models.UUIDField(
                db_comment=(
                    "sensitive: evidence; behind what the audit keeps of them: without this row it means nothing"
                ),
                db_default=django.contrib.postgres.functions.RandomUUID(),
                default=ciam_portal.core.crypto.codes.new_key,
                editable=False,
            ),
        ),
        migrations.AlterField(
            "restriction",
            "kind",
            models.CharField(
                choices=[("suspend", "suspend"), ("step_up", "step_up"), ("legal_hold", "legal_hold")],
                db_comment="not sensitive",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            "restriction",
            "reason",
            models.CharField(
                choices=[
                    ("suspected_fraud", "Suspected fraud"),
                    ("reported_stolen_device", "A device was reported stolen"),
                    ("customer_asked", "The customer asked for it"),
                    ("legal_duty", "A legal duty"),
                    ("legal_claim", "A legal claim"),
                ],
                db_comment="not sensitive: a code",
                max_length=24,
            ),
        ),
    ]
