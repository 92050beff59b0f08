"""What a customer reads out over the phone leads to its decision, and to what a request caused."""

from django.db import migrations, models
from django.db.models.functions import Cast, Right


def _end(column):
    return Right(Cast(column, models.CharField()), 10)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_by_month")]

    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.AddIndex("auditentry", models.Index(_end("request_id"), name="audit_entry_request")),
        migrations.AddIndex("decisionentry", models.Index(_end("id"), name="audit_decision_reference")),
    ]
