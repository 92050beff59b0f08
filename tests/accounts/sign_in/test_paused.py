"""A paused sign-in ends when password or address change under it; what it showed before shows nothing then."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.account import flows as account
from accounts.customer import proofs
from accounts.models import Session, User
from accounts.sign_in import flows
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.assurance import Method
from tests import elsewhere, factories, mailed
from tests.factories import Message

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]
SignIn = Callable[..., Client]
NEW = "seven lamps of quiet harbour"
PROVE = "/sign-in/prove/"
CHANGED = "has been changed in the meantime. Please sign in again."


@pytest.fixture
def thief(customer: User) -> Client:
    """Somebody with the old password, at the second step."""
    client = elsewhere.browser()
    elsewhere.challenged(client, customer)
    return client


def code(outbox: Outbox) -> str:
    return str([mail.words["code"] for mail in outbox() if mail.kind == "code_to_sign_in"][-1])


def type_code(client: Client, typed: str) -> Any:
    return client.post(PROVE, {"way": "email_code", "code": typed})


def is_over(client: Client, answer: Any) -> bool:
    return answer["Location"] == "/sign-in/" and CHANGED in client.get("/sign-in/").text


@pytest.mark.control("v5.0.0-7.4.3")
def test_a_new_password_ends_it(thief: Client, customer: User, outbox: Outbox, by: Actor) -> None:
    owner = factories.signed_in(Client(), customer, (Method.PASSWORD,))
    typed = code(outbox)
    account.change_password(customer, NEW, owner, by=by, at=clock.now())
    assert is_over(thief, type_code(thief, typed))
    assert type_code(thief, typed)["Location"] == "/sign-in/"
    assert Session.objects.count() == 1


def test_so_does_a_reset(thief: Client, customer: User, outbox: Outbox) -> None:
    typed, owner = code(outbox), Client()
    owner.post("/forgotten-password/", {"email": customer.email})
    owner.get("/" + outbox()[-1].words["link"].split("/", 3)[3], follow=True)
    assert owner.post(mailed.page(owner, "/forgotten-password/new-password/"), {"password": NEW}).status_code == 200
    assert is_over(thief, thief.get(PROVE))
    assert type_code(thief, typed)["Location"] == "/sign-in/"


def test_and_a_new_address(thief: Client, customer: User, outbox: Outbox) -> None:
    User.objects.update(email="moved@example.com")
    assert is_over(thief, thief.post(f"{PROVE}code/"))
    assert [mail.to for mail in outbox()] == [customer.email]


def test_what_does_not_change_it_leaves_it_alone(thief: Client, customer: User, outbox: Outbox) -> None:
    User.objects.update(name="Another name")
    assert type_code(thief, code(outbox)).status_code == 302
    assert Session.objects.count() == 1


@pytest.mark.parametrize("paused", [True, False], ids=["second step", "known browser"])
def test_a_change_in_the_last_moment_is_seen_under_the_lock(
    customer: User, outbox: Outbox, monkeypatch: pytest.MonkeyPatch, paused: bool
) -> None:
    """The password changes after everything was asked, just before the session would begin."""
    really = flows.still_as_admitted

    def changed_meanwhile(who: User, admitted: flows.Admitted) -> User | None:
        User.objects.filter(pk=who.pk).update(password=make_password(NEW))
        return really(who, admitted)

    client = elsewhere.browser() if paused else Client()
    if paused:
        elsewhere.challenged(client, customer)
    else:
        factories.at_home(client, customer)
    monkeypatch.setattr(flows, "still_as_admitted", changed_meanwhile)
    form = {"login": customer.email, "password": factories.PASSWORD}
    answer = type_code(client, code(outbox)) if paused else client.post("/sign-in/", form)
    assert is_over(client, answer)
    assert not Session.objects.exists()
    assert client.get("/profile/").status_code == 302


def test_a_suspension_in_the_last_moment_is_a_refusal_and_leaves_nobody_signed_in(
    customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = flows.still_as_admitted

    def suspended_meanwhile(who: User, admitted: flows.Admitted) -> User | None:
        who.restricted(suspended_until=clock.now() + timedelta(days=1), step_up_until=None)
        return really(who, admitted)

    client = Client()
    factories.at_home(client, customer)
    monkeypatch.setattr(flows, "still_as_admitted", suspended_meanwhile)
    answer = client.post("/sign-in/", {"login": customer.email, "password": factories.PASSWORD})
    assert answer.status_code == 403
    assert not Session.objects.exists()
    assert client.get("/profile/").status_code == 302


def test_the_state_is_of_the_moment_at_which_the_password_was_right(thief: Client, customer: User) -> None:
    kept = thief.session["account_login"]["state"]["stages"]["proof"]["data"]["account"]
    assert kept == proofs.state_of(customer)
    assert customer.password not in kept
