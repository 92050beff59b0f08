"""Flows in threads that start at the same moment, on a real database."""

import threading
import time
from collections.abc import Callable

from django.db import connection, transaction

from ciam_portal.core.errors import Refused
from ciam_portal.core.policy.reason import ReasonBase

SOON = 10.0  # seconds


def at_once(*verbs: Callable[[], object]) -> list[object]:
    """What each returns, or the reason of the refusal it raises."""
    answers: list[object] = [None] * len(verbs)
    gate = threading.Barrier(len(verbs))

    def run(number: int) -> None:
        gate.wait()
        try:
            answers[number] = verbs[number]()
        except Refused as refused:
            answers[number] = refused.reason
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def in_turn(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """What both return, where the second finds the first not through yet and has to wait for it: never by chance."""
    answers: list[object] = []

    def run() -> None:
        try:
            answers.append(second())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        answers.append(first())
        thread.start()
        assert waits_for_a_lock()
    thread.join()
    return answers


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
