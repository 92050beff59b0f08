"""Who comes a thousand times a second is counted ahead; nobody gets more for it, and hardly less."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from redis.exceptions import ConnectionError as Away

from accounts.budgets import counter


class Time:
    now = 1000.0


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(counter, "monotonic", lambda: time.now)
    return time


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many each trip to the cache took."""
    made: list[int] = []
    count = counter.count

    def noted(*asked: Any, more: int, **said: Any) -> int:
        made.append(more)
        return count(*asked, more=more, **said)

    monkeypatch.setattr(counter, "count", noted)
    return made


def came(ahead: counter.Ahead, who: str, time: Time, *, times: int, each: float, limit: int) -> int:
    """How many of these were let."""
    let = 0
    for _ in range(times):
        let += ahead.spend(who, limit=limit)
        time.now += each
    return let


@pytest.mark.parametrize("limit", [1, 60, 1999])
def test_of_a_low_limit_each_is_counted_when_it_comes(time: Time, trips: list[int], limit: int) -> None:
    times = min(limit, 200) + 3
    assert came(counter.Ahead("x", seconds=60), str(uuid4()), time, times=times, each=0.0, limit=limit) == min(
        limit, times
    )
    assert trips == [1] * times


@pytest.mark.parametrize(("a_second", "most"), [(1, 10), (10, 100), (100, 15 * 10), (1000, 20 * 10)])
def test_who_is_busy_needs_few_trips_and_little_is_counted_that_never_came(
    time: Time, trips: list[int], a_second: int, most: int
) -> None:
    times = 10 * a_second
    assert came(counter.Ahead("x", seconds=60), str(uuid4()), time, times=times, each=1 / a_second, limit=300_000)
    assert len(trips) <= most
    assert times <= sum(trips) <= times + 0.1 * a_second + 1


def test_several_processes_together_get_no_more_than_the_limit(time: Time) -> None:
    who, limit, let = str(uuid4()), 20_000, 0
    processes = [counter.Ahead("x", seconds=60) for _ in range(3)]
    for _ in range(9000):
        let += sum(each.spend(who, limit=limit) for each in processes)
        time.now += 0.001
    assert limit - 3 * limit // 1000 <= let <= limit


def test_what_was_taken_long_ago_is_not_spent(time: Time, trips: list[int]) -> None:
    ahead, who = counter.Ahead("x", seconds=60), str(uuid4())
    came(ahead, who, time, times=500, each=0.001, limit=300_000)
    had = len(trips)
    time.now += 60
    ahead.spend(who, limit=300_000)
    assert trips[had:] == [1]


def test_without_the_cache_it_is_over_within_a_second(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> int:
        raise Away

    ahead, who = counter.Ahead("x", seconds=60), str(uuid4())
    came(ahead, who, time, times=500, each=0.001, limit=300_000)
    monkeypatch.setattr(counter, "count", away)
    held = len(ahead._taken[who].left)
    assert [ahead.spend(who, limit=300_000) for _ in range(held)] == [True] * held
    with pytest.raises(Away):
        ahead.spend(who, limit=300_000)
    ahead._taken[who].left.append(None)
    time.now += counter._KEPT_SECONDS
    for _ in range(3):
        with pytest.raises(Away):
            ahead.spend(who, limit=300_000)


def test_threads_together_get_no_more_than_the_limit() -> None:
    ahead, who, limit = counter.Ahead("x", seconds=60), str(uuid4()), 3000

    def comes(_: int) -> int:
        return sum(ahead.spend(who, limit=limit) for _ in range(1000))

    with ThreadPoolExecutor(4) as several:
        let = sum(several.map(comes, range(4)))
    assert limit - 4 * limit // 1000 <= let <= limit


def test_whoever_was_refused_comes_back_when_the_window_is_over(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def count(*_: Any, more: int, **__: Any) -> int:
        made.append(more)
        return sum(made)

    monkeypatch.setattr(counter, "count", count)
    ahead, who, limit = counter.Ahead("x", seconds=60), str(uuid4()), 5000
    assert came(ahead, who, time, times=2 * limit, each=0.0001, limit=limit) <= limit
    assert not ahead.spend(who, limit=limit)
    made.clear()
    time.now += 60
    assert ahead.spend(who, limit=limit)
    assert made == [1]
