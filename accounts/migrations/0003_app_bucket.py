"""Wrong codes of an app are counted in a bucket for each origin: the names of the rest of the product."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_squashed")]

    operations = [
        migrations.RemoveConstraint(model_name="applane", name="app_lane_once"),
        migrations.RenameModel(old_name="AppLane", new_name="AppBucket"),
        migrations.RenameField(model_name="appbucket", old_name="door", new_name="origin"),
        migrations.AlterField(
            model_name="appbucket",
            name="app",
            field=models.ForeignKey(
                db_comment="pseudonymous",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="buckets",
                to="accounts.totp",
            ),
        ),
        migrations.RenameIndex(model_name="appbucket", old_name="app_lane_last", new_name="app_bucket_last"),
        migrations.AddConstraint(
            model_name="appbucket",
            constraint=models.UniqueConstraint(fields=("app", "origin"), name="app_bucket_once"),
        ),
    ]
