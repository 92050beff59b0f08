"""The newest messages first, however many there are."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """An index, made while the portal goes on."""

    atomic = False
    dependencies = (("notifications", "0001_initial"),)
    operations = (AddIndexConcurrently("notice", models.Index(fields=["-created_at"], name="notice_created")),)
