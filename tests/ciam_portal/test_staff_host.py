"""The staff site on a host of its own, in networks of its own, behind the proof that the policy asks for."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.staff.flows import people as staff
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action, Needs
from ciam_portal.core.roles import Role
from tests.factories import PASSWORD, at_home
from tests.factories import customer as new_customer

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
HOME, STAFF = "id.example.com", "staff.id.example.com"


@pytest.fixture
def agent() -> User:
    person = new_customer("agent@example.com")
    staff.grant_role(person, Role.AGENT, by=Actor.system(), at=clock.now())
    return User.objects.get(pk=person.pk)


@pytest.fixture
def apart(settings: Any) -> None:
    settings.PUBLIC_URL, settings.STAFF_URL = f"http://{HOME}", f"http://{STAFF}"
    settings.ALLOWED_HOSTS = [HOME, STAFF]


def browser(host: str, person: User | None = None) -> Client:
    client = Client(SERVER_NAME=host)
    if person:
        at_home(client, person)
    return client


@pytest.mark.control("v5.0.0-3.5.4")
@pytest.mark.usefixtures("apart")
class TestHostOfItsOwn:
    def test_the_customers_host_knows_no_staff_site(self) -> None:
        for path in ("/staff", "/staff/", "/staff/login/", "/staff/accounts/user/"):
            assert browser(HOME).get(path).status_code == 404
            assert browser(HOME).post(path).status_code == 404
        assert browser(HOME).get("/staffed/").status_code == 404
        assert browser(HOME).get("/sign-in/").status_code == 200

    def test_the_staff_host_has_the_way_in_and_leads_elsewhere_for_the_rest(self) -> None:
        client = browser(STAFF)
        assert client.get("/")["Location"] == "/staff/"
        assert client.get("/staff/")["Location"].startswith("/staff/login/")
        assert client.get("/sign-in/").status_code == 200
        assert client.get("/sign-up/?x=1")["Location"] == f"http://{HOME}/sign-up/?x=1"
        assert client.post("/sign-up/").status_code == 404
        assert client.get("/healthz").status_code == 200

    def test_a_session_of_one_host_is_none_on_the_other(self, agent: User) -> None:
        here = browser(HOME, agent)
        assert here.post("/sign-in/", {"login": agent.email, "password": PASSWORD}).status_code == 302
        assert here.get("/profile/").status_code == 200
        there = browser(STAFF)
        there.cookies = here.cookies  # copied: a browser sends them nowhere else
        assert there.get("/staff/login/")["Location"].startswith("/sign-in/")
        own = browser(STAFF, agent)
        assert own.post("/sign-in/", {"login": agent.email, "password": PASSWORD}).status_code == 302
        assert own.get("/staff/login/")["Location"].startswith("/prove/")


@pytest.mark.control("v5.0.0-3.5.4")
def test_the_staff_site_answers_only_in_its_networks(settings: Any) -> None:
    settings.STAFF_NETWORKS = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/48")]
    answers = {
        address: Client(REMOTE_ADDR=address).get("/staff/").status_code
        for address in ("192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7", "198.51.100.7", "2001:db9::7")
    }
    assert answers == {
        "192.0.2.7": 302,
        "2001:db8::7": 302,
        "::ffff:192.0.2.7": 302,
        "198.51.100.7": 404,
        "2001:db9::7": 404,
    }
    assert Client(REMOTE_ADDR="198.51.100.7").get("/sign-in/").status_code == 200


@pytest.mark.control("v5.0.0-6.3.3")
@pytest.mark.parametrize(
    ("needs", "methods", "enters"),
    [
        (Needs.AAL2, [Method.PASSWORD], False),
        (Needs.AAL2, [Method.PASSWORD, Method.TOTP], True),
        (Needs.PHR, [Method.PASSWORD, Method.TOTP], False),
        (Needs.PHR, [Method.PASSKEY], True),
    ],
)
def test_the_policy_says_what_staff_must_have_shown(
    sign_in: SignIn, agent: User, needs: Needs, methods: list[Method], *, enters: bool
) -> None:
    running = limits.current()
    row = replace(running.actions[Action.STAFF_ENTER], needs=needs)
    limits.install(replace(running, actions={**running.actions, Action.STAFF_ENTER: row}))
    page = sign_in(agent, *methods).get("/staff/", follow=True)
    assert page.request["PATH_INFO"] == ("/staff/" if enters else "/prove/")
