"""The browsers that a customer is known in: listed, given a name, forgotten."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Device, Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Method
from tests.factories import FIREFOX, PASSWORD, Message, signed_in

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]


@pytest.fixture
def other(customer: User) -> Client:
    """Another browser of the customer."""
    client = Client()
    signed_in(client, customer, (Method.PASSWORD,))
    return client


def device_of(client: Client) -> Device:
    found = Session.objects.get(pk=client.session["portal_session"]).device
    assert found is not None
    return found


def test_a_forgotten_browser_is_a_stranger_and_its_customer_is_told(
    customer: User, sign_in: SignIn, other: Client, outbox: Outbox
) -> None:
    here, theirs = sign_in(customer), device_of(other)
    page = here.get("/sessions/").text
    assert page.count("Forget<span") == 2
    assert page.index(f"/browsers/{device_of(here).pk}/") < page.index(f"/browsers/{theirs.pk}/")
    assert here.post(f"/sessions/browsers/{theirs.pk}/forget/")["Location"] == "/sessions/"
    theirs.refresh_from_db()
    assert theirs.revoked_at is not None
    assert other.get("/profile/").status_code == 302  # signed out there
    assert here.get("/profile/").status_code == 200
    assert outbox()[-1].kind == "browser_forgotten"
    assert AuditEntry.objects.filter(name="activity.browser_forgotten", about=customer.pk).count() == 1
    answer = other.post("/sign-in/", {"login": customer.email, "password": PASSWORD}, headers={"user-agent": FIREFOX})
    assert answer["Location"] == "/sign-in/prove/"  # as from any new browser
    assert here.post(f"/sessions/browsers/{theirs.pk}/forget/").status_code == 404


def test_to_forget_a_browser_takes_a_fresh_proof(customer: User, sign_in: SignIn, other: Client) -> None:
    here = sign_in(customer)
    Session.objects.update(auth_time=clock.now() - timedelta(hours=1), level_at=clock.now() - timedelta(hours=1))
    assert here.post(f"/sessions/browsers/{device_of(other).pk}/forget/")["Location"].startswith("/prove/")
    assert device_of(other).revoked_at is None


def test_this_browser_can_be_forgotten_too_and_stays_signed_in(customer: User, sign_in: SignIn) -> None:
    here = sign_in(customer)
    assert here.post(f"/sessions/browsers/{device_of(here).pk}/forget/")["Location"] == "/sessions/"
    assert "None." in here.get("/sessions/").text


def test_a_browser_has_the_name_that_its_customer_gives_it(customer: User, sign_in: SignIn, other: Client) -> None:
    here, theirs = sign_in(customer), device_of(other)
    path = f"/sessions/browsers/{theirs.pk}/name/"
    assert here.get(path).status_code == 200
    assert here.post(path, {"name": " Laptop  at work "})["Location"] == "/sessions/"
    assert "Laptop at work" in here.get("/sessions/").text
    assert here.post(path, {"name": "x\u202ey"}).status_code == 200  # no sign that nobody sees
    assert here.post(path, {"name": ""}).status_code == 302
    assert device_of(other).name == ""


@pytest.mark.control("v5.0.0-8.2.2")
def test_nobody_elses_browser_exists(customer: User, other: Client, sign_in: SignIn) -> None:
    stranger = User.objects.create(email="stranger@example.net")
    theirs, mine = device_of(other), sign_in(stranger, on=Client())
    assert mine.post(f"/sessions/browsers/{theirs.pk}/forget/").status_code == 404
    assert mine.get(f"/sessions/browsers/{theirs.pk}/name/").status_code == 404
