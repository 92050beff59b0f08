"""The outbox."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ciam_portal.core.crypto.codes


class Migration(migrations.Migration):
    initial = True

    replaces = [("notifications", "0001_initial"), ("notifications", "0002_lists")]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
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
                ("kind", models.CharField(db_comment="not sensitive: which message", max_length=64)),
                ("channel", models.CharField(db_comment="not sensitive: mail or sms", max_length=8)),
                (
                    "sealed",
                    models.TextField(
                        blank=True, db_comment="sensitive: recipient and content, sealed; empty after delivery"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Sent"), ("given_up", "Given Up")],
                        db_comment="not sensitive",
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(db_comment="not sensitive", default=0)),
                ("created_at", models.DateTimeField(db_comment="not sensitive")),
                ("due_at", models.DateTimeField(db_comment="not sensitive")),
                ("claimed_until", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("sent_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["due_at"], name="notice_due"),
                    models.Index(fields=["customer", "-created_at"], name="notice_customer"),
                    models.Index(fields=["-created_at"], name="notice_created"),
                ],
            },
        ),
    ]
