"""Where little was noted, the first who approves says that it takes two: without the second nothing waits or ends well.

A proposal that one has approved and that still is one takes two; so did whatever has a second.
"""

from django.db import migrations, models
from django.db.models import Q

FORWARD = """
CREATE FUNCTION recovery_case_takes_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'that a recovery takes two who approve is never taken back' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER recovery_case_takes_two BEFORE UPDATE ON recovery_case FOR EACH ROW
    WHEN (OLD.takes_two AND NOT NEW.takes_two) EXECUTE FUNCTION recovery_case_takes_two();
"""
BACKWARD = """
DROP TRIGGER recovery_case_takes_two ON recovery_case;
DROP FUNCTION recovery_case_takes_two();
"""


def say(apps, _schema_editor):
    half = Q(state="proposed", approved_by__isnull=False)
    apps.get_model("recovery", "Case").objects.filter(Q(seconded_by__isnull=False) | half).update(takes_two=True)


class Migration(migrations.Migration):
    replaces = [("recovery", "0010_takes_two")]

    dependencies = [("recovery", "0001_squashed")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="takes_two",
            field=models.BooleanField(
                default=False, db_comment="not sensitive: little was noted, so two have to approve and it waits longest"
            ),
        ),
        migrations.RunPython(say, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("takes_two", False),
                    ("seconded_by__isnull", False),
                    Q(("state__in", ["approved", "cooling_off", "completed"]), _negated=True),
                    _connector="OR",
                ),
                name="case_seconded_where_it_takes_two",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
