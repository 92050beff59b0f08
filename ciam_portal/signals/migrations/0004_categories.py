"""Each personal column says in which data category it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("signals", "0003_former"),
    ]

    operations = [
        migrations.AlterField(
            model_name="former",
            name="digest",
            field=models.CharField(db_comment="sensitive: former; digest of it", max_length=64),
        ),
        migrations.AlterField(
            model_name="signal",
            name="sealed",
            field=models.TextField(db_comment="sensitive: message; of whom it speaks and what it says, sealed"),
        ),
        migrations.AlterField(
            model_name="stream",
            name="authorization",
            field=models.TextField(blank=True, db_comment="secret: sealed; the header that they are pushed with"),
        ),
    ]
