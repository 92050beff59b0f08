"""The portal's own role of the database reads and adds to the audit. It cannot change it, nor what holds it."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection, transaction
from django.test import Client

from ciam_portal.core.audit import database
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.governance import recompute, start
from ciam_portal.governance.models import PolicyVersion
from tests.governance.rows import assess

pytestmark = pytest.mark.django_db


INSTEAD_OF_REFUSING = """
CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$
"""


def run(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def as_portal(db: None) -> Iterator[None]:
    """What the portal may, for the rest of the test's transaction."""
    run(f'SET LOCAL ROLE "{configured.PORTAL_ROLE}"')
    yield
    run("RESET ROLE")


def test_the_portal_writes_and_reads_its_audit(as_portal: None) -> None:
    assert recompute.recompute(assess()) == ()
    assert DecisionEntry.objects.count() == 1


@pytest.mark.parametrize("table", database.AUDIT)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET channel = 'x'", "DELETE FROM {}", "TRUNCATE {}", "ALTER TABLE {} DISABLE TRIGGER USER",
        "DROP TABLE {}", "ALTER TABLE {} OWNER TO CURRENT_USER", INSTEAD_OF_REFUSING,
        "SET session_replication_role = replica", "CREATE RULE r AS ON INSERT TO {} DO INSTEAD NOTHING",
        "CREATE TRIGGER t BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()",
    ],
)  # fmt: skip
def test_the_portal_cannot_change_it_nor_what_holds_it(as_portal: None, table: str, statement: str) -> None:
    assess()
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        run(statement.format(table))


def test_versions_of_the_policy_are_decided_about_but_not_removed(as_portal: None) -> None:
    PolicyVersion.objects.select_for_update().update(against="x")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        run("DELETE FROM governance_policyversion")


def test_every_table_of_ours_can_be_used(as_portal: None) -> None:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    add_only = database.add_only()
    assert {*database.AUDIT, "audit_leaf", "audit_subtree", "consent_receipt", "consent_consentevent"} <= add_only
    for table in sorted(tables):
        needed = {"SELECT", "INSERT"}
        needed |= set() if table in add_only else {"UPDATE"}
        needed |= set() if table in {*add_only, *database.KEPT} else {"DELETE"}
        has = {verb for verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")
               if run(f"SELECT has_table_privilege('{table}', '{verb}')") == [(True,)]}  # fmt: skip
        assert has == needed, table


def test_the_portals_role_is_not_too_mighty(as_portal: None) -> None:
    assert database.too_mighty() == ""


@pytest.mark.parametrize("grant", ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER"])
def test_a_role_that_was_given_more_is(grant: str) -> None:
    run(f'GRANT {grant} ON audit_decisionentry TO "{configured.PORTAL_ROLE}"')
    run(f'SET LOCAL ROLE "{configured.PORTAL_ROLE}"')
    assert f"'{configured.PORTAL_ROLE}' was granted more" in database.too_mighty()
    run("RESET ROLE")
    database.on_migrated()  # migrating takes it back
    run(f'SET LOCAL ROLE "{configured.PORTAL_ROLE}"')
    assert database.too_mighty() == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("ALTER SCHEMA public OWNER TO {role}", "owns tables or their schema"),
        (
            "GRANT CREATE ON SCHEMA public TO {role}; CREATE TABLE mine (); ALTER TABLE mine OWNER TO {role}",
            "owns tables or their schema",
        ),
        ("GRANT UPDATE (answer) ON audit_decisionentry TO {role}", "was granted more"),
    ],
)
def test_nor_one_that_could_get_there_another_way(given: str, said: str) -> None:
    role = f'"{configured.PORTAL_ROLE}"'
    run(given.format(role=role))
    run(f"SET LOCAL ROLE {role}")
    assert said in database.too_mighty()


def test_production_does_not_start_as_the_owner(
    settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "close", lambda: None)  # it holds the test's transaction
    start.on_start()
    assert "owns tables or their schema" in caplog.text
    settings.PRODUCTION = True
    with pytest.raises(ImproperlyConfigured, match="owns tables or their schema"):
        start.on_start()
    with pytest.raises(SystemExit, match="set DATABASE_URL to a role that owns nothing"):
        start.on_worker()


def test_nor_is_it_ready(settings: Any, client: Client) -> None:
    assert client.get("/readyz").json()["database role"] == "ok"
    settings.PRODUCTION = True
    assert client.get("/readyz", secure=True).json()["database role"] == "not usable"


def test_the_system_check_says_the_same(settings: Any) -> None:
    call_command("check", databases=["default"], stdout=StringIO())  # the owner, while it migrates
    settings.PORTAL_ROLE = settings.DATABASES["default"]["USER"]
    with pytest.raises(SystemCheckError, match=r"audit\.E001"):
        call_command("check", databases=["default"])
    database.on_migrated()  # one role for both: nothing to grant
