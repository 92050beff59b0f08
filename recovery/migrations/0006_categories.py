"""Each personal column says in which data category it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0005_words"),
    ]

    operations = [
        migrations.AlterField(
            model_name="case",
            name="key_digest",
            field=models.CharField(
                blank=True,
                db_comment="sensitive: credential; digest of the key in the browser that began it",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="contact",
            name="address",
            field=models.EmailField(
                db_comment="personal: people; address of somebody else, in its canonical form", max_length=254
            ),
        ),
        migrations.AlterField(
            model_name="contact",
            name="name",
            field=models.CharField(db_comment="personal: people; what the customer calls somebody else", max_length=64),
        ),
        migrations.AlterField(
            model_name="recoveryaddress",
            name="address",
            field=models.CharField(db_comment="personal: recovery; in its canonical form, or E.164", max_length=254),
        ),
    ]
