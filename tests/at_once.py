"""Flows in threads that start at the same moment, on a real database. Nothing here waits for ever."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, transaction

from ciam_portal.core.errors import Refused
from ciam_portal.core.policy.reason import ReasonBase

SOON = 10.0  # seconds
PATIENCE = 60.0  # seconds: longer than any statement may take


def at_once(*verbs: Callable[[], object]) -> list[object]:
    """What each returns, or the reason of the refusal it raises."""
    gate = threading.Barrier(len(verbs), timeout=SOON)

    def run(verb: Callable[[], object]) -> object:
        gate.wait()
        return _own(verb)

    with ThreadPoolExecutor(len(verbs)) as several:
        return [each.result(PATIENCE) for each in [several.submit(run, verb) for verb in verbs]]


def in_turn(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """What both return, where the second finds the first not through yet and has to wait for it: never by chance."""
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            answer = first()
            waiting = other.submit(_own, second)
            assert waits_for_a_lock()
        return [answer, waiting.result(PATIENCE)]


def side_by_side(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """What both return, where the second comes through although the first is not through yet."""
    with ThreadPoolExecutor(1) as other, transaction.atomic():
        return [first(), other.submit(_own, second).result(SOON)]


@contextmanager
def meanwhile(*verbs: Callable[[], object]) -> Iterator[list[Future[None]]]:
    """Each is done again and again for as long as this goes on; raises what any of them raised."""
    over = threading.Event()

    def run(verb: Callable[[], object]) -> None:
        try:
            while not over.is_set():
                verb()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(verbs)) as several:
        running = [several.submit(run, verb) for verb in verbs]
        try:
            yield running
        finally:
            over.set()
        for each in running:
            each.result(PATIENCE)


def wait_until(true: Callable[[], bool], patience: float = SOON) -> None:
    """Fails when it is not true within so many seconds."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)


def waits_for_a_lock(seconds: float = SOON) -> bool:
    """Whether another connection comes to wait for a lock."""
    end = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            # Rows are waited for as transactions, which belong to no database: no other test commits meanwhile.
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return True
            time.sleep(0.02)
    return False


def together(*verbs: Callable[[], object]) -> list[str]:
    """What became of each: "done", or the reason of the refusal."""
    return [str(answer) if isinstance(answer, ReasonBase) else "done" for answer in at_once(*verbs)]


def _own(verb: Callable[[], object]) -> object:
    try:
        return verb()
    except Refused as refused:
        return refused.reason
    finally:
        connection.close()
