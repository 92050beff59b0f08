"""Versions of the policy and of the risk model: what they say never changes, and none is removed."""

from django.db import migrations, models

import ciam_portal.core.crypto.codes

FORWARD = """
CREATE FUNCTION governance_version_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% refused: % keeps every version as it was found', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER policy_version_text_is_kept BEFORE UPDATE OF id, version, content, found_at ON governance_policyversion
    FOR EACH ROW WHEN (
        (OLD.id, OLD.version, OLD.content, OLD.found_at) IS DISTINCT FROM (NEW.id, NEW.version, NEW.content, NEW.found_at)
    ) EXECUTE FUNCTION governance_version_is_kept();
CREATE TRIGGER policy_version_is_kept BEFORE DELETE OR TRUNCATE ON governance_policyversion
    FOR EACH STATEMENT EXECUTE FUNCTION governance_version_is_kept();
CREATE TRIGGER risk_model_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON governance_riskmodel
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""
BACKWARD = """
DROP TRIGGER risk_model_append_only ON governance_riskmodel;
DROP TRIGGER policy_version_text_is_kept ON governance_policyversion;
DROP TRIGGER policy_version_is_kept ON governance_policyversion;
DROP FUNCTION governance_version_is_kept();
"""


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("governance", "0001_versions"),
        ("governance", "0002_append_mostly"),
        ("governance", "0003_replays"),
        ("governance", "0004_risk_models"),
    ]

    dependencies = [
        ("audit", "0001_squashed"),
    ]

    operations = [
        migrations.CreateModel(
            name="RiskModel",
            fields=[
                (
                    "version",
                    models.CharField(
                        db_comment="not sensitive: as decisions name it",
                        max_length=16,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("numbers", models.JSONField(db_comment="not sensitive: parameters and points")),
                ("found_at", models.DateTimeField(db_comment="not sensitive: when it first ran here")),
            ],
        ),
        migrations.CreateModel(
            name="PolicyVersion",
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
                    "version",
                    models.CharField(db_comment="not sensitive: hash of the content", max_length=16, unique=True),
                ),
                ("content", models.TextField(db_comment="not sensitive: the policy file, TOML")),
                (
                    "origin",
                    models.CharField(
                        choices=[("installation", "installation"), ("upgrade", "upgrade"), ("file", "file")],
                        db_comment="not sensitive",
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("found", "found"),
                            ("proposed", "proposed"),
                            ("deciding", "deciding"),
                            ("superseded", "superseded"),
                            ("rejected", "rejected"),
                        ],
                        db_comment="not sensitive",
                        max_length=16,
                    ),
                ),
                ("found_at", models.DateTimeField(db_comment="not sensitive")),
                (
                    "proposed_by",
                    models.UUIDField(db_comment="pseudonymous: id of staff; empty: the installation", null=True),
                ),
                ("proposed_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "against",
                    models.CharField(blank=True, db_comment="not sensitive: what decided when proposed", max_length=16),
                ),
                (
                    "replay",
                    models.JSONField(db_comment="not sensitive: counts of past decisions that would differ", null=True),
                ),
                (
                    "approved_by",
                    models.UUIDField(db_comment="pseudonymous: id of staff; empty: the installation", null=True),
                ),
                ("approved_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("superseded_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("rejected_by", models.UUIDField(db_comment="pseudonymous: id of staff", null=True)),
                ("rejected_at", models.DateTimeField(db_comment="not sensitive", null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "deciding")), fields=("state",), name="policy_version_one_decides"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("origin", "installation")),
                        fields=("origin",),
                        name="policy_version_one_installation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                            models.Q(
                                ("approved_at__isnull", False),
                                models.Q(
                                    models.Q(
                                        ("approved_by__isnull", True),
                                        ("origin__in", ("installation", "upgrade")),
                                        ("proposed_by__isnull", True),
                                    ),
                                    models.Q(
                                        ("approved_by__isnull", False),
                                        ("proposed_by__isnull", False),
                                        models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="policy_version_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_at__isnull", True),
                            ("replay__isnull", False),
                            models.Q(
                                ("approved_by__isnull", True),
                                ("origin__in", ("installation", "upgrade")),
                                ("proposed_by__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="policy_version_replay_first",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("deciding", "superseded")), _negated=True),
                            ("approved_at__isnull", False),
                            _connector="OR",
                        ),
                        name="policy_version_decides_if_approved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "proposed"), _negated=True),
                            models.Q(
                                ("proposed_at__isnull", False),
                                ("proposed_by__isnull", False),
                                ("replay__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="policy_version_proposed_by_someone",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Replay",
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
                ("candidate", models.CharField(db_comment="not sensitive: version of the policy", max_length=16)),
                ("asked_by", models.UUIDField(db_comment="pseudonymous: id of staff", null=True)),
                ("asked_at", models.DateTimeField(db_comment="not sensitive")),
                ("since", models.DateTimeField(db_comment="not sensitive: made before that is not asked")),
                ("total", models.PositiveIntegerField(db_comment="not sensitive: decisions to be asked")),
                ("before", models.UUIDField(db_comment="not sensitive: decisions from this one on are done")),
                ("report", models.JSONField(db_comment="not sensitive: counts of past decisions that would differ")),
                ("finished_at", models.DateTimeField(db_comment="not sensitive", null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("candidate",),
                        name="replay_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
