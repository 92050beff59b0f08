"""Each personal column says in which data category it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0002_details"),
    ]

    operations = [
        migrations.AlterField(
            model_name="approval",
            name="bound_to",
            field=models.CharField(
                db_comment="sensitive: transaction; digest of the transaction, all of it", max_length=64
            ),
        ),
        migrations.AlterField(
            model_name="approval",
            name="digest",
            field=models.CharField(
                db_comment="sensitive: credential; digest of the approval", max_length=64, unique=True
            ),
        ),
    ]
