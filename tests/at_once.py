"""Flows in threads that start at the same moment, on a real database."""

import threading
from collections.abc import Callable

from django.db import connection

from ciam_portal.core.errors import Refused
from ciam_portal.core.policy.reason import ReasonBase


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


def together(*verbs: Callable[[], object]) -> list[str]:
    """What became of each: "done", or the reason of the refusal."""
    return [str(answer) if isinstance(answer, ReasonBase) else "done" for answer in at_once(*verbs)]
