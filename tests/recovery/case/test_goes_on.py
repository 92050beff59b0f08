"""A recovery that waits or can be finished is found again: from the message, and from where its owner looks for it."""

from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client

from accounts.models import Device, Proof, Session, User
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.assurance import Method
from recovery.case import tasks
from recovery.case.flows import wait
from recovery.case.proofs import RECOVER
from recovery.models import Shown
from tests import factories
from tests.recovery import steps
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db
LEADS = "You are getting back into your account in this browser"


@pytest.fixture
def person(customer: User) -> Person:
    """Somebody who has shown enough, and waits."""
    steps.with_app(customer)
    steps.with_phone(customer)
    made = Person(Client())
    made.two_codes(customer.email)
    return made


def test_the_message_carries_a_link_that_leads_to_the_finish_and_stop_beside_it(person: Person) -> None:
    with steps.later(days=8):
        tasks.sweep()
        told = steps.news("ready")
        assert {mail.to for mail in told} >= {steps.PHONE}
        for mail in told:
            assert mail.words["link"]
            page = person.client.get(steps.path(mail.words["finish_link"]))
            assert "You can finish now" in page.text
            assert "/recover/finish/" in page.text
            for text in steps.texts(mail):
                assert mail.words["finish_link"] in text
                assert mail.words["link"] in text
        assert "Your account is yours again" in person.finish().text


@pytest.mark.control("v5.0.0-6.4.4")
def test_in_another_browser_it_says_what_to_do_and_finishes_nothing(person: Person, customer: User) -> None:
    with steps.later(days=8):
        tasks.sweep()
        other = Person(Client())
        page = other.client.get(steps.path(steps.news("ready")[0].words["finish_link"]))
        assert page.status_code == 200
        assert "No recovery was begun in this browser" in page.text
        assert customer.email not in page.text
        assert "Your account is yours again" not in other.finish().text
    customer.refresh_from_db()
    assert customer.check_password(factories.PASSWORD)


def test_no_other_message_speaks_of_finishing(person: Person) -> None:
    assert not [mail for step in ("opened", "waits") for mail in steps.news(step) if mail.words["finish_link"]]


@pytest.mark.parametrize("path", ["/", "/sign-in/"])
def test_the_front_page_and_the_sign_in_lead_on_to_it(person: Person, path: str) -> None:
    assert LEADS in person.client.get(path).text
    assert LEADS not in Client().get(path).text
    assert person.client.get("/recover/").headers["Location"] == "/recover/wait/"


def test_what_is_over_or_has_not_shown_enough_leads_nowhere(person: Person, customer: User) -> None:
    wait.cancel_here(steps.case_of(customer), by=Actor.system(), at=clock.now())
    assert LEADS not in person.client.get("/").text
    assert person.client.get("/recover/").status_code == 200
    with steps.later(minutes=5):
        person.start(customer.email)
        person.show("mail", steps.latest("recovery_code"))
        assert LEADS not in person.client.get("/").text


def test_a_page_finishes_the_recovery_that_it_was_opened_for(customer: User) -> None:
    """Two accounts in two tabs of one browser: the page of the first sets no password of the second."""
    other, browser = factories.customer(), Person(Client())
    browser.start(customer.email, lost=())
    browser.show("mail", steps.latest("recovery_code"))
    with steps.later(days=8):
        first = browser.client.get("/recover/finish/").context["here"]
        wait.cancel_here(steps.case_of(customer), by=Actor.system(), at=clock.now())  # or no other is begun here
        browser.start(other.email, lost=())
        browser.show("mail", steps.latest("recovery_code"))
        with steps.later(days=8):
            for path in (first, "/recover/finish/"):
                page = browser.client.post(path, {"password": steps.NEW}, follow=True)
                assert "Another recovery was begun in this browser" in page.text
                assert other.email in page.text
            for account in (customer, other):
                account.refresh_from_db()
                assert account.check_password(factories.PASSWORD)
            assert "Your account is yours again" in browser.finish().text
    other.refresh_from_db()
    assert other.check_password(steps.NEW)


# A hold says what is true for this customer now


@pytest.mark.parametrize("other", ["known", "too new", "forgotten", "none"])
def test_a_hold_speaks_of_another_browser_only_if_there_is_one(customer: User, other: str) -> None:
    steps.with_app(customer)
    at, client = clock.now(), Client()
    session = factories.signed_in(client, customer, (Method.PASSWORD, Method.TOTP))
    Session.objects.filter(pk=session.pk).update(risk=2, challenged_at=at, level_at=at)
    Device.objects.filter(customer=customer).update(known_at=at + timedelta(hours=20))
    if other != "none":
        Device.objects.create(
            customer=customer, cookie_digest="x" * 64, browser="Firefox", system="Linux", first_seen_at=at,
            last_seen_at=at, known_at=at + timedelta(days=1 if other == "too new" else -1),
            expires_at=at + timedelta(days=100), revoked_at=at if other == "forgotten" else None,
        )  # fmt: skip
    page = client.post("/security/email/", {"email": "other@example.com"})
    assert str(gate.Reason.ON_HOLD.words) in page.text
    assert ("a browser that you have used before" in page.text) is (other == "known")


def test_whoever_must_show_a_passkey_that_is_gone_is_shown_the_other_ways(customer: User) -> None:
    for words in ({"way": "passkey", "signing_in": False}, {"way": "totp", "signing_in": True}):
        page = render_to_string("accounts/sign_in/prove.html", words)
        assert "/recover/" in page
        assert "our help desk" in page
    assert "/recover/" in render_to_string("accounts/sign_in/prove_nothing.html", {})


def test_a_code_typed_in_an_older_tab_is_no_guess_at_the_account_named_since(customer: User) -> None:
    other, person = factories.customer("other@example.com"), Person(Client())
    person.start(other.email)
    older, code = person.here("/recover/show/"), steps.latest("recovery_code")
    with steps.later(minutes=5):
        person.start(customer.email)
        page = person.client.post(older, {"way": "mail", "code": code}, follow=True)
        assert "Another recovery was begun in this browser meanwhile" in page.text
        asked = person.client.post(older.replace("show", "send"), {"way": "mail"}, follow=True)
        assert "Another recovery was begun in this browser meanwhile" in asked.text
        assert not Proof.objects.filter(purpose=RECOVER.name, attempts__gt=0).exists()
        person.show("mail", steps.latest("recovery_code"))
    assert Shown.objects.get().case.customer == customer


def test_an_older_tab_that_begins_anew_does_not_lose_what_waits(person: Person, customer: User) -> None:
    """Sent once more, the form of the first page took the browser's key away: nobody could finish any more."""
    with steps.later(minutes=5):
        page = person.start(customer.email)
        assert "A recovery waits in this browser already" in page.text
        assert "Please wait until" in page.text
    with steps.later(days=8):
        assert "Your account is yours again" in person.finish().text


def test_what_is_too_old_does_not_stand_in_the_way_of_another(person: Person) -> None:
    """Until the sweep had come by, *Begin anew* led back to the page that offered it."""
    with steps.later(days=40):
        assert "This recovery is over" in person.client.get("/recover/wait/").text
        assert person.client.get("/recover/").status_code == 200


def test_a_locked_account_is_not_told_to_simply_sign_in(person: Person, customer: User) -> None:
    assert "simply sign in" in person.client.get("/recover/wait/").text
    User.objects.filter(pk=customer.pk).update(locked_at=clock.now(), way_back="factor")
    assert "simply sign in" not in person.client.get("/recover/wait/").text


def test_whoever_presses_finish_twice_reads_that_it_is_finished(person: Person) -> None:
    with steps.later(days=8):
        person.finish()
        page = person.client.get("/recover/finish/", follow=True)
    assert "Your account is yours again" in page.text
    assert "Begin again" not in page.text


def test_what_was_stopped_is_not_said_to_be_finished(person: Person, customer: User) -> None:
    wait.cancel_here(steps.case_of(customer), by=Actor.system(), at=clock.now())
    page = person.client.get("/recover/wait/").text
    assert "It was stopped" in page
    assert "too old" not in page
