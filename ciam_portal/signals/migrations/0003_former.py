"""Addresses and numbers that partners knew customers by."""

import django.db.models.deletion
from django.db import migrations, models

import ciam_portal.core.crypto.codes


class Migration(migrations.Migration):
    dependencies = [
        ("signals", "0002_due"),
    ]

    operations = [
        migrations.CreateModel(
            name="Former",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="not sensitive",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("customer", models.UUIDField(db_comment="pseudonymous: whose it was")),
                ("digest", models.CharField(db_comment="sensitive: digest of it", max_length=64)),
                ("at", models.DateTimeField(db_comment="not sensitive")),
                (
                    "stream",
                    models.ForeignKey(
                        db_comment="not sensitive",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="signals.stream",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["stream", "digest"], name="former_known"),
                    models.Index(fields=["at"], name="former_at"),
                ],
            },
        ),
    ]
