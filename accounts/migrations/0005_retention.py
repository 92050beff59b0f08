"""Indexes by which what is over is found."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("accounts", "0004_purposes_are_declared"),
    ]

    operations = [
        # Accounts that nobody has proven are few; the table is the library's.
        migrations.RunSQL(
            "CREATE INDEX account_emailaddress_unproven ON account_emailaddress (user_id) WHERE NOT verified",
            "DROP INDEX account_emailaddress_unproven",
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(fields=["expires_at"], name="device_expires"),
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(
                condition=models.Q(("revoked_at__isnull", False)), fields=["revoked_at"], name="device_revoked"
            ),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["expires_at"], name="session_expires"),
        ),
        migrations.AddIndex(
            model_name="signinattempt",
            index=models.Index(fields=["at"], name="sign_in_attempt_at"),
        ),
    ]
