"""Consents."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ciam_portal.core.crypto.codes


class Migration(migrations.Migration):
    initial = True

    replaces = [("consent", "0001_initial")]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="pseudonymous",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        db_comment="personal: choice; what is allowed now",
                        size=None,
                    ),
                ),
                (
                    "declined",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        db_comment="personal: choice; asked for and refused",
                        default=list,
                        size=None,
                    ),
                ),
                ("given_at", models.DateTimeField(db_comment="not sensitive")),
                ("changed_at", models.DateTimeField(db_comment="not sensitive: scopes last widened or narrowed")),
                ("ended_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("last_used_at", models.DateTimeField(db_comment="not sensitive: to the minute", null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
