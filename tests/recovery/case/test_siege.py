"""Whatever strangers did for a day, from one network or many, each door stays open to the owner.

In a browser that the customer uses, at once. With nothing but the mailbox: at once too, by a link that lies in it; and
where a page says "later", the time it says is true.
"""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as Hypothesis

from accounts.baseline import history
from accounts.budgets import counter as budget
from accounts.budgets import mails, velocity
from accounts.factors import verifier as factors
from accounts.models import User
from accounts.step_up import facts
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from recovery.case.flows import show
from recovery.case.flows.show import Attempt
from recovery.case.policy.evidence import Way
from tests import factories, mailed
from tests.factories import PASSWORD, at_home, outbox
from tests.recovery import steps

pytestmark = pytest.mark.django_db
SHARED = "127.0.0.1"
NEW = "seven lamps of quiet harbour"


def besiege(email: str, where: str) -> None:
    """All that strangers can ask for, type and use up about this address, from ``where``, until nothing is left."""
    rules = limits.current()
    for _ in range(rules.sign_in.failures + 2):
        stranger(where).post("/sign-in/", {"login": email, "password": "a wrong guess entirely"})
    stranger(where).post("/sign-up/", {"email": email, "password1": "a passphrase nobody has"})
    stranger(where).post("/forgotten-password/", {"email": email})
    stranger(where).post("/recover/", {"email": email})
    for what, who, seconds in (
        (f"mail:{mails.MailFor.SIGN_UP}", email, 3600),
        (f"mail:{mails.MailFor.CONFIRM}", email, 3600),
        (f"mail:{mails.MailFor.RESET}", email, 3600),
        ("recovery", f"{email} ", 120),
        ("recovery_hour", f"{email} ", 3600),
        ("recovery_day", f"{email} ", 86_400),
    ):
        while budget.count(what, who, seconds=seconds) <= rules.recovery.requests_per_day:
            pass
    made = Attempt(email, "k" * 43, ())
    for way in (Way.MAIL, Way.SMS, Way.SAVED, Way.CONTACT, Way.APP):
        for _ in range(2):
            show.show(made, way, "00000000", by=Actor.system(), at=clock.now())
    network = f"network {where}"
    for what in ("sign_in", "sign_up", "passkey", "recovery_guess", "mail_from"):
        for _ in range(rules.proof.mails_per_network_address_per_hour + 1):
            budget.count(what, network, seconds=60 if what in {"sign_in", "passkey", "recovery_guess"} else 3600)
    for n in range(50):
        velocity.failed(facts.source_of(f"a{n}@example.com", history.Seen(address=where)), clock.now())
        velocity.failed(facts.source_of(email, history.Seen(address=f"198.51.100.{n}")), clock.now())


def stranger(where: str) -> Client:
    return Client(REMOTE_ADDR=where)


@pytest.fixture(params=["from one shared network", "from many"])
def besieged(request: Any, customer: User) -> User:
    steps.with_phone(customer)
    steps.with_contact(customer)
    for where in [SHARED] if "shared" in request.param else [SHARED, "203.0.113.1"]:
        besiege(customer.email, where)
    return customer


@pytest.fixture
def home(besieged: User) -> Client:
    """A browser that the customer uses, in the network that strangers share."""
    browser = Client(HTTP_USER_AGENT=factories.FIREFOX)
    at_home(browser, besieged, agent=factories.FIREFOX)
    return browser


def sent(kind: str, email: str) -> list[Any]:
    return [mail for mail in outbox() if mail.kind == kind and mail.to == email]


def path(mail: Any) -> str:
    return steps.path(mail.words["link"])


# A browser that the customer uses


def test_at_home_the_right_password_is_let_in_at_once_and_again_and_again(home: Client, besieged: User) -> None:
    for _ in range(limits.current().proof.mails_per_address_per_hour + 2):
        assert home.post("/sign-in/", {"login": besieged.email, "password": PASSWORD})["Location"] == "/"
        home.post("/sign-out/")
    assert sent("code_to_sign_in", besieged.email) == []


def test_at_home_a_second_factor_is_all_that_is_asked_for(home: Client, besieged: User) -> None:
    steps.with_app(besieged)
    assert home.post("/sign-in/", {"login": besieged.email, "password": PASSWORD})["Location"] == "/sign-in/prove/"
    code = steps.code_at(steps.SEED, clock.now())
    assert home.post("/sign-in/prove/", {"way": "totp", "code": code})["Location"] == "/"


def test_at_home_every_other_door_is_open_too(home: Client, besieged: User) -> None:
    assert home.post("/sign-in/passkey/begin/").status_code == HTTPStatus.OK
    for door, fields, kind in (
        ("/forgotten-password/", {}, "reset_your_password"),
        ("/recover/", {"lost_app": "on"}, "recovery_code"),
        ("/sign-up/", {"password1": "a passphrase nobody has"}, "you_have_an_account"),
    ):
        before = len(sent(kind, besieged.email))
        assert home.post(door, {"email": besieged.email} | fields).status_code == HTTPStatus.FOUND
        assert len(sent(kind, besieged.email)) == before + 1
    page = home.post(steps.Person(home).here("/recover/show/"), {"way": "mail", "code": steps.latest("recovery_code")})
    assert page.status_code == HTTPStatus.FOUND
    assert steps.case_of(besieged).shown.count() == 1


def test_signed_in_an_address_is_changed_whatever_others_have_asked_for_with_it(
    home: Client, besieged: User, sign_in: Callable[..., Client]
) -> None:
    new = "mine@example.com"
    besiege(new, SHARED)
    other = sign_in(factories.customer(), on=Client())
    for _ in range(limits.current().proof.mails_per_address_per_hour + 1):
        other.post("/security/email/", {"email": new})
    client = sign_in(besieged, on=home)
    client.post("/security/email/", {"email": new})
    client.get(path(sent("confirm_your_new_address", new)[-1]), follow=True)
    assert client.post(mailed.page(client, "/security/email/confirm/")).status_code == HTTPStatus.FOUND
    besieged.refresh_from_db()
    assert besieged.email == new


# Nothing but the mailbox


def test_by_a_link_that_lies_in_the_mailbox_the_owner_gets_in_at_once(besieged: User) -> None:
    owner = stranger(SHARED)
    later = owner.post("/sign-in/", {"login": besieged.email, "password": PASSWORD})
    assert later.status_code == HTTPStatus.TOO_MANY_REQUESTS
    owner.get(path(sent("reset_your_password", besieged.email)[0]), follow=True)
    assert (
        "new password is set"
        in owner.post(mailed.page(owner, "/forgotten-password/new-password/"), {"password": NEW}).text
    )
    assert owner.post("/sign-in/", {"login": besieged.email, "password": NEW})["Location"] == "/sign-in/prove/"
    code = steps.latest("code_to_sign_in")
    assert owner.post("/sign-in/prove/", {"way": "email_code", "code": code})["Location"] == "/"


def test_by_a_link_that_lies_in_the_mailbox_a_recovery_can_be_begun_at_once(besieged: User) -> None:
    steps.with_app(besieged)
    owner = steps.Person(stranger(SHARED))
    assert owner.start(besieged.email).status_code == HTTPStatus.TOO_MANY_REQUESTS
    owner.client.get(path(sent("reset_your_password", besieged.email)[0]), follow=True)
    assert owner.start(besieged.email).status_code == HTTPStatus.OK
    owner.show("mail", steps.latest("recovery_code"))
    owner.send("contact")
    owner.show("contact", steps.read_out(steps.vouch(steps.help_link())))
    assert {shown.way for shown in steps.case_of(besieged).shown.all()} == {"mail", "contact"}


def test_a_right_backup_code_counts_whatever_was_typed_before(besieged: User) -> None:
    steps.with_app(besieged)
    sheet = factors.make_backup_codes(besieged, clock.now())
    pass_time(86_400)
    owner = steps.Person(stranger("192.0.2.1"))
    owner.start(besieged.email)
    owner.show("saved", sheet[0])
    assert steps.case_of(besieged).shown.count() == 1


def test_a_new_account_is_its_owners_by_any_link_that_came(besieged: User) -> None:
    fresh = "fresh@example.com"
    besiege_sign_up(fresh)
    owner = stranger("192.0.2.1")
    assert owner.post("/sign-up/", {"email": fresh, "password1": NEW}).status_code == HTTPStatus.TOO_MANY_REQUESTS
    owner.get(path(sent("confirm_your_address", fresh)[0]), follow=True)
    assert "is confirmed" in owner.post(mailed.page(owner, "/confirm-email/")).text
    owner.post("/forgotten-password/", {"email": fresh})
    owner.get(path(sent("reset_your_password", fresh)[-1]), follow=True)
    owner.post(mailed.page(owner, "/forgotten-password/new-password/"), {"password": NEW})
    assert owner.post("/sign-in/", {"login": fresh, "password": NEW}).status_code == HTTPStatus.FOUND


def besiege_sign_up(email: str) -> None:
    for n in range(limits.current().proof.mails_per_address_per_hour):
        stranger(f"192.0.2.{n + 10}").post("/sign-up/", {"email": email, "password1": "a passphrase nobody has"})


@pytest.mark.parametrize("door", ["/sign-up/", "/recover/", "/forgotten-password/"])
def test_what_is_refused_uses_up_nothing_of_the_address(customer: User, door: str) -> None:
    email = "fresh@example.com" if door == "/sign-up/" else customer.email
    for n in range(60):
        velocity.failed(facts.source_of(f"a{n}@example.com", history.Seen(address=SHARED)), clock.now())
    fields = {"email": email, "password1": NEW}
    stopped = HTTPStatus.OK if door == "/sign-up/" else HTTPStatus.TOO_MANY_REQUESTS  # one more step, or later
    for _ in range(limits.current().proof.mails_per_address_per_hour + 1):
        assert stranger(SHARED).post(door, fields).status_code == stopped
    assert outbox() == []
    assert stranger("192.0.2.1").post(door, fields).status_code == HTTPStatus.FOUND


def test_a_browser_that_somebody_uses_may_sign_somebody_up_while_strangers_besiege_its_network(customer: User) -> None:
    """Another of the household, say. How many messages may be asked for is still counted by network and address."""
    home, fields = Client(HTTP_USER_AGENT=factories.FIREFOX), {"email": "fresh@example.com", "password1": NEW}
    at_home(home, customer, agent=factories.FIREFOX)
    for n in range(60):
        velocity.failed(facts.source_of(f"a{n}@example.com", history.Seen(address=SHARED)), clock.now())
    assert "One more step" in stranger(SHARED).post("/sign-up/", fields).text
    assert home.post("/sign-up/", fields).status_code == HTTPStatus.FOUND
    assert len(sent("confirm_your_address", "fresh@example.com")) == 1


# What a page says is true


def pass_time(seconds: int) -> None:
    """So much time passes for the shared cache, which keeps its own."""
    client = budget.shared._cache.get_client()
    for key in client.scan_iter():
        left = client.ttl(key)
        if 0 <= left <= seconds:
            client.delete(key)
        elif left > 0:
            client.expire(key, left - seconds)


DOORS: dict[str, Callable[[Client, str], Any]] = {
    "sign in": lambda browser, email: browser.post("/sign-in/", {"login": email, "password": PASSWORD}),
    "passkey": lambda browser, _email: browser.post("/sign-in/passkey/begin/"),
    "reset": lambda browser, email: browser.post("/forgotten-password/", {"email": email}),
    "recovery": lambda browser, email: browser.post("/recover/", {"email": email}),
}


@pytest.mark.parametrize("door", sorted(DOORS))
def test_a_stranger_at_a_door_that_is_used_up_reads_a_time_and_it_is_true(besieged: User, door: str) -> None:
    """Where several windows are used up one after the other is said; none is longer than it is."""
    began, waited, said = clock.now(), 0, []
    while True:
        with time_machine.travel(began + timedelta(seconds=waited), tick=True):
            page = DOORS[door](stranger(SHARED), besieged.email)
        if page.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            break
        said.append(int(page["Retry-After"]))
        assert len(said) <= 4
        assert "Please try again in" in page.text
        pass_time(said[-1])
        waited += said[-1]
    assert page.status_code in {HTTPStatus.OK, HTTPStatus.FOUND}
    assert 0 < waited <= 86_400 + 3600


def test_a_sign_up_is_never_used_up(besieged: User) -> None:
    """It takes one more step, and no stranger can use that up (``tests/accounts/registration``)."""
    page = stranger(SHARED).post("/sign-up/", {"email": "fresh@example.com", "password1": NEW})
    assert page.status_code == HTTPStatus.OK
    assert "One more step" in page.text


# Whatever the order


strangers_do = st.lists(st.sampled_from(["guess", "sign_up", "reset", "recover", "wrong_code", "fail"]), max_size=20)


class AnyOrder(Hypothesis):
    """The laws hold after any sequence of what strangers do, not only when all is used up."""

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strangers_do)
    def test_whatever_strangers_do_the_owner_is_let_in(self, what: list[str]) -> None:
        cache.clear()
        owner = factories.customer()
        home = Client(HTTP_USER_AGENT=factories.FIREFOX)
        at_home(home, owner, agent=factories.FIREFOX)
        for each in what:
            DO[each](owner.email)
        assert home.post("/sign-in/", {"login": owner.email, "password": PASSWORD})["Location"] == "/"
        page = stranger("192.0.2.1").post("/forgotten-password/", {"email": owner.email})
        links = [mail for mail in outbox() if mail.kind == "reset_your_password" and mail.to == owner.email]
        assert links
        if page.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            assert 0 < int(page["Retry-After"]) <= 3600
        browser = stranger(SHARED)
        browser.get(path(links[0]), follow=True)
        assert (
            "new password is set"
            in browser.post(mailed.page(browser, "/forgotten-password/new-password/"), {"password": NEW}).text
        )
        assert browser.post("/sign-in/", {"login": owner.email, "password": NEW}).status_code == HTTPStatus.FOUND


def _wrong_code(email: str) -> None:
    show.show(Attempt(email, "k" * 43, ()), Way.MAIL, "00000000", by=Actor.system(), at=clock.now())


DO: dict[str, Callable[[str], Any]] = {
    "guess": lambda email: stranger(SHARED).post("/sign-in/", {"login": email, "password": "a wrong guess entirely"}),
    "sign_up": lambda email: stranger(SHARED).post("/sign-up/", {"email": email, "password1": NEW}),
    "reset": lambda email: stranger(SHARED).post("/forgotten-password/", {"email": email}),
    "recover": lambda email: stranger(SHARED).post("/recover/", {"email": email}),
    "wrong_code": _wrong_code,
    "fail": lambda email: velocity.failed(facts.source_of(email, history.Seen(address=SHARED)), clock.now()),
}


def test_a_right_code_waits_for_nobody_else_at_the_address(besieged: User) -> None:
    """Who typed codes at a shared address without pause kept everybody there from typing theirs."""
    pass_time(86_400)
    for where in ("192.0.2.1", "203.0.113.7"):
        for _ in range(limits.current().sign_in.attempts_per_address_per_minute + 1):
            budget.count("recovery_guess", f"network {where}", seconds=60)
    owner = steps.Person(stranger("192.0.2.1"))
    owner.start(besieged.email)
    assert owner.show("mail", steps.latest("recovery_code")).status_code == HTTPStatus.OK
    assert steps.case_of(besieged).shown.count() == 1


def test_a_try_has_so_many_guesses_of_its_own_and_no_more(customer: User) -> None:
    most, someone = limits.current().sign_in.attempts_per_address_per_minute, steps.Person(stranger("192.0.2.1"))
    someone.start(customer.email)
    key = someone.key()
    for what, who, seconds in (("recovery_try", key, 3600), ("recovery_guess", "network 192.0.2.1", 60)):
        for _ in range(most):
            budget.count(what, who, seconds=seconds)
    assert someone.show("saved", "ABCD-EFGH-JKLM-NPQR").status_code == HTTPStatus.TOO_MANY_REQUESTS
