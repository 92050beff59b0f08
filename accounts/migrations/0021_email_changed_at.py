"""When the address to sign in with changed, apart from the phone: of older accounts, when either did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0020_device_tokens_and_attempts"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="email_changed_at",
            field=models.DateTimeField(db_comment="not sensitive: address to sign in with last changed", null=True),
        ),
        migrations.RunSQL(
            "UPDATE accounts_user SET email_changed_at = contact_changed_at WHERE contact_changed_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
