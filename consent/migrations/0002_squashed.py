"""Consents."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [("consent", "0002_initial"), ("consent", "0003_lists")]

    dependencies = [
        ("consent", "0001_squashed"),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="partner",
            field=models.ForeignKey(
                db_comment="not sensitive",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["customer", "-given_at"], name="consent_customer"),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["-given_at"], name="consent_given"),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("customer", "partner"), name="consent_one_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True), ("ended_at__gte", models.F("given_at")), _connector="OR"
                ),
                name="consent_ends_after_start",
            ),
        ),
    ]
