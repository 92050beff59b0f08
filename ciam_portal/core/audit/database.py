"""Two roles of the database: one owns the tables and migrates, the portal itself runs as the other.

The audit's triggers hold nobody who may disable them, so the portal's own role owns no table and is no superuser. It
reads and adds to the audit; of a policy's version it also changes the state. ``manage.py migrate`` grants it that.
"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import connection
from psycopg import sql

from ciam_portal.core.audit.tree import leaves

AUDIT = ("audit_auditentry", "audit_decisionentry")
ADD_ONLY = ("audit_leaf", "audit_subtree", "governance_riskmodel")  # and whatever stands in the tree
KEPT = ("governance_policyversion", "consent_use")  # what may change, triggers say
READ_ONLY = ("django_migrations",)
MONTHS = ("audit_make_months", "audit_drop_months")  # the owner's own functions: all that a role may do to the audit

_GRANT = """
DO $$
DECLARE
    portal text := {role};
    found record;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), portal);
    FOR found IN SELECT relname AS name, relispartition AS is_part FROM pg_class
                 WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %I, PUBLIC', found.name, portal);
        CONTINUE WHEN found.is_part;  -- a part is read and added to through the whole
        EXECUTE format('GRANT %s ON %I TO %I', CASE
            WHEN found.name = ANY ({read_only}) THEN 'SELECT'
            WHEN found.name = ANY ({add_only}) THEN 'SELECT, INSERT'
            WHEN found.name = ANY ({kept}) THEN 'SELECT, INSERT, UPDATE'
            ELSE 'SELECT, INSERT, UPDATE, DELETE' END, found.name, portal);
    END LOOP;
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
                 WHERE pronamespace = current_schema()::regnamespace AND proname = ANY ({months}) LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', found.name, portal);
    END LOOP;
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I', current_schema(), portal);
END $$
"""
# Of every table that stands in the tree: what is added waits for it, and so does what was there before.
_WAITS = """
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY {tables}::text[] LOOP
        CONTINUE WHEN to_regclass(kind) IS NULL OR to_regclass('audit_waiting') IS NULL
            OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(kind) AND tgname = 'waits_for_the_tree');
        EXECUTE format('CREATE TRIGGER waits_for_the_tree AFTER INSERT ON %I FOR EACH ROW '
                       'EXECUTE FUNCTION audit_waits(%L)', kind, kind);
        EXECUTE format('INSERT INTO audit_waiting (kind, "row", at) SELECT %L, id, at FROM %I AS given '
                       'WHERE NOT EXISTS (SELECT FROM audit_leaf WHERE "row" = given.id AND kind = %L) '
                       'ORDER BY at, id', kind, kind, kind);
    END LOOP;
END $$
"""
# What the role may that asks, by what it is, what it owns or may become, and what it was given. Whoever may make roles
# may make one that is a member of another (up to PostgreSQL 15), and whoever runs programs on the server is its owner.
_MIGHT = """
SELECT current_user,
       (SELECT bool_or(rolsuper OR rolcreaterole OR rolname IN ('pg_execute_server_program', 'pg_write_server_files'))
           FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER'))
           OR has_parameter_privilege(current_user, 'session_replication_role', 'SET'),
       (SELECT coalesce(bool_or(pg_has_role(current_user, owned.relowner, 'MEMBER')), false) FROM pg_class AS owned
           WHERE owned.relnamespace = current_schema()::regnamespace)
           OR (SELECT pg_has_role(current_user, nspowner, 'MEMBER') FROM pg_namespace
               WHERE nspname = current_schema()),
       coalesce(bool_or(has_table_privilege(current_user, oid, 'DELETE, TRUNCATE, TRIGGER')
                        OR has_any_column_privilege(current_user, oid, 'UPDATE')), false)
FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
  AND (relname = ANY (%s)
       OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = pg_class.oid AND inhparent::regclass::text = ANY (%s)))
"""


def on_migrated(**_: Any) -> None:  # noqa: ANN401  (a signal's words)
    """After ``migrate``, as the owner: tables join the tree; the portal's role, if another, gets what it needs."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(_WAITS).format(tables=sql.Literal(list(leaves.tables()))))
        cursor.execute("SELECT current_user")
        if cursor.fetchone() == (settings.PORTAL_ROLE,):
            return
        lists = {"read_only": READ_ONLY, "add_only": add_only(), "kept": KEPT, "months": MONTHS}
        words = {name: sql.Literal(list(value)) for name, value in lists.items()}
        words["role"] = sql.Literal(settings.PORTAL_ROLE)
        cursor.execute(sql.SQL(_GRANT).format(**words))


def add_only() -> set[str]:
    """The tables to which the portal's role may add, and nothing else."""
    return {*ADD_ONLY, *leaves.tables()}


def too_mighty() -> str:
    """Why the role of this process could rewrite the audit, in a sentence; empty if it cannot. Raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute(_MIGHT, [list(AUDIT), list(AUDIT)])
        name, is_super, owns, may_change = cursor.fetchone()
    because = {
        "is a superuser, or may become one": is_super,
        "owns tables or their schema, or may become their owner": owns,
        "was granted more than reading and adding": may_change,
    }
    found = next((words for words, holds in because.items() if holds), "")
    if not found:
        return ""
    return (
        f"The database role {name!r} {found}, so it could rewrite the audit: set DATABASE_URL to a role that owns "
        "nothing (README, Deploying)."
    )


def portal_role(*, databases: Any = None, **_: Any) -> list[CheckMessage]:  # noqa: ANN401  (Django's arguments)
    """The same as a system check: ``manage.py check --database default``. Not while the owner migrates."""
    if not databases or settings.DATABASES["default"]["USER"] != settings.PORTAL_ROLE:
        return []
    sentence = too_mighty()
    return [Error(sentence, id="audit.E001")] if sentence else []
