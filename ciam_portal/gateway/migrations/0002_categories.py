"""Each personal column says in which data category it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="entry",
            name="digest",
            field=models.CharField(
                db_comment="sensitive: credential; digest of the value in the cookie", max_length=64
            ),
        ),
    ]
