"""What strangers use up (mails, guesses) is theirs: the owner's codes, lanes and sessions have counts of their own."""

import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django_otp.oath import totp as code_at

from accounts.factors import bound, flows
from accounts.factors import verifier as factors
from accounts.factors.notices import AppSwitchedOff
from accounts.factors.verifier import Outcome
from accounts.models import AppBucket, Session, Totp, User
from ciam_portal.core import clock, retention
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.outbox import mail
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from tests import elsewhere
from tests.factories import FIREFOX, PASSWORD, Message

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]
PROVE = "/sign-in/prove/"


def mails(outbox: Outbox, kind: str) -> list[Message]:
    return [mail for mail in outbox() if mail.kind == kind]


def pester(email: str) -> None:
    """Whatever anybody can ask for, about this address and from this network, until nothing more is sent."""
    rules = limits.current().proof
    for _ in range(rules.mails_per_network_address_per_hour + 1):
        client = Client()
        client.post("/forgotten-password/", {"email": email})
        client.post("/sign-up/", {"email": email, "password1": "a passphrase nobody has"})
        client.post("/recover/", {"email": email})


@pytest.fixture
def home(sign_in: SignIn, customer: User) -> Client:
    return sign_in(customer, on=Client())


# Mails


@pytest.mark.control("v5.0.0-6.3.1")
def test_what_strangers_ask_for_takes_no_code_from_the_owner(home: Client, customer: User, outbox: Outbox) -> None:
    Session.objects.update(risk=Risk.MODERATE)
    ref = {"ref": home.get("/security/password/")["Location"].split("=")[1]}
    pester(customer.email)
    assert Client().post("/forgotten-password/", {"email": customer.email}).status_code == 429
    home.post("/prove/code/", ref)
    code = mails(outbox, "code_to_prove")[-1].words["code"]
    assert home.post("/prove/", {"way": "email_code", "code": code} | ref)["Location"] == "/security/password/"
    phone = elsewhere.browser()
    elsewhere.challenged(phone, customer)
    code = mails(outbox, "code_to_sign_in")[-1].words["code"]
    assert phone.post(PROVE, {"way": "email_code", "code": code}).status_code == 302


def test_each_purpose_that_strangers_have_is_counted_apart(customer: User, outbox: Outbox) -> None:
    for _ in range(limits.current().proof.mails_per_address_per_hour + 1):
        Client().post("/forgotten-password/", {"email": customer.email})
    Client().post("/recover/", {"email": customer.email})
    Client().post("/sign-up/", {"email": customer.email, "password1": "a passphrase nobody has"})
    most = limits.current().proof.mails_per_address_per_hour
    kinds = [mail.kind for mail in outbox()]
    assert kinds == ["reset_your_password"] * most + ["recovery_code", "you_have_an_account"]


def test_one_attempts_codes_are_not_anothers(home: Client, customer: User, outbox: Outbox) -> None:
    most = limits.current().proof.mails_per_address_per_hour
    one, other = elsewhere.browser(), elsewhere.browser()
    elsewhere.challenged(one, customer)
    for _ in range(most + 1):
        one.post(f"{PROVE}code/")
    assert "several mails already" in one.get(PROVE).text
    assert len(mails(outbox, "code_to_sign_in")) == most
    elsewhere.challenged(other, customer)
    code = mails(outbox, "code_to_sign_in")[-1].words["code"]
    assert len(mails(outbox, "code_to_sign_in")) == most + 1
    assert other.post(PROVE, {"way": "email_code", "code": code}).status_code == 302


def spend_all_attempts(customer: User) -> None:
    """Somebody who has the password begins one sign-in after the other."""
    for _ in range(limits.current().proof.sign_in_codes_per_customer_per_hour + 1):
        cache.delete_pattern("*rl*") if hasattr(cache, "delete_pattern") else None
        elsewhere.challenged(elsewhere.browser(), customer)


def test_with_the_password_only_other_unknown_browsers_run_dry(home: Client, customer: User, outbox: Outbox) -> None:
    spend_all_attempts(customer)
    most = limits.current().proof.sign_in_codes_per_customer_per_hour
    assert len(mails(outbox, "code_to_sign_in")) == most
    Session.objects.update(risk=Risk.MODERATE)
    ref = {"ref": home.get("/security/password/")["Location"].split("=")[1]}
    home.post("/prove/code/", ref)
    assert len(mails(outbox, "code_to_prove")) == 1
    # A browser that the customer uses, though this time something about it is unusual.
    home.post("/sign-out/")
    home.defaults["HTTP_USER_AGENT"] = elsewhere.PHONE
    elsewhere.challenged(home, customer)
    assert len(mails(outbox, "code_to_sign_in")) == most + 1


def test_the_answers_to_strangers_stay_the_same_when_all_is_used_up(customer: User) -> None:
    most = limits.current().proof.mails_per_address_per_hour
    pages = []
    for email in (customer.email, "nobody@example.com"):
        for _ in range(most):
            Client().post("/forgotten-password/", {"email": email})
        page = Client().post("/forgotten-password/", {"email": email}, follow=True)
        assert 3000 < int(page["Retry-After"]) <= 3600
        words = re.sub(r"[A-Z2-9]{4}-[A-Z2-9]{4}|\d+ minutes", "", page.text.split("<main")[1])
        pages.append((page.status_code, words))
    assert pages[0] == pages[1]
    assert pages[0][0] == HTTPStatus.TOO_MANY_REQUESTS


# Passwords typed in a live session


def test_tags_of_one_mailbox_are_one_address_to_a_customer_who_asks(
    sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    client, most = sign_in(customer, on=Client()), limits.current().proof.mails_per_address_per_hour
    for n in range(most + 2):
        client.post("/security/email/", {"email": f"somebody+{n}@example.org"})
    assert len(mails(outbox, "confirm_your_new_address")) == most


@pytest.mark.control("v5.0.0-6.3.1")
def test_a_strangers_guesses_do_not_pause_the_password_in_a_live_session(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer, on=Client())
    del client.cookies["device"]  # the browser is a stranger's by its cookie, but the session is the owner's
    for _ in range(limits.current().sign_in.failures + 1):
        Client().post("/sign-in/", {"login": customer.email, "password": "a wrong guess entirely"})
    assert Client().post("/sign-in/", {"login": customer.email, "password": PASSWORD}).status_code == 429
    Session.objects.update(level_at=clock.now() - timedelta(hours=1))
    ref = {"ref": client.get("/security/app/add/")["Location"].split("=")[1]}
    sent = {"way": "password", "password": PASSWORD} | ref
    assert client.post("/prove/", sent)["Location"] == "/security/app/add/"


def test_guesses_in_one_session_pause_that_session_only(sign_in: SignIn, customer: User) -> None:
    thief, owner = sign_in(customer, on=Client()), sign_in(customer, on=Client())
    thief.cookies["device"] = owner.cookies["device"].value
    Session.objects.update(level_at=clock.now() - timedelta(hours=1))
    wrong = {"way": "password", "password": "a wrong guess entirely"}
    right = {"way": "password", "password": PASSWORD}
    refs = [{"ref": client.get("/security/app/add/")["Location"].split("=")[1]} for client in (thief, owner)]
    for _ in range(limits.current().sign_in.device_failures):
        thief.post("/prove/", wrong | refs[0])
    assert thief.post("/prove/", right | refs[0]).status_code == 429
    assert owner.post("/prove/", right | refs[1])["Location"] == "/security/app/add/"


# Codes of the authenticator app


@pytest.fixture
def seed(customer: User) -> bytes:
    made, at = factors.new_seed(), clock.now() - timedelta(minutes=1)
    assert factors.add_app(customer, made, f"{code_at(made, t0=60):06d}", at)
    return made


def app_code(seed: bytes) -> dict[str, str]:
    return {"way": "totp", "code": f"{code_at(seed):06d}"}


def guess_at_the_door(customer: User, times: int) -> Client:
    """Somebody who has the password types wrong codes in a browser of theirs."""
    client = Client(HTTP_USER_AGENT=FIREFOX)
    client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})
    for _ in range(times):
        client.post(PROVE, {"way": "totp", "code": "000000"})
    return client


@pytest.mark.control("63B 3.2.2/a")
def test_whoever_has_the_password_keeps_no_app_locked_for_the_owner(home: Client, customer: User, seed: bytes) -> None:
    AppBucket.objects.create(
        app=Totp.objects.get(), origin=lane_of_other_browsers(customer), failures=12, last_at=clock.now()
    )
    thief = guess_at_the_door(customer, 0)
    assert thief.post(PROVE, app_code(seed)).status_code == 429
    ref = {"ref": home.get("/security/backup-codes/")["Location"].split("=")[1]}
    assert home.post("/prove/", app_code(seed) | ref)["Location"] == "/security/backup-codes/"


def lane_of_other_browsers(customer: User) -> str:
    guess_at_the_door(customer, 1)
    lane = AppBucket.objects.get()
    origin = lane.origin
    lane.delete()
    return origin


def test_nor_in_a_browser_the_owner_uses(home: Client, customer: User, seed: bytes) -> None:
    home.post("/sign-out/")
    guess_at_the_door(customer, 1)
    AppBucket.objects.update(failures=12, last_at=clock.now())
    assert home.post("/sign-in/", {"login": customer.email, "password": PASSWORD})["Location"] == PROVE
    assert home.post(PROVE, app_code(seed)).status_code == 302


def test_a_new_attempt_does_not_start_from_nothing(customer: User, seed: bytes) -> None:
    guess_at_the_door(customer, 1)
    AppBucket.objects.update(failures=12)
    assert guess_at_the_door(customer, 0).post(PROVE, app_code(seed)).status_code == 429


def test_a_new_password_opens_the_lane_of_unknown_browsers(customer: User, seed: bytes) -> None:
    guess_at_the_door(customer, 1)
    AppBucket.objects.update(failures=12)
    customer.set_password("seven lamps of quiet harbour")
    customer.save()
    client = Client(HTTP_USER_AGENT=FIREFOX)
    client.post("/sign-in/", {"login": customer.email, "password": "seven lamps of quiet harbour"})
    assert client.post(PROVE, app_code(seed)).status_code == 302


def wrong(customer: User, by: Actor, origin: str) -> Any:
    return flows.answer_with_app(customer, "000000", origin, by=by, at=clock.now())


@pytest.mark.control("63B 3.2.2/a")
def test_a_hundred_wrong_codes_at_all_doors_switch_the_app_off_not_the_owner(
    home: Client, customer: User, by: Actor, seed: bytes, outbox: Outbox
) -> None:
    most = limits.current().factors.app_failures
    answers = [wrong(customer, by, f"door {number}").outcome for number in range(most)]
    assert answers == [Outcome.WRONG] * (most - 1) + [Outcome.DEAD]
    told = mails(outbox, "factor_app_off")
    assert [(mail.to, mail.words["count"]) for mail in told] == [(customer.email, most)]
    why = AuditEntry.objects.filter(name="factor.failed").latest("pk").data["why"]
    assert why == "switched_off"
    # The right code opens nothing any more, anywhere, and nobody is told twice.
    right = f"{code_at(seed):06d}"
    assert flows.answer_with_app(customer, right, "new", by=by, at=clock.now()).outcome is Outcome.DEAD
    assert len(mails(outbox, "factor_app_off")) == 1
    # The account is as open and as strict as before: the session lives, a second factor is still asked for.
    assert "Switched off" in home.get("/security/").text
    assert bound.second_factors(customer) == {Method.TOTP}
    client = guess_at_the_door(customer, 0)
    page = client.get(PROVE)
    assert "Your authenticator app is switched off" in page.text
    assert "/recover/" in page.text
    assert "Start over" in page.text
    assert client.post(PROVE, {"way": "email_code", "code": "12345678"}).status_code == 200
    assert client.get("/security/").status_code == 302


def test_the_message_about_it_renders() -> None:
    link = f"{settings.PUBLIC_URL}/security/"
    words = {"count": 100, "when": "1 March 2026", "security_link": link, "password_link": f"{link}password/"}
    composed = mail.compose(AppSwitchedOff.template, words)
    for text in (composed.text, composed.html):
        assert all(str(word) in text for word in words.values())
    assert composed.subject.count("\n") == 0


def test_the_owner_resets_it_with_another_factor(home: Client, customer: User, by: Actor, seed: bytes) -> None:
    codes = factors.make_backup_codes(customer, clock.now())
    Totp.objects.update(throttling_failure_count=limits.current().factors.app_failures)
    ref = {"ref": home.get("/security/app/remove/")["Location"].split("=")[1]}
    page = home.get("/prove/", ref)
    assert "Type one of the backup codes" in page.text
    assert "authenticator app instead" not in page.text
    assert home.post("/prove/", {"way": "backup_code", "code": codes[0]} | ref).status_code == 302
    assert home.post("/security/app/remove/")["Location"] == "/security/"
    fresh, at = factors.new_seed(), clock.now() - timedelta(minutes=1)
    assert factors.add_app(customer, fresh, f"{code_at(fresh, t0=60):06d}", at)
    right = f"{code_at(fresh):06d}"
    assert flows.answer_with_app(customer, right, "any", by=by, at=clock.now()).outcome is Outcome.RIGHT


def test_a_right_code_anywhere_ends_the_row(customer: User, by: Actor, seed: bytes) -> None:
    most = limits.current().factors.app_failures
    for number in range(most - 1):
        wrong(customer, by, f"door {number}")
    AppBucket.objects.update(failures=12, last_at=clock.now())
    right = f"{code_at(seed):06d}"
    assert flows.answer_with_app(customer, right, "the owner's", by=by, at=clock.now()).outcome is Outcome.RIGHT
    assert wrong(customer, by, "door 0").outcome is Outcome.WAIT
    assert wrong(customer, by, "one more").outcome is Outcome.WRONG


def test_no_door_waits_longer_than_a_day_and_old_lanes_are_forgotten(customer: User, by: Actor, seed: bytes) -> None:
    wrong(customer, by, "door")
    AppBucket.objects.update(failures=90)
    at = clock.now()
    until = flows.answer_with_app(customer, "000000", "door", by=by, at=at).until
    assert until is not None
    assert timedelta(hours=23) < until - at <= timedelta(days=1)
    with time_machine.travel(at + timedelta(days=1, minutes=1)):
        retention.forget(clock.now(), 9)
        assert AppBucket.objects.exists()
    with time_machine.travel(at + timedelta(days=2, minutes=1)):
        retention.forget(clock.now(), 9)
        assert not AppBucket.objects.exists()


def test_the_lane_names_nobody(customer: User, by: Actor, seed: bytes) -> None:
    wrong(customer, by, f"session of {customer.email}")
    assert customer.email not in AppBucket.objects.get().origin
    assert str(AppBucket.objects.get()) == str(AppBucket.objects.get().pk)
