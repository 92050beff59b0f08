from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oauth", "0015_token_exchange"),
    ]

    operations = [
        migrations.AddField(
            model_name="signingkey",
            name="use",
            field=models.CharField(
                choices=[("tokens", "Tokens"), ("receipts", "Receipts")],
                db_comment="not sensitive: for what it signs",
                default="tokens",
                max_length=16,
            ),
        ),
    ]
