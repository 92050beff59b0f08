"""A token in the device cookie belongs to one customer; those that several had adopted belong to nobody."""

from django.db import migrations, models

FORGET_SHARED = """
UPDATE accounts_device
SET cookie_digest = 'shared ' || id, revoked_at = coalesce(revoked_at, now())
WHERE cookie_digest IN (SELECT cookie_digest FROM accounts_device GROUP BY cookie_digest HAVING count(*) > 1)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_app_lanes"),
    ]

    operations = [
        migrations.RunSQL(FORGET_SHARED, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="device", name="device_once_per_customer"),
        migrations.RemoveIndex(model_name="device", name="device_cookie"),
        migrations.AlterField(
            model_name="device",
            name="cookie_digest",
            field=models.CharField(
                db_comment="sensitive: digest of this customer's token in the device cookie", max_length=64
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(fields=("cookie_digest",), name="device_token_of_one_customer"),
        ),
    ]
