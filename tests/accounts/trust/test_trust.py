"""A new account's limits: age and evidence lift them, nothing else does, and whoever meets one reads what does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as some

from accounts.models import Totp, User
from accounts.trust import facts, policy
from accounts.trust.policy import Doing, Evidence, Limited, Reason, Trust
from ciam_portal.core import clock
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Hold
from ciam_portal.core.policy.limits import load
from tests import factories

LIMITS = load()
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(days=LIMITS.trust.settled_days)
YOUNG = Evidence(opened_at=NOON - WEEK + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("evidence", "level"),
    [
        (Evidence(), Trust.NEW),
        (YOUNG, Trust.NEW),
        (replace(YOUNG, opened_at=NOON - WEEK), Trust.SETTLED),
        (replace(YOUNG, has_second_step=True), Trust.SHOWN),
        (replace(YOUNG, has_phone=True), Trust.SHOWN),
        (replace(YOUNG, has_second_step=True, has_phone=True), Trust.SETTLED),
        (replace(YOUNG, has_document=True), Trust.SETTLED),
    ],
)
def test_level_of(evidence: Evidence, level: Trust) -> None:
    assert policy.level_of(evidence, LIMITS, NOON) is level


EVIDENCE = some.builds(
    Evidence,
    opened_at=some.none() | some.datetimes(datetime(2026, 1, 1), datetime(2026, 4, 1), timezones=some.just(UTC)),
    has_second_step=some.booleans(),
    has_phone=some.booleans(),
    has_document=some.booleans(),
    waits_since=some.none() | some.datetimes(datetime(2026, 1, 1), datetime(2026, 4, 1), timezones=some.just(UTC)),
)


@given(EVIDENCE, some.sampled_from(Limited), some.integers(0, 60))
def test_more_evidence_and_more_age_never_take_anything_away(evidence: Evidence, what: Limited, today: int) -> None:
    def may(found: Evidence, at: datetime = NOON) -> bool:
        return isinstance(policy.may_do(Doing(what, found, today, NOON - DAY / 2), limits=LIMITS, at=at), Allow)

    before = may(evidence)
    shown: list[dict[str, Any]] = [
        {"has_second_step": True},
        {"has_phone": True},
        {"has_document": True},
        {"waits_since": None},
    ]
    for more in shown:
        assert may(replace(evidence, **more)) >= before
    assert may(evidence, NOON + DAY) >= before


@given(EVIDENCE)
def test_no_level_without_its_evidence(evidence: Evidence) -> None:
    level = policy.level_of(evidence, LIMITS, NOON)
    aged = (ends := policy.settles_at(evidence, LIMITS)) is not None and ends <= NOON
    both = evidence.has_second_step and evidence.has_phone
    assert level is not Trust.SETTLED or aged or evidence.has_document or both
    assert level is not Trust.SHOWN or evidence.has_second_step or evidence.has_phone
    assert level <= Trust.BARE or evidence.waits_since is None or evidence.has_phone or evidence.has_document or aged


@pytest.mark.parametrize(
    ("evidence", "today", "answer"),
    [
        (YOUNG, LIMITS.trust.new_apps_per_day - 1, Allow()),
        (YOUNG, LIMITS.trust.new_apps_per_day, Hold(Reason.NEW_ACCOUNT, NOON + timedelta(seconds=1))),
        (replace(YOUNG, opened_at=NOON), LIMITS.trust.new_apps_per_day, Hold(Reason.NEW_ACCOUNT, NOON + DAY / 2)),
        (replace(YOUNG, has_phone=True), LIMITS.trust.new_apps_per_day, Allow()),
        (Evidence(opened_at=NOON - WEEK), 1000, Allow()),
    ],
)
def test_may_do(evidence: Evidence, today: int, answer: Any) -> None:
    assert policy.may_do(Doing(Limited.APPS, evidence, today, NOON - DAY / 2), limits=LIMITS, at=NOON) == answer


NEW, SHOWN = LIMITS.trust.new_api_per_minute, LIMITS.trust.shown_api_per_minute


@pytest.mark.parametrize(
    ("level", "most"), [(Trust.BARE, NEW), (Trust.NEW, NEW), (Trust.SHOWN, SHOWN), (Trust.SETTLED, None)]
)
def test_api_most(level: Trust, most: int | None) -> None:
    assert policy.api_most(level, LIMITS) == most


@pytest.mark.django_db
def test_calls_are_fewer_while_an_account_is_new_and_what_it_shows_counts_within_a_minute(customer: User) -> None:
    at = clock.now()
    with CaptureQueriesContext(connection) as read:
        assert facts.may_be_called(customer.pk, NEW, at)
        assert facts.is_new(customer, at)
        assert facts.is_new(customer, at + WEEK - timedelta(seconds=1))
        assert not facts.is_new(customer, at + WEEK)
    assert len(read) == 0
    assert not facts.may_be_called(customer.pk, NEW + 1, at)
    Totp.objects.create(user=customer, confirmed=True, created_at=at)
    with CaptureQueriesContext(connection) as read:
        assert not facts.may_be_called(customer.pk, NEW + 1, at)
    assert len(read) == 0
    cache.clear()
    assert facts.may_be_called(customer.pk, SHOWN, at)
    assert not facts.may_be_called(customer.pk, SHOWN + 1, at)


@pytest.mark.django_db
def test_nothing_is_asked_below_the_least_limit_and_the_page_says_which_there_are(customer: User) -> None:
    at = clock.now()
    assert facts.doing(Limited.APPS, customer, [at] * (LIMITS.trust.new_apps_per_day - 1), at) is None
    asked = facts.doing(Limited.APPS, customer, [at] * LIMITS.trust.new_apps_per_day, at)
    assert asked is not None
    assert isinstance(policy.may_do(asked, limits=LIMITS, at=at), Hold)
    client = Client()
    factories.signed_in(client, customer, (Method.PASSWORD,))
    page = client.get("/security/").text
    assert f"{NEW} times in a minute" in page
    assert "Limits of a new account" in page
    assert f"You can connect {LIMITS.trust.new_apps_per_day} apps in a day." in page
    User.objects.filter(pk=customer.pk).update(created_at=at - WEEK)
    assert "Limits of a new account" not in client.get("/security/").text
    customer.refresh_from_db()
    assert facts.lines(customer, facts.evidence_of(customer, at), at) == []
