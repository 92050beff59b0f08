"""What is over is forgotten, however much there is; what still counts, or could still be asked for, stays."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session as BrowserSession
from django.db import DatabaseError
from django.test import Client

from accounts.account import flows
from accounts.account.events import UnprovenAccountRemoved
from accounts.account.tasks import forget_unproven
from accounts.models import Device, Session, SignInAttempt, User
from ciam_portal import tasks
from ciam_portal.celery import app
from ciam_portal.core import clock, retention
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth.models import RefreshToken
from tests import factories
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def browser_sessions(number: int, expire_date: datetime) -> None:
    rows = [BrowserSession(pk=codes.new_token()[:40], session_data="x", expire_date=expire_date) for _ in range(number)]
    BrowserSession.objects.bulk_create(rows)


def test_one_run_forgets_all_of_it_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    at = clock.now()
    browser_sessions(50, at - timedelta(seconds=1))
    browser_sessions(2, at + DAY)
    assert retention.forget(at, 9) == 50
    assert BrowserSession.objects.count() == 2


def test_the_time_of_a_run_is_bounded() -> None:
    browser_sessions(3, clock.now() - DAY)
    assert retention.forget(clock.now(), 0) == 0


def test_one_table_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> Any:
        raise DatabaseError("no")

    first = retention.declared()[0].model
    monkeypatch.setitem(retention._kept, first, retention.Kept(first, broken))
    browser_sessions(3, clock.now() - DAY)
    assert tasks.forget() == 3
    assert f"what is over of {first._meta.label} could not be forgotten" in caplog.text


def test_a_session_and_its_browser_stay_on_record_for_a_while(client: Client, customer: User) -> None:
    rules = limits.current().session
    started = clock.now()
    session = factories.signed_in(client, customer, (Method.PASSWORD,), started)
    SignInAttempt.objects.create(decision=codes.new_id(), customer=customer, at=started, network="")
    after = timedelta(days=rules.kept_days)
    retention.forget(session.expires_at + after, 9)
    assert Session.objects.filter(pk=session.pk).exists()
    retention.forget(session.expires_at + after + timedelta(seconds=1), 9)
    assert not Session.objects.exists()
    assert not SignInAttempt.objects.exists()
    device = Device.objects.get()
    retention.forget(device.expires_at + after + timedelta(seconds=1), 9)
    assert not Device.objects.exists()


def test_a_session_stays_while_an_app_acts_on_it(customer: User, sign_in: Callable[..., Client]) -> None:
    walk = Walk(*register("App"), sign_in(customer))
    walk.tokens("openid offline_access")
    at = Session.objects.get().expires_at + timedelta(days=400)
    RefreshToken.objects.update(expires_at=at + DAY)
    retention.forget(at, 9)
    assert Session.objects.exists()
    retention.forget(at + 2 * DAY, 9)
    retention.forget(at + 2 * DAY, 9)
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("state", "stays"), [(Notice.State.SENT, 0), (Notice.State.GIVEN_UP, 0), (Notice.State.WAITING, 1)]
)
def test_a_message_is_forgotten_unless_it_still_waits(customer: User, state: str, stays: int) -> None:
    at = clock.now()
    Notice.objects.create(customer=customer, kind="x", channel="mail", state=state, created_at=at, due_at=at)
    kept = timedelta(days=limits.current().retention.message_days)
    retention.forget(at + kept, 9)
    assert Notice.objects.count() == 1
    retention.forget(at + kept + timedelta(seconds=1), 9)
    assert Notice.objects.count() == stays


# Accounts that nobody proved


def unproven(days: int, **fields: Any) -> User:
    return factories.customer(proven=False, created_at=clock.now() - timedelta(days=days), **fields)


def test_an_account_that_nobody_proves_goes_with_its_password_and_address() -> None:
    days = limits.current().retention.unproven_days
    old, young = unproven(days + 1), unproven(days - 1)
    assert forget_unproven() == 1
    assert not User.objects.filter(pk=old.pk).exists()
    assert User.objects.filter(pk=young.pk).exists()
    assert AuditEntry.objects.get(name=UnprovenAccountRemoved.name).about == old.pk
    assert forget_unproven() == 0


def test_all_of_them_go_in_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.account.tasks._BATCH", 2)
    for _ in range(5):
        unproven(400)
    assert forget_unproven() == 5


@pytest.mark.parametrize(
    "fields",
    [{"is_staff": True}, {"is_active": False}, {"unsettled": "taken"}, {"password_changed_at": None}],
    ids=["staff", "closed", "unsettled", "asked for again"],
)
def test_others_stay(fields: dict[str, Any]) -> None:
    if "password_changed_at" in fields:
        fields = {"password_changed_at": clock.now() - DAY}
    unproven(400, **fields)
    factories.customer(created_at=clock.now() - timedelta(days=400))
    assert forget_unproven() == 0


def test_its_link_still_works_on_the_last_day_and_nobody_is_lost_who_proved_it() -> None:
    account = unproven(0)
    with time_machine.travel(clock.now() + timedelta(days=limits.current().retention.unproven_days - 1)):
        flows.send_confirmation(account, by=Actor.system(), at=clock.now())
        assert forget_unproven() == 0


def test_beat_calls_what_there_is() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
