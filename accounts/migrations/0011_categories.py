"""Each personal column says in which data category it is; and staff may be privacy officers."""

import django.contrib.postgres.fields
from django.db import migrations, models


def add_role(apps, schema_editor):
    """The group that the role is."""
    apps.get_model("auth", "Group").objects.get_or_create(name="privacy_officer")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_zones"),
    ]

    operations = [
        migrations.AlterField(
            model_name="backupcode",
            name="digest",
            field=models.CharField(db_comment="sensitive: credential; digest of the code, sealed", max_length=128),
        ),
        migrations.AlterField(
            model_name="breakglass",
            name="role",
            field=models.CharField(
                choices=[
                    ("agent", "agent"),
                    ("approver", "approver"),
                    ("auditor", "auditor"),
                    ("administrator", "administrator"),
                    ("privacy_officer", "privacy_officer"),
                ],
                db_comment="not sensitive",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="previous",
            field=models.TextField(blank=True, db_comment="sensitive: former; sealed, what stood there before"),
        ),
        migrations.AlterField(
            model_name="device",
            name="cookie_digest",
            field=models.CharField(
                db_comment="sensitive: credential; digest of this customer's token in the device cookie", max_length=64
            ),
        ),
        migrations.AlterField(
            model_name="device",
            name="former_digests",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=64),
                db_comment="sensitive: credential; digests of former tokens, oldest first",
                default=list,
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="proof",
            name="address",
            field=models.EmailField(blank=True, db_comment="personal: email; where it was sent", max_length=254),
        ),
        migrations.AlterField(
            model_name="proof",
            name="digest",
            field=models.CharField(db_comment="sensitive: credential; digest of the link or code", max_length=64),
        ),
        migrations.AlterField(
            model_name="proof",
            name="password",
            field=models.CharField(
                blank=True,
                db_comment="sensitive: credential; hash of the password that the link brings to a new account",
                max_length=128,
            ),
        ),
        migrations.AlterField(
            model_name="rolechange",
            name="role",
            field=models.CharField(
                choices=[
                    ("agent", "agent"),
                    ("approver", "approver"),
                    ("auditor", "auditor"),
                    ("administrator", "administrator"),
                    ("privacy_officer", "privacy_officer"),
                ],
                db_comment="not sensitive",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="session",
            name="browser_key",
            field=models.CharField(
                db_comment="sensitive: credential; digest of the browser session's key", max_length=40, unique=True
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(
                db_comment="personal: email; the login, in its canonical form", max_length=254, unique=True
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="phone",
            field=models.CharField(blank=True, db_comment="personal: phone; E.164, not proven", max_length=20),
        ),
        migrations.RunPython(add_role, migrations.RunPython.noop),
    ]
