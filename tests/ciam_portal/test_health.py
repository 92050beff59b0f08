"""What whoever watches the portal is told: what is missing by its name, and never a secret."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as real
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client

from accounts.account.notices import PasswordChanged
from accounts.models import User
from accounts.watch.flows.alerts import raise_once
from ciam_portal import beat
from ciam_portal.celery import QUEUES, say_alive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import Waiting
from ciam_portal.core.audit.tree import sealer
from ciam_portal.core.outbox import circuit
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits

pytestmark = pytest.mark.django_db
NEEDED = {"database": "ok", "cache": "ok", "broker": "ok", "policy": "ok", "database role": "ok"}
WORKERS = {"beat": "ok", **{f"{queue} worker": "ok" for queue in QUEUES}}
APART = {**WORKERS, "mail server": "ok", "messages": "ok", "audit tree": "ok"}


@pytest.fixture(autouse=True)
def _sealed(db: None) -> None:
    """What migrating recorded, some minutes ago, stands in the tree."""
    sealer.seal_all(60, clock.now())


@pytest.fixture
def everybody() -> None:
    """Beat and workers live."""
    say_alive()
    cache.set(beat.LEADS, "this one")


def test_all_is_well(everybody: None, client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    for path in ("/readyz", "/readyz?whole"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", **NEEDED, **APART})


def test_without_workers_pages_are_answered_and_whoever_asks_for_the_whole_hears_of_it(client: Client) -> None:
    said = {"status": "degraded", **NEEDED, **APART, **dict.fromkeys(WORKERS, "not seen")}
    assert (client.get("/readyz").status_code, client.get("/readyz").json()) == (200, said)
    assert (client.get("/readyz?whole").status_code, client.get("/readyz?whole").json()) == (503, said)


@pytest.mark.parametrize("gone", QUEUES)
def test_each_worker_is_named(everybody: None, client: Client, gone: str) -> None:
    cache.delete(f"worker:{gone}")
    assert client.get("/readyz").json() == {"status": "degraded", **NEEDED, **APART, f"{gone} worker": "not seen"}


def test_rows_that_nobody_seals_are_named(everybody: None, client: Client) -> None:
    allowed = timedelta(seconds=limits.current().audit.late_seconds)
    Waiting.objects.create(kind="x", row=uuid4(), at=clock.now() - allowed + timedelta(seconds=20))
    assert client.get("/readyz").json()["audit tree"] == "ok"
    Waiting.objects.update(at=clock.now() - allowed)
    assert client.get("/readyz").json()["audit tree"] == "late"


def test_an_audit_that_was_changed_is_named_until_somebody_has_looked(everybody: None, client: Client) -> None:
    alert = raise_once("audit.changed", {"rows": 1}, by=Actor.system(), at=clock.now())
    assert client.get("/readyz").json()["audit tree"] == "not as it was written"
    assert alert is not None
    alert.acknowledge(None, clock.now())
    assert client.get("/readyz").json()["audit tree"] == "ok"


def test_a_message_that_nobody_takes_is_named(everybody: None, client: Client, customer: User) -> None:
    allowed = timedelta(minutes=limits.current().notices.late_minutes)
    tell(customer, PasswordChanged(), to=[customer.email], at=clock.now() - allowed + timedelta(seconds=30))
    assert client.get("/readyz").json()["messages"] == "ok"
    tell(customer, PasswordChanged(), to=[customer.email], at=clock.now() - allowed)
    assert client.get("/readyz").json()["messages"] == "late"


def test_so_is_a_mail_server_that_is_left_alone(everybody: None, client: Client) -> None:
    for _ in range(limits.current().notices.circuit_failures):
        circuit.failed("mail")
    assert client.get("/readyz").json() == {"status": "degraded", **NEEDED, **APART, "mail server": "unreachable"}


def test_a_cache_that_is_away_is_named_and_what_it_knew_is_not_known(client: Client, settings: Any) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://:secret@127.0.0.1:9/0"}}
    answer = client.get("/readyz")
    unknown = dict.fromkeys(APART, "unknown")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "not ready", **NEEDED, "cache": "unreachable", **unknown},
    )
    assert "secret" not in answer.text


def test_a_broker_that_is_away_is_named(everybody: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from ciam_portal.celery import app  # noqa: PLC0415

    monkeypatch.setattr(app, "connection_for_read", lambda: app.connection("redis://127.0.0.1:9/0"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "unreachable")


def test_a_database_that_is_away_is_asked_once(
    everybody: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def away() -> None:
        asked.append(1)
        raise OperationalError("connection to server at 10.0.0.7 failed: password secret")

    monkeypatch.setattr(connection, "cursor", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        **NEEDED,
        **APART,
        **dict.fromkeys(("database", "policy", "database role"), "unreachable"),
        **dict.fromkeys(("mail server", "messages", "audit tree"), "unknown"),
    }
    assert len(asked) == 1
    assert "secret" not in answer.text


def test_a_cache_or_a_broker_that_hangs_is_waited_for_no_longer_than_seconds() -> None:
    for options in (real.CACHES["default"]["OPTIONS"], real.CELERY_BROKER_TRANSPORT_OPTIONS):
        assert 0 < options["socket_timeout"] <= 5
        assert 0 < options["socket_connect_timeout"] <= 5
