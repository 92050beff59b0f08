from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_push"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="device",
            name="device_token_of_one_customer",
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(fields=["cookie_digest"], name="device_token"),
        ),
    ]
