"""A tree over the rows (RFC 9162): what waits for it, its leaves and subtrees, which only grow, and its checkpoints.

Which tables stand in it says the code; they get their trigger after migrating (``database.on_migrated``).
"""

from django.db import migrations, models

TRIGGERS = """
DO $do$ BEGIN EXECUTE replace($make$
CREATE FUNCTION OURS.audit_waits() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO OURS.audit_waiting (kind, "row", at) VALUES (TG_ARGV[0], NEW.id, NEW.at);
    RETURN NULL;
END $$;
$make$, 'OURS', quote_ident(current_schema())); END $do$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_subtree
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""
DROPPED = """
DROP FUNCTION audit_waits() CASCADE;
DROP TRIGGER append_only ON audit_leaf;
DROP TRIGGER append_only ON audit_subtree;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_tally")]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                (
                    "size",
                    models.BigIntegerField(
                        db_comment="not sensitive: so many leaves", primary_key=True, serialize=False
                    ),
                ),
                ("note", models.TextField(db_comment="not sensitive: C2SP checkpoint, signed")),
                ("at", models.DateTimeField(db_comment="not sensitive", db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Subtree",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.PositiveSmallIntegerField(db_comment="not sensitive: of 2 to this power leaves")),
                ("number", models.BigIntegerField(db_comment="not sensitive: which one of its level, from 0")),
                ("hash", models.BinaryField(db_comment="not sensitive")),
            ],
        ),
        migrations.CreateModel(
            name="Waiting",
            fields=[
                ("id", models.BigAutoField(db_comment="not sensitive", primary_key=True, serialize=False)),
                ("kind", models.CharField(db_comment="not sensitive: its table", max_length=63)),
                ("row", models.UUIDField(db_comment="not sensitive: its id")),
                ("at", models.DateTimeField(db_comment="not sensitive: its time")),
            ],
            options={
                "verbose_name_plural": "waiting",
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                (
                    "index",
                    models.BigIntegerField(
                        db_comment="not sensitive: its place, from 0", primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(db_comment="not sensitive: the table of its row", max_length=63)),
                ("row", models.UUIDField(db_comment="not sensitive: the id of its row")),
                (
                    "at",
                    models.DateTimeField(
                        db_comment="not sensitive: the time of its row, which says in which month that lies"
                    ),
                ),
                (
                    "hash",
                    models.BinaryField(db_comment="not sensitive: SHA-256 over the row, which holds a keyed digest"),
                ),
                (
                    "stamp",
                    models.BinaryField(db_comment="not sensitive: keyed digest of this row; it names what was moved"),
                ),
            ],
            options={
                "verbose_name_plural": "leaves",
                "constraints": [models.UniqueConstraint(fields=("row", "kind"), name="leaf_once")],
            },
        ),
        migrations.RunSQL(TRIGGERS, DROPPED),
    ]
