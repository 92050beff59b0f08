"""Recoveries, and who took part in each: never rewritten."""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import ciam_portal.core.crypto.codes

FORWARD = """
CREATE FUNCTION recovery_case_keeps_its_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.opened_by IS DISTINCT FROM OLD.opened_by
        OR (OLD.proposed_by IS NOT NULL
            AND (NEW.proposed_by IS DISTINCT FROM OLD.proposed_by OR NEW.release_to <> OLD.release_to))
        OR (OLD.approved_by IS NOT NULL AND NEW.approved_by IS DISTINCT FROM OLD.approved_by)
        OR (OLD.seconded_by IS NOT NULL AND NEW.seconded_by IS DISTINCT FROM OLD.seconded_by)
    THEN
        RAISE EXCEPTION 'who opened, proposed and approved a recovery, and where it leads, is never rewritten'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.approved_by IS NOT NULL AND OLD.approved_by IS NULL AND (
        EXISTS (SELECT 1 FROM recovery_shown WHERE case_id = NEW.id AND "by" = NEW.approved_by)
        OR EXISTS (SELECT 1 FROM recovery_inquiry WHERE case_id = NEW.id
                   AND NEW.approved_by IN (asked_by, ended_by))
    ) THEN
        RAISE EXCEPTION 'whoever noted evidence in a recovery cannot approve it' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.seconded_by IS NOT NULL AND OLD.seconded_by IS NULL AND (
        EXISTS (SELECT 1 FROM recovery_shown WHERE case_id = NEW.id AND "by" = NEW.seconded_by)
        OR EXISTS (SELECT 1 FROM recovery_inquiry WHERE case_id = NEW.id
                   AND NEW.seconded_by IN (asked_by, ended_by))
    ) THEN
        RAISE EXCEPTION 'whoever noted evidence in a recovery cannot approve it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER recovery_case_keeps_its_people BEFORE UPDATE ON recovery_case
    FOR EACH ROW EXECUTE FUNCTION recovery_case_keeps_its_people();
"""
BACKWARD = """
DROP TRIGGER recovery_case_keeps_its_people ON recovery_case;
DROP FUNCTION recovery_case_keeps_its_people();
"""


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("recovery", "0001_recovery"),
        ("recovery", "0002_is_recovering"),
        ("recovery", "0003_help_desk"),
        ("recovery", "0004_contacts"),
        ("recovery", "0005_references"),
        ("recovery", "0006_one_address"),
        ("recovery", "0007_seconded"),
        ("recovery", "0008_guesses_of_a_day"),
        ("recovery", "0009_claims"),
    ]

    dependencies = [
        ("accounts", "0001_squashed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reminded_at", models.DateTimeField(db_comment="not sensitive")),
            ],
        ),
        migrations.CreateModel(
            name="Case",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("proven", "proven"),
                            ("proposed", "proposed"),
                            ("approved", "approved"),
                            ("cooling_off", "cooling_off"),
                            ("completed", "completed"),
                            ("rejected", "rejected"),
                            ("cancelled", "cancelled"),
                            ("expired", "expired"),
                        ],
                        db_comment="not sensitive",
                        max_length=16,
                    ),
                ),
                (
                    "lost",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16),
                        db_comment="not sensitive: kinds of factors said to be lost",
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "key_digest",
                    models.CharField(
                        blank=True,
                        db_comment="sensitive: digest of the key in the browser that began it",
                        max_length=64,
                    ),
                ),
                ("opened_at", models.DateTimeField(db_comment="not sensitive")),
                ("cooling_since", models.DateTimeField(db_comment="not sensitive: the wait began", null=True)),
                (
                    "risk",
                    models.PositiveSmallIntegerField(
                        db_comment="not sensitive: as weighed then; empty: not known", null=True
                    ),
                ),
                (
                    "strength",
                    models.PositiveSmallIntegerField(
                        db_comment="not sensitive: of what was shown, for display", null=True
                    ),
                ),
                ("ready_at", models.DateTimeField(db_comment="not sensitive: end of the wait, for display", null=True)),
                (
                    "told_ready_at",
                    models.DateTimeField(db_comment="not sensitive: the customer was told to finish", null=True),
                ),
                (
                    "opened_by",
                    models.UUIDField(db_comment="pseudonymous: member of staff; empty: the customer alone", null=True),
                ),
                (
                    "release_to",
                    models.CharField(
                        blank=True,
                        db_comment="pseudonymous: digest of the address that the customer's link goes to",
                        max_length=64,
                    ),
                ),
                ("proposed_by", models.UUIDField(db_comment="pseudonymous: member of staff", null=True)),
                ("proposed_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("approved_by", models.UUIDField(db_comment="pseudonymous: member of staff", null=True)),
                ("approved_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "seconded_by",
                    models.UUIDField(
                        db_comment="pseudonymous: member of staff, the second of two who approve where little was shown",
                        null=True,
                    ),
                ),
                ("seconded_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("ended_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("claimed_by", models.UUIDField(db_comment="pseudonymous: member of staff who works on it", null=True)),
                ("claimed_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recoveries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Contact",
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
                ("name", models.CharField(db_comment="personal: what the customer calls somebody else", max_length=64)),
                (
                    "address",
                    models.EmailField(
                        db_comment="personal: contact of somebody else; in its canonical form", max_length=254
                    ),
                ),
                ("invited_at", models.DateTimeField(db_comment="not sensitive")),
                ("accepted_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "usable_from",
                    models.DateTimeField(db_comment="not sensitive: before, they can help with nothing", null=True),
                ),
                ("declined_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("removed_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_contacts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Guesses",
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
                ("way", models.CharField(db_comment="not sensitive", max_length=16)),
                ("wrong", models.PositiveIntegerField(db_comment="not sensitive", default=0)),
                ("first_at", models.DateTimeField(db_comment="not sensitive: the first of those that are counted")),
                ("last_at", models.DateTimeField(db_comment="not sensitive")),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Inquiry",
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
                    "way",
                    models.CharField(
                        choices=[
                            ("mail", "mail"),
                            ("sms", "sms"),
                            ("saved", "saved"),
                            ("contact", "contact"),
                            ("app", "app"),
                            ("passkey", "passkey"),
                            ("password", "password"),
                            ("called_back", "called_back"),
                            ("read_back", "read_back"),
                            ("in_session", "in_session"),
                            ("document", "document"),
                        ],
                        db_comment="not sensitive",
                        max_length=16,
                    ),
                ),
                ("asked_by", models.UUIDField(db_comment="pseudonymous: member of staff")),
                ("asked_at", models.DateTimeField(db_comment="not sensitive")),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        db_comment="pseudonymous: digest of the address or number it was asked of",
                        max_length=64,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("confirmed", "Confirmed"),
                            ("not_reached", "Not reached"),
                            ("denied", "Denied: it was not the customer who called"),
                            ("differs", "The document is somebody else's"),
                            ("unreadable", "The document cannot be read, or is out of date"),
                            ("replaced", "Asked anew"),
                        ],
                        db_comment="not sensitive: a code; empty: still open",
                        max_length=16,
                    ),
                ),
                (
                    "ended_by",
                    models.UUIDField(db_comment="pseudonymous: member of staff; empty: the customer", null=True),
                ),
                ("ended_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "case",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="inquiries",
                        to="recovery.case",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "inquiries",
            },
        ),
        migrations.CreateModel(
            name="RecoveryAddress",
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
                    "kind",
                    models.CharField(
                        choices=[("mail", "E-mail address"), ("sms", "Phone number")],
                        db_comment="not sensitive",
                        max_length=8,
                    ),
                ),
                (
                    "address",
                    models.CharField(db_comment="personal: contact; in its canonical form, or E.164", max_length=254),
                ),
                ("proven_at", models.DateTimeField(db_comment="not sensitive")),
                ("usable_from", models.DateTimeField(db_comment="not sensitive: before, it restores nothing")),
                ("removed_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_addresses",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Shown",
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
                    "way",
                    models.CharField(
                        choices=[
                            ("mail", "mail"),
                            ("sms", "sms"),
                            ("saved", "saved"),
                            ("contact", "contact"),
                            ("app", "app"),
                            ("passkey", "passkey"),
                            ("password", "password"),
                            ("called_back", "called_back"),
                            ("read_back", "read_back"),
                            ("in_session", "in_session"),
                            ("document", "document"),
                        ],
                        db_comment="not sensitive",
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField(db_comment="not sensitive")),
                (
                    "by",
                    models.UUIDField(
                        db_comment="pseudonymous: member of staff who noted it; empty: the customer", null=True
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shown",
                        to="recovery.case",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["key_digest"], name="case_key"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["state", "opened_at"], name="case_state_opened"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                django.db.models.functions.text.Right(
                    django.db.models.functions.comparison.Cast("id", models.CharField()), 10
                ),
                name="case_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "open",
                            "proven",
                            "proposed",
                            "approved",
                            "cooling_off",
                            "completed",
                            "rejected",
                            "cancelled",
                            "expired",
                        ],
                    )
                ),
                name="case_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["open", "proven", "proposed", "approved", "cooling_off"])),
                fields=("customer",),
                name="case_one_live_per_customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", True),
                        ("state__in", ["open", "proven", "proposed", "approved", "cooling_off"]),
                    ),
                    models.Q(
                        models.Q(
                            ("state__in", ["open", "proven", "proposed", "approved", "cooling_off"]), _negated=True
                        ),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="case_ended_when_over",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(
                        ("proposed_by__isnull", False),
                        models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="case_approved_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("proposed_by__isnull", True),
                        models.Q(("proposed_by", models.F("customer")), _negated=True),
                        _connector="OR",
                    ),
                    models.Q(
                        ("approved_by__isnull", True),
                        models.Q(("approved_by", models.F("customer")), _negated=True),
                        _connector="OR",
                    ),
                ),
                name="case_never_helped_by_its_customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("opened_by__isnull", True), ("proposed_by__isnull", True)),
                    models.Q(
                        ("opened_by__isnull", False), models.Q(("opened_by", models.F("customer")), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="case_helped_when_opened_by_staff",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("proposed_at__isnull", True), ("proposed_by__isnull", True), ("release_to", "")),
                    models.Q(
                        ("proposed_at__isnull", False),
                        ("proposed_by__isnull", False),
                        models.Q(("release_to", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="case_proposed_with_a_channel",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["proposed", "approved"]), _negated=True),
                    ("proposed_by__isnull", False),
                    _connector="OR",
                ),
                name="case_proposed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("state", "approved"), _negated=True),
                        models.Q(
                            ("opened_by__isnull", True),
                            models.Q(("state__in", ["cooling_off", "completed"]), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                    _connector="OR",
                ),
                name="case_approved_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("opened_by")), _negated=True),
                    _connector="OR",
                ),
                name="case_not_approved_by_its_opener",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("seconded_at__isnull", True), ("seconded_by__isnull", True)),
                    models.Q(
                        ("approved_by__isnull", False),
                        ("seconded_at__isnull", False),
                        models.Q(("seconded_by", models.F("approved_by")), _negated=True),
                        models.Q(("seconded_by", models.F("proposed_by")), _negated=True),
                        models.Q(("seconded_by", models.F("opened_by")), _negated=True),
                        models.Q(("seconded_by", models.F("customer")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="case_seconded_by_a_third",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("opened_by__isnull", True),
                    ("state__in", ["cooling_off", "completed"]),
                    ("ended_at__isnull", False),
                    ("key_digest", ""),
                    _connector="OR",
                ),
                name="case_helped_has_no_key_before_its_wait",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("claimed_at__isnull", True), ("claimed_by__isnull", True)),
                    models.Q(
                        ("claimed_at__isnull", False), ("claimed_by__isnull", False), ("opened_by__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="case_claimed_when_helped",
            ),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("declined_at__isnull", True), ("removed_at__isnull", True)),
                fields=("customer", "address"),
                name="contact_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("accepted_at__isnull", True), ("usable_from__isnull", True)),
                    models.Q(
                        ("accepted_at__isnull", False),
                        ("declined_at__isnull", True),
                        (
                            "usable_from__gte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("accepted_at"), "+", models.Value(datetime.timedelta(days=1))
                            ),
                        ),
                        ("usable_from__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="contact_accepted_and_rests",
            ),
        ),
        migrations.AddConstraint(
            model_name="guesses",
            constraint=models.UniqueConstraint(fields=("customer", "way"), name="guesses_once_per_way"),
        ),
        migrations.AddConstraint(
            model_name="inquiry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("outcome", "")), fields=("case", "way"), name="inquiry_one_open_per_way"
            ),
        ),
        migrations.AddConstraint(
            model_name="inquiry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("outcome", "")),
                    models.Q(models.Q(("outcome", ""), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="inquiry_ended_with_an_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="inquiry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "confirmed"), ("way", "document"), _negated=True),
                    models.Q(("ended_by__isnull", False), models.Q(("ended_by", models.F("asked_by")), _negated=True)),
                    _connector="OR",
                ),
                name="inquiry_document_checked_by_another",
            ),
        ),
        migrations.AddIndex(
            model_name="recoveryaddress",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", True)), fields=["address"], name="recovery_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="recoveryaddress",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at__isnull", True)),
                fields=("customer", "kind", "address"),
                name="recovery_address_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="recoveryaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "usable_from__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("proven_at"), "+", models.Value(datetime.timedelta(days=1))
                        ),
                    )
                ),
                name="recovery_address_rests",
            ),
        ),
        migrations.AddConstraint(
            model_name="shown",
            constraint=models.UniqueConstraint(fields=("case", "way"), name="shown_once_per_way"),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
