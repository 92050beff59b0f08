"""Accounts that somebody is recovering already say so."""

from django.db import migrations

SAY_SO = """
UPDATE accounts_user SET is_recovering = true
WHERE id IN (
    SELECT customer_id FROM recovery_case WHERE state IN ('open', 'proven', 'proposed', 'approved', 'cooling_off')
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0001_recovery"),
        ("accounts", "0012_is_recovering"),
    ]

    operations = [migrations.RunSQL(SAY_SO, migrations.RunSQL.noop)]
