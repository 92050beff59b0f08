"""The panic button, the way back from it, and the quarantine that follows."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.account import flows as account_flows
from accounts.baseline.history import Seen
from accounts.customer import proofs
from accounts.factors import verifier as factors
from accounts.lock import policy
from accounts.lock.flows import locks
from accounts.lock.policy import LockFacts, WayBack
from accounts.models import Session, User
from accounts.sign_in import flows as sign_in
from accounts.sign_in import policy as door
from accounts.step_up import facts
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import OnHold, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Allow, Deny, StepUp, strictness
from recovery.reset.proofs import RESET_PASSWORD
from tests import elsewhere, factories, mailed
from tests.accounts.factors.test_factors import code_of
from tests.conftest import NOON
from tests.factories import PASSWORD, Message
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]
NEW = "seven lamps of quiet harbour"
SEED = b"0123456789abcdefghij"


@pytest.fixture
def app(customer: User) -> None:
    before = clock.now() - timedelta(days=30)
    with time_machine.travel(before, tick=False):
        assert factors.add_app(customer, SEED, code_of(SEED, clock.now()), clock.now())


@pytest.fixture
def walk(customer: User, sign_in: SignIn) -> Walk:
    return Walk(*register(), sign_in(customer))


def enter(customer: User, password: str) -> tuple[Client, Any]:
    """The customer's own browser at the door."""
    browser = Client()
    factories.at_home(browser, customer)
    return browser, browser.post("/sign-in/", {"login": customer.email, "password": password})


def restore(customer: User, by: Actor) -> None:
    account_flows.restore_access(customer, NEW, by=by, at=clock.now())
    customer.refresh_from_db()


def plain(page: Any) -> str:
    """The page without what differs from request to request."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.text)


# The button


def test_the_page_says_what_happens_and_a_get_changes_nothing(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    assert "Lock my account now" in client.get("/security/lock/").text
    assert "/security/lock/" in client.get("/security/").text
    customer.refresh_from_db()
    assert customer.is_open


def test_everything_stops_at_once(walk: Walk, customer: User, outbox: Outbox, sign_in: SignIn) -> None:
    another = sign_in(customer, on=Client())
    link = proofs.new_link(customer, RESET_PASSWORD, customer.email, clock.now()).secret
    page = walk.browser.post("/security/lock/")
    assert "The account is locked" in page.text
    assert "Set a new password for this account." in page.text
    assert "somebody had removed" not in page.text
    for client in (walk.browser, another):
        assert client.get("/profile/").status_code == 302
    found = proofs.find_link(link, RESET_PASSWORD)
    assert found
    assert not found.is_live(clock.now())
    assert (outbox()[-1].kind, outbox()[-1].to) == ("account_locked", customer.email)
    event = AuditEntry.objects.get(name="account.locked")
    assert event.data == {"way": "mailbox", "sessions_ended": 2, "tokens_ended": 0}


def test_tokens_open_nothing_even_if_one_was_left(walk: Walk, customer: User, by: Actor) -> None:
    tokens = walk.tokens("openid profile offline_access")
    access = tokens["access_token"]
    assert walk.userinfo(access).status_code == 200
    User.objects.filter(pk=customer.pk).update(locked_at=clock.now(), way_back="mailbox")
    assert walk.userinfo(access).status_code in {401, 403}
    assert walk.refresh(tokens["refresh_token"]).status_code == 400
    User.objects.filter(pk=customer.pk).update(locked_at=None, way_back="")
    assert walk.userinfo(access).status_code == 200
    locks.lock(customer, by=by, at=clock.now())
    assert walk.userinfo(access).status_code == 401


def test_signing_in_looks_like_a_wrong_password(customer: User, by: Actor) -> None:
    locks.lock(customer, by=by, at=clock.now())
    _browser, right = enter(customer, PASSWORD)
    _browser, wrong = enter(customer, "not the password at all")
    assert right.status_code == wrong.status_code == 200
    assert plain(right) == plain(wrong)
    assert AuditEntry.objects.filter(name="sign_in.failed").count() == 2


def test_a_passkey_does_not_open_it_either(customer: User, by: Actor) -> None:
    locks.lock(customer, by=by, at=clock.now())
    customer.refresh_from_db()
    answer = door.on_sign_in(facts.at_the_door(customer, (Method.PASSKEY,)), limits=limits.current(), at=clock.now())
    assert answer == Deny(door.Reason.LOCKED)


def test_a_sign_in_assessed_before_the_lock_does_not_begin_after_it(customer: User, by: Actor) -> None:
    browser = sign_in.Browser("", "key", Seen(address="127.0.0.1", browser="Firefox", system="Linux"))
    locks.lock(customer, by=by, at=clock.now())
    with pytest.raises(Refused) as refused:
        sign_in.begin(
            User.objects.locked(customer.pk), sign_in.Admitted((Method.PASSWORD,)), browser, by=by, at=clock.now()
        )
    assert refused.value.reason is door.Reason.LOCKED
    assert not Session.objects.exists()


def test_the_mail_about_a_new_browser_locks_too(customer: User, sign_in: SignIn, outbox: Outbox) -> None:
    home, thief = sign_in(customer, on=Client()), elsewhere.browser()
    elsewhere.sign_in(thief, customer)
    link = str([mail.words["link"] for mail in outbox() if mail.kind == "new_device"][-1])
    browser = Client()
    assert "lock my account" in browser.get("/" + link.split("/", 3)[3], follow=True).text
    assert "The account is locked" in browser.post(mailed.page(browser, "/was-this-you/"), {"said": "lock"}).text
    for client in (home, thief):
        assert client.get("/profile/").status_code == 302
    assert AuditEntry.objects.filter(name__in=["activity.not_me", "account.locked"]).count() == 2
    assert browser.post(mailed.page(browser, "/was-this-you/"), {"said": "lock"}).status_code == 410


# The way back


def test_without_a_second_factor_a_new_password_by_mail_unlocks(customer: User, by: Actor, outbox: Outbox) -> None:
    locks.lock(customer, by=by, at=clock.now())
    customer.refresh_from_db()
    restore(customer, by)
    assert customer.is_open
    assert "account_unlocked" in [mail.kind for mail in outbox()]
    assert AuditEntry.objects.filter(name="account.unlocked").exists()
    assert enter(customer, NEW)[1].status_code == 302


@pytest.mark.usefixtures("app")
def test_with_one_it_takes_the_new_password_and_the_factor(customer: User, by: Actor, outbox: Outbox) -> None:
    locks.lock(customer, by=by, at=clock.now())
    customer.refresh_from_db()
    restore(customer, by)
    assert not customer.is_open
    assert outbox()[-1].kind == "account_still_locked"
    assert outbox()[-1].words["by_factor"] is True
    browser, answer = enter(customer, NEW)
    assert answer["Location"] == "/sign-in/prove/"
    customer.refresh_from_db()
    assert customer.locked_at is not None
    at = clock.now()
    with time_machine.travel(at, tick=False):
        browser.post("/sign-in/prove/", {"way": "totp", "code": code_of(SEED, at)})
    assert User.objects.get(pk=customer.pk).is_open
    assert browser.get("/profile/").status_code == 200
    names = list(AuditEntry.objects.filter(name__in=["account.unlocked", "sign_in.completed"]).values_list("name"))
    assert names == [("account.unlocked",), ("sign_in.completed",)]


@pytest.mark.usefixtures("app")
def test_password_and_factor_of_before_do_not_unlock(customer: User, by: Actor) -> None:
    locks.lock(customer, by=by, at=clock.now())
    assert enter(customer, PASSWORD)[1].status_code == 200
    customer.refresh_from_db()
    assert not customer.is_open


def test_locking_again_asks_for_another_recovery_and_never_for_less(customer: User, by: Actor) -> None:
    at = clock.now()
    customer.shut(WayBack.RECOVERY, at)
    locks.lock(customer, by=by, at=at + timedelta(seconds=1))
    customer.refresh_from_db()
    assert customer.way_back == WayBack.RECOVERY
    assert customer.locked_at == at + timedelta(seconds=1)


FACTS = st.builds(LockFacts, way=st.sampled_from(WayBack), restored=st.booleans(), has_factor=st.booleans())


@given(FACTS)
def test_nothing_opens_before_access_was_restored(lock: LockFacts) -> None:
    if not lock.restored:
        assert not policy.is_ajar(lock)
        assert isinstance(policy.may_unlock_by_mail(lock, limits=limits.current(), at=NOON), Deny)


@given(FACTS, st.sampled_from(WayBack))
def test_a_harder_way_never_loosens(lock: LockFacts, other: WayBack) -> None:
    harder = LockFacts(policy.hardest(lock.way, other), lock.restored, lock.has_factor)
    assert policy.is_ajar(lock) or not policy.is_ajar(harder)
    answers = [policy.may_unlock_by_mail(each, limits=limits.current(), at=NOON) for each in (lock, harder)]
    assert strictness(answers[1]) >= strictness(answers[0])


@given(FACTS, st.sets(st.sampled_from(Method)))
def test_no_lock_makes_coming_in_easier(lock: LockFacts, proven: set[Method]) -> None:
    facts_of = door.SignInFacts(is_active=True, address_proven=True, proven=tuple(proven))
    locked = door.SignInFacts(is_active=True, address_proven=True, proven=tuple(proven), lock=lock)
    answers = [door.on_sign_in(each, limits=limits.current(), at=NOON) for each in (facts_of, locked)]
    assert strictness(answers[1]) >= strictness(answers[0])


@pytest.mark.parametrize(
    ("lock", "proven", "answer"),
    [
        (
            LockFacts(WayBack.MAILBOX, restored=True, has_factor=True),
            (Method.PASSWORD,),
            StepUp(Level.AAL2, gate.Reason.PROVE_MORE),
        ),
        (LockFacts(WayBack.MAILBOX, restored=True, has_factor=True), (Method.PASSWORD, Method.TOTP), Allow()),
        (LockFacts(WayBack.FACTOR, restored=True, has_factor=True), (Method.PASSWORD, Method.TOTP), Allow()),
        (LockFacts(WayBack.FACTOR, restored=True, has_factor=False), (Method.PASSWORD,), Deny(door.Reason.LOCKED)),
        (LockFacts(WayBack.RECOVERY, restored=True, has_factor=True), (Method.PASSKEY,), Deny(door.Reason.LOCKED)),
        (LockFacts(WayBack.MAILBOX, restored=False, has_factor=True), (Method.PASSKEY,), Deny(door.Reason.LOCKED)),
    ],
)
def test_on_sign_in(lock: LockFacts, proven: tuple[Method, ...], answer: object) -> None:
    facts_of = door.SignInFacts(is_active=True, address_proven=True, proven=proven, lock=lock)
    assert door.on_sign_in(facts_of, limits=limits.current(), at=NOON) == answer


# Quarantine


def test_after_a_recovery_some_things_wait_and_the_customer_sees_why(
    sign_in: SignIn, customer: User, by: Actor
) -> None:
    restored = clock.now() - timedelta(hours=71, minutes=59)
    User.objects.filter(pk=customer.pk).update(recovered_at=restored)
    customer.refresh_from_db()
    client = sign_in(customer)
    until = customer.local(restored + timedelta(hours=72))
    for path in ("/", "/security/"):
        assert f"Some changes have to wait until {until}" in client.get(path).text
    page = client.get("/security/email/")
    assert page.status_code == 403
    assert "Access to this account was restored a short time ago" in page.text
    assert "from a browser that you have used before" not in page.text
    assert DecisionEntry.objects.filter(action="change_email", reason="quarantine", answer="hold").exists()
    session = Session.objects.get()
    with pytest.raises(OnHold) as held:
        account_flows.edit_profile(customer, {"phone": "+4799999999"}, session, by=by, at=clock.now())
    assert (held.value.reason, held.value.until) == (gate.Reason.QUARANTINE, restored + timedelta(hours=72))
    assert client.get("/security/password/").status_code == 200


def test_at_its_end_all_is_as_ever(sign_in: SignIn, customer: User) -> None:
    User.objects.filter(pk=customer.pk).update(recovered_at=clock.now() - timedelta(hours=72))
    customer.refresh_from_db()
    client = sign_in(customer)
    assert "Some changes have to wait" not in client.get("/security/").text
    assert "Access to this account was restored" not in client.get("/security/email/").text


def test_an_app_cannot_be_connected_meanwhile_and_a_connected_one_goes_on(walk: Walk, customer: User) -> None:
    access = walk.tokens("openid profile")["access_token"]
    User.objects.filter(pk=customer.pk).update(recovered_at=clock.now())
    assert walk.userinfo(access).status_code == 200
