"""The right password and nearly everything unusual: told the truth, asked for the strongest proof, or held."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Alert, Device, Dispute, Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Risk
from tests import elsewhere, factories
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.factories import PASSWORD, Message, at_home, signed_in
from tests.governance.conftest import limits_with

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]
HELD = "/sign-in/held/"


@pytest.fixture
def home(customer: User) -> Client:
    """The browser in which the customer is known, used often enough that another one is a surprise."""
    client = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"})
    at_home(client, customer, agent=client.defaults["HTTP_USER_AGENT"])
    for _ in range(3):
        assert enter(client, customer)["Location"] == "/"
        client.post("/sign-out/")
    limits.install(limits_with(risk__moderate_score=-5, risk__high_score=-4, risk__severe_score=0))
    return client


def enter(client: Client, customer: User, password: str = PASSWORD) -> Any:
    client.post("/sign-in/prove/over/")  # what waits in this browser is let go
    return client.post("/sign-in/", {"login": customer.email, "password": password})


def kinds(outbox: Outbox) -> list[str]:
    return [mail.kind for mail in outbox()]


def test_whoever_has_the_password_reads_the_truth_and_nobody_else_anything(
    home: Client, customer: User, outbox: Outbox
) -> None:
    phone = elsewhere.browser()
    assert "are not correct" in enter(phone, customer, "not the password at all").text
    assert outbox() == []
    answer = enter(phone, customer)
    assert answer["Location"] == HELD
    page = phone.get(HELD)
    assert page.status_code == 403
    for words in ("What you typed is right", "Nobody was let in", "a browser that you have used", "Ask our help desk"):
        assert words in page.text
    assert customer.email not in page.text
    assert not Session.objects.filter(ended_at=None).exists()
    assert kinds(outbox) == ["sign_in_stopped"]
    decision = DecisionEntry.objects.get(about=customer.pk, answer="hold")
    assert (decision.reason, decision.risk) == ("sign_in_held", Risk.SEVERE)


def test_nothing_more_can_be_proven_in_it_and_it_can_start_over(home: Client, customer: User, outbox: Outbox) -> None:
    phone = elsewhere.browser()
    enter(phone, customer)
    assert phone.get("/sign-in/prove/")["Location"] == HELD
    assert phone.post("/sign-in/prove/", {"way": "email_code", "code": "00000000"})["Location"] == HELD
    assert phone.post("/sign-in/prove/code/")["Location"] == "/sign-in/"
    assert phone.post("/sign-in/prove/passkey/begin/").status_code == 409
    assert "code_to_sign_in" not in kinds(outbox)
    assert phone.post("/sign-in/prove/over/")["Location"] == "/sign-in/"
    assert phone.get(HELD, follow=True).redirect_chain[-1][0] == "/sign-in/"


def test_the_help_desk_is_asked_once_and_its_word_opens_the_way_for_the_strongest_proof(
    home: Client, customer: User, outbox: Outbox
) -> None:
    phone = elsewhere.browser()
    enter(phone, customer)
    page = phone.post(HELD)
    assert "A person will look at this decision" in page.text
    assert "/activity/" not in page.text
    dispute = Dispute.objects.get()
    enter(phone, customer)
    phone.post(HELD)  # about another decision, while the desk looks at one already
    assert Dispute.objects.get() == dispute
    assert kinds(outbox).count("dispute_opened") == 1
    dispute.close(Dispute.Outcome.MISTAKEN, codes.new_id(), clock.now())
    assert enter(phone, customer)["Location"] == "/sign-in/prove/"
    code = [mail.words["code"] for mail in outbox() if mail.kind == "code_to_sign_in"][-1]
    assert phone.post("/sign-in/prove/", {"way": "email_code", "code": code})["Location"] == "/"
    session = Session.objects.get(ended_at=None)
    assert (session.risk, session.level) == (Risk.HIGH, Level.AAL1)
    assert kinds(outbox)[-1] == "new_device"
    assert Alert.objects.get().kind == "watched"
    phone.post("/sign-out/")
    hours = limits.current().disputes.vouched_hours
    Device.objects.filter(pk=str(session.device_id)).delete()
    with time_machine.travel(clock.now() + timedelta(hours=hours, seconds=1)):
        assert enter(elsewhere.browser(), customer)["Location"] == HELD


def test_another_answer_of_the_desk_opens_nothing(home: Client, customer: User) -> None:
    phone = elsewhere.browser()
    enter(phone, customer)
    phone.post(HELD)
    Dispute.objects.get().close(Dispute.Outcome.EXPLAINED, codes.new_id(), clock.now())
    assert enter(phone, customer)["Location"] == HELD


@pytest.mark.parametrize("outcome", [Dispute.Outcome.EXPLAINED, Dispute.Outcome.MISTAKEN])
@pytest.mark.parametrize("method", ["get", "post"])
def test_once_the_desk_has_answered_the_page_says_neither_wait_nor_that_they_look(
    home: Client, customer: User, method: str, outcome: Dispute.Outcome
) -> None:
    phone = elsewhere.browser()
    enter(phone, customer)
    phone.post(HELD)
    Dispute.objects.get().close(outcome, codes.new_id(), clock.now())
    answer = getattr(phone, method)(HELD, follow=True)
    assert answer.redirect_chain == [("/sign-in/", 302)]
    assert "Please sign in again" in answer.text


def test_once_its_time_has_come_the_page_says_so(home: Client, customer: User) -> None:
    phone = elsewhere.browser()
    known_at = clock.now() + timedelta(minutes=5)
    new = {"first_seen_at": clock.now(), "last_seen_at": clock.now(), "known_at": known_at}
    at_home(phone, customer, agent=elsewhere.PHONE)
    newest = Device.objects.filter(customer=customer).latest("pk")
    Device.objects.filter(pk=newest.pk).update(**new)
    assert enter(phone, customer)["Location"] == HELD
    assert "From this browser you can come in after" in phone.get(HELD).text
    with time_machine.travel(known_at + timedelta(seconds=1)):
        assert phone.get(HELD)["Location"] == "/sign-in/"
        assert enter(phone, customer)["Location"] == "/sign-in/prove/"


@pytest.mark.parametrize("doubt", ["disowned", "attack"])
def test_the_desks_word_ends_once_somebody_says_it_was_not_the_customer(
    home: Client, customer: User, doubt: str
) -> None:
    phone, at = elsewhere.browser(), clock.now()
    enter(phone, customer)
    phone.post(HELD)
    Dispute.objects.get().close(Dispute.Outcome.MISTAKEN, codes.new_id(), at)
    said = Dispute(customer=customer, kind=Dispute.Kind.NOT_ME, session=codes.new_id(), opened_at=at)
    if doubt == "attack":
        said.kind, said.opened_at = Dispute.Kind.CONTESTED, at - timedelta(days=1)
        said.close(Dispute.Outcome.ATTACK, codes.new_id(), clock.now())
    said.save()
    assert enter(phone, customer)["Location"] == HELD
    said.close(Dispute.Outcome.RECOGNIZED, codes.new_id(), clock.now())
    assert enter(phone, customer)["Location"] == "/sign-in/prove/"


def test_typing_a_password_again_is_answered_for_what_was_typed(home: Client, customer: User) -> None:
    phone, other = elsewhere.browser(), factories.customer()
    enter(phone, customer)
    wrong = phone.post("/sign-in/", {"login": customer.email, "password": "not the password at all"})
    assert "are not correct" in wrong.text
    enter(phone, customer)
    phone.post("/sign-in/", {"login": other.email, "password": PASSWORD})
    phone.post(HELD)
    assert not Dispute.objects.filter(customer=customer).exists()


def test_a_passkey_lets_in_under_watch(home: Client, customer: User, outbox: Outbox) -> None:
    key, browser = SoftAuthenticator(), Client()
    with_standing = signed_in(browser, customer, (Method.PASSWORD,))
    begun = browser.post("/security/passkeys/add/begin/").json()
    sent = {"ceremony": begun["ceremony"], "credential": key.create(begun["options"]), "name": "Laptop"}
    assert browser.post("/security/passkeys/add/", sent).status_code == 302
    with_standing.delete()
    phone = elsewhere.browser()
    answer = enter(phone, customer)
    assert answer["Location"] == "/sign-in/prove/"
    assert "passkey" in phone.get("/sign-in/prove/").text
    begun = phone.post("/sign-in/prove/passkey/begin/").json()
    shown = {"way": "passkey", "ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
    assert phone.post("/sign-in/prove/", shown)["Location"] == "/"
    session = Session.objects.get(ended_at=None)
    assert (session.risk, session.level) == (Risk.HIGH, Level.PHR)
    assert phone.get("/security/").status_code == 200
    assert "new_device" in kinds(outbox)
    assert Alert.objects.get().kind == "watched"
