"""Taking a change of recovery addresses back, stopping what goes on, and what opens a locked account afterwards."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.account import flows as account_flows
from accounts.customer import addresses as accounts
from accounts.customer import proofs
from accounts.factors import verifier as factors
from accounts.lock.flows import locks
from accounts.lock.policy import WayBack
from accounts.lock.proofs import UNDO
from accounts.models import Change, Dispute, Session, Totp, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Method
from recovery.addresses import facts as addresses
from recovery.case import tasks
from recovery.case.policy.evidence import Way
from recovery.case.policy.states import State
from recovery.models import RecoveryAddress
from tests import factories, mailed
from tests.factories import outbox
from tests.recovery import steps
from tests.recovery.reset.test_reset import ask, set_new
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db

THIEF = "thief@example.com"
_KIND = "recovery_address_changed"


@pytest.fixture
def phone(customer: User) -> RecoveryAddress:
    """The customer's own, proven long ago."""
    return steps.with_phone(customer)


@pytest.fixture
def thief(customer: User, phone: RecoveryAddress) -> Client:
    """Whoever took over the customer's session, which has proven two factors just now."""
    steps.with_app(customer)
    client = Client()
    factories.signed_in(client, customer, (Method.PASSWORD, Method.TOTP))
    return client


def add(client: Client, address: str = THIEF) -> None:
    client.post("/security/recovery/add/mail/", {"email": address})
    page = client.post("/security/recovery/confirm/", {"code": steps.latest("recovery_address_code")}, follow=True)
    assert "helps you back in from" in page.text


def remove(client: Client, item: RecoveryAddress) -> None:
    assert "is removed" in client.post(f"/security/recovery/{item.pk}/remove/", follow=True).text


def move(customer: User, client: Client, to: str = THIEF) -> None:
    """Change the email address through the pages."""
    client.post("/security/email/", {"email": to})
    link = next(mail for mail in reversed(outbox()) if mail.to == to).words["link"]
    client.get(steps.path(link), follow=True)
    client.post(mailed.page(client, "/security/email/confirm/"))
    customer.refresh_from_db()
    assert customer.email == to


def links_to(address: str, kind: str = _KIND) -> list[str]:
    return [mail.words["undo_link"] for mail in outbox() if (mail.kind, mail.to) == (kind, address)]


def take_back(link: str) -> Any:
    """In a browser that was never here."""
    browser = Client()
    page = browser.get(steps.path(link), follow=True)
    assert page.status_code == 200
    assert "Was this not you?" in page.text
    return browser.post(mailed.page(browser, "/this-was-not-me/"), {"do": "undo"})


def kept(customer: User) -> set[str]:
    return {address for by, address in accounts.every(customer)}


def assert_shut(customer: User, way: WayBack, *clients: Client) -> None:
    customer.refresh_from_db()
    assert (customer.is_open, customer.way_back) == (False, way)
    assert not Session.objects.filter(customer=customer, ended_at=None).exists()
    for client in clients:
        assert client.get("/security/").headers["Location"].startswith("/sign-in/")
    answer = Client().post("/sign-in/", {"login": customer.email, "password": factories.PASSWORD})
    assert answer.status_code == 200


# What a thief did to the addresses


@pytest.mark.control("v5.0.0-6.3.7")
def test_an_address_that_a_thief_added_goes(customer: User, thief: Client) -> None:
    add(thief)
    assert all(links_to(customer.email))
    assert all(links_to(steps.PHONE))
    assert links_to(THIEF) == [""]
    change = Change.objects.get()
    assert (change.kind, change.previous) == (Change.Kind.RECOVERY_ADDRESS, "")
    page = take_back(links_to(customer.email)[0])
    assert "Taken back, and the account is locked" in page.text
    assert kept(customer) == {customer.email, steps.PHONE}
    assert_shut(customer, WayBack.FACTOR, thief)
    assert customer.contact_changed_at is not None
    told = [mail for mail in outbox() if mail.kind == _KIND and mail.words["undone"]]
    assert {(mail.to, mail.words["added"]) for mail in told} == {
        (customer.email, False), (steps.PHONE, False), (THIEF, False),
    }  # fmt: skip
    assert not any(mail.words["undo_link"] for mail in told)
    assert Dispute.objects.get().change == change.pk
    assert AuditEntry.objects.get(name="account.change_undone").data["kind"] == "recovery_address"


@pytest.mark.control("v5.0.0-6.3.7")
def test_an_address_that_a_thief_removed_is_back_and_it_holds_the_link_itself(
    customer: User, thief: Client, phone: RecoveryAddress
) -> None:
    before = RecoveryAddress.objects.values().get()
    remove(thief, phone)
    assert addresses.for_codes(customer, Way.SMS, clock.now()) == []
    assert all(links_to(customer.email))
    take_back(links_to(steps.PHONE)[0])
    assert RecoveryAddress.objects.values().get() == before
    assert_shut(customer, WayBack.FACTOR, thief)
    told = [mail for mail in outbox() if mail.kind == _KIND and mail.words["undone"]]
    assert {(mail.to, mail.words["added"]) for mail in told} == {(customer.email, True), (steps.PHONE, True)}


def test_the_thief_changed_the_mail_address_first_and_then_the_addresses(
    customer: User, thief: Client, phone: RecoveryAddress
) -> None:
    old = customer.email
    move(customer, thief)
    remove(thief, phone)
    add(thief, "thief.too@example.com")
    assert links_to(old) == []  # of the addresses the old mailbox hears nothing any more
    take_back(links_to(old, "email_changed")[0])
    customer.refresh_from_db()
    assert (customer.email, accounts.proven(customer)) == (old, [old])
    assert kept(customer) == {old, steps.PHONE}
    assert RecoveryAddress.objects.kept().get() == phone
    assert AuditEntry.objects.get(name="account.change_undone").data["later"] == 2
    assert not Change.objects.filter(undone_at=None).exists()
    assert_shut(customer, WayBack.FACTOR, thief)


def test_the_phone_alone_stops_a_thief_who_has_the_mail_address_already(
    customer: User, thief: Client, phone: RecoveryAddress
) -> None:
    """What came before the change that is taken back stays: the lock stops the thief, the help desk does the rest."""
    move(customer, thief)
    remove(thief, phone)
    take_back(links_to(steps.PHONE)[0])
    assert customer.email == THIEF
    assert kept(customer) == {THIEF, steps.PHONE}
    assert_shut(customer, WayBack.FACTOR, thief)
    assert Dispute.objects.exists()


def test_an_address_added_again_after_it_was_removed_is_as_it_was(
    customer: User, thief: Client, phone: RecoveryAddress
) -> None:
    """A thief cannot make the rest of 72 hours count against the owner, nor break the undo, by adding it anew."""
    remove(thief, phone)
    with steps.later(minutes=1):
        thief.post("/security/recovery/add/sms/", {"phone": steps.PHONE})
        thief.post("/security/recovery/confirm/", {"code": steps.latest("recovery_address_code")})
        assert RecoveryAddress.objects.kept().get() != phone
        take_back(links_to(customer.email)[0])
    assert RecoveryAddress.objects.kept().get() == phone
    assert addresses.for_codes(customer, Way.SMS, clock.now()) == [steps.PHONE]


def test_what_was_added_before_stays(customer: User, thief: Client) -> None:
    add(thief, "mine@example.com")
    with steps.later(minutes=1):
        add(thief)
        take_back(links_to(customer.email)[-1])
    assert kept(customer) == {customer.email, steps.PHONE, "mine@example.com"}


def test_the_page_says_what_is_taken_back(thief: Client) -> None:
    add(thief)
    link = next(mail.words["undo_link"] for mail in outbox() if mail.kind == _KIND)
    page = Client().get(steps.path(link), follow=True).text
    assert "Recovery address added or removed" in page
    assert "Your recovery addresses are again those from before." in page


def test_an_old_mailbox_that_its_owner_removed_can_lock_but_not_enter(
    customer: User, sign_in: Callable[..., Client]
) -> None:
    """The worst it can do: be a recovery address again, for one code, on an account that asks for two."""
    home = sign_in(customer, on=Client())
    at = clock.now()
    old = RecoveryAddress.objects.create(
        customer=customer, kind="mail", address="old@example.com",
        proven_at=at - timedelta(days=30), usable_from=at - timedelta(days=20),
    )  # fmt: skip
    remove(home, old)
    take_back(links_to("old@example.com")[0])
    assert "old@example.com" in kept(customer)
    person = Person(Client())
    with steps.later(days=4):
        person.start(customer.email, lost=())
        person.show("mail", steps.latest("recovery_code"))
        assert steps.case_of(customer).state == State.OPEN
    assert_shut(customer, WayBack.FACTOR)


# A recovery under way


@pytest.mark.parametrize("how", ["undo", "lock by link", "panic button"])
def test_a_recovery_in_progress_stops_and_everybody_hears_of_it(customer: User, thief: Client, how: str) -> None:
    with steps.later(seconds=5):
        add(thief)
        person = Person(Client())
        person.two_codes(customer.email)
        assert steps.case_of(customer).state == State.COOLING_OFF
    with steps.later(seconds=10):
        if how == "undo":
            take_back(links_to(customer.email)[0])
        elif how == "lock by link":
            browser = Client()
            browser.get(steps.path(links_to(customer.email)[0]))
            browser.post(mailed.page(browser, "/this-was-not-me/"), {"do": "lock"})
        else:
            thief.post("/security/lock/")
    assert steps.case_of(customer).state == State.CANCELLED
    assert AuditEntry.objects.get(name="recovery.cancelled").data["via"] == "undo"
    assert {customer.email, steps.PHONE} <= {mail.to for mail in steps.news("cancelled")}
    locked = {mail.to for mail in outbox() if mail.kind == "recovery_locked"}
    assert locked == ({steps.PHONE} if how == "undo" else {steps.PHONE, THIEF})
    with steps.later(days=9):
        assert "Your account is yours again" not in person.finish().text
        assert tasks.sweep() == 0
    customer.refresh_from_db()
    assert not customer.is_open
    assert (THIEF in kept(customer)) is (how != "undo")


# What opens the account again


def shut(customer: User, way: WayBack) -> None:
    """Locked as an undo does it, an hour ago."""
    User.objects.filter(pk=customer.pk).update(
        locked_at=clock.now(), way_back=way, password=customer.password, contact_changed_at=clock.now()
    )


def restore(customer: User, *shown: str, lost: tuple[str, ...] = ()) -> bool:
    """Recover with these, and say whether it opened the account: four days later, for codes by mail rest too."""
    person = Person(Client())
    with steps.later(days=4):
        person.start(customer.email, lost=lost)
        for number, way in enumerate(shown):
            if way == "saved":
                person.show("saved", factors.make_backup_codes(customer, clock.now())[0])
                continue
            if way == "app":
                person.show("app", steps.code_at(steps.SEED, clock.now()))
                continue
            if number or way != "mail":  # the first mail went out by itself
                person.send(way)
            person.show(way, steps.latest("recovery_code"))
    with steps.later(days=11, minutes=5):
        person.finish()
    customer.refresh_from_db()
    return customer.is_open


@pytest.mark.control("63B 4.2.2.2")
@pytest.mark.parametrize(
    ("way", "has_app", "shown", "opens"),
    [
        (WayBack.MAILBOX, False, ("mail",), True),  # the panic button of an account that rests on the mailbox anyway
        (WayBack.MAILBOX, True, ("mail",), False),
        (WayBack.FACTOR, False, ("mail",), False),
        (WayBack.FACTOR, False, ("sms",), False),
        (WayBack.FACTOR, False, ("mail", "sms"), False),  # both are issued: one method
        (WayBack.FACTOR, True, ("mail",), False),
        (WayBack.FACTOR, True, ("mail", "app"), True),
        (WayBack.FACTOR, True, ("mail", "sms"), False),
        (WayBack.FACTOR, True, ("mail", "saved"), True),
        (WayBack.RECOVERY, True, ("mail",), False),
        (WayBack.RECOVERY, True, ("mail", "app"), False),  # the one that was put back
        (WayBack.RECOVERY, True, ("mail", "sms"), False),
        (WayBack.RECOVERY, True, ("mail", "saved"), True),
    ],
)
def test_what_a_recovery_has_to_show_to_unlock(
    customer: User, phone: RecoveryAddress, way: WayBack, has_app: bool, shown: tuple[str, ...], opens: bool
) -> None:
    if has_app:
        steps.with_app(customer)
    shut(customer, way)
    assert restore(customer, *shown) is opens
    assert (steps.case_of(customer).state == State.COMPLETED) is opens
    assert customer.way_back == ("" if opens else way)
    assert not Session.objects.filter(customer=customer, ended_at=None).exists()
    unlocked = [mail.to for mail in outbox() if mail.kind == "account_unlocked"]
    assert (customer.email in unlocked) is opens


def test_two_mail_addresses_are_one_way(customer: User) -> None:
    at = clock.now()
    RecoveryAddress.objects.create(
        customer=customer, kind="mail", address="other@example.com",
        proven_at=at - timedelta(days=30), usable_from=at - timedelta(days=20),
    )  # fmt: skip
    shut(customer, WayBack.FACTOR)
    assert not restore(customer, "mail", "mail")


def test_a_reset_after_an_undo_opens_nothing_and_says_what_does(customer: User, by: Actor) -> None:
    """An account without a second factor: two codes that come by different ways, or the help desk."""
    shut(customer, WayBack.FACTOR)
    account_flows.restore_access(customer, steps.NEW, by=by, at=clock.now())
    assert_shut(customer, WayBack.FACTOR)
    assert outbox()[-1].kind == "account_still_locked"
    browser = Client()
    browser.post("/sign-in/", {"login": customer.email, "password": steps.NEW})
    assert browser.get("/security/").headers["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(
    ("way", "has_app", "words"),
    [
        (WayBack.MAILBOX, False, "Please sign in with it."),
        (WayBack.MAILBOX, True, "Sign in with the new password and your second step: that unlocks it."),
        (WayBack.FACTOR, True, "Sign in with the new password and your second step: that unlocks it."),
        (WayBack.FACTOR, False, "a new password alone does not open it"),
        (WayBack.RECOVERY, True, "a new password alone does not open it"),
    ],
)
def test_the_page_after_a_reset_says_what_still_keeps_it_locked(
    customer: User, way: WayBack, has_app: bool, words: str
) -> None:
    if has_app:
        steps.with_app(customer)
    shut(customer, way)
    User.objects.update(contact_changed_at=None)
    browser = Client(headers={"user-agent": factories.FIREFOX})
    ask(browser, customer.email)
    assert words in set_new(browser, outbox()[-1].words["link"]).text


@pytest.mark.parametrize("way", [WayBack.FACTOR, WayBack.RECOVERY])
def test_the_page_after_an_undo_names_the_way_back_for_whoever_has_no_factor(
    customer: User, way: WayBack, thief: Client
) -> None:
    if way is WayBack.RECOVERY:
        thief.post("/security/app/remove/")
        link = links_to(customer.email, "factor_removed")[0]
    else:
        add(thief)
        link = links_to(customer.email)[0]
    page = take_back(link).text
    assert 'href="/recover/"' in page
    assert "our help desk makes sure that it is you" in page
    mail = [each for each in outbox() if each.kind == "account_change_undone"][-1]
    assert mail.words["way"] == way


def test_a_case_whose_account_needs_more_by_now_is_not_finished(customer: User, phone: RecoveryAddress) -> None:
    """One code was enough when it was shown; then the account was locked by an undo without the case being stopped."""
    person = Person(Client())
    person.start(customer.email, lost=())
    person.show("mail", steps.latest("recovery_code"))
    assert steps.case_of(customer).state == State.COOLING_OFF
    shut(customer, WayBack.FACTOR)
    with steps.later(days=9):
        person.finish()
    assert_shut(customer, WayBack.FACTOR)
    assert steps.case_of(customer).state == State.COOLING_OFF


def test_locking_twice_and_undoing_after_never_makes_the_way_back_easier(
    customer: User, thief: Client, by: Actor
) -> None:
    add(thief)
    take_back(links_to(customer.email)[0])
    locks.lock(customer, by=by, at=clock.now())
    assert_shut(customer, WayBack.FACTOR)
    assert proofs.find_link("x" * 43, UNDO) is None


# A recovery that somebody else finished


def _recovered(customer: User) -> Person:
    """Whoever has the sheet and the mailbox has waited, and put an app of their own in place of the owner's."""
    person = Person(Client())
    person.two_codes(customer.email)
    with steps.later(days=8):
        assert "Your account is yours again" in person.finish().text
    return person


def _app_of(customer: User) -> int:
    return int(Totp.objects.get(user=customer).pk)


def test_a_finished_recovery_is_taken_back_from_every_channel(customer: User, phone: RecoveryAddress) -> None:
    steps.with_app(customer)
    mine = _app_of(customer)
    _recovered(customer)
    assert _app_of(customer) != mine
    told = steps.news("completed")
    assert {mail.to for mail in told} == {customer.email, phone.address}
    for mail in told:
        assert all(mail.words["undo_link"] in text for text in steps.texts(mail))
    with steps.later(days=8, minutes=5):
        take_back(told[-1].words["undo_link"])
    customer.refresh_from_db()
    assert _app_of(customer) == mine
    assert customer.way_back == WayBack.RECOVERY
    assert not customer.has_usable_password()


def test_the_undo_of_an_earlier_change_reaches_the_recovery_after_it(
    customer: User, thief: Client, phone: RecoveryAddress
) -> None:
    mine = _app_of(customer)
    thief.post("/profile/", {"name": "", "phone": "+4799999999", "locale": "en", "timezone": "UTC"})
    link = links_to(phone.address, "phone_changed")[-1]
    _recovered(customer)
    with steps.later(days=8, minutes=5):
        take_back(link)
    assert _app_of(customer) == mine


def test_nobody_tries_passwords_at_a_finish_that_does_not_happen(customer: User, phone: RecoveryAddress) -> None:
    """A wrong code of the new app kept the page open, and it said of each password whether it was the old one."""
    steps.with_app(customer)
    person = Person(Client())
    person.two_codes(customer.email)
    with steps.later(days=8):
        here = person.client.get(steps.FINISH).context["here"]
        page = person.client.post(here, {"password": factories.PASSWORD, "code": "000000"})
        assert "have already" not in page.text
        assert "This code is not right" in page.text
