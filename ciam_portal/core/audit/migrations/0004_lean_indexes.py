"""Indexes that nothing uses go: one column beside a longer index that begins with it, patterns nobody asks for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_references"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="decisionentry",
            name="audit_decision_question",
        ),
        migrations.AddIndex(
            model_name="decisionentry",
            index=models.Index(
                condition=models.Q(("answer", "allow"), _negated=True),
                fields=["answer", "-at"],
                name="audit_decision_answer",
            ),
        ),
        migrations.AddIndex(
            model_name="decisionentry",
            index=models.Index(
                condition=models.Q(("reason", ""), _negated=True),
                fields=["reason", "-at"],
                name="audit_decision_reason",
            ),
        ),
    ]
