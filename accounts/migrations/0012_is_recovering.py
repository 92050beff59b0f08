"""Whether somebody is recovering the account stands on its own row, which every request reads anyway."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_device_tokens"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_recovering",
            field=models.BooleanField(db_comment="not sensitive: somebody is recovering the account", default=False),
        ),
    ]
