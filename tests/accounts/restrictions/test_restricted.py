"""Suspended: no way leads in until the instant at which it ends. Restricted to more proof: everything asks for it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.account.proofs import CONFIRM_EMAIL
from accounts.baseline.history import Seen
from accounts.customer import proofs
from accounts.factors import verifier as factors
from accounts.lock.policy import LockFacts, WayBack
from accounts.models import Session, User
from accounts.sign_in import flows as sign_in
from accounts.sign_in import policy as door
from accounts.step_up import facts
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Deny, strictness
from ciam_portal.core.roles import Role, roles_of
from ciam_portal.governance import recompute
from tests import factories, mailed
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.accounts.factors.test_factors import code_of
from tests.accounts.staff.people import Member
from tests.conftest import NOON
from tests.factories import PASSWORD, Message
from tests.governance.rows import sealed
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]
NEW = "seven lamps of quiet harbour"
SEED = b"0123456789abcdefghij"
HOUR = timedelta(hours=1)


def suspend(customer: User, until: datetime | None = None) -> datetime:
    """The column alone: what a restriction leaves behind for everything that asks."""
    until = until or clock.now() + HOUR
    User.objects.filter(pk=customer.pk).update(suspended_until=until)
    customer.refresh_from_db()
    return until


def restrict(customer: User) -> None:
    User.objects.filter(pk=customer.pk).update(step_up_until=clock.now() + HOUR)
    customer.refresh_from_db()


def enter(customer: User, password: str = PASSWORD, browser: Client | None = None) -> tuple[Client, Any]:
    browser = browser or Client()
    factories.at_home(browser, customer)
    return browser, browser.post("/sign-in/", {"login": customer.email, "password": password})


def is_in(browser: Client) -> bool:
    return browser.get("/security/").status_code == 200


def plain(page: Any) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.text)


@pytest.fixture
def walk(customer: User, sign_in: SignIn) -> Walk:
    return Walk(*register(), sign_in(customer))


@pytest.fixture
def app(customer: User) -> None:
    with time_machine.travel(clock.now() - timedelta(days=30), tick=False):
        assert factors.add_app(customer, SEED, code_of(SEED, clock.now()), clock.now())


# Suspended


def test_a_password_looks_wrong_until_the_instant_it_ends(customer: User) -> None:
    until = suspend(customer)
    (_one, right), (_other, wrong) = enter(customer), enter(customer, "not the password at all")
    assert right.status_code == wrong.status_code == 200
    assert plain(right) == plain(wrong)
    with time_machine.travel(until - timedelta(milliseconds=1), tick=False):
        assert not is_in(enter(customer)[0])
    with time_machine.travel(until, tick=False):
        assert is_in(enter(customer)[0])


def test_a_passkey_opens_nothing_until_the_instant_it_ends(customer: User) -> None:
    key, maker = SoftAuthenticator(), Client()
    factories.signed_in(maker, customer, (Method.PASSWORD,))
    begun = maker.post("/security/passkeys/add/begin/").json()
    sent = {"ceremony": begun["ceremony"], "credential": key.create(begun["options"]), "name": "Laptop"}
    assert maker.post("/security/passkeys/add/", sent).status_code == 302

    def show() -> Client:
        browser = Client()
        factories.at_home(browser, customer)
        asked = browser.post("/sign-in/passkey/begin/").json()
        browser.post("/sign-in/passkey/", {"ceremony": asked["ceremony"], "credential": key.get(asked["options"])})
        return browser

    until = suspend(customer)
    assert not is_in(show())
    assert DecisionEntry.objects.filter(reason="suspended", answer="deny").exists()
    with time_machine.travel(until, tick=False):
        assert is_in(show())


@pytest.mark.usefixtures("app")
def test_a_second_step_that_was_pending_leads_nowhere(customer: User) -> None:
    browser, answer = enter(customer)
    assert answer["Location"] == "/sign-in/prove/"
    suspend(customer)
    at = clock.now()
    with time_machine.travel(at, tick=False):
        browser.post("/sign-in/prove/", {"way": "totp", "code": code_of(SEED, at)})
    assert not is_in(browser)
    assert not Session.objects.exists()


def test_a_sign_in_assessed_before_does_not_begin_after(customer: User, by: Actor) -> None:
    browser = sign_in.Browser("", "key", Seen(address="127.0.0.1", browser="Firefox", system="Linux"))
    until = suspend(customer)
    with pytest.raises(Refused) as refused:
        sign_in.begin(customer, sign_in.Admitted((Method.PASSWORD,)), browser, by=by, at=clock.now())
    assert refused.value.reason is door.Reason.SUSPENDED
    sign_in.begin(customer, sign_in.Admitted((Method.PASSWORD,)), browser, by=by, at=until)


def test_a_session_that_was_left_does_nothing_meanwhile(customer: User, sign_in: SignIn) -> None:
    browser = sign_in(customer)
    until = suspend(customer, clock.now() + timedelta(minutes=5))
    session = Session.objects.get()
    asked = facts.for_action(customer, session, by=Actor.system(), at=clock.now())
    assert asked.suspended_until == until
    assert browser.get("/profile/").status_code == 302
    fresh = sign_in(factories.customer(), on=Client())
    assert fresh.get("/profile/").status_code == 200


def test_no_token_is_issued_renewed_used_or_said_to_be_alive(walk: Walk, customer: User) -> None:
    code, tokens = walk.code("openid profile offline_access"), walk.tokens("openid profile offline_access")
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    until = suspend(customer, clock.now() + timedelta(seconds=30))
    assert walk.userinfo(access).status_code in {401, 403}
    assert walk.introspect(access) == walk.introspect(refresh) == {"active": False}
    assert walk.refresh(refresh).status_code == 400
    assert walk.redeem(code).status_code == 400
    assert walk.ask().status_code == 302  # to sign in
    with time_machine.travel(until, tick=False):
        assert walk.userinfo(access).status_code == 200
        assert walk.introspect(access)["active"] is True
        assert walk.refresh(refresh).status_code == 200


def test_a_new_password_by_mail_neither_ends_it_nor_signs_in(customer: User, outbox: Outbox) -> None:
    until = suspend(customer)
    finder = Client()
    finder.post("/forgotten-password/", {"email": customer.email})
    link = next(mail.words["link"] for mail in reversed(outbox()) if mail.kind == "reset_your_password")
    finder.get("/" + link.split("/", 3)[3], follow=True)
    finder.post(mailed.page(finder, "/forgotten-password/new-password/"), {"password": NEW})
    customer.refresh_from_db()
    assert customer.check_password(NEW)
    assert customer.suspended_until == until
    (told,) = [mail for mail in outbox() if mail.kind == "account_still_suspended"]
    assert told.words["until"] == customer.local(until)
    assert not is_in(finder)
    assert not is_in(enter(customer, NEW)[0])
    with time_machine.travel(until, tick=False):
        assert is_in(enter(customer, NEW)[0])


def test_other_links_by_mail_wait_too(customer: User) -> None:
    secret = proofs.new_link(customer, CONFIRM_EMAIL, customer.email, clock.now()).secret
    until = suspend(customer, clock.now() + timedelta(minutes=5))
    assert proofs.may_use(secret, CONFIRM_EMAIL, clock.now()) is None
    assert proofs.may_use(secret, CONFIRM_EMAIL, until) is not None


def test_staff_whose_account_is_suspended_are_no_staff_meanwhile() -> None:
    boss = Member(Role.ADMINISTRATOR)
    assert roles_of(boss.user) == {Role.ADMINISTRATOR}
    until = suspend(boss.user)
    assert roles_of(boss.user) == frozenset()
    assert boss.client.get("/staff/").status_code == 302
    with time_machine.travel(until, tick=False):
        assert roles_of(boss.user) == {Role.ADMINISTRATOR}


DOOR = st.builds(
    door.SignInFacts,
    is_active=st.booleans(),
    address_proven=st.booleans(),
    proven=st.sets(st.sampled_from(Method)).map(tuple),
    lock=st.none()
    | st.builds(LockFacts, way=st.sampled_from(WayBack), restored=st.booleans(), has_factor=st.booleans()),
)


@given(DOOR, st.integers(-100, 100))
def test_no_suspension_makes_coming_in_easier(at_the_door: door.SignInFacts, seconds: int) -> None:
    until = NOON + timedelta(seconds=seconds)
    free, suspended = (
        door.on_sign_in(each, limits=limits.current(), at=NOON)
        for each in (at_the_door, replace(at_the_door, suspended_until=until))
    )
    assert strictness(suspended) >= strictness(free)
    assert isinstance(suspended, Deny) or seconds <= 0


# Restricted to proving more


@pytest.mark.usefixtures("app")
def test_everything_asks_for_the_strongest_proof_given_lately(customer: User, sign_in: SignIn) -> None:
    browser = sign_in(customer)
    assert browser.get("/profile/").status_code == 200
    restrict(customer)
    assert browser.get("/profile/")["Location"].startswith("/prove/")
    assert DecisionEntry.objects.filter(answer="step_up", reason="restricted").exists()
    strong = sign_in(customer, Method.PASSWORD, Method.TOTP, on=Client())
    assert strong.get("/profile/").status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=14, seconds=59)):
        strong.get("/security/")
        assert strong.get("/profile/").status_code == 200
    Session.objects.update(level_at=clock.now() - timedelta(minutes=15))
    assert strong.get("/profile/")["Location"].startswith("/prove/")


def test_who_has_no_second_step_passes_with_a_code_by_mail(customer: User, sign_in: SignIn, outbox: Outbox) -> None:
    browser = sign_in(customer)
    restrict(customer)
    to = browser.get("/profile/")["Location"]
    reference = to.split("=")[1]
    assert "we ask more often for a while" in browser.get(to).text
    browser.post("/prove/code/", {"ref": reference})
    code = next(mail.words["code"] for mail in reversed(outbox()) if mail.kind == "code_to_prove")
    browser.post("/prove/", {"ref": reference, "way": "email_code", "code": code})
    assert browser.get("/profile/").status_code == 200


def test_a_sign_in_from_home_is_challenged_too(customer: User) -> None:
    restrict(customer)
    browser, answer = enter(customer)
    assert answer["Location"] == "/sign-in/prove/"
    # Whoever is not in yet is told no more than anybody would be.
    assert "we ask more often for a while" not in browser.get("/sign-in/prove/").text
    factories.pass_challenge(browser)
    assert is_in(browser)


def test_tokens_answer_that_more_must_be_proven(walk: Walk, customer: User) -> None:
    tokens = walk.tokens("openid profile offline_access")
    code = walk.code("openid profile")
    restrict(customer)
    refused = walk.userinfo(tokens["access_token"])
    assert refused.status_code == 401
    assert 'error="insufficient_user_authentication"' in refused["WWW-Authenticate"]
    assert 'max_age="900"' in refused["WWW-Authenticate"]
    assert walk.introspect(tokens["access_token"]) == {"active": False}
    assert walk.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert "authorization endpoint" in walk.redeem(code).json()["error_description"]


def test_an_app_gets_its_code_once_the_customer_has_proven_it(walk: Walk, customer: User) -> None:
    walk.tokens("openid profile")
    restrict(customer)
    assert walk.ask("openid profile", prompt="none")["Location"].split("error=")[1].startswith("interaction_required")
    assert walk.ask("openid profile")["Location"].startswith("/prove/")
    Session.objects.update(challenged_at=clock.now(), level_at=clock.now())
    tokens = walk.tokens("openid profile")
    assert walk.userinfo(tokens["access_token"]).status_code == 200


def test_what_was_decided_meanwhile_is_decided_the_same_again(walk: Walk, customer: User, sign_in: SignIn) -> None:
    tokens = walk.tokens("openid profile offline_access")
    restrict(customer)
    sign_in(customer, on=Client()).get("/profile/")
    walk.userinfo(tokens["access_token"])
    suspend(customer)
    walk.refresh(tokens["refresh_token"])
    enter(customer)
    entries = list(DecisionEntry.objects.all())
    assert {entry.reason for entry in entries} >= {"restricted", "account_closed"}
    for entry in entries:
        assert recompute.recompute(entry) == (), (entry.question, entry.action)


def test_a_decision_kept_before_there_were_restrictions_is_decided_the_same_again(walk: Walk) -> None:
    walk.tokens("openid profile")
    entry = DecisionEntry.objects.filter(action="issue_token").latest("at")
    for name in ("suspended_until", "step_up_until"):
        assert entry.inputs[1].pop(name) is None
    assert recompute.recompute(sealed(entry)) == ()


def test_the_sign_in_event_names_no_restriction(customer: User) -> None:
    """Somebody who tries passwords learns nothing, and what is recorded of it is a failed sign-in like any other."""
    suspend(customer)
    enter(customer)
    assert AuditEntry.objects.filter(about=customer.pk, name="sign_in.failed").count() == 1
