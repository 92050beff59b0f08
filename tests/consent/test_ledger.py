"""The use ledger: nothing uncounted, nothing changed afterwards, nothing released that could not be written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit import months
from consent.ledger import facts
from consent.ledger.shapes import OURSELVES, Line, Party, Way
from consent.models import Consent, Use
from tests.at_once import at_once
from tests.conftest import NOON
from tests.oauth.walk import Walk, register

ONE = Line(UUID(int=1), "profile", 2, "consent", ("profile",), Way.USERINFO, Party(UUID(int=7)), event=9)


def note(*lines: Line, at: Any = NOON) -> None:
    Use.objects.note(lines, at)


@pytest.mark.django_db
def test_what_is_alike_within_a_minute_is_one_row_and_all_of_it_counts() -> None:
    for seconds in (0, 1, 59):
        note(ONE, ONE, at=NOON + timedelta(seconds=seconds))
    note(ONE, at=NOON + timedelta(minutes=1))
    found = list(Use.objects.order_by("at").values_list("at", "times", "last_at"))
    assert found == [
        (NOON, 6, NOON + timedelta(seconds=59)),
        (NOON + timedelta(minutes=1), 1, NOON + timedelta(minutes=1)),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other",
    [
        {"customer": UUID(int=2)}, {"purpose": "contact"}, {"version": 3}, {"categories": ("profile", "email")},
        {"way": Way.PROFILE}, {"party": Party()}, {"party": Party(application="desk")}, {"event": 8},
        {"actor": UUID(int=3)}, {"reason": "withdrawn"}, {"basis": "contract"},
    ],
)  # fmt: skip
def test_whatever_differs_has_a_row_of_its_own(other: dict[str, Any]) -> None:
    note(ONE, replace(ONE, **other))
    assert list(Use.objects.values_list("times", flat=True)) == [1, 1]
    assert Use.objects.filter(result="refused").exists() == ("reason" in other)


@pytest.mark.django_db
def test_a_call_costs_one_statement_whatever_it_counts(django_assert_num_queries: Any) -> None:
    many = [replace(ONE, customer=UUID(int=number)) for number in range(500)]
    with django_assert_num_queries(1):
        note(*many, ONE)
    with django_assert_num_queries(0):
        note()
    assert sum(Use.objects.values_list("times", flat=True)) == 501


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET times = times - 1", "UPDATE {} SET times = 9, reason = 'x'",
        "UPDATE {} SET times = 9, at = at + interval '1 minute'", "UPDATE {} SET last_at = last_at + interval '1s'",
        "UPDATE {} SET times = 9, partner = NULL",
    ],
)  # fmt: skip
@pytest.mark.parametrize("part", ["consent_use", "consent_use_2026_03", "consent_use_other"])
def test_rows_only_count_up(statement: str, part: str) -> None:
    if part == "consent_use_2026_03":
        note(ONE, at=NOON)
        months.make()
    note(ONE, at=NOON)
    if part.endswith("other"):
        note(ONE, at=NOON - timedelta(days=4000))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(part))


@pytest.mark.django_db(transaction=True)
def test_those_at_once_wait_for_no_more_than_a_row(unlocked_audit: None) -> None:
    """In whatever order they name the rows, nobody waits for somebody who waits for them."""
    two = replace(ONE, customer=UUID(int=2))
    calls = [partial(note, *pair) for pair in ((ONE, two), (two, ONE)) * 4]
    assert at_once(*calls) == [None] * 8
    assert list(Use.objects.values_list("times", flat=True)) == [8, 8]


def test_a_customer_is_nobodys_elses(customer: User) -> None:
    note(replace(ONE, customer=customer.pk), ONE)
    assert Use.objects.of(customer.pk).count() == 1


LINES = st.builds(
    Line,
    customer=st.uuids(),
    purpose=st.sampled_from(["a", "b"]),
    version=st.integers(1, 3),
    basis=st.just("consent"),
    categories=st.lists(st.sampled_from(["x", "y"]), unique=True).map(tuple),
    way=st.sampled_from(Way),
    party=st.builds(Party, partner=st.none() | st.uuids()),
    reason=st.sampled_from(["", "withdrawn"]),
)


@pytest.mark.django_db
@given(st.lists(LINES, max_size=6).flatmap(lambda some: st.lists(st.sampled_from(some or [ONE]), max_size=20)))
def test_nothing_is_left_out(lines: list[Line]) -> None:
    with transaction.atomic():
        note(*lines)
        assert sum(Use.objects.values_list("times", flat=True)) == len(lines)
        assert Use.objects.count() == len(set(lines))
        transaction.set_rollback(True)


@pytest.fixture
def walk(customer: User, sign_in: Callable[..., Client]) -> Walk:
    """A partner, and the customer who is signed in."""
    return Walk(*register(), sign_in(customer))


@pytest.fixture
def looked(customer: User, sign_in: Callable[..., Client]) -> Callable[..., Any]:
    """Look at the page with this in its address, or at another one."""
    browser = sign_in(customer)
    return lambda path="/who-used-my-data/", **asked: browser.get(path, asked)


def test_the_page_says_who_used_what_for_what_and_why_not(customer: User, looked: Callable[..., Any]) -> None:
    shop, _secret = register("Tea House")
    at, mine = clock.now(), replace(ONE, customer=customer.pk, party=Party(shop.pk), categories=("name", "preference"))
    note(*[mine] * 12, at=at)
    note(replace(mine, reason="purpose_retired"), replace(mine, party=OURSELVES, purpose="sign_in"), at=at)
    note(ONE, at=at)  # of somebody else's
    page = looked().text
    assert "Tea House: Give an app your profile" in page
    assert "12 times" in page
    assert "Your name" in page
    assert "Your language and time zone" in page
    assert "This purpose is no longer in use." in page
    assert looked(who="own").text.count('class="row"') == 1
    assert looked(purpose="profile").text.count('class="row"') == 2
    assert looked(who=str(ONE.party), purpose="nothing", month="2020-13").status_code == 200


def test_the_year_is_counted_by_months(customer: User, looked: Callable[..., Any]) -> None:
    at, mine = clock.now(), replace(ONE, customer=customer.pk)
    before = facts.month_of(at) - timedelta(days=3)
    note(mine, mine, at=at)
    note(mine, replace(mine, reason="use_withdrawn"), at=before)
    answer = looked()
    months = [month for month, _query in answer.context["months"]]
    assert [(each.used, each.refused) for each in months[:3]] == [(2, 0), (1, 1), (0, 0)]
    assert len(months) == 12
    answer = looked(month=facts.name_of(before))
    assert len(answer.context["lines"]) == 2
    assert {each["result"] for each in answer.context["lines"]} == {"allowed", "refused"}


def test_each_line_leads_to_the_consent_and_to_its_end(walk: Walk, looked: Callable[..., Any]) -> None:
    walk.tokens("openid profile")
    consent = Consent.objects.get()
    note(replace(ONE, customer=consent.customer_id, party=Party(consent.partner_id)), at=clock.now())
    page = looked().text
    assert f"/connected-apps/{consent.pk}/withdraw/" in page
    assert f"/who-used-my-data/?who={consent.partner_id}" in walk.browser.get(f"/connected-apps/{consent.pk}/").text
    walk.browser.post(f"/connected-apps/{consent.pk}/withdraw/")
    page = looked().text
    assert "/withdraw/" not in page
    assert "Not connected now." in page


def test_what_we_did_ourselves_leads_to_the_choice_about_it(customer: User, looked: Callable[..., Any]) -> None:
    mine = replace(ONE, customer=customer.pk, party=OURSELVES)
    known = ("product_news", "improve_service", "security_notices", "sign_in")
    note(*(replace(mine, purpose=key) for key in (*known, "profile", "gone")), at=clock.now())
    page, choices = looked().text, looked("/privacy-choices/").text
    for key in known:
        assert page.count(f'href="/privacy-choices/#{key}"') == choices.count(f'id="{key}"') == 1, key
    assert page.count('href="/privacy-choices/#') == len(
        known
    )  # apps alone, or nobody any more, use data for the others


def test_a_page_costs_the_same_however_much_there_is(
    customer: User, looked: Callable[..., Any], django_assert_max_num_queries: Any
) -> None:
    looked()
    with django_assert_max_num_queries(8):
        looked()
    for minute in range(150):
        kind = replace(ONE, customer=customer.pk, version=minute, party=Party(UUID(int=minute)))
        note(kind, at=clock.now())
    with django_assert_max_num_queries(8):
        answer = looked()
    assert len(answer.context["lines"]) == facts.MOST
    assert answer.context["has_more"]
