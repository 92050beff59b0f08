"""The owner's two functions look after every table that was cut into months (it has a part ``_other``), not two.

A table whose rows may only count up says so by a trigger of its own, ``only_counts``: there the trigger of each month
leaves UPDATE to that one.
"""

import importlib

from django.db import migrations

_before = importlib.import_module("ciam_portal.core.audit.migrations.0002_by_month")
_TWO = "FOREACH parent IN ARRAY ARRAY['audit_auditentry', 'audit_decisionentry'] LOOP"
_ALL = "FOR parent IN SELECT name FROM OURS.audit_by_month() AS name LOOP"
_CLOSED = """'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON OURS.%I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION OURS.audit_is_append_only()', child"""
_COUNTS = """'CREATE TRIGGER append_only BEFORE %s ON OURS.%I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION OURS.audit_is_append_only()',
                   CASE WHEN EXISTS (SELECT FROM pg_trigger WHERE tgname = 'only_counts'
                                     AND tgrelid = format('OURS.%I', parent)::regclass)
                   THEN 'DELETE OR TRUNCATE' ELSE 'UPDATE OR DELETE OR TRUNCATE' END, child"""
_LISTED = "parent <> ALL (ARRAY['audit_auditentry', 'audit_decisionentry'])"
_KNOWN = "parent NOT IN (SELECT name FROM OURS.audit_by_month() AS name)"
_ALIKE = "CREATE FUNCTION OURS.audit_"
_LIST = """CREATE FUNCTION OURS.audit_by_month() RETURNS SETOF name LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT relname FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid
    WHERE relnamespace = 'OURS'::regnamespace AND to_regclass(format('OURS.%I', relname || '_other')) IS NOT NULL
    ORDER BY relname
$$;
REVOKE ALL ON FUNCTION OURS.audit_by_month() FROM PUBLIC;
"""


def _replaced(text, *changes):
    for old, new in changes:
        if old not in text:
            raise ValueError(old)
        text = text.replace(old, new)
    return text


_AGAIN = _replaced(_before.FUNCTIONS, (_ALIKE, _ALIKE.replace("CREATE", "CREATE OR REPLACE")))
FUNCTIONS = _replaced(_AGAIN, (_TWO, _ALL), (_CLOSED, _COUNTS), (_LISTED, _KNOWN), ("$make$\n", f"$make$\n{_LIST}"))


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_tree")]

    operations = [migrations.RunSQL(FUNCTIONS, [_AGAIN, "DROP FUNCTION audit_by_month()"])]
