"""What staff ask the audit and the decisions about, however many there are: by whom, and the newest first."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Indexes, made while the portal goes on."""

    atomic = False
    dependencies = (("audit", "0005_seals"),)
    operations = (
        AddIndexConcurrently("auditentry", models.Index(fields=["actor", "-at"], name="audit_entry_actor")),
        AddIndexConcurrently("decisionentry", models.Index(fields=["-at"], name="audit_decision_at")),
    )
