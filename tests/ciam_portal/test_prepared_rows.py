"""Rows that are stored by one statement are stored whole, or not at all; and one cursor does for all statements."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.postgres.expressions import ArraySubquery
from django.db import DatabaseError, DataError, InternalError, connections, transaction
from django.db.models import Case, Exists, OuterRef, Subquery, Value, When
from django.db.models.functions import JSONObject

from accounts.models import User
from ciam_portal.core import clock, grounds
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.postgres import prepared
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.models import Partner
from tests.oauth.walk import register

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("column", ["name", "actor_kind", "channel", "request_id", "source"])
def test_what_is_too_long_is_refused_and_never_cut(column: str) -> None:
    said = {"at": clock.now(), "actor_kind": "customer", "channel": "web", "name": "some.event"}
    entry = AuditEntry(**said | {column: "x" * 97})
    with pytest.raises(DataError), transaction.atomic():
        entry.save()
    assert not AuditEntry.objects.filter(pk=entry.pk).exists()


def test_nor_is_a_part_of_a_list() -> None:
    partner, _secret = register()
    row = Partner.objects.get(pk=partner.pk)
    Partner.objects.filter(pk=row.pk).delete()
    row.scopes_allowed = ["x" * 65]
    with pytest.raises(DataError), transaction.atomic():
        prepared.insert(row)


def test_a_row_is_stored_only_if_what_comes_first_has_changed_something(customer: User) -> None:
    entry = AuditEntry(at=clock.now(), actor_kind="customer", channel="web", name="some.event").sealed()
    rename = "UPDATE accounts_user SET name = %s FROM {done} WHERE accounts_user.id = %s RETURNING 1"
    assert prepared.insert(entry, after=((rename, ("One", entry.pk)),)) is False
    assert not AuditEntry.objects.filter(pk=entry.pk).exists()
    assert prepared.insert(entry, after=((rename, ("{} %", customer.pk)),)) is True
    customer.refresh_from_db()
    assert (customer.name, AuditEntry.objects.filter(pk=entry.pk).count()) == ("{} %", 1)


def test_what_comes_first_must_read_what_came_before_it(customer: User) -> None:
    entry = AuditEntry(at=clock.now(), actor_kind="customer", channel="web", name="some.event").sealed()
    unasked = "UPDATE accounts_user SET name = %s WHERE id = %s RETURNING 1"  # it would be done whatever came before
    with pytest.raises(TypeError):
        prepared.insert(entry, after=((unasked, ("One", customer.pk)),))


def test_several_rows_are_stored_together_or_none_of_them(customer: User) -> None:
    one, two = (
        AuditEntry(at=clock.now(), actor_kind="customer", channel="web", name="some.event").sealed() for _ in range(2)
    )
    wanted = User(email="two@example.com", created_at=clock.now(), password_changed_at=clock.now())
    rename = "UPDATE accounts_user SET name = %s FROM {done} WHERE accounts_user.id = %s RETURNING 1"
    again = "UPDATE accounts_user SET locale = %s FROM {done} WHERE accounts_user.id = %s RETURNING 1"
    locale = customer.locale
    no = (rename, ("One", one.pk)), (again, ("xx", customer.pk))
    assert prepared.insert(wanted, one, after=no) is False
    assert prepared.insert(wanted, one, after=(no[1], no[0])) is False
    kept = AuditEntry.objects.filter(pk__in=[one.pk, two.pk]), User.objects.filter(pk=wanted.pk)
    assert not any(rows.exists() for rows in kept)
    customer.refresh_from_db()
    assert customer.locale == "xx"  # what came first was done
    assert prepared.insert(wanted, two, after=((again, (locale, customer.pk)),)) is True
    assert all(rows.exists() for rows in kept)
    with pytest.raises(DatabaseError), transaction.atomic():
        prepared.insert(one, User(email="two@example.com", created_at=clock.now(), password_changed_at=clock.now()))
    assert not AuditEntry.objects.filter(pk=one.pk).exists()


def standing(read: prepared.Prepared[Any], value: Any) -> Any:
    """Which versions of rows are found: by what reads all of them, and by what asks for that alone."""
    token = grounds.noting.set(noted := grounds.Grounds())
    try:
        read.first(value)
    finally:
        grounds.noting.reset(token)
    ((statement, values, found),) = noted.reads
    assert prepared.row((statement, values)) == (found,)
    return found


def test_rows_that_are_read_along_are_known_by_their_versions(customer: User) -> None:
    (partner, _secret), (other, _secret) = register(), register("Other")
    Partner.objects.filter(pk=partner.pk).update(owner=customer)
    owned = Credential.objects.filter(partner__owner=OuterRef("pk"), ended_at=None).order_by("made_at")
    said = JSONObject(kind=Value("secret"), of="partner__name")
    read = prepared.Prepared[User](
        lambda email: User.objects.annotate(held=ArraySubquery(owned.values_list(said))).filter(email=email)
    )
    found = [standing(read, customer.email)]
    assert read.first(customer.email).held == [{"kind": "secret", "of": partner.name}]  # type: ignore[union-attr]
    Partner.objects.filter(pk=other.pk).update(name="Another")
    Credential.objects.filter(partner=other).update(used_at=clock.now())
    assert standing(read, customer.email) == found[0]
    for change in (
        lambda: Credential.objects.filter(partner=partner).update(used_at=clock.now()),
        lambda: Partner.objects.filter(pk=partner.pk).update(name="Another"),  # which is joined
        lambda: Partner.objects.filter(pk=other.pk).update(owner=customer),
        lambda: Credential.objects.filter(partner=partner).update(ended_at=clock.now()),
        lambda: Credential.objects.filter(partner=other).delete(),
        lambda: Credential.objects.filter(partner=partner).update(ended_at=None),
    ):
        change()
        found.append(standing(read, customer.email))
    assert len(set(found)) == len(found)


_PARTNERS = Partner.objects.filter(pk=OuterRef("partner"))
_OWNED = Credential.objects.filter(partner__owner=OuterRef("pk")).order_by("made_at")


@pytest.mark.parametrize(
    "rows",
    [
        _OWNED.values_list(JSONObject(of=Subquery(_PARTNERS.values("name")))),
        _OWNED.values_list(Case(When(Exists(_PARTNERS.filter(name="Another")), then=1), default=0)),
        _OWNED.values_list(JSONObject(of="partner__name"))[:1],
        _OWNED.values_list(JSONObject(of="partner__name")).distinct(),
    ],
    ids=["a value from elsewhere", "a condition elsewhere", "some of them", "each once"],
)
def test_what_tells_more_than_its_own_rows_is_known_by_its_words(customer: User, rows: Any) -> None:
    partner, _secret = register()
    Partner.objects.filter(pk=partner.pk).update(owner=customer)
    read = prepared.Prepared[User](lambda email: User.objects.annotate(held=ArraySubquery(rows)).filter(email=email))
    before = standing(read, customer.email)
    Partner.objects.filter(pk=partner.pk).update(homepage_url="https://another.example")
    assert standing(read, customer.email) == before
    Partner.objects.filter(pk=partner.pk).update(name="Another")
    assert standing(read, customer.email) != before


@pytest.fixture
def ours() -> Iterator[Any]:
    made = connections.create_connection("default")
    yield made
    made.close()


def asks(ours: Any, statement: str = "SELECT 1", *values: Any) -> Any:
    with ours.prepared(statement, values) as cursor:
        return cursor.fetchone()


def test_a_statement_keeps_its_cursor_also_after_an_error(ours: Any) -> None:
    assert asks(ours) == (1,)
    first = ours._kept["SELECT 1"]
    assert first.pgresult.ntuples == 0  # nobody's data waits in it
    with pytest.raises(DataError):
        asks(ours, "SELECT 1 / %s::int", 0)
    assert asks(ours, "SELECT 1 / %s::int", 1) == (1,)
    ours.set_autocommit(False)
    with pytest.raises(DataError):
        asks(ours, "SELECT 1 / %s::int", 0)
    with pytest.raises(InternalError):
        asks(ours)
    ours.rollback()
    ours.set_autocommit(True)
    assert asks(ours, "SELECT 1 / %s::int", 1) == (1,)
    assert ours._kept["SELECT 1"] is first


def test_there_are_no_more_of_them_than_the_driver_keeps(ours: Any) -> None:
    for number in range(250):
        assert asks(ours, f"SELECT {number}") == (number,)
        assert len(ours._kept) <= 100


def test_another_connection_has_a_cursor_of_its_own(ours: Any) -> None:
    asks(ours)
    first, ours.health_check_enabled = ours._kept["SELECT 1"], True
    ours.connection.close()
    with pytest.raises(DatabaseError):
        asks(ours)
    ours.close_if_unusable_or_obsolete()
    assert asks(ours) == (1,)
    assert ours._kept["SELECT 1"] is not first


def test_a_column_more_ends_no_prepared_statement(ours: Any) -> None:
    with ours.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1)")
    read = "SELECT q.*, sha256(convert_to(q::text, 'UTF8')) FROM (SELECT a FROM t WHERE a = %s::int) q"
    found = asks(ours, read, 1)
    with ours.cursor() as cursor:
        cursor.execute("ALTER TABLE t ADD b int")
    assert asks(ours, read, 1) == found
