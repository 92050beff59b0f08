"""Approvals and installations at the same moment, on a real database: one wins, and one version decides."""

from collections.abc import Callable
from functools import partial

import pytest
from django.conf import settings

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.governance import flows
from ciam_portal.governance.flows import Seen
from ciam_portal.governance.models import PolicyVersion
from ciam_portal.governance.policy import Reason, VersionState
from tests import at_once as together
from tests import factories
from tests.governance.conftest import Administrator, changed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]
_MANY = 5


def at_once(do: Callable[[int], object]) -> list[object]:
    """What ``do`` returns, or the reason of the refusal it raises, in so many threads that start together."""
    return together.at_once(*(partial(do, number) for number in range(_MANY)))


@pytest.fixture
def others() -> list[Administrator]:
    return [Administrator(factories.customer(is_staff=True)) for _ in range(_MANY)]


def the_one() -> PolicyVersion:
    return PolicyVersion.objects.get(state=VersionState.DECIDING)


def test_one_version_is_approved_once(
    mona: Administrator, others: list[Administrator], found: Callable[..., PolicyVersion]
) -> None:
    row = found()
    mona.propose(row)
    answers = at_once(lambda number: others[number].approve(row))
    assert sorted(map(str, answers)) == ["None"] + [Reason.DECIDES_ALREADY] * (_MANY - 1)
    assert the_one() == row
    assert AuditEntry.objects.filter(name="policy.approved", data__version=row.version).count() == 1


def test_of_many_versions_approved_at_once_one_decides(
    mona: Administrator, others: list[Administrator], found: Callable[..., PolicyVersion]
) -> None:
    rows = [found(session__idle_minutes=5 + number) for number in range(_MANY)]
    for row in rows:
        mona.propose(row)
    answers = at_once(lambda number: others[number].approve(rows[number]))
    assert sorted(map(str, answers)) == ["None"] + [Reason.BASE_CHANGED] * (_MANY - 1)
    assert the_one() in rows
    assert AuditEntry.objects.filter(name="flow.refused").count() == _MANY - 1


def test_a_rejection_and_an_approval_do_not_both_happen(
    mona: Administrator, others: list[Administrator], found: Callable[..., PolicyVersion]
) -> None:
    row = found()
    mona.propose(row)

    def decide(number: int) -> str:
        if number % 2:
            others[number].reject(row)
            return "rejected"
        others[number].approve(row)
        return "approved"

    answers = [answer for answer in at_once(decide) if answer in {"approved", "rejected"}]
    row.refresh_from_db()
    assert len(answers) == 1
    assert row.state == {"approved": VersionState.DECIDING, "rejected": VersionState.REJECTED}[str(answers[0])]


def test_processes_that_start_together_keep_one_candidate() -> None:
    text = changed(session__idle_minutes=14)
    answers = at_once(lambda _: flows.see(text, by=Actor.system(), at=clock.now()))
    assert sorted(map(str, answers)) == [Seen.FOUND] + [Seen.KNOWN] * (_MANY - 1)
    assert AuditEntry.objects.filter(name="policy.found").count() == 1


def test_processes_that_install_together_keep_one_first_version() -> None:
    PolicyVersion.objects.all().delete()
    answers = at_once(lambda _: flows.see(settings.POLICY_TEXT, by=Actor.system(), at=clock.now()))
    assert sorted(map(str, answers)) == [Seen.FIRST] + [Seen.SAME] * (_MANY - 1)
    assert the_one().version == settings.LIMITS.version
    assert PolicyVersion.objects.count() == 1
