"""Each personal column says in which data category it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oauth", "0016_key_uses"),
    ]

    operations = [
        migrations.AlterField(
            model_name="credential",
            name="digest",
            field=models.CharField(blank=True, db_comment="secret: digest of the partner's, sealed", max_length=255),
        ),
        migrations.AlterField(
            model_name="partner",
            name="contact",
            field=models.CharField(
                blank=True,
                db_comment="personal: operator; address of those who run it, hears what its owner hears",
                max_length=254,
            ),
        ),
        migrations.AlterField(
            model_name="signingkey",
            name="sealed",
            field=models.TextField(
                blank=True, db_comment="secret: the private half, sealed; empty once it signs nothing any more"
            ),
        ),
    ]
