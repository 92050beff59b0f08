"""Services of ours use data for what they were registered for; a partner for trials is none."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oauth", "0018_agents"),
    ]

    operations = [
        migrations.AddField(
            model_name="partner",
            name="data_purposes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=64),
                db_comment="not sensitive: purposes that it may use data for, as a service of ours; none: it may not",
                default=list,
                size=None,
            ),
        ),
        migrations.RemoveConstraint(
            model_name="partner",
            name="partner_of_sandbox_sees_nothing_of_others",
        ),
        migrations.AddConstraint(
            model_name="partner",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("environment", "sandbox"), _negated=True),
                    models.Q(("data_purposes", []), ("decision_actions", [])),
                    _connector="OR",
                ),
                name="partner_of_sandbox_sees_nothing_of_others",
            ),
        ),
    ]
