"""A replay is a job: all of the 30 days, in batches, once each, whatever stops it or runs beside it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from ciam_portal.core import clock
from ciam_portal.core.errors import Refused
from ciam_portal.governance import flows, history, replay, tasks
from ciam_portal.governance.models import PolicyVersion, Replay
from ciam_portal.governance.replay import Label
from ciam_portal.oauth import scopes
from tests.governance.conftest import Administrator
from tests.governance.rows import assess, label

pytestmark = pytest.mark.django_db
Found = Callable[..., PolicyVersion]


@pytest.fixture
def candidate(found: Found) -> PolicyVersion:
    return found(risk__moderate_score=-4.9, risk__high_score=-4.8)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BATCH", 2)


def begin(who: Administrator, row: PolicyVersion) -> Replay:
    return flows.begin_replay(row.pk, lambda: who.person, scopes.check, by=who.by, at=clock.now())


def a_past() -> None:
    """Five decisions of the last 30 days, one of them disowned; one older."""
    now = clock.now()
    made = []
    for days in (31, 29, 20, 10, 2, 1):
        with time_machine.travel(now - timedelta(days=days), tick=False):
            made.append(assess(at=clock.now()))
    label(made[-1], Label.NOT_ME)


def test_it_counts_what_one_pass_over_everything_would(mona: Administrator, candidate: PolicyVersion) -> None:
    a_past()
    run = begin(mona, candidate)
    since = run.since
    whole = replay.compare(history.stream(since, "sign_in"), history.labels(since), candidate.limits())
    tasks.replay(run=str(run.pk))
    run.refresh_from_db()
    counted = replay.of_json(run.report)
    assert run.finished_at is not None
    assert (counted.actions["sign_in"], counted.takeovers, counted.takeovers_stopped) == (
        whole.actions["sign_in"], whole.takeovers, whole.takeovers_stopped,
    )  # fmt: skip
    assert (whole.rows, whole.takeovers_stopped) == (5, 1)
    assert counted.rows == run.total >= 5
    assert replay.of_json(counted.as_json()) == counted


def test_what_stops_it_costs_nothing_and_running_twice_counts_once(
    mona: Administrator, candidate: PolicyVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_past()
    run = begin(mona, candidate)
    monkeypatch.setattr(tasks, "SECONDS", 0.0)  # one batch in each call
    for done in (2, 4):
        tasks.sweep()
        run.refresh_from_db()
        assert (run.report["rows"], run.finished_at) == (done, None)

    def broken(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(replay, "compare", broken)
        with pytest.raises(RuntimeError):
            tasks.replay(run=str(run.pk))
    monkeypatch.setattr(tasks, "SECONDS", 60.0)
    for _ in range(3):
        tasks.replay(run=str(run.pk))
        tasks.sweep()
    run.refresh_from_db()
    assert run.report["rows"] == run.total


def test_asking_twice_is_asking_once(mona: Administrator, omar: Administrator, candidate: PolicyVersion) -> None:
    assert begin(mona, candidate) == begin(omar, candidate)
    assert Replay.objects.count() == 1
    tasks.sweep()
    assert begin(omar, candidate).finished_at is None
    assert Replay.objects.count() == 2


def test_what_is_decided_while_it_runs_is_not_waited_for(mona: Administrator, candidate: PolicyVersion) -> None:
    run = begin(mona, candidate)
    assess(at=clock.now())
    tasks.sweep()
    run.refresh_from_db()
    assert run.report["rows"] == run.total


def test_who_may_not_propose_may_not_replay(found: Found, candidate: PolicyVersion, mona: Administrator) -> None:
    mona.role = None
    with pytest.raises(Refused):
        begin(mona, candidate)
    assert not Replay.objects.exists()


def test_a_candidate_that_cannot_be_used_any_more_is_given_up(
    mona: Administrator, candidate: PolicyVersion, caplog: pytest.LogCaptureFixture
) -> None:
    run = begin(mona, candidate)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_policyversion DISABLE TRIGGER USER")
    PolicyVersion.objects.filter(pk=candidate.pk).update(content="[password]")
    tasks.replay(run=str(run.pk))
    assert "a replay is given up" in caplog.text
    assert not Replay.objects.exists()
