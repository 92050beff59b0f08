"""Indexes that nothing uses go: one column beside a longer index that begins with it, patterns nobody asks for."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Django makes one beside each unique text, for what begins with something; (user_id, email) begins with the user.
UNUSED = """
DO $$ DECLARE found regclass; BEGIN
    FOR found IN SELECT indexrelid FROM pg_index JOIN pg_opclass ON pg_opclass.oid = indclass[0]
        WHERE opcname = 'varchar_pattern_ops' AND NOT indisunique
            AND indrelid = ANY ('{accounts_user,accounts_session,account_emailaddress,django_session}'::regclass[])
           OR indrelid = 'account_emailaddress'::regclass AND indnatts = 1 AND indpred IS NULL AND EXISTS (
              SELECT FROM pg_attribute WHERE attrelid = indrelid AND attnum = indkey[0] AND attname = 'user_id') LOOP
        EXECUTE format('DROP INDEX %s', found);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("sessions", "0001_initial"),
        ("accounts", "0006_keys"),
    ]

    operations = [
        migrations.RunSQL(UNUSED, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="appbucket",
            name="app",
            field=models.ForeignKey(
                db_comment="pseudonymous",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="buckets",
                to="accounts.totp",
            ),
        ),
        migrations.AlterField(
            model_name="backupcode",
            name="customer",
            field=models.ForeignKey(
                db_comment="pseudonymous",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="backup_codes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="breakglass",
            name="person",
            field=models.ForeignKey(
                db_comment="pseudonymous",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="break_glass",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="customer",
            field=models.ForeignKey(
                db_comment="pseudonymous",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="changes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="dispute",
            name="customer",
            field=models.ForeignKey(
                db_comment="pseudonymous",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="disputes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="proof",
            name="customer",
            field=models.ForeignKey(
                db_comment="pseudonymous",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="proofs",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="customer",
            field=models.ForeignKey(
                db_comment="pseudonymous",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="restrictions",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="session",
            name="customer",
            field=models.ForeignKey(
                db_comment="pseudonymous",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
