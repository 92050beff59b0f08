"""Each row carries a seal. Rows from before get one that says so: it vouches for them from this migration on.

The rows are append-only, so their triggers are set aside while the one new column is filled, in this transaction.
"""

from typing import Any

from django.db import migrations, models

from ciam_portal.core.audit import seal

TABLES = (
    ("AuditEntry", "audit_auditentry", "audit_entry_append_only"),
    ("DecisionEntry", "audit_decisionentry", "decision_entry_append_only"),
)
CHUNK = 2_000


def seal_rows(apps: Any, schema_editor: Any) -> None:
    """Fill the column, some rows at a time."""
    for name, table, trigger in TABLES:
        model = apps.get_model("audit", name)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
            last = None
            while rows := list((model.objects.filter(pk__gt=last) if last else model.objects).order_by("pk")[:CHUNK]):
                last = rows[-1].pk
                cursor.execute(
                    f"UPDATE {table} SET seal = made.seal "  # noqa: S608  (our own tables)
                    "FROM unnest(%s::uuid[], %s::text[]) AS made (id, seal) "
                    f"WHERE {table}.id = made.id AND {table}.seal = ''",
                    [[row.pk for row in rows], [seal.made(row, seal.MADE_LATER) for row in rows]],
                )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


class Migration(migrations.Migration):
    dependencies = (("audit", "0004_question_names"),)
    operations = (
        migrations.AddField(
            model_name="auditentry",
            name="seal",
            field=models.CharField(db_comment="not sensitive: keyed digest of the row", default="", max_length=96),
        ),
        migrations.AddField(
            model_name="decisionentry",
            name="seal",
            field=models.CharField(db_comment="not sensitive: keyed digest of the row", default="", max_length=96),
        ),
        migrations.RunPython(seal_rows, migrations.RunPython.noop),
    )
