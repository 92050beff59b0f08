"""Where it came from, of what failed or was refused, as the pseudonym that sessions keep."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """A column, and an index of the rows that have it, made while the portal goes on."""

    atomic = False
    dependencies = (("audit", "0006_lists"),)
    operations = (
        migrations.AddField(
            "auditentry",
            "source",
            models.CharField(
                max_length=20,
                blank=True,
                default="",
                db_comment="pseudonymous: digest of the address it came from, of what failed or was refused",
            ),
        ),
        AddIndexConcurrently(
            "auditentry",
            models.Index(
                fields=["source", "-at"], name="audit_entry_source", condition=models.Q(("source", ""), _negated=True)
            ),
        ),
    )
