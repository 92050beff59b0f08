"""A link that proves the address of a new account brings the password of its own sign-up."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0018_canonical_address")]

    operations = [
        migrations.AddField(
            model_name="proof",
            name="password",
            field=models.CharField(
                blank=True,
                db_comment="sensitive: hash of the password that the link brings to a new account",
                default="",
                max_length=128,
            ),
            preserve_default=False,
        ),
    ]
