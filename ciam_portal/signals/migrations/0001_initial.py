"""Partners' streams, whom they ask to hear of, and what they have not taken yet."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ciam_portal.core.crypto.codes


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Stream",
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
                (
                    "status",
                    models.CharField(
                        choices=[("enabled", "Enabled"), ("paused", "Paused"), ("disabled", "Disabled")],
                        db_comment="not sensitive",
                        default="enabled",
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_comment="not sensitive: the partner's words for it", max_length=200
                    ),
                ),
                (
                    "description",
                    models.CharField(blank=True, db_comment="not sensitive: the partner's own", max_length=200),
                ),
                (
                    "requested",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        db_comment="not sensitive: types of events; none said: all",
                        null=True,
                        size=None,
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[("urn:ietf:rfc:8935", "Push"), ("urn:ietf:rfc:8936", "Poll")],
                        db_comment="not sensitive",
                        max_length=17,
                    ),
                ),
                (
                    "endpoint_url",
                    models.URLField(blank=True, db_comment="not sensitive: where they are pushed to", max_length=1024),
                ),
                (
                    "authorization",
                    models.TextField(blank=True, db_comment="sensitive: sealed; the header that they are pushed with"),
                ),
                ("created_at", models.DateTimeField(db_comment="not sensitive")),
                (
                    "verified_at",
                    models.DateTimeField(db_comment="not sensitive: when verification was last asked for", null=True),
                ),
                (
                    "held_until",
                    models.DateTimeField(db_comment="not sensitive: one worker pushes at a time", null=True),
                ),
                (
                    "partner",
                    models.OneToOneField(
                        db_comment="not sensitive",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stream",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Signal",
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
                (
                    "consent",
                    models.UUIDField(
                        db_comment="pseudonymous: told only while it stands; none if it speaks of nobody, or of one who left",
                        null=True,
                    ),
                ),
                ("sealed", models.TextField(db_comment="sensitive: of whom it speaks and what it says, sealed")),
                ("created_at", models.DateTimeField(db_comment="not sensitive")),
                (
                    "stream",
                    models.ForeignKey(
                        db_comment="not sensitive",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signals",
                        to="signals.stream",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Subject",
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
                ("sub", models.CharField(db_comment="pseudonymous", max_length=64)),
                (
                    "stream",
                    models.ForeignKey(
                        db_comment="not sensitive",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subjects",
                        to="signals.stream",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(("method", "urn:ietf:rfc:8935"), ("endpoint_url", ""), _connector="XOR"),
                name="stream_is_pushed_somewhere",
            ),
        ),
        migrations.AddIndex(
            model_name="signal",
            index=models.Index(fields=["stream", "created_at", "id"], name="signal_waits"),
        ),
        migrations.AddIndex(
            model_name="signal",
            index=models.Index(fields=["created_at"], name="signal_created"),
        ),
        migrations.AddConstraint(
            model_name="subject",
            constraint=models.UniqueConstraint(fields=("stream", "sub"), name="subject_once"),
        ),
    ]
