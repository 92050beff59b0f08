"""What failed and what was forbidden leaves where it came from and who; strangers cannot fill the audit with it."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock, logs
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto.codes import hidden
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from tests import factories
from tests.accounts.staff.people import Member
from tests.oauth import walk

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
HERE = hidden("address", "127.0.0.1")


def traces() -> list[tuple[str, Any, str]]:
    rows = AuditEntry.objects.filter(name="access.forbidden").order_by("at", "pk")
    return [(row.data["kind"], row.actor, row.source) for row in rows]


@pytest.mark.control("v5.0.0-16.2.1")
def test_a_failed_sign_in_leaves_the_pseudonym_that_sessions_keep(client: Client, customer: User) -> None:
    client.post("/sign-in/", {"login": customer.email, "password": "wrong horse battery staple"})
    failed = AuditEntry.objects.get(name="sign_in.failed")
    other = Client()
    session = factories.signed_in(other, customer, (Method.PASSWORD,), clock.now())
    assert failed.source == HERE
    assert "127.0.0.1" not in failed.source
    Session.objects.get(pk=session.pk)
    assert not AuditEntry.objects.filter(name="sign_in.completed").exclude(source="").exists()


@pytest.mark.control("v5.0.0-16.2.1")
def test_an_ipv6_network_is_one_source_as_sessions_and_limits_keep_it(client: Client) -> None:
    for n in range(3):
        fields = {"login": f"a{n}@example.com", "password": "wrong horse battery staple"}
        client.post("/sign-in/", fields, REMOTE_ADDR=f"2001:db8:1:2::{n + 5}")
        client.post("/oauth/token/", {}, REMOTE_ADDR=f"2001:db8:1:2::{n + 5}", HTTP_AUTHORIZATION="Bearer nobodys")
    kept = AuditEntry.objects.exclude(source="").values_list("source", flat=True)
    assert set(kept) == {hidden("address", "2001:db8:1:2::/64")}
    assert len(traces()) <= 1  # one stranger, one row an hour


@pytest.mark.control("v5.0.0-16.3.2")
def test_a_page_of_staff_that_is_another_roles(db: None) -> None:
    agent = Member(Role.AGENT)
    assert agent.client.get("/staff/audit/auditentry/").status_code == 403
    assert traces() == [("page", agent.pk, HERE)]
    assert AuditEntry.objects.get(name="access.forbidden").actor_kind == "staff"


@pytest.mark.control("v5.0.0-16.3.2")
def test_a_customer_at_the_staff_site(sign_in: SignIn, customer: User) -> None:
    sign_in(customer, Method.PASSWORD, Method.TOTP).get("/staff/", follow=True)
    assert traces() == [("staff_site", customer.pk, HERE)]


@pytest.mark.control("v5.0.0-16.3.2")
def test_the_number_of_somebody_elses_session(sign_in: SignIn, customer: User) -> None:
    other = factories.signed_in(Client(), factories.customer(), (Method.PASSWORD,), clock.now())
    client = sign_in(customer)
    assert client.post(f"/sessions/{other.pk}/end/").status_code == 404
    assert traces() == [("somebody_elses", customer.pk, HERE)]


@pytest.mark.control("v5.0.0-16.3.2")
def test_a_bad_bearer_and_a_wrong_secret(client: Client) -> None:
    assert client.get("/api/profile", headers={"Authorization": "Bearer nothing"}).status_code == 401
    partner, _secret = walk.register()
    form = {"grant_type": "client_credentials", "client_id": partner.client_id, "client_secret": "wrong"}
    assert client.post("/oauth/token/", form).status_code == 401
    assert {kind for kind, _who, _where in traces()} == {"credential"}


@pytest.mark.control("v5.0.0-16.3.2")
def test_a_form_without_its_token(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/sign-in/", {"login": "a@example.com", "password": "x"}).status_code == 403
    assert traces() == [("csrf", None, HERE)]


def test_what_a_flow_refused_is_recorded_once_with_its_source(customer: User) -> None:
    agent = Member(Role.AGENT)
    agent.client.post(f"/staff/accounts/user/{agent.pk}/open/", {"reason": "identity_check"})
    assert AuditEntry.objects.get(name="flow.refused").source == HERE
    assert traces() == []


def test_what_is_ordinary_leaves_none(client: Client, sign_in: SignIn, customer: User) -> None:
    client.get("/")
    client.get("/nowhere/")
    client.get("/api/profile")
    sign_in(customer).get("/security/")
    assert traces() == []


@pytest.mark.control("v5.0.0-16.4.1")
def test_many_of_one_source_are_merged(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    for _ in range(25):
        strict.post("/sign-in/", {"login": "a@example.com", "password": "x"})
    strict.post("/sign-in/", {"login": "a@example.com", "password": "x"}, REMOTE_ADDR="203.0.113.9")
    rows = AuditEntry.objects.filter(name="access.forbidden").order_by("at", "pk")
    assert [(row.source == HERE, row.data["times"]) for row in rows] == [(True, 1), (True, 10), (False, 1)]


def test_all_sources_together_fill_only_so_many_rows(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    most = settings.LIMITS.staff.traces_per_hour
    counted = iter([*range(1, most + 120)])
    real = AuditEntry.objects.filter(name="access.forbidden")
    monkeypatch.setattr(
        "ciam_portal.traces.budget.count", lambda what, _who, **_kw: 1 if what == "forbidden" else next(counted)
    )
    strict = Client(enforce_csrf_checks=True)
    for _ in range(3):
        strict.post("/sign-in/", {})
    assert real.count() == 3
    for _ in range(most - 3):
        next(counted)
    for _ in range(10):
        strict.post("/sign-in/", {})
    assert real.count() == 3


def test_without_the_cache_the_error_page_still_comes(db: None, settings: Any) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:9/0"}}
    page = Client(enforce_csrf_checks=True).post("/sign-in/", {"login": "a@example.com", "password": "x"})
    assert page.status_code == 403
    assert traces() == []


@pytest.mark.control("v5.0.0-16.4.1")
def test_an_ordinary_refusal_has_no_traceback_in_the_log() -> None:
    for status, kept in ((400, False), (403, False), (404, False), (500, True), (None, True)):
        line = logging.makeLogRecord({"msg": "x", "exc_info": (ValueError, ValueError(), None)})
        if status:
            line.status_code = status
        assert logs.NoTraceback().filter(line)
        assert bool(line.exc_info) is kept


def test_investigators_find_all_of_one_source(customer: User) -> None:
    Client().post("/sign-in/", {"login": customer.email, "password": "wrong horse battery staple"})
    auditor = Member(Role.AUDITOR)
    page = auditor.client.get("/staff/audit/auditentry/", {"source": HERE}).text
    assert "sign_in.failed" in page
    other = auditor.client.get("/staff/audit/auditentry/", {"source": "0" * 20}).text
    assert "There is none" in other
