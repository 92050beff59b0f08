"""Indexes that nothing uses go: one column beside a longer index that begins with it, patterns nobody asks for."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Django makes one beside each unique text, for what begins with something.
UNUSED = """
DO $$ DECLARE found regclass; BEGIN
    FOR found IN SELECT indexrelid FROM pg_index JOIN pg_opclass ON pg_opclass.oid = indclass[0]
        WHERE indrelid = ANY ('{oauth_accesstoken,oauth_authorizationcode}'::regclass[]) AND opcname = 'varchar_pattern_ops' AND NOT indisunique LOOP
        EXECUTE format('DROP INDEX %s', found);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("oauth", "0001_squashed"),
    ]

    operations = [
        migrations.RunSQL(UNUSED, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="accesstoken",
            name="application",
            field=models.ForeignKey(
                db_comment="not sensitive",
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="accesstoken",
            name="id_token",
            field=models.ForeignKey(
                db_comment="not sensitive: never filled",
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="access_token",
                to=settings.OAUTH2_PROVIDER_ID_TOKEN_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="accesstoken",
            name="source_refresh_token",
            field=models.ForeignKey(
                db_comment="not sensitive: never filled",
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="refreshed_access_token",
                to=settings.OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="authorizationcode",
            name="application",
            field=models.ForeignKey(
                db_comment="not sensitive",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="refreshtoken",
            name="access_token",
            field=models.ForeignKey(
                db_comment="not sensitive: never filled",
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="refresh_token",
                to=settings.OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="refreshtoken",
            name="application",
            field=models.ForeignKey(
                db_comment="not sensitive",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
            ),
        ),
    ]
