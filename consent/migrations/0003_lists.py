"""The newest consents first, however many there are."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """An index, made while the portal goes on."""

    atomic = False
    dependencies = (("consent", "0002_initial"),)
    operations = (AddIndexConcurrently("consent", models.Index(fields=["-given_at"], name="consent_given")),)
