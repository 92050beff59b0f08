"""What links and codes are for is declared by the theme that sends them. The stored names stay; no table changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_app_bucket")]

    operations = [
        migrations.AlterField(
            model_name="proof",
            name="purpose",
            field=models.CharField(db_comment="not sensitive", max_length=20),
        ),
    ]
