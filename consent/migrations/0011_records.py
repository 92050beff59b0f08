"""What each customer said of each purpose, and its history, which is written once and for good."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ciam_portal.core.crypto.codes
import consent.records.policy

FORWARD = """
CREATE FUNCTION consent_event_comes_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number <> 1 + COALESCE((SELECT max(number) FROM consent_consentevent WHERE subject = NEW.subject), 0) THEN
        RAISE EXCEPTION 'event % of this person is not the next one', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER consent_event_comes_next BEFORE INSERT ON consent_consentevent
    FOR EACH ROW EXECUTE FUNCTION consent_event_comes_next();
CREATE TRIGGER consent_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_consentevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""
BACKWARD = """
DROP TRIGGER consent_event_append_only ON consent_consentevent;
DROP TRIGGER consent_event_comes_next ON consent_consentevent;
DROP FUNCTION consent_event_comes_next();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0010_deletion"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentEvent",
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
                    "number",
                    models.PositiveIntegerField(
                        db_comment="not sensitive: the person's events count from 1, without a gap"
                    ),
                ),
                ("purpose", models.CharField(db_comment="personal: evidence; key of the purpose", max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("given", "given"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                            ("expired", "expired"),
                            ("superseded", "superseded"),
                            ("paused", "paused"),
                            ("objected", "objected"),
                        ],
                        db_comment="personal: evidence",
                        max_length=10,
                    ),
                ),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        db_comment="personal: evidence; data categories it covers",
                        size=None,
                    ),
                ),
                (
                    "access",
                    models.CharField(
                        choices=[("read", "read"), ("share", "share"), ("profile", "profile"), ("contact", "contact")],
                        db_comment="personal: evidence; what the recipient does with it",
                        max_length=8,
                    ),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        db_comment="personal: evidence; scopes of the app it covers",
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "details",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        db_comment="pseudonymous: what was approved by itself with it (RFC 9396)",
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "connection",
                    models.UUIDField(db_comment="pseudonymous: the connection of the app it is part of", null=True),
                ),
                (
                    "given_by",
                    models.CharField(
                        choices=[("self", "self"), ("guardian", "guardian"), ("delegate", "delegate")],
                        db_comment="personal: evidence; who said yes",
                        max_length=8,
                    ),
                ),
                ("actor", models.UUIDField(db_comment="pseudonymous: the guardian or delegate who did", null=True)),
                (
                    "by_kind",
                    models.CharField(
                        choices=[
                            ("customer", "customer"),
                            ("staff", "staff"),
                            ("partner", "partner"),
                            ("system", "system"),
                            ("stranger", "stranger"),
                        ],
                        db_comment="not sensitive: what kind of party caused it",
                        max_length=16,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("web", "web"),
                            ("mobile", "mobile"),
                            ("api", "api"),
                            ("gateway", "gateway"),
                            ("help_desk", "help_desk"),
                            ("delegated", "delegated"),
                            ("system", "system"),
                        ],
                        db_comment="not sensitive: through which entry point",
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField(db_comment="not sensitive: when")),
                (
                    "expires_at",
                    models.DateTimeField(db_comment="not sensitive: until when a yes counts; none: no end", null=True),
                ),
                (
                    "subject",
                    models.UUIDField(db_comment="pseudonymous: whose it is; outlives the account, as evidence does"),
                ),
                (
                    "language",
                    models.CharField(db_comment="not sensitive: in which language the text was read", max_length=16),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_comment="personal: evidence; the app that receives it; none: we ourselves",
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_comment="personal: evidence; the very text that was read",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.purposeversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("subject", "number"), name="consent_event_in_order"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="consent_event_counts_from_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    consent.records.policy.State["GIVEN"],
                                    consent.records.policy.State["REFUSED"],
                                    consent.records.policy.State["WITHDRAWN"],
                                    consent.records.policy.State["EXPIRED"],
                                    consent.records.policy.State["SUPERSEDED"],
                                    consent.records.policy.State["PAUSED"],
                                    consent.records.policy.State["OBJECTED"],
                                ],
                            )
                        ),
                        name="consent_event_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("actor", None), ("given_by", consent.records.policy.GivenBy["SELF"])),
                            models.Q(
                                ("actor__isnull", False),
                                (
                                    "given_by__in",
                                    [
                                        consent.records.policy.GivenBy["GUARDIAN"],
                                        consent.records.policy.GivenBy["DELEGATE"],
                                    ],
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="consent_event_says_who_spoke_for_them",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("connection", None), ("details", []), ("recipient", None), ("scopes", [])),
                            models.Q(("connection__isnull", False), ("recipient__isnull", False)),
                            _connector="OR",
                        ),
                        name="consent_event_of_an_app_has_connection",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentRecord",
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
                    "number",
                    models.PositiveIntegerField(
                        db_comment="not sensitive: the person's events count from 1, without a gap"
                    ),
                ),
                ("purpose", models.CharField(db_comment="personal: evidence; key of the purpose", max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("given", "given"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                            ("expired", "expired"),
                            ("superseded", "superseded"),
                            ("paused", "paused"),
                            ("objected", "objected"),
                        ],
                        db_comment="personal: evidence",
                        max_length=10,
                    ),
                ),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        db_comment="personal: evidence; data categories it covers",
                        size=None,
                    ),
                ),
                (
                    "access",
                    models.CharField(
                        choices=[("read", "read"), ("share", "share"), ("profile", "profile"), ("contact", "contact")],
                        db_comment="personal: evidence; what the recipient does with it",
                        max_length=8,
                    ),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        db_comment="personal: evidence; scopes of the app it covers",
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "details",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        db_comment="pseudonymous: what was approved by itself with it (RFC 9396)",
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "connection",
                    models.UUIDField(db_comment="pseudonymous: the connection of the app it is part of", null=True),
                ),
                (
                    "given_by",
                    models.CharField(
                        choices=[("self", "self"), ("guardian", "guardian"), ("delegate", "delegate")],
                        db_comment="personal: evidence; who said yes",
                        max_length=8,
                    ),
                ),
                ("actor", models.UUIDField(db_comment="pseudonymous: the guardian or delegate who did", null=True)),
                (
                    "by_kind",
                    models.CharField(
                        choices=[
                            ("customer", "customer"),
                            ("staff", "staff"),
                            ("partner", "partner"),
                            ("system", "system"),
                            ("stranger", "stranger"),
                        ],
                        db_comment="not sensitive: what kind of party caused it",
                        max_length=16,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("web", "web"),
                            ("mobile", "mobile"),
                            ("api", "api"),
                            ("gateway", "gateway"),
                            ("help_desk", "help_desk"),
                            ("delegated", "delegated"),
                            ("system", "system"),
                        ],
                        db_comment="not sensitive: through which entry point",
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField(db_comment="not sensitive: when")),
                (
                    "expires_at",
                    models.DateTimeField(db_comment="not sensitive: until when a yes counts; none: no end", null=True),
                ),
                (
                    "announced_at",
                    models.DateTimeField(db_comment="not sensitive: when its end was announced", null=True),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_comment="personal: evidence; the app that receives it; none: we ourselves",
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_comment="personal: evidence; the very text that was read",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.purposeversion",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("expires_at__isnull", False), ("state", consent.records.policy.State["GIVEN"])
                        ),
                        fields=["expires_at"],
                        name="consent_record_ends",
                    ),
                    models.Index(
                        condition=models.Q(("state", consent.records.policy.State["GIVEN"])),
                        fields=["version"],
                        name="consent_record_given",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "recipient", "purpose"), name="consent_record_one", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="consent_record_counts_from_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    consent.records.policy.State["GIVEN"],
                                    consent.records.policy.State["REFUSED"],
                                    consent.records.policy.State["WITHDRAWN"],
                                    consent.records.policy.State["EXPIRED"],
                                    consent.records.policy.State["SUPERSEDED"],
                                    consent.records.policy.State["PAUSED"],
                                    consent.records.policy.State["OBJECTED"],
                                ],
                            )
                        ),
                        name="consent_record_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("actor", None), ("given_by", consent.records.policy.GivenBy["SELF"])),
                            models.Q(
                                ("actor__isnull", False),
                                (
                                    "given_by__in",
                                    [
                                        consent.records.policy.GivenBy["GUARDIAN"],
                                        consent.records.policy.GivenBy["DELEGATE"],
                                    ],
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="consent_record_says_who_spoke_for_them",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("connection", None), ("details", []), ("recipient", None), ("scopes", [])),
                            models.Q(("connection__isnull", False), ("recipient__isnull", False)),
                            _connector="OR",
                        ),
                        name="consent_record_of_an_app_has_connection",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
