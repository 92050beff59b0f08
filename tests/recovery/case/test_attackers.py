"""What an attacker has, and what it must not reach with it, through the real pages: each kind tries all it can.

The account has a second factor, a recovery phone and backup codes. What one mailbox reaches on an account that rests on
nothing but a mailbox is no secret: a new password. There is no account here that another could stand in for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.account import flows as account_flows
from accounts.factors import flows as factor_flows
from accounts.factors import verifier as factors
from accounts.lock.flows import locks
from accounts.lock.policy import WayBack
from accounts.models import Passkey, Session, Totp, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy.assurance import Level, Method
from recovery.case.policy.states import State
from recovery.models import Case, RecoveryAddress
from tests import factories, mailed
from tests.factories import FIREFOX, PASSWORD, Message, outbox
from tests.oauth.walk import Walk, register
from tests.recovery import steps
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db

EVIL = "nine crows on the harbour wall"
EVIL_ADDRESS = "evil@example.com"


@dataclass
class Attacker:
    """Somebody with these channels, this password, this browser."""

    victim: User
    mail: bool = False
    sms: bool = False
    passwords: list[str] = field(default_factory=list)
    client: Client = field(default_factory=lambda: Client(headers={"user-agent": FIREFOX}))

    def read(self) -> list[Message]:
        """All that reaches the attacker."""
        mine = {address for address, has in ((self.victim.email, self.mail), (steps.PHONE, self.sms)) if has}
        return [message for message in outbox() if message.to in mine | {EVIL_ADDRESS}]

    def codes(self) -> list[str]:
        """Every code that ever reached the attacker, newest first."""
        return [str(message.words["code"]) for message in reversed(self.read()) if "code" in message.words]

    def links(self, name: str) -> list[str]:
        """Every link of this kind, newest first."""
        return [steps.path(message.words[name]) for message in reversed(self.read()) if message.words.get(name)]

    def reset(self) -> None:
        """A new password by mail, for whoever reads the mail."""
        self.client.post("/forgotten-password/", {"email": self.victim.email})
        for link in self.links("link"):
            if "/forgotten-password/" in link:
                self.client.get(link, follow=True)
                self.client.post(mailed.page(self.client, "/forgotten-password/new-password/"), {"password": EVIL})
                self.passwords.append(EVIL)
                return

    def come_in(self) -> None:
        """Sign in with every password, then every code there is, at every kind of second step."""
        self.reset()
        for password in dict.fromkeys(self.passwords):
            self.client.post("/sign-in/", {"login": self.victim.email, "password": password})
            self.answer("/sign-in/prove/", "/sign-in/prove/code/")

    def prove(self) -> None:
        """Raise the session that was taken over."""
        self.client.get("/security/email/", follow=True)
        page = self.client.get("/security/app/remove/")
        where = page.headers.get("Location", "/prove/")
        for password in self.passwords:
            self.client.post(where, {"way": "password", "password": password})
        self.answer(where, "/prove/code/")

    def answer(self, where: str, send: str) -> None:
        self.client.post(send)
        for code in self.codes()[:3]:
            self.client.post(where, {"way": "email_code", "code": code})
        self.client.post(where, {"way": "totp", "code": "000000"})
        self.client.post(where, {"way": "backup_code", "code": "ABCD-EFGH-JKLM-NPQR"})

    def recover(self, *lost: str) -> Person:
        """Begin a recovery and show everything there is to show."""
        person = Person(Client(headers={"user-agent": FIREFOX}))
        person.start(self.victim.email, lost=lost)
        for way in ("mail", "sms"):
            if way == "sms":
                person.send(way)
            for code in self.codes()[:2]:
                person.show(way, code)
        for way, guess in (("app", "000000"), ("saved", "ABCD-EFGH-JKLM-NPQR")):
            person.show(way, guess)
        return person


KINDS: dict[str, Callable[[User], Attacker]] = {
    "mailbox": lambda victim: Attacker(victim, mail=True),
    "mailbox and password": lambda victim: Attacker(victim, mail=True, passwords=[PASSWORD]),
    "SIM": lambda victim: Attacker(victim, sms=True),
    "live session": lambda victim: Attacker(victim, client=stolen(victim, Method.PASSWORD, Method.TOTP)),
    "live session of a password": lambda victim: Attacker(victim, client=stolen(victim, Method.PASSWORD)),
}


def stolen(victim: User, *methods: Method) -> Client:
    """The cookies of a session that began an hour ago, in the victim's own browser."""
    client = Client()
    factories.signed_in(client, victim, methods, clock.now() - timedelta(hours=1))
    Session.objects.filter(customer=victim).update(last_used_at=clock.now())
    return client


@pytest.fixture
def victim(customer: User) -> User:
    """An account with an app, backup codes and a recovery phone, older than any wait."""
    User.objects.filter(pk=customer.pk).update(created_at=clock.now() - timedelta(days=90))
    steps.with_app(customer)
    steps.with_phone(customer)
    factors.make_backup_codes(customer, clock.now() - timedelta(days=20))
    customer.refresh_from_db()
    return customer


@pytest.fixture(params=KINDS)
def attacker(request: pytest.FixtureRequest, victim: User) -> Attacker:
    return KINDS[str(request.param)](victim)


def rests_on(victim: User) -> list[Any]:
    """Address, phone, factors, codes and recovery addresses: all that must stay."""
    victim.refresh_from_db()
    return [
        victim.email,
        victim.phone,
        list(Totp.objects.filter(user=victim).values_list("key", flat=True)),
        list(Passkey.objects.filter(user=victim).values_list("pk", flat=True)),
        list(victim.backup_codes.order_by("pk").values_list("pk", "digest", "used_at")),
        list(RecoveryAddress.objects.kept().filter(customer=victim).values_list("kind", "address")),
    ]


@pytest.fixture
def nothing_moves(victim: User, attacker: Attacker) -> Iterator[None]:
    """Whatever the test does, the account rests on the same afterwards, and nobody proved two factors."""
    before, strong = rests_on(victim), levels(victim)
    yield
    assert rests_on(victim) == before
    assert levels(victim) <= strong


def levels(victim: User) -> set[tuple[Any, ...]]:
    """What was proven of two factors in which session, and when."""
    rows = Session.objects.filter(customer=victim, level__gte=Level.AAL2)
    return set(rows.values_list("pk", "level", "level_at"))


def is_in(attacker: Attacker) -> bool:
    return bool(attacker.client.get("/security/").status_code == 200)


# Coming in


@pytest.mark.control("v5.0.0-6.3.3", "v5.0.0-6.4.3", "63B 4.2.2.2")
@pytest.mark.usefixtures("nothing_moves")
def test_no_sign_in(attacker: Attacker) -> None:
    had = is_in(attacker)
    before = Session.objects.count()
    attacker.come_in()
    assert Session.objects.count() == before
    assert is_in(attacker) is had
    attacker.victim.refresh_from_db()  # the mailbox is worth a new password, and that alone
    assert attacker.victim.check_password(EVIL if attacker.mail else PASSWORD)


# What the account rests on


RESTS: dict[str, tuple[str, dict[str, str]]] = {
    "factor removed": ("/security/app/remove/", {}),
    "mail changed": ("/security/email/", {"email": EVIL_ADDRESS}),
    "app added": ("/security/app/add/", {"code": "000000"}),
    "passkey added": ("/security/passkeys/add/begin/", {}),
    "codes made": ("/security/backup-codes/new/", {}),
    "recovery mail added": ("/security/recovery/add/mail/", {"email": EVIL_ADDRESS}),
    "recovery phone added": ("/security/recovery/add/sms/", {"phone": "+4799999999"}),
    "recovery address removed": ("/security/recovery/{address}/remove/", {}),
    "phone changed": ("/profile/", {"name": "", "phone": "+4799999999", "locale": "en", "timezone": "UTC"}),
}


@pytest.mark.control("v5.0.0-7.5.1")
@pytest.mark.usefixtures("nothing_moves")
def test_nothing_that_the_account_rests_on(attacker: Attacker) -> None:
    attacker.come_in()
    if is_in(attacker):
        attacker.prove()
    kept = RecoveryAddress.objects.get(customer=attacker.victim)
    for deed, (path, sent) in RESTS.items():
        answer = attacker.client.post(path.format(address=kept.pk), sent)
        led_away = answer.headers.get("Location", "").startswith(("/prove/", "/sign-in/"))
        assert answer.status_code == 403 or led_away, deed
    assert not [message for message in outbox() if message.to in {EVIL_ADDRESS, "+4799999999"}]


# A recovery


@pytest.mark.control("v5.0.0-6.4.4", "63B 4.2.2.2")
@pytest.mark.usefixtures("nothing_moves")
def test_no_recovery_with_one_channel_ever(attacker: Attacker) -> None:
    person = attacker.recover("lost_app")
    for days in (0, 2, 8, 13):
        with steps.later(days=days, minutes=5):
            assert "Your account is yours again" not in person.finish().text
    assert not Case.objects.filter(customer=attacker.victim).exclude(state=State.OPEN).exists()
    assert Case.objects.exists() is (attacker.mail or attacker.sms)
    if attacker.mail or attacker.sms:  # whoever showed one code has told everybody
        assert {message.to for message in steps.news("opened")} == {attacker.victim.email, steps.PHONE}


@pytest.mark.control("v5.0.0-6.4.4")
def test_with_mailbox_and_number_no_recovery_either(victim: User) -> None:
    """Both codes are issued by us, so they are one method; and the owner is told at once."""
    attacker = Attacker(victim, mail=True, sms=True)
    before = rests_on(victim)
    person = attacker.recover("lost_app")
    assert steps.case_of(victim).state == State.OPEN
    assert {message.to for message in steps.news("opened")} == {victim.email, steps.PHONE}
    for days in (0, 1, 8):
        with steps.later(days=days):
            assert "Your account is yours again" not in person.finish().text
    assert rests_on(victim) == before


# Links that take a change back, and locks


def their_change(victim: User, kind: str) -> None:
    """The owner changes something, and is told with links that take it back; nothing of it is the attacker's doing."""
    session = factories.signed_in(Client(), victim, (Method.PASSWORD, Method.TOTP))
    at, by = clock.now(), Actor(ActorKind.CUSTOMER, victim.pk, Channel.WEB)
    if kind == "codes":
        factor_flows.make_backup_codes(victim, session, by=by, at=at)
    elif kind == "password":
        account_flows.change_password(victim, steps.NEW, session, by=by, at=at)
    else:
        factor_flows.remove_app(victim, session, by=by, at=at)


@pytest.mark.parametrize("kind", ["codes", "password", "app removed"])
def test_undo_is_no_way_in(attacker: Attacker, kind: str) -> None:
    """Whoever gets the link can take back and lock, which the owner could want too; coming in takes more."""
    victim = attacker.victim
    their_change(victim, kind)
    for link in attacker.links("undo_link"):
        browser = Client()
        browser.get(link, follow=True)
        browser.post(mailed.page(browser, "/this-was-not-me/"), {"do": "undo"})
        assert browser.get("/security/").status_code == 302
    victim.refresh_from_db()
    assert victim.is_open is not (attacker.mail or attacker.sms)  # every proven channel got the link
    if victim.is_open:
        return
    attacker.come_in()
    with steps.later(minutes=5):
        person = attacker.recover("lost_app")
    with steps.later(days=9):
        assert "Your account is yours again" not in person.finish().text
    victim.refresh_from_db()
    assert not victim.is_open
    assert not Session.objects.filter(customer=victim, ended_at=None).exists()
    assert Totp.objects.filter(user=victim).exists()


@pytest.mark.parametrize("way", WayBack)
def test_a_locked_account_stays_locked(attacker: Attacker, way: WayBack) -> None:
    victim, before = attacker.victim, rests_on(attacker.victim)
    locks.lock(victim, by=Actor.system(), at=clock.now())
    User.objects.filter(pk=victim.pk).update(way_back=way)
    assert not is_in(attacker)
    attacker.come_in()
    with steps.later(minutes=5):
        person = attacker.recover("lost_app")
    with steps.later(days=9):
        person.finish()
    assert rests_on(victim) == before
    assert (victim.is_open, victim.way_back) == (False, way)
    assert not is_in(attacker)
    assert not Session.objects.filter(customer=victim, ended_at=None).exists()


# Partners


@pytest.mark.usefixtures("nothing_moves")
def test_no_token_for_what_asks_for_a_factor_and_none_at_all_without_a_session(attacker: Attacker) -> None:
    attacker.come_in()
    walk = Walk(*register(), attacker.client)
    page = walk.ask("openid profile")
    if not is_in(attacker):
        assert page.status_code == 302
        assert page.headers["Location"].startswith("/sign-in/")
        return
    # A session is what a partner's sign-in rests on; what is sensitive asks for a factor proven just now.
    for more in ({}, {"acr_values": "aal2", "max_age": "300"}):
        assert walk.ask("openid activity", **more).headers["Location"].startswith("/prove/")
        attacker.prove()
        assert walk.ask("openid activity", **more).headers["Location"].startswith("/prove/")
    token = walk.tokens("openid profile")["access_token"]
    assert walk.get("/api/activity", token).status_code == 403


def test_a_stolen_session_ends_with_the_owners_panic_button(victim: User) -> None:
    attacker = KINDS["live session"](victim)
    assert is_in(attacker)
    owner = Client()
    factories.signed_in(owner, victim, (Method.PASSWORD,))
    cache.clear()
    owner.post("/security/lock/")
    assert not is_in(attacker)
