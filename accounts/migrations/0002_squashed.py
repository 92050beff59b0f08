"""Authenticator apps: after the library's own table, which needs ours of customers."""

import django.db.models.deletion
from django.db import migrations, models

import ciam_portal.core.clock
import ciam_portal.core.crypto.codes


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0003_totp"),
        ("accounts", "0004_gate"),
        ("accounts", "0005_watch"),
        ("accounts", "0006_disputes"),
        ("accounts", "0007_recovery"),
        ("accounts", "0008_undo_and_lock"),
        ("accounts", "0009_staff"),
        ("accounts", "0010_app_lanes"),
        ("accounts", "0011_device_tokens"),
        ("accounts", "0012_is_recovering"),
        ("accounts", "0013_restrictions"),
        ("accounts", "0014_undo_recovery_addresses"),
        ("accounts", "0015_recovery_proofs"),
        ("accounts", "0016_references"),
        ("accounts", "0017_one_address"),
        ("accounts", "0018_canonical_address"),
        ("accounts", "0019_links_bring_passwords"),
        ("accounts", "0020_device_tokens_and_attempts"),
        ("accounts", "0021_email_changed_at"),
    ]

    dependencies = [("accounts", "0001_squashed"), ("otp_totp", "0003_add_timestamps")]

    operations = [
        migrations.CreateModel(
            name="Totp",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("otp_totp.totpdevice",),
        ),
        migrations.CreateModel(
            name="AppLane",
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
                    "door",
                    models.CharField(
                        db_comment="pseudonymous: the session or browser in which they were typed", max_length=64
                    ),
                ),
                ("failures", models.PositiveIntegerField(db_comment="not sensitive: wrong codes in a row", default=0)),
                ("last_at", models.DateTimeField(db_comment="not sensitive: the latest of them")),
                (
                    "app",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lanes",
                        to="accounts.totp",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="applane",
            index=models.Index(fields=["last_at"], name="app_lane_last"),
        ),
        migrations.AddConstraint(
            model_name="applane",
            constraint=models.UniqueConstraint(fields=("app", "door"), name="app_lane_once"),
        ),
    ]
