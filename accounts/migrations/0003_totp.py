"""The sealed authenticator app: apart, because the library's own table needs the user table first."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("accounts", "0002_roles"), ("otp_totp", "0003_add_timestamps"))
    operations = (
        migrations.CreateModel(
            name="Totp",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("otp_totp.totpdevice",),
        ),
    )
