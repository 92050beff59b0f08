"""Delivery to a mail server that refuses, hangs, is slow or away: nothing is lost, and nothing sent twice."""

import dataclasses
import io
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from redis.exceptions import ConnectionError as RedisAway

from accounts.account.notices import PasswordChanged
from accounts.models import Alert, User
from accounts.watch import tasks as watch
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.outbox import channels, circuit, tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from tests import smtp
from tests.at_once import SOON, wait_until

pytestmark = pytest.mark.django_db
RULES = limits.load().notices
TRIED = "carrier-tried:mail"  # while the circuit is open, until it is gone nobody else tries
Nudges = list[str]


@pytest.fixture
def sink(settings: Any) -> Iterator[smtp.Sink]:
    with smtp.running() as server:
        settings.EMAIL_BACKEND = "ciam_portal.core.outbox.channels.Smtp"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 0.2
        yield server


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> Nudges:
    """What a worker is asked to deliver, in place of a worker."""
    asked: Nudges = []
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda kwargs, **_bounds: asked.append(kwargs["notice"]))
    return asked


def write(customer: User, number: int = 1) -> list[Notice]:
    to = [f"{each}@example.com" for each in range(number)]
    tell(customer, PasswordChanged(), to=to, at=clock.now())
    return list(Notice.objects.order_by("due_at", "pk"))


def deliver(*rows: Notice) -> None:
    for row in rows:
        tasks.deliver(notice=str(row.pk))
        row.refresh_from_db()


def test_a_server_that_is_away_for_days_loses_nothing(customer: User, sink: smtp.Sink, nudges: Nudges) -> None:
    (row,) = write(customer)
    sink.says = lambda command: "421 later" if command == "HELLO" else None
    start, at = clock.now(), clock.now()
    waits = []
    while at < start + timedelta(days=RULES.retry_days, hours=-2):
        cache.delete(TRIED)
        with time_machine.travel(at, tick=False):
            deliver(row)
        assert (row.state, bool(row.sealed)) == (Notice.State.WAITING, True)
        waits.append((row.due_at - at).total_seconds())
        at = row.due_at
    assert waits[:3] == [RULES.retry_seconds, 2 * RULES.retry_seconds, 4 * RULES.retry_seconds]
    assert max(waits) == RULES.longest_wait_minutes * 60
    assert row.trouble == "SMTPConnectError"
    sink.says = lambda _command: None
    cache.delete(TRIED)
    with time_machine.travel(at):
        assert tasks.sweep() == 1
        assert nudges == [str(row.pk)]
        deliver(row)
    assert (row.state, row.sealed, len(sink.taken)) == (Notice.State.SENT, "", 1)


def test_after_that_it_is_given_up_loudly_and_can_still_be_sent(
    customer: User, sink: smtp.Sink, caplog: pytest.LogCaptureFixture
) -> None:
    (row,) = write(customer)
    sink.says = lambda command: "421 later" if command == "HELLO" else None
    with time_machine.travel(clock.now() + timedelta(days=RULES.retry_days)):
        deliver(row)
        watch.watch_outbox()
    assert (row.state, bool(row.sealed)) == (Notice.State.GIVEN_UP, True)
    assert "given up" in caplog.text
    assert Alert.objects.get().kind == "outbox.given_up"
    sink.says = lambda _command: None
    call_command("outbox", "--again", "given_up", stdout=io.StringIO())
    deliver(row)
    assert (row.state, len(sink.taken)) == (Notice.State.SENT, 1)
    (entry,) = AuditEntry.objects.filter(name="outbox.sent_again")
    assert entry.data == {"notices": 1}


@pytest.mark.parametrize(
    ("command", "answer", "state", "trouble"),
    [
        ("RCPT", "550 5.1.1 0@example.com: no such user", Notice.State.REFUSED, "SMTP 550"),
        ("RCPT", "450 4.2.0 0@example.com: greylisted", Notice.State.WAITING, "SMTP 450"),
        (".", "554 5.7.1 0@example.com: looks like spam", Notice.State.REFUSED, "SMTP 554"),
        (".", "452 4.3.1 full", Notice.State.WAITING, "SMTP 452"),
        ("MAIL", "550 5.7.1 we know no such sender", Notice.State.WAITING, "SMTPSenderRefused"),
        ("HELLO", "554 5.7.1 not from your network", Notice.State.WAITING, "SMTPConnectError"),
    ],
)
def test_undeliverable_is_told_apart_from_unreachable(
    customer: User,
    sink: smtp.Sink,
    caplog: pytest.LogCaptureFixture,
    command: str,
    answer: str,
    state: str,
    trouble: str,
) -> None:
    (row,) = write(customer)
    sink.says = lambda said: answer if said.startswith(command) else None
    deliver(row)
    assert (row.state, row.trouble, bool(row.sealed)) == (state, trouble, True)
    assert "example.com" not in caplog.text
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is None


def test_what_a_server_cannot_write_waits(customer: User, sink: smtp.Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(customer, PasswordChanged(), to=["jürgen@example.com"], at=clock.now())
    row = Notice.objects.get()
    deliver(row)
    assert (row.state, row.trouble) == (Notice.State.WAITING, "no SMTPUTF8")
    assert not circuit.is_open("mail")


def test_a_fault_of_ours_says_where_and_not_whom(
    customer: User, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_row: Notice) -> None:
        raise ValueError("kim@example.com")

    monkeypatch.setattr(channels, "send", broken)
    (row,) = write(customer)
    deliver(row)
    assert row.trouble.startswith("ValueError test_delivery.py:")
    assert "kim@" not in caplog.text


def test_a_message_that_was_taken_is_sent_although_the_server_says_no_good_bye(customer: User, sink: smtp.Sink) -> None:
    goes_on = sink.hang("QUIT")
    (row,) = write(customer)
    deliver(row)
    goes_on.set()
    assert (row.state, len(sink.taken)) == (Notice.State.SENT, 1)


@pytest.mark.django_db(transaction=True)
def test_a_server_that_thinks_longer_than_the_claim_gets_the_message_once(
    unlocked_audit: None, customer: User, sink: smtp.Sink
) -> None:
    limits.install(shortened(claim_seconds=1))
    (row,) = write(customer)
    goes_on = sink.hang(".")

    def work() -> None:
        tasks.deliver(notice=str(row.pk))
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    wait_until(lambda: sink.visits == 1)
    time.sleep(1.5)  # longer than the claim, and than any other answer of a server may take
    deliver(row)
    assert (sink.visits, row.state) == (1, Notice.State.WAITING)
    goes_on.set()
    worker.join(SOON)
    row.refresh_from_db()
    assert (row.state, row.attempts, len(sink.taken)) == (Notice.State.SENT, 1, 1)


def test_a_database_that_is_away_when_it_was_taken_has_it_sent_no_second_time(
    customer: User, sink: smtp.Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = write(customer)
    monkeypatch.setattr(connection, "close", lambda: None)  # the test's own transaction
    monkeypatch.setattr(tasks, "LOOK_AGAIN_SECONDS", 0.01)
    tries = iter([OperationalError("the database system is shutting down")] * 3)
    note = Notice.delivered

    def away(self: Notice, at: datetime) -> None:
        for error in tries:
            raise error
        note(self, at)

    monkeypatch.setattr(Notice, "delivered", away)
    deliver(row)
    assert (row.state, len(sink.taken)) == (Notice.State.SENT, 1)


def test_an_attempt_that_another_has_overtaken_changes_nothing(customer: User) -> None:
    (row,) = write(customer)
    row.claim(clock.now(), 1)
    other = Notice.objects.get(pk=row.pk)
    other.claim(clock.now(), 60)
    row.give_up(Notice.State.GIVEN_UP, "")
    row.refresh_from_db()
    assert (row.state, row.claimed_until) == (Notice.State.WAITING, other.claimed_until)


class TestCircuit:
    """A server that hangs is left alone; what waits is tried one by one until one gets through."""

    def test_it_opens_lets_one_try_and_closes(
        self, customer: User, sink: smtp.Sink, nudges: Nudges, settings: Any
    ) -> None:
        rows = write(customer, 8)
        goes_on = sink.hang("HELLO")
        deliver(*rows[:6])
        assert sink.visits == RULES.circuit_failures + 1  # one more found out that it still hangs
        assert [row.attempts for row in rows[:6]] == [1] * (RULES.circuit_failures + 1) + [0, 0]
        assert tasks.sweep() == 1
        sink.says = lambda _command: None
        goes_on.set()
        cache.delete(TRIED)
        deliver(rows[6])
        assert rows[6].state == Notice.State.SENT
        assert tasks.sweep() == len(nudges) - 1 == Notice.objects.due(clock.now()).count()
        deliver(rows[7])
        assert rows[7].state == Notice.State.SENT

    def test_what_a_server_says_of_one_message_is_no_failure_of_it(self, customer: User, sink: smtp.Sink) -> None:
        sink.says = lambda command: "450 greylisted" if command.startswith("RCPT") else None
        deliver(*write(customer, 5))
        assert not circuit.is_open("mail")

    def test_the_limit_of_a_task_is_not_swallowed(self, customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        def hang(_row: Notice) -> None:
            raise SoftTimeLimitExceeded

        monkeypatch.setattr(channels, "send", hang)
        rows = write(customer, RULES.circuit_failures)
        for row in rows:
            with pytest.raises(SoftTimeLimitExceeded):
                deliver(row)
            row.refresh_from_db()
            assert (row.state, row.claimed_until, row.trouble) == (Notice.State.WAITING, None, "SoftTimeLimitExceeded")
        assert circuit.is_open("mail")

    def test_without_the_cache_every_message_tries(
        self, customer: User, sink: smtp.Sink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_args: object, **_kwargs: object) -> None:
            raise RedisAway

        for name in ("get", "add", "incr", "delete"):
            monkeypatch.setattr(cache, name, away)
        deliver(*write(customer))
        assert len(sink.taken) == 1

    def test_each_delivery_has_its_bounds(self, customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[dict[str, Any]] = []
        monkeypatch.setattr(tasks.deliver, "apply_async", lambda **bounds: asked.append(bounds))
        (row,) = write(customer)
        tasks.nudge(row.pk, row.channel)
        (bounds,) = asked
        assert bounds["soft_time_limit"] == RULES.delivery_seconds < bounds["time_limit"]


class TestWatch:
    """What staff hear of, and what an operator sees."""

    def test_a_message_that_waits_too_long_is_an_alert(self, customer: User) -> None:
        write(customer, 2)
        watch.watch_outbox()
        assert not Alert.objects.exists()
        with time_machine.travel(clock.now() + timedelta(minutes=RULES.late_minutes, seconds=1)):
            watch.watch_outbox()
            watch.watch_outbox()
        alert = Alert.objects.get()
        assert (alert.kind, alert.numbers) == ("outbox.late", {"messages": 2, "oldest_minutes": RULES.late_minutes})

    def test_so_are_many_that_are_refused(self, customer: User) -> None:
        rows = write(customer, RULES.undeliverable_per_hour)
        for row in rows[1:]:
            row.give_up(Notice.State.REFUSED, "SMTP 550")
        watch.watch_outbox()
        assert not Alert.objects.exists()
        rows[0].give_up(Notice.State.REFUSED, "SMTP 550")
        watch.watch_outbox()
        assert Alert.objects.get().kind == "outbox.refused"

    def test_the_command_says_what_and_why_and_never_to_whom(self, customer: User) -> None:
        rows = write(customer, 3)
        rows[0].give_up(Notice.State.REFUSED, "SMTP 550")
        rows[1].delivered(clock.now())
        said = outbox()
        assert [line.split()[:3] for line in said.splitlines()[:2]] == [
            ["1", "refused", "mail"],
            ["1", "waiting", "mail"],
        ]
        assert str(rows[0].pk) in said
        assert "SMTP 550" in said
        assert str(rows[1].pk) not in said
        assert "@" not in said

    def test_one_by_its_id_and_never_what_was_sent(self, customer: User) -> None:
        rows = write(customer, 2)
        rows[0].give_up(Notice.State.REFUSED, "SMTP 550")
        rows[1].delivered(clock.now())
        assert outbox("--again", *(str(row.pk) for row in rows)) == "1 to be tried again.\n"
        assert [row.state for row in Notice.objects.order_by("due_at")] == [Notice.State.SENT, Notice.State.WAITING]

    def test_nothing_waits(self, db: None) -> None:
        assert outbox() == "Everything is delivered.\n"

    def test_a_word_that_is_neither(self, db: None) -> None:
        with pytest.raises(CommandError, match="neither an id nor one of"):
            outbox("--again", "everything")

    def test_what_nobody_got_is_wiped_in_the_end(self, customer: User) -> None:
        refused, waits = write(customer, 2)
        refused.give_up(Notice.State.REFUSED, "SMTP 550")
        with time_machine.travel(clock.now() + timedelta(days=RULES.kept_days, seconds=1)):
            assert tasks.forget() == 1
            assert outbox("--again", "refused") == "0 to be tried again.\n"
        waits.refresh_from_db()
        assert waits.sealed


def outbox(*words: str) -> str:
    out = io.StringIO()
    call_command("outbox", *words, stdout=out)
    return out.getvalue()


def shortened(**numbers: int) -> limits.Limits:
    rules = limits.load()
    return dataclasses.replace(rules, notices=dataclasses.replace(rules.notices, **numbers))
