"""Each personal column says in which data category it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_backchannel_logout"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="sealed",
            field=models.TextField(
                blank=True, db_comment="sensitive: message; recipient and content, sealed; empty after delivery"
            ),
        ),
    ]
