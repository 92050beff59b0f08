"""Indexes by which what is over is found."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0002_takes_two"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(
                    ("removed_at__isnull", False),
                    ("declined_at__isnull", False),
                    ("accepted_at__isnull", True),
                    _connector="OR",
                ),
                fields=["invited_at"],
                name="contact_over",
            ),
        ),
        migrations.AddIndex(
            model_name="recoveryaddress",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", False)),
                fields=["removed_at"],
                name="recovery_address_removed",
            ),
        ),
    ]
