"""Every partner has an owner and an environment; what it proves itself with are rows of their own."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ciam_portal.core.clock
import ciam_portal.core.crypto.codes


class Migration(migrations.Migration):
    dependencies = [
        ("oauth", "0008_details"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Credential",
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
                    "kind",
                    models.CharField(
                        choices=[("secret", "Secret"), ("keys", "Keys"), ("published", "Published")],
                        db_comment="not sensitive",
                        max_length=9,
                    ),
                ),
                (
                    "slot",
                    models.PositiveSmallIntegerField(db_comment="not sensitive: the first or second place of two"),
                ),
                (
                    "digest",
                    models.CharField(blank=True, db_comment="sensitive: digest of the secret, sealed", max_length=255),
                ),
                ("jwks", models.JSONField(db_comment="not sensitive: public keys", null=True)),
                (
                    "jwks_uri",
                    models.URLField(
                        blank=True, db_comment="not sensitive: where public keys are published", max_length=1024
                    ),
                ),
                ("made_at", models.DateTimeField(db_comment="not sensitive")),
                ("expires_at", models.DateTimeField(db_comment="not sensitive: proves nothing from then on")),
                (
                    "ended_at",
                    models.DateTimeField(db_comment="not sensitive: ended, or made room for the next", null=True),
                ),
                (
                    "used_at",
                    models.DateTimeField(db_comment="not sensitive: proved something, to some minutes", null=True),
                ),
                (
                    "networks",
                    models.JSONField(
                        db_comment="not sensitive: networks of the partner's servers that showed it, and when",
                        default=dict,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="partner",
            name="contact",
            field=models.CharField(
                blank=True,
                db_comment="personal: address of those who run it; hears what its owner hears",
                max_length=254,
            ),
        ),
        migrations.AddField(
            model_name="partner",
            name="enabled_at",
            field=models.DateTimeField(
                default=ciam_portal.core.clock.now,
                db_comment="not sensitive: when it was added, or switched on again",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="partner",
            name="environment",
            field=models.CharField(
                choices=[("sandbox", "SANDBOX"), ("production", "PRODUCTION")],
                default="production",
                db_comment="not sensitive",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="partner",
            name="owner",
            field=models.ForeignKey(
                db_comment="pseudonymous: who answers for it; none: their account is gone, or it is older than owners are",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="partners",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="partner",
            name="used_at",
            field=models.DateTimeField(db_comment="not sensitive: when it was here last, to the hour", null=True),
        ),
        migrations.AddConstraint(
            model_name="partner",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("environment", "sandbox"), _negated=True),
                    models.Q(("decision_actions", []), ("is_resource_server", False)),
                    _connector="OR",
                ),
                name="partner_of_sandbox_sees_nothing_of_others",
            ),
        ),
        migrations.AddField(
            model_name="credential",
            name="partner",
            field=models.ForeignKey(
                db_comment="not sensitive",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="credentials",
                to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="credential",
            index=models.Index(fields=["expires_at"], name="credential_expires"),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("partner", "slot"), name="credential_two_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(condition=models.Q(("slot__in", [1, 2])), name="credential_slot"),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("made_at"))), name="credential_ends_after_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("jwks", None), ("jwks_uri", ""), ("kind", "secret"), models.Q(("digest", ""), _negated=True)
                    ),
                    models.Q(("digest", ""), ("jwks__isnull", False), ("jwks_uri", ""), ("kind", "keys")),
                    models.Q(
                        ("digest", ""), ("jwks", None), ("kind", "published"), models.Q(("jwks_uri", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="credential_is_of_its_kind",
            ),
        ),
    ]
