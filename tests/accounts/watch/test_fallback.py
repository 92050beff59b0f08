"""Scoring that fails or is late: risk is unknown, which is not low; and what scoring costs a sign-in."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.baseline import history
from accounts.budgets import velocity
from accounts.models import PopulationCount, Profile, Session, User
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level, Method
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.policy.decision import Hold, Risk
from tests import factories
from tests.accounts.watch import past
from tests.conftest import NOON

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def home(client: Client, customer: User) -> Client:
    """A browser in which the customer has been before, signed out."""
    factories.signed_in(client, customer, (Method.PASSWORD,), clock.now() - timedelta(days=1))
    del client.cookies[settings.SESSION_COOKIE_NAME]
    return client


def enter(browser: Client, customer: User) -> Any:
    form = {"login": customer.email, "password": factories.PASSWORD}
    return browser.post("/sign-in/", form, headers={"User-Agent": FIREFOX})


def assessed() -> DecisionEntry:
    return DecisionEntry.objects.filter(action="sign_in").latest("at")


@pytest.fixture
def locked_counts(db: None) -> Iterator[None]:
    """Somebody else holds the population's table and does not let go."""
    settings = connection.settings_dict
    with psycopg.connect(
        dbname=settings["NAME"], user=settings["USER"], password=settings["PASSWORD"], host=settings["HOST"],
        port=settings["PORT"] or None,
    ) as other:  # fmt: skip
        other.execute("SET lock_timeout = '2s'")
        other.execute("LOCK TABLE accounts_populationcount IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


def test_at_home_nothing_is_asked(home: Client, customer: User) -> None:
    assert enter(home, customer)["Location"] == "/"
    entry = assessed()
    assert (entry.answer, entry.risk) == ("allow", Risk.LOW)
    assert entry.score is not None


def test_scoring_that_is_late_is_challenged(home: Client, customer: User, locked_counts: None) -> None:
    before = clock.now()
    page = enter(home, customer)
    assert clock.now() - before < timedelta(seconds=3)
    assert page.status_code == 302
    assert "/sign-in/" in page["Location"]
    entry = assessed()
    assert (entry.answer, entry.score, entry.contributions, entry.risk) == ("step_up", None, [], Risk.MODERATE)
    assert entry.detail["challenge"] is True
    code = next(message.words["code"] for message in factories.outbox() if message.kind == "code_to_sign_in")
    assert home.post(page["Location"], {"code": code, "method": "email_code"}).status_code == 302
    assert Session.objects.filter(customer=customer, decision=assessed().pk).exists()
    assert assessed().answer == "allow"


def test_a_profile_that_cannot_be_read_is_challenged(home: Client, customer: User) -> None:
    Profile.objects.filter(pk=customer.pk).update(data={"w": "nonsense"})
    assert enter(home, customer).status_code == 302
    assert (assessed().answer, assessed().score) == ("step_up", None)


def test_without_counters_it_is_challenged(home: Client, customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(velocity, "counters", past.no_counters)
    assert enter(home, customer).status_code == 302
    assert (assessed().answer, assessed().score, assessed().risk) == ("step_up", None, Risk.MODERATE)


def test_without_counters_a_wrong_password_is_still_only_wrong(
    client: Client, customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(velocity, "counters", past.no_counters)
    page = client.post("/sign-in/", {"login": customer.email, "password": "not the password at all"})
    assert page.status_code == 200
    assert "are not correct" in page.text


def test_without_the_whole_cache_nobody_comes_in(home: Client, customer: User, settings: Any) -> None:
    # Attempts could not be limited either: the page says "try again in a moment", and nobody is assessed.
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:9/0"}}
    page = enter(home, customer)
    assert (page.status_code, page["Retry-After"]) == (503, "10")
    assert not DecisionEntry.objects.filter(action="sign_in").exists()


def test_unknown_counts_as_moderate_and_as_high_for_what_is_critical() -> None:
    rules, nobody_knows = limits.load(), gate.Facts(
        channel=Channel.WEB, account_active=True, session_live=True, assurance=Assurance(Level.AAL1, NOON),
        highest=Level.AAL1, challenged_at=NOON, device=gate.Trust.KNOWN,
    )  # fmt: skip
    assert gate.assess("sign_in", nobody_knows, limits=rules, at=NOON).risk is Risk.MODERATE
    critical = gate.assess("change_email", nobody_knows, limits=rules, at=NOON)
    assert critical.risk is Risk.HIGH
    assert isinstance(critical.decision, Hold)


def test_a_failed_reading_spoils_nothing_else(customer: User, locked_counts: None) -> None:
    history.learn(customer.pk, past.USUAL, clock.now())
    assert history.read(customer.pk, past.USUAL, clock.now()) is None
    assert Profile.objects.filter(pk=customer.pk).exists()
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("15s",)


def test_a_reading_leaves_the_time_limit_as_it_was(customer: User) -> None:
    assert history.read(customer.pk, past.USUAL, clock.now()) is not None
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("15s",)


@pytest.mark.parametrize("sign_ins", [1, 40])
def test_weighing_adds_at_most_three_statements_however_long_the_history(
    home: Client, customer: User, sign_ins: int
) -> None:
    seen = history.Seen("127.0.0.1", agent=FIREFOX, browser="Firefox", system="Linux", kind="desktop")
    for number in range(sign_ins):
        history.learn(customer.pk, history.visit_of(seen), clock.now() - timedelta(days=sign_ins - number))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert enter(home, customer)["Location"] == "/"
    ours = [row["sql"] for row in queries if re.search(r"accounts_(profile|populationcount)", row["sql"])]
    assert len(ours) <= 3, ours
    assert len(ours) == 2, "one reads and one teaches, as long as nobody else taught in between"


def test_a_profile_that_changed_since_it_was_read_is_taught_on_what_it_is_now(customer: User) -> None:
    at = clock.now()
    history.learn(customer.pk, past.USUAL, at - timedelta(days=3))
    found = history.read(customer.pk, past.USUAL, at)
    assert found is not None
    history.learn(customer.pk, replace(past.USUAL, asn="64501"), at - timedelta(days=1))  # meanwhile, elsewhere
    history.learn(customer.pk, replace(past.USUAL, asn="64502"), at, found.remembered)
    kept = Profile.objects.get(pk=customer.pk).data["v"]["asn"]
    assert set(kept) == {"64500", "64501", "64502"}


def test_a_profile_as_it_was_read_is_taught_with_one_statement(customer: User) -> None:
    at = clock.now()
    history.learn(customer.pk, past.USUAL, at - timedelta(days=3))
    found = history.read(customer.pk, past.USUAL, at)
    assert found is not None
    with CaptureQueriesContext(connection) as queries:
        history.learn(customer.pk, replace(past.USUAL, asn="64501"), at, found.remembered)
    assert len(queries) == 1
    assert set(Profile.objects.get(pk=customer.pk).data["v"]["asn"]) == {"64500", "64501"}


def test_the_first_sign_in_of_all_is_taught_though_nothing_was_remembered(customer: User) -> None:
    found = history.read(customer.pk, past.USUAL, clock.now())
    assert found is not None
    history.learn(customer.pk, past.USUAL, clock.now(), found.remembered)
    assert Profile.objects.filter(pk=customer.pk).exists()


def test_the_sums_of_all_customers_are_at_most_a_minute_old(customer: User) -> None:
    at = clock.now()

    def total(then: datetime) -> float:
        found = history.read(customer.pk, past.USUAL, then)
        assert found is not None
        assert found.evidence.asn is not None
        return found.evidence.asn.all_exposure

    history.learn(customer.pk, past.USUAL, at - timedelta(days=3))
    PopulationCount.objects.add({("exposure", "asn"): 5.0})
    assert total(at) == 5.0
    PopulationCount.objects.add({("exposure", "asn"): 2.0})
    assert total(at + timedelta(seconds=59)) == 5.0
    assert total(at + timedelta(seconds=60)) == 7.0
    PopulationCount.objects.add({("exposure", "asn"): 1.0})
    assert total(at) == 8.0  # a clock that went back
