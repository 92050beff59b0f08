"""What partners asked, and approvals."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ciam_portal.core.crypto.codes


class Migration(migrations.Migration):
    initial = True

    replaces = [("decisions", "0001_initial")]

    dependencies = [
        ("accounts", "0001_squashed"),
        ("consent", "0002_squashed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Approval",
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
                (
                    "digest",
                    models.CharField(db_comment="sensitive: digest of the approval", max_length=64, unique=True),
                ),
                (
                    "bound_to",
                    models.CharField(db_comment="sensitive: digest of the transaction, all of it", max_length=64),
                ),
                ("channel", models.CharField(db_comment="not sensitive: the door it was asked through", max_length=16)),
                ("decision", models.UUIDField(db_comment="not sensitive: the decision that gave it")),
                ("given_at", models.DateTimeField(db_comment="not sensitive")),
                ("expires_at", models.DateTimeField(db_comment="not sensitive")),
                (
                    "ended_at",
                    models.DateTimeField(db_comment="not sensitive: presented; it works no second time", null=True),
                ),
                ("end_reason", models.CharField(blank=True, db_comment="not sensitive", max_length=32)),
                (
                    "consent",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="consent.consent",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        db_comment="not sensitive: who may present it",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.session",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["expires_at"], name="approval_expires")],
            },
        ),
    ]
