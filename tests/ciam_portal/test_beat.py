"""What runs by itself: queues apart, jobs that expire, one beat of several, and clocks that were ahead."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from kombu import Connection
from redis.exceptions import ConnectionError as RedisAway

from ciam_portal import beat
from ciam_portal.celery import ALIVE_SECONDS, JOBS, MAIL, NIGHTLY, QUEUES, SECURITY, alive, app, say_alive
from ciam_portal.core import clock
from tests.conftest import NOON

EVERY = {name: job["schedule"] for name, job in JOBS.items() if isinstance(job["schedule"], float)}
SWEEP = "deliver what no nudge delivered"
Begun = list[str]


@pytest.fixture(autouse=True)
def _one_job_is_due_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(app.conf.beat_schedule, "seal what was audited")


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Begun:
    """The tasks that were begun, in place of the broker."""
    found: Begun = []
    monkeypatch.setattr(beat.Scheduler, "producer", None)

    def keep(_self: object, entry: Any, **_kwargs: object) -> None:
        found.append(entry.task)

    monkeypatch.setattr(beat.Scheduler, "apply_async", keep)
    return found


@pytest.fixture
def start(begun: Begun) -> Callable[[], beat.Scheduler]:
    return lambda: beat.Scheduler(app=app)


def run(*beats: beat.Scheduler) -> None:
    """Each does all that it has to do now."""
    for each in beats:
        while each.tick() == 0:
            pass


class TestQueues:
    """What waits for a mail server, and what takes long, holds nothing up that an account's safety waits for."""

    @pytest.mark.parametrize(
        ("task", "queue"),
        [
            ("notifications.deliver", MAIL),
            ("notifications.sweep", MAIL),
            ("recovery.sweep", SECURITY),
            ("risk.look_again", SECURITY),
            ("risk.watch_outbox", SECURITY),
            ("governance.replay", NIGHTLY),
            ("retention.forget", NIGHTLY),
            ("risk.calibrate", NIGHTLY),
            ("something.new", SECURITY),
        ],
    )
    def test_each_task_has_its_own(self, task: str, queue: str) -> None:
        assert app.amqp.router.route({}, task)["queue"].name == queue

    def test_a_queue_gets_its_own_tasks_only_and_a_plain_worker_takes_from_all(self) -> None:
        queues = app.amqp.queues
        assert set(queues.consume_from) == set(QUEUES)
        assert len({(queue.exchange.name, queue.routing_key) for queue in queues.values()}) == len(QUEUES)

    def test_every_job_expires(self) -> None:
        for name, job in JOBS.items():
            assert job["options"]["expires"] >= EVERY.get(name, 3600.0)

    def test_every_job_is_a_task_that_there_is(self) -> None:
        app.loader.import_default_modules()
        assert {job["task"] for job in JOBS.values()} <= set(app.tasks)


def test_a_worker_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    say_alive()
    assert set(cache.get_many([alive(queue) for queue in QUEUES])) == {alive(queue) for queue in QUEUES}
    assert 0 < cache._cache.get_client().ttl(cache.make_key(alive(MAIL))) <= ALIVE_SECONDS  # type: ignore[attr-defined]


def test_a_worker_lives_without_the_cache(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def away(*_args: object) -> None:
        raise RedisAway

    monkeypatch.setattr(cache, "set_many", away)
    say_alive()
    assert "does not answer" in caplog.text


def test_a_connection_that_was_given_up_is_none_and_ends_no_worker() -> None:
    with Connection(settings.CELERY_BROKER_URL, transport=settings.CELERY_BROKER_TRANSPORT) as broker:
        channel: Any = broker.channel()
        channel.connection.client = None  # as the library leaves it when the broker went away
        with pytest.raises(broker.connection_errors):
            channel._connparams()
        channel.connection.client = broker


class TestBeat:
    """It is given what is due, and asked what it begins."""

    @pytest.fixture(autouse=True)
    def _no_minute_turns(self) -> Iterator[None]:
        with time_machine.travel(NOON + timedelta(seconds=5)):
            yield

    def test_it_begins_what_is_due_and_leaves_no_file(
        self, start: Callable[[], beat.Scheduler], begun: Begun, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        one = start()
        run(one)
        assert begun == []
        with time_machine.travel(clock.now() + timedelta(seconds=11)):
            run(one)
        assert begun == ["notifications.sweep"]
        one.close()
        assert list(tmp_path.iterdir()) == []

    def test_of_two_one_acts_and_the_other_goes_on_where_it_ended(
        self, start: Callable[[], beat.Scheduler], begun: Begun
    ) -> None:
        one, other = start(), start()
        now = clock.now()
        run(one, other)
        with time_machine.travel(now + timedelta(seconds=11), tick=False):
            run(one, other)
            assert begun == ["notifications.sweep"]
            one.close()
            run(other)
            assert begun == ["notifications.sweep"]
        with time_machine.travel(now + timedelta(seconds=22), tick=False):
            run(one, other)
            assert begun == ["notifications.sweep"] * 2

    def test_one_that_died_is_followed_once_its_time_is_over(
        self, start: Callable[[], beat.Scheduler], begun: Begun
    ) -> None:
        one, other = start(), start()
        run(one, other)
        cache.delete(beat.LEADS)  # so long has passed
        with time_machine.travel(clock.now() + timedelta(seconds=11)):
            run(other, one)
        assert begun == ["notifications.sweep"]

    def test_a_night_that_it_slept_through_is_made_up_for(
        self, start: Callable[[], beat.Scheduler], begun: Begun
    ) -> None:
        one = start()
        run(one)
        one.tick()
        cache.set("beat-begun", one._begun(), None)
        one.close()
        with time_machine.travel(clock.now() + timedelta(days=1)):
            run(start())
        assert "risk.calibrate" in begun

    def test_what_was_begun_in_the_future_counts_for_nothing_at_the_start(
        self, start: Callable[[], beat.Scheduler], begun: Begun
    ) -> None:
        now = clock.now()
        with time_machine.travel(now + timedelta(days=30)):
            one = start()
            run(one)
            with time_machine.travel(now + timedelta(days=30, seconds=11)):
                run(one)
            one.close()
        begun.clear()
        two = start()
        run(two)
        with time_machine.travel(clock.now() + timedelta(seconds=11)):
            run(two)
        assert begun == ["notifications.sweep"]

    def test_nor_while_it_runs(
        self, start: Callable[[], beat.Scheduler], begun: Begun, caplog: pytest.LogCaptureFixture
    ) -> None:
        now, one = clock.now(), start()
        with time_machine.travel(now + timedelta(days=30)):
            run(one)
        begun.clear()
        with time_machine.travel(now):
            run(one)
            assert "a clock was ahead" in caplog.text
        with time_machine.travel(now + timedelta(seconds=12)):
            run(one)
        assert begun == ["notifications.sweep"]

    def test_without_the_cache_it_waits_and_says_so(
        self, start: Callable[[], beat.Scheduler], begun: Begun, monkeypatch: pytest.MonkeyPatch, caplog: Any
    ) -> None:
        def away(*_args: object, **_kwargs: object) -> None:
            raise RedisAway

        one = start()
        with monkeypatch.context() as patch, time_machine.travel(clock.now() + timedelta(seconds=11)):
            patch.setattr(cache, "add", away)
            assert one.tick() > 0
        assert begun == []
        assert len(caplog.records) == 1
        assert caplog.records[0].exc_info is None

    def test_what_the_broker_did_not_take_is_due_as_before(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        sent: list[str] = []

        def publish(task: Any, *_args: object, **_kwargs: object) -> None:
            if not sent:
                sent.append("refused")
                raise ConnectionRefusedError("no broker")
            sent.append(task.name)

        monkeypatch.setattr(beat.Scheduler, "producer", None)
        monkeypatch.setattr(type(app.tasks["notifications.sweep"]), "apply_async", publish)
        one = beat.Scheduler(app=app)
        run(one)
        with time_machine.travel(clock.now() + timedelta(seconds=11)):
            assert one.tick() > 0
            assert "no broker" in caplog.text
            run(one)
        assert sent == ["refused", "notifications.sweep"]
