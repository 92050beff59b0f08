"""Wrong guesses are counted for a day: the first of them begins it. What is counted already began with the last."""

from django.db import migrations, models
from django.db.models import F


def begin(apps, _schema_editor):
    apps.get_model("recovery", "Guesses").objects.update(first_at=F("last_at"))


class Migration(migrations.Migration):
    dependencies = [("recovery", "0007_seconded")]

    operations = [
        migrations.AddField(
            model_name="guesses",
            name="first_at",
            field=models.DateTimeField(null=True, db_comment="not sensitive: the first of those that are counted"),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="guesses",
            name="first_at",
            field=models.DateTimeField(db_comment="not sensitive: the first of those that are counted"),
        ),
    ]
