"""The audit and the decisions lie in one partition for each month (UTC), so that a month ends by dropping its table.

The owner's two functions are all that the portal's own role may do about it: ``audit_make_months`` makes what is
missing, ``audit_drop_months`` drops what ended long enough ago, never before a year. What belongs to no month that was
made goes into a table of its own (``_other``), and is moved when its month is. Rows that are there are moved; that takes
some minutes for ten million.
"""

from django.db import migrations

FUNCTIONS = """
DO $do$ BEGIN EXECUTE replace($make$
CREATE FUNCTION OURS.audit_make_month(parent text, month timestamptz) RETURNS integer LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    -- Without a month: the table of what belongs to none.
    child text := parent || coalesce(to_char(month, '_YYYY_MM'), '_other');
    bounds text := CASE WHEN month IS NULL THEN 'DEFAULT'
        ELSE format('FOR VALUES FROM (%L) TO (%L)', month, month + interval '1 month') END;
BEGIN
    IF to_regclass(format('OURS.%I', child)) IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE OURS.%I (LIKE OURS.%I INCLUDING ALL)', child, parent);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON OURS.%I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION OURS.audit_is_append_only()', child);
    EXECUTE format('ALTER TABLE OURS.%I ATTACH PARTITION OURS.%I %s', parent, child, bounds);
    RETURN 1;
END $$;

CREATE FUNCTION OURS.audit_make_months(ahead integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
DECLARE
    until timestamptz := date_trunc('month', now()) + least(ahead, 24) * interval '1 month';
    parent text;
    month timestamptz;
    made integer := 0;
    astray boolean;
BEGIN
    FOREACH parent IN ARRAY ARRAY['audit_auditentry', 'audit_decisionentry'] LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM OURS.%I WHERE at >= $1 - interval ''10 years'' AND at < $1)',
                       parent || '_other') INTO astray USING until + interval '1 month';
        IF astray THEN
            EXECUTE format('ALTER TABLE OURS.%I DETACH PARTITION OURS.%I', parent, parent || '_other');
            EXECUTE format('ALTER TABLE OURS.%I RENAME TO %I', parent || '_other', parent || '_moved');
            PERFORM OURS.audit_make_month(parent, NULL);
            FOR month IN EXECUTE format('SELECT DISTINCT date_trunc(''month'', at) FROM OURS.%I WHERE at >= '
                '$1 - interval ''10 years'' AND at < $1', parent || '_moved') USING until + interval '1 month' LOOP
                made := made + OURS.audit_make_month(parent, month);
            END LOOP;
            EXECUTE format('INSERT INTO OURS.%I SELECT * FROM OURS.%I', parent, parent || '_moved');
            EXECUTE format('DROP TABLE OURS.%I', parent || '_moved');
        END IF;
        FOR month IN SELECT generate_series(date_trunc('month', now()), until, interval '1 month') LOOP
            made := made + OURS.audit_make_month(parent, month);
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

CREATE FUNCTION OURS.audit_drop_months(parent text, kept integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
DECLARE
    child text;
    gone integer := 0;
BEGIN
    IF kept IS NULL OR kept < 12 OR parent <> ALL (ARRAY['audit_auditentry', 'audit_decisionentry']) THEN
        RAISE EXCEPTION 'refused: no month of the audit goes within a year' USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR child IN
        SELECT table_name.relname FROM pg_inherits JOIN pg_class AS table_name ON table_name.oid = inhrelid
        WHERE inhparent = format('OURS.%I', parent)::regclass AND table_name.relname ~ '_[0-9]{4}_[0-9]{2}$'
          AND to_date(right(table_name.relname, 7), 'YYYY_MM') + interval '1 month'
              <= date_trunc('month', now()) - kept * interval '1 month'
    LOOP
        EXECUTE format('DROP TABLE OURS.%I', child);
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END $$;

REVOKE ALL ON FUNCTION OURS.audit_make_month(text, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION OURS.audit_make_months(integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION OURS.audit_drop_months(text, integer) FROM PUBLIC;
$make$, 'OURS', quote_ident(current_schema())); END $do$;
"""
DROPPED = """
DROP FUNCTION audit_drop_months(text, integer);
DROP FUNCTION audit_make_months(integer);
DROP FUNCTION audit_make_month(text, timestamptz);
"""
_TRIGGERS = {"audit_auditentry": "audit_entry_append_only", "audit_decisionentry": "decision_entry_append_only"}
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %s::regclass AND NOT indisprimary
"""


def _rebuilt(editor, table, *, by_month):
    """The same table with the same rows, in months or not."""
    run = editor.connection.cursor().execute
    with editor.connection.cursor() as cursor:
        cursor.execute(_INDEXES, [table])
        indexes = cursor.fetchall()
    run("SET LOCAL statement_timeout = 0")
    run(f"ALTER TABLE {table} RENAME TO {table}_before")
    kind, key = ("PARTITION BY RANGE (at)", "(id, at)") if by_month else ("", "(id)")
    run(f"CREATE TABLE {table} (LIKE {table}_before INCLUDING DEFAULTS INCLUDING COMMENTS) {kind}")
    if by_month:
        run("SELECT audit_make_month(%s, NULL)", [table])
        months = f"SELECT DISTINCT date_trunc('month', at, 'UTC') AS month FROM {table}_before"  # noqa: S608
        run(f"SELECT audit_make_month(%s, month) FROM ({months}) AS months", [table])  # noqa: S608
    run(f"INSERT INTO {table} SELECT * FROM {table}_before")  # noqa: S608  (our own tables)
    run(f"DROP TABLE {table}_before")
    run(f"ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY {key}")
    for _name, made in indexes:
        run(made.replace(" ON ONLY ", " ON "))
    run(
        f"CREATE TRIGGER {_TRIGGERS[table]} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )


def forward(_apps, editor):
    for table in _TRIGGERS:
        _rebuilt(editor, table, by_month=True)
    editor.connection.cursor().execute("SELECT audit_make_months(3)")


def backward(_apps, editor):
    for table in _TRIGGERS:
        _rebuilt(editor, table, by_month=False)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_squashed")]

    operations = [migrations.RunSQL(FUNCTIONS, DROPPED), migrations.RunPython(forward, backward)]
