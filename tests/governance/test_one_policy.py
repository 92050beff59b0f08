"""One version of the policy decides a whole unit of work, and each decision names the one that decided it."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from celery import shared_task
from django.test import Client

from accounts.models import User
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level, Method
from ciam_portal.governance import events, recompute
from ciam_portal.governance.models import PolicyVersion
from recovery.contacts.policy import may_remind
from tests.conftest import NOON
from tests.governance.conftest import changed
from tests.governance.rows import BY, IN_SESSION, assess

pytestmark = pytest.mark.django_db

# Any two questions are answered differently by these: freshness, and how often customers are reminded.
TEXTS = [
    changed(actions__change_email__fresh_seconds=seconds, recovery__review_days=days)
    for seconds, days in ((60, 90), (61, 366))
]
VERSIONS = [limits.of_text(text) for text in TEXTS]
LONG_AGO = NOON - timedelta(days=100)
A_MINUTE_AGO = replace(IN_SESSION, assurance=Assurance(Level.AAL1, NOON - timedelta(seconds=60.5)))


@pytest.fixture(autouse=True)
def restless(db: None) -> None:
    """Between any two looks, the other version is approved."""
    for text, each in zip(TEXTS, VERSIONS, strict=True):
        PolicyVersion.objects.create(version=each.version, content=text, origin="file", state="found", found_at=NOON)
    turn = itertools.cycle(VERSIONS[number] for number in (0, 1, 1, 0, 1, 0, 0, 0, 1))
    limits.provide(lambda: next(turn))


def remind(at: datetime = NOON) -> DecisionEntry:
    decided = decisions.decide(may_remind, LONG_AGO, about=BY.id, by=BY, at=at)
    return DecisionEntry.objects.get(pk=str(decided.id))


@pytest.mark.parametrize("ask", [remind, lambda: assess("change_email", A_MINUTE_AGO)])
def test_a_decision_names_the_version_that_decided_it(ask: Callable[[], DecisionEntry]) -> None:
    entries = [ask() for _ in range(8)]
    assert {entry.policy_version for entry in entries} == {each.version for each in VERSIONS}
    assert len({(entry.answer, str(entry.detail)) for entry in entries}) == len(VERSIONS)
    for entry in entries:
        assert recompute.recompute(entry) == ()


@flow
def two_questions(*, by: Actor, at: datetime) -> set[str]:
    event = events.PolicyRejected(version=Code(limits.current().version))
    record(event, about=None, by=by, at=at)
    return {remind(at).policy_version, remind(at).policy_version, assess("change_email", IN_SESSION).policy_version}


@shared_task
def two_flows() -> set[str]:
    return two_questions(by=Actor.system(), at=NOON) | two_questions(by=Actor.system(), at=NOON)


def test_one_version_decides_a_flow_and_the_next_one_may_decide_the_next() -> None:
    each = [two_questions(by=Actor.system(), at=NOON) for _ in range(8)]
    assert all(len(versions) == 1 for versions in each)
    assert len(set.union(*each)) == len(VERSIONS)


def test_one_version_decides_a_task() -> None:
    each = [two_flows() for _ in range(8)]
    assert all(len(versions) == 1 for versions in each)
    assert len(set.union(*each)) == len(VERSIONS)


@pytest.mark.parametrize("path", ["/security/", "/profile/", "/sign-in/"])
def test_one_version_decides_a_request(path: str, customer: User, sign_in: Callable[..., Client]) -> None:
    home, asked = sign_in(customer, Method.PASSWORD, Method.TOTP), []

    def approved() -> limits.Limits:
        asked.append(path)
        return VERSIONS[0]

    limits.provide(approved)
    home.get(path)
    assert asked == [path]
    home.get(path)
    assert asked == [path, path]


def test_what_a_unit_could_not_take_is_asked_for_again() -> None:
    with limits.unit_of_work():
        limits.provide(_none)
        with pytest.raises(limits.UnsafePolicy):
            limits.current()
        limits.install(VERSIONS[1])
        assert limits.current() is VERSIONS[1]


def _none() -> limits.Limits:
    raise limits.UnsafePolicy("none yet")
