"""That data is used is in the ledger before it goes out; how often within a minute, a moment later."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError, transaction
from django.test.utils import CaptureQueriesContext

from ciam_portal.core.postgres.prepared import connection
from consent.ledger import counter
from consent.ledger.shapes import Line, Party, Way
from consent.models import Use
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit", "unhurried")]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setattr(counter, "SECONDS", 0.05)
    yield Line(uuid4(), "profile", 2, "consent", ("profile",), Way.USERINFO, Party(uuid4()), event=9)
    _settled()


def _settled() -> None:
    while timers := [each for each in threading.enumerate() if isinstance(each, threading.Timer)]:
        timers[0].join()


def noted(line: Line, times: int = 1, after: float = 0) -> int:
    """How many statements it takes to note this."""
    with CaptureQueriesContext(connection) as made:
        counter.note(Counter({line: times}), NOON + timedelta(seconds=after))
    return len(made)


def test_the_first_of_a_minute_is_written_at_once_and_all_of_them_in_the_end(line: Line) -> None:
    assert noted(line) == 1
    assert Use.objects.get().times == 1
    assert noted(line, 2, after=30) == noted(line, after=20) == 0
    _settled()
    row = Use.objects.get()
    assert (row.times, row.last_at) == (4, NOON + timedelta(seconds=30))
    assert noted(line, after=60) == 1  # another minute
    assert Use.objects.count() == 2


def test_what_differs_in_anything_is_not_there_yet(line: Line) -> None:
    counter.note(Counter({line: 1}), NOON)
    with CaptureQueriesContext(connection) as made:
        counter.note(Counter({line: 1, Line(uuid4(), *[getattr(line, n) for n in line.__slots__[1:]]): 1}), NOON)
    assert len(made) == 1
    assert Use.objects.count() == 2


def test_what_may_yet_be_undone_is_not_there(line: Line) -> None:
    with transaction.atomic():
        assert noted(line) == 1
        transaction.set_rollback(True)
    assert noted(line) == 1
    assert Use.objects.get().times == 1


def test_what_the_database_does_not_take_now_it_gets_later(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    counter.note(Counter({line: 1}), NOON)
    write, refusals = Use.objects.note, [OperationalError("away"), OperationalError("away")]

    def away(lines: Counter[Line], at: datetime) -> None:
        if refusals:
            raise refusals.pop()
        write(lines, at)

    monkeypatch.setattr(Use.objects, "note", away)
    counter.note(Counter({line: 5}), NOON)
    _settled()
    assert Use.objects.get().times == 6


def test_no_more_is_remembered_than_a_process_can_hold(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counter, "_MOST", 0)
    other = Line(uuid4(), *[getattr(line, name) for name in line.__slots__[1:]])
    assert noted(line) == noted(other) == noted(line) == 1
