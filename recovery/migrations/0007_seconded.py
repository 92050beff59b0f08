"""The second of two who approve a recovery that rests on little: a third person, who noted nothing in it."""

from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE OR REPLACE FUNCTION recovery_case_keeps_its_people() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION recovery_case_keeps_its_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.opened_by IS DISTINCT FROM OLD.opened_by
        OR (OLD.proposed_by IS NOT NULL
            AND (NEW.proposed_by IS DISTINCT FROM OLD.proposed_by OR NEW.release_to <> OLD.release_to))
        OR (OLD.approved_by IS NOT NULL AND NEW.approved_by IS DISTINCT FROM OLD.approved_by)
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
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0006_one_address"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="seconded_at",
            field=models.DateTimeField(db_comment="not sensitive", null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="seconded_by",
            field=models.UUIDField(
                db_comment="pseudonymous: member of staff, the second of two who approve where little was shown",
                null=True,
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
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
