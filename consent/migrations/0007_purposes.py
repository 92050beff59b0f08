"""Purposes and their versions: frozen from the approval on, and none is removed; and each column's data category."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import ciam_portal.core.crypto.codes

FORWARD = """
CREATE FUNCTION consent_purpose_version_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% refused: % keeps what was approved as it was', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER purpose_version_is_frozen BEFORE UPDATE ON consent_purposeversion FOR EACH ROW WHEN (
    OLD.state IN ('approved', 'active', 'retired') AND (
        OLD.id, OLD.purpose_id, OLD.number, OLD.texts, OLD.text_sha256, OLD.basis, OLD.access, OLD.categories,
        OLD.optional, OLD.recipients, OLD.retention_days, OLD.valid_for_days, OLD.sensitivity, OLD.is_material,
        OLD.drafted_by, OLD.drafted_at, OLD.against, OLD.proposed_by, OLD.proposed_at, OLD.approved_by, OLD.approved_at
    ) IS DISTINCT FROM (
        NEW.id, NEW.purpose_id, NEW.number, NEW.texts, NEW.text_sha256, NEW.basis, NEW.access, NEW.categories,
        NEW.optional, NEW.recipients, NEW.retention_days, NEW.valid_for_days, NEW.sensitivity, NEW.is_material,
        NEW.drafted_by, NEW.drafted_at, NEW.against, NEW.proposed_by, NEW.proposed_at, NEW.approved_by, NEW.approved_at
    )
) EXECUTE FUNCTION consent_purpose_version_is_kept();
CREATE TRIGGER purpose_version_goes_its_way BEFORE UPDATE OF state ON consent_purposeversion FOR EACH ROW WHEN (
    OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'proposed'), ('draft', 'retired'), ('proposed', 'draft'), ('proposed', 'approved'),
        ('proposed', 'retired'), ('approved', 'active'), ('approved', 'retired'), ('active', 'retired')
    )
) EXECUTE FUNCTION consent_purpose_version_is_kept();
CREATE TRIGGER purpose_version_is_kept BEFORE DELETE OR TRUNCATE ON consent_purposeversion
    FOR EACH STATEMENT EXECUTE FUNCTION consent_purpose_version_is_kept();
"""
BACKWARD = """
DROP TRIGGER purpose_version_is_frozen ON consent_purposeversion;
DROP TRIGGER purpose_version_goes_its_way ON consent_purposeversion;
DROP TRIGGER purpose_version_is_kept ON consent_purposeversion;
DROP FUNCTION consent_purpose_version_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0006_devices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Purpose",
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
                    "key",
                    models.SlugField(
                        db_comment="not sensitive: as code and partners name it",
                        db_index=False,
                        max_length=32,
                        unique=True,
                    ),
                ),
                ("made_at", models.DateTimeField(db_comment="not sensitive")),
            ],
        ),
        migrations.AlterField(
            model_name="authorizationdetail",
            name="said",
            field=models.JSONField(db_comment="personal: transaction; what the customer approved, whom it pays"),
        ),
        migrations.AlterField(
            model_name="devicecode",
            name="digest",
            field=models.CharField(db_comment="sensitive: credential; digest of the device code", max_length=64),
        ),
        migrations.AlterField(
            model_name="devicecode",
            name="user_code",
            field=models.CharField(db_comment="sensitive: credential; digest of the code that is shown", max_length=64),
        ),
        migrations.CreateModel(
            name="PurposeVersion",
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
                ("number", models.PositiveIntegerField(db_comment="not sensitive: counted from 1")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("proposed", "proposed"),
                            ("approved", "approved"),
                            ("active", "active"),
                            ("retired", "retired"),
                        ],
                        db_comment="not sensitive",
                        max_length=8,
                    ),
                ),
                (
                    "texts",
                    models.JSONField(
                        db_comment="not sensitive: for each language a title, and the words that people read"
                    ),
                ),
                ("text_sha256", models.CharField(db_comment="not sensitive: digest of the texts", max_length=64)),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("consent", "consent"),
                            ("contract", "contract"),
                            ("legal_obligation", "legal_obligation"),
                            ("legitimate_interest", "legitimate_interest"),
                        ],
                        db_comment="not sensitive",
                        max_length=20,
                    ),
                ),
                (
                    "access",
                    models.CharField(
                        choices=[("read", "read"), ("share", "share"), ("profile", "profile"), ("contact", "contact")],
                        db_comment="not sensitive",
                        max_length=8,
                    ),
                ),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        db_comment="not sensitive: of data that is used",
                        size=None,
                    ),
                ),
                (
                    "optional",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        db_comment="not sensitive: those that can be refused alone",
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "recipients",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16), db_comment="not sensitive: who gets it", size=None
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        db_comment="not sensitive: kept for so long; empty: as long as the account", null=True
                    ),
                ),
                (
                    "valid_for_days",
                    models.PositiveIntegerField(
                        db_comment="not sensitive: a consent ends after so long; empty: it rests on no consent",
                        null=True,
                    ),
                ),
                (
                    "sensitivity",
                    models.CharField(
                        choices=[("ordinary", "ordinary"), ("sensitive", "sensitive"), ("special", "special")],
                        db_comment="not sensitive",
                        max_length=9,
                    ),
                ),
                (
                    "is_material",
                    models.BooleanField(db_comment="not sensitive: who said yes to an older version is asked again"),
                ),
                (
                    "drafted_by",
                    models.UUIDField(db_comment="pseudonymous: id of staff; empty: the installation", null=True),
                ),
                ("drafted_at", models.DateTimeField(db_comment="not sensitive: last written")),
                (
                    "against",
                    models.UUIDField(
                        db_comment="not sensitive: the version that was active when it was proposed", null=True
                    ),
                ),
                (
                    "proposed_by",
                    models.UUIDField(db_comment="pseudonymous: id of staff; empty: the installation", null=True),
                ),
                ("proposed_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "approved_by",
                    models.UUIDField(db_comment="pseudonymous: id of staff; empty: the installation", null=True),
                ),
                ("approved_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("activated_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("retired_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "seal",
                    models.CharField(
                        blank=True, db_comment="not sensitive: a keyed digest over all of the row", max_length=128
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        db_comment="not sensitive",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="consent.purpose",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("purpose", "number"), name="purpose_version_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "active")), fields=("purpose",), name="purpose_version_one_active"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["approved", "draft", "proposed"])),
                        fields=("purpose",),
                        name="purpose_version_one_on_its_way",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("approved", "active")), _negated=True),
                            models.Q(
                                ("approved_at__isnull", False),
                                models.Q(
                                    models.Q(
                                        ("approved_by__isnull", True),
                                        ("drafted_by__isnull", True),
                                        ("proposed_by__isnull", True),
                                    ),
                                    models.Q(
                                        ("approved_by__isnull", False),
                                        ("drafted_by__isnull", False),
                                        ("proposed_by__isnull", False),
                                        models.Q(("approved_by", models.F("drafted_by")), _negated=True),
                                        models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="purpose_version_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "active"), _negated=True),
                            ("activated_at__isnull", False),
                            _connector="OR",
                        ),
                        name="purpose_version_active_since",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("optional__contained_by", models.F("categories"))),
                        name="purpose_version_optional_is_part",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
