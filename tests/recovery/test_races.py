"""The same recovery finished twice, or stopped while it is finished, on a real database: one of them wins."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from accounts.flows import sign_in
from accounts.history import Seen
from accounts.models import User
from ciam_portal import clock, codes
from ciam_portal.audit.actor import Actor, Channel, Kind
from ciam_portal.audit.models import AuditEntry
from ciam_portal.errors import Refused
from recovery.flows import finish, wait
from recovery.models import Case, Shown
from recovery.policy.states import State
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]

KEY = "k" * 43
STRANGER = Actor(Kind.STRANGER, None, Channel.WEB)


def together(*verbs: Callable[[], object]) -> list[str]:
    """What became of each, in threads that start at the same moment: "done", or the reason of the refusal."""
    answers = [""] * len(verbs)
    gate = threading.Barrier(len(verbs))

    def run(number: int) -> None:
        gate.wait()
        try:
            verbs[number]()
            answers[number] = "done"
        except Refused as refused:
            answers[number] = str(refused.reason)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def case() -> Case:
    """A recovery whose wait is over."""
    at = clock.now()
    made = Case.objects.create(
        customer=factories.customer(),
        state=State.COOLING_OFF,
        key_digest=codes.digest(KEY, "recovery key"),
        opened_at=at - timedelta(days=8),
        cooling_since=at - timedelta(days=8),
        risk=0,
    )
    Shown.objects.create(case=made, way="mail", at=made.opened_at)
    return made


def complete(case: Case, password: str) -> Callable[[], object]:
    browser = sign_in.Browser("", "", Seen(address="127.0.0.1", browser="Firefox", system="Linux"))
    return lambda: finish.complete(case, KEY, password, None, browser, by=STRANGER, at=clock.now())


def test_of_two_completions_one_counts(case: Case) -> None:
    passwords = [f"seven lamps of quiet harbour {number}" for number in range(4)]
    answers = together(*(complete(case, password) for password in passwords))
    assert sorted(answers) == ["case_not_possible"] * 3 + ["done"]
    customer = User.objects.get(pk=case.customer_id)
    assert customer.check_password(passwords[answers.index("done")])
    assert AuditEntry.objects.filter(name="recovery.completed").count() == 1


def test_cancel_against_complete_has_one_winner(case: Case) -> None:
    def cancel() -> object:
        return wait.cancel_here(case, by=STRANGER, at=clock.now())

    password = "seven lamps of quiet harbour"
    answers = together(cancel, complete(case, password))
    assert sorted(answers) == ["case_not_possible", "done"]
    case.refresh_from_db()
    changed = User.objects.get(pk=case.customer_id).check_password(password)
    assert (case.state, changed) in {(State.CANCELLED, False), (State.COMPLETED, True)}
    assert changed is (answers[1] == "done")
