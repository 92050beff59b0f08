"""At how many places somebody is signed in: what is one too many ends, and nobody shuts the owner out by it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Device, Session, User
from accounts.sessions import flows, policy
from accounts.sessions.policy import Standing
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from tests.conftest import NOON
from tests.oauth.walk import Walk, register

LIMITS = settings.LIMITS
MOST = LIMITS.session.at_once


def standing(number: int, minutes: int, *, known: bool = True) -> Standing:
    return Standing(UUID(int=number), known, NOON - timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("others", "ends"),
    [
        ([standing(n, n) for n in range(MOST - 1)], []),
        ([standing(n, n) for n in range(MOST)], [MOST - 1]),
        ([standing(n, n) for n in range(MOST + 1)], [MOST, MOST - 1]),
        # One that was used just now in a browser that is not known ends before one of the owner's.
        ([standing(n, n + 5) for n in range(MOST - 1)] + [standing(99, 0, known=False)], [99]),
    ],
)
def test_which_end(others: list[Standing], ends: list[int]) -> None:
    assert policy.one_too_many(others, LIMITS) == [UUID(int=each) for each in ends]


@given(st.lists(st.tuples(st.integers(0, 14), st.booleans()), max_size=30))
def test_no_more_than_policy_allows_and_a_known_browser_only_if_there_is_no_other(
    drawn: list[tuple[int, bool]],
) -> None:
    others = [standing(number, minutes, known=known) for number, (minutes, known) in enumerate(drawn)]
    ends = set(policy.one_too_many(others, LIMITS))
    stays = [each for each in others if each.id not in ends]
    assert len(stays) == min(len(others), MOST - 1)
    if any(each.known for each in others if each.id in ends):
        assert all(each.known for each in stays)


@pytest.fixture
def two_places() -> None:
    limits.install(replace(LIMITS, session=replace(LIMITS.session, at_once=2)))


@pytest.mark.django_db
@pytest.mark.usefixtures("two_places")
def test_the_longest_idle_one_ends_and_its_owner_is_told(
    customer: User, sign_in: Callable[..., Client], outbox: Callable[[], list[Any]]
) -> None:
    start = clock.now()
    browsers = []
    for minutes in (0, 1):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            browsers.append(sign_in(customer, on=Client()))
    with time_machine.travel(start + timedelta(minutes=2)):
        browsers[0].get("/sessions/")  # used; the other one was not
        browsers.append(sign_in(customer, on=Client()))
        assert [each.get("/sessions/").status_code for each in browsers] == [200, 302, 200]
    assert list(Session.objects.filter(ended_at__isnull=False).values_list("end_reason", flat=True)) == ["one_too_many"]
    (told,) = [each for each in outbox() if each.kind == "session_made_room"]
    assert (told.to, told.words["most"]) == (customer.email, 2)
    assert "one place more" in browsers[2].get("/activity/").text


@pytest.mark.django_db
@pytest.mark.usefixtures("two_places")
def test_whoever_comes_in_again_and_again_ends_their_own(customer: User, sign_in: Callable[..., Client]) -> None:
    owner = sign_in(customer, on=Client())
    known = Device.objects.get()
    thieves = [Client() for _ in range(4)]
    for thief in thieves:
        sign_in(customer, on=thief)
        Device.objects.exclude(pk=known.pk).update(known_at=clock.now() + timedelta(days=1))
    assert [each.get("/sessions/").status_code for each in (owner, thieves[-1])] == [200, 200]
    assert sign_in(customer, on=Client()).get("/sessions/").status_code == 200  # and the owner always gets in


@pytest.mark.django_db
def test_what_was_allowed_in_their_absence_stays(customer: User, sign_in: Callable[..., Client]) -> None:
    walk = Walk(*register(), sign_in(customer))
    given_ = walk.tokens("openid offline_access")
    session = Session.objects.get()
    flows.end(session, by=Actor.system(), at=clock.now(), reason=flows.ONE_TOO_MANY)
    assert walk.refresh(given_["refresh_token"]).status_code == 200
