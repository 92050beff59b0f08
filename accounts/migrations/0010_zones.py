"""A time zone is one that somebody chose. "UTC" was what everybody had who never did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_browser_names")]

    operations = [
        migrations.AddField(
            "user",
            "zone_seen",
            models.CharField(
                blank=True,
                db_comment="personal: location; what their browser said at the sign-up",
                default="",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            "user",
            "timezone",
            models.CharField(blank=True, db_comment="personal: preference; empty: none", default="", max_length=64),
        ),
        migrations.RunSQL("UPDATE accounts_user SET timezone = '' WHERE timezone = 'UTC'", migrations.RunSQL.noop),
    ]
