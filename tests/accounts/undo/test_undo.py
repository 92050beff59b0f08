"""This wasn't me: each change is taken back with all that came after it, everything ends, and nobody gets in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client

from accounts.account import flows as account_flows
from accounts.account.proofs import CHANGE_EMAIL
from accounts.customer import addresses, proofs
from accounts.factors import flows as factor_flows
from accounts.factors import verifier as factors
from accounts.lock import policy
from accounts.lock.flows import locks
from accounts.lock.policy import WayBack
from accounts.models import (
    BackupCode,
    Change,
    Dispute,
    Passkey,
    PasskeyAttestation,
    Session,
    Totp,
    Unsettled,
    User,
)
from accounts.undo import flows as undo
from ciam_portal.core import clock, retention
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Deny
from consent.models import Consent
from recovery.reset.proofs import RESET_PASSWORD
from tests import factories, mailed
from tests.accounts.factors.test_factors import code_of
from tests.factories import PASSWORD, Message
from tests.oauth.walk import register

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]
NEW = "seven lamps of quiet harbour"
SEED = b"0123456789abcdefghij"


@pytest.fixture
def thief() -> Client:
    return Client()


@pytest.fixture
def session(customer: User, thief: Client) -> Session:
    """The customer's session, in a thief's hands."""
    return factories.signed_in(thief, customer, (Method.PASSWORD, Method.TOTP))


@pytest.fixture
def app(customer: User) -> Totp:
    """An app that the customer has used for long."""
    before = clock.now() - timedelta(days=30)
    with time_machine.travel(before, tick=False):
        made = factors.add_app(customer, SEED, code_of(SEED, clock.now()), clock.now())
    assert made
    return made


def link_of(kind: str) -> str:
    return str(next(mail.words["undo_link"] for mail in reversed(factories.outbox()) if mail.kind == kind))


def open_link(client: Client, link: str) -> Any:
    return client.get("/" + link.split("/", 3)[3], follow=True)


def take_back(link: str, do: str = "undo") -> Any:
    """What the customer does, in a browser that was never here."""
    browser = Client()
    assert open_link(browser, link).status_code == 200
    return browser.post(mailed.page(browser, "/this-was-not-me/"), {"do": do})


def move(customer: User, session: Session, to: str, by: Actor) -> None:
    """The thief proves another address; enters the house's flow with a link of its own, as the page does."""
    customer.refresh_from_db()
    secret = proofs.new_link(customer, CHANGE_EMAIL, to, clock.now()).secret
    account_flows.change_email(customer, secret, session, by=by, at=clock.now())
    customer.refresh_from_db()


def assert_nobody_gets_in(customer: User, *passwords: str) -> None:
    """Neither old nor new credentials, at any door."""
    customer.refresh_from_db()
    assert customer.locked_at is not None
    assert not customer.is_open
    assert not Session.objects.filter(customer=customer, ended_at=None).exists()
    for password in (PASSWORD, NEW, *passwords):
        browser = Client()
        answer = browser.post("/sign-in/", {"login": customer.email, "password": password})
        assert answer.status_code == 200
        assert browser.get("/profile/").status_code == 302


# Each change


@pytest.mark.control("v5.0.0-6.3.7")
def test_a_changed_address_goes_back_and_the_link_went_to_the_old_one(
    customer: User, session: Session, thief: Client, by: Actor, outbox: Outbox
) -> None:
    old = customer.email
    move(customer, session, "thief@example.com", by)
    told = {mail.to: mail.words["undo_link"] for mail in outbox() if mail.kind == "email_changed"}
    assert set(told) == {old, "thief@example.com"}
    assert told[old]
    assert told["thief@example.com"] == ""
    page = take_back(told[old])
    assert "Taken back, and the account is locked" in page.text
    customer.refresh_from_db()
    assert customer.email == old
    assert addresses.proven(customer) == [old]
    assert customer.contact_changed_at is not None
    assert customer.way_back == WayBack.FACTOR
    assert thief.get("/profile/").status_code == 302
    assert_nobody_gets_in(customer)
    assert {mail.to for mail in outbox() if mail.kind == "account_change_undone"} == {old, "thief@example.com"}
    change, dispute = Change.objects.get(), Dispute.objects.get()
    assert (dispute.kind, dispute.change) == (Dispute.Kind.NOT_ME, change.pk)
    event = AuditEntry.objects.get(name="account.change_undone")
    assert event.data["kind"] == "email"
    assert (event.data["later"], event.data["restored"], event.data["way"]) == (0, True, "factor")


def test_an_address_changed_twice_goes_back_to_the_first(customer: User, session: Session, by: Actor) -> None:
    old = customer.email
    move(customer, session, "one@example.com", by)
    move(customer, session, "two@example.com", by)
    take_back(next(m.words["undo_link"] for m in factories.outbox() if m.kind == "email_changed" and m.to == old))
    customer.refresh_from_db()
    assert (customer.email, addresses.proven(customer)) == (old, [old])
    assert not Change.objects.filter(undone_at=None).exists()


def test_a_sign_up_on_the_old_address_does_not_keep_it_from_its_owner(
    customer: User, session: Session, by: Actor, outbox: Outbox
) -> None:
    old = customer.email
    move(customer, session, "thief@example.com", by)
    squatter = factories.customer(old, proven=False)
    take_back(next(mail.words["undo_link"] for mail in outbox() if mail.to == old))
    customer.refresh_from_db()
    assert customer.email == old
    assert not User.objects.filter(pk=squatter.pk).exists()
    assert AuditEntry.objects.filter(name="account.sign_up_voided", about=squatter.pk).exists()


def test_an_address_proven_by_another_account_stays_theirs_and_the_desk_is_told(
    customer: User, session: Session, by: Actor, outbox: Outbox
) -> None:
    old = customer.email
    move(customer, session, "thief@example.com", by)
    other = factories.customer(old)
    take_back(next(mail.words["undo_link"] for mail in outbox() if mail.to == old))
    customer.refresh_from_db()
    other.refresh_from_db()
    assert (customer.email, other.email) == ("thief@example.com", old)
    assert customer.locked_at is not None
    assert AuditEntry.objects.get(name="account.change_undone").data["restored"] is False
    assert not next(m for m in outbox() if m.kind == "account_change_undone").words["restored"]


def test_an_address_of_before_that_mail_cannot_go_to_does_not_come_back(
    customer: User, session: Session, by: Actor
) -> None:
    User.objects.filter(pk=customer.pk).update(email="root@localhost", unsettled=Unsettled.REFUSED)
    move(customer, session, "thief@example.com", by)
    assert (customer.email, customer.unsettled) == ("thief@example.com", "")
    take_back(next(mail.words["undo_link"] for mail in factories.outbox() if mail.words.get("undo_link")))
    customer.refresh_from_db()
    assert customer.email == "thief@example.com"
    assert customer.locked_at is not None
    assert AuditEntry.objects.get(name="account.change_undone").data["restored"] is False


def test_a_changed_phone_goes_back(customer: User, session: Session, by: Actor) -> None:
    User.objects.filter(pk=customer.pk).update(phone="+4722855050")
    customer.refresh_from_db()
    account_flows.edit_profile(customer, {"phone": "+4799999999"}, session, by=by, at=clock.now())
    kept = Change.objects.get()
    assert kept.previous
    assert "22855050" not in kept.previous
    take_back(link_of("phone_changed"))
    customer.refresh_from_db()
    assert (customer.phone, customer.way_back) == ("+4722855050", WayBack.FACTOR)
    assert Change.objects.get().previous == ""
    assert_nobody_gets_in(customer)


def test_a_changed_password_works_no_more_and_the_old_one_does_not_come_back(
    customer: User, session: Session, by: Actor
) -> None:
    account_flows.change_password(customer, NEW, session, by=by, at=clock.now())
    assert Change.objects.get().previous == ""
    take_back(link_of("password_changed"))
    customer.refresh_from_db()
    assert not customer.has_usable_password()
    assert customer.way_back == WayBack.MAILBOX
    assert_nobody_gets_in(customer)


def test_a_factor_that_was_added_is_gone_with_its_backup_codes(customer: User, session: Session, by: Actor) -> None:
    at = clock.now()
    assert factor_flows.add_app(customer, session, SEED, code_of(SEED, at), by=by, at=at)
    factor_flows.make_backup_codes(customer, session, by=by, at=at)
    take_back(link_of("factor_added"))
    assert not Totp.objects.exists()
    assert not BackupCode.objects.exists()
    customer.refresh_from_db()
    assert customer.way_back == WayBack.FACTOR
    assert_nobody_gets_in(customer)


@pytest.mark.usefixtures("app")
def test_a_factor_that_was_removed_is_back_as_it_was(customer: User, session: Session, by: Actor) -> None:
    before = Totp.objects.values().get()
    factor_flows.remove_app(customer, session, by=by, at=clock.now())
    kept = Change.objects.get().previous
    assert before["key"] not in kept
    take_back(link_of("factor_removed"))
    assert Totp.objects.values().get() == before
    assert Totp.objects.get().bin_key == SEED
    customer.refresh_from_db()
    assert customer.way_back == WayBack.RECOVERY
    assert_nobody_gets_in(customer)


def test_a_passkey_that_was_removed_is_back_with_what_it_said_of_itself(customer: User, by: Actor) -> None:
    passkey = Passkey.objects.create(
        user=customer, name="Key", credential_id=b"\x01\xff" * 16, public_key=b"\x02\xfe" * 32, sign_count=7,
        transports=["usb"], aaguid="0" * 32, user_verified_at_creation=True,
    )  # fmt: skip
    PasskeyAttestation.objects.create(credential=passkey, fmt="none", data=b"\xa0", client_data_json=b"{}")
    session = factories.signed_in(Client(), customer, (Method.PASSKEY,))
    before = Passkey.objects.values().get(), PasskeyAttestation.objects.values().get()
    factor_flows.remove_passkey(customer, session, passkey, by=by, at=clock.now())
    assert not PasskeyAttestation.objects.exists()
    take_back(link_of("factor_removed"))
    after = Passkey.objects.values().get(), PasskeyAttestation.objects.values().get()
    for was, now in zip(before, after, strict=True):
        assert {key: bytes(v) if isinstance(v, memoryview) else v for key, v in now.items()} == {
            key: bytes(v) if isinstance(v, memoryview) else v for key, v in was.items()
        }
    assert_nobody_gets_in(customer)


def test_a_passkey_that_is_with_another_account_by_now_is_not_taken_from_it(
    customer: User, session: Session, by: Actor
) -> None:
    fields = {"name": "Key", "credential_id": b"\x01" * 32, "public_key": b"\x02" * 32, "sign_count": 7}
    passkey = Passkey.objects.create(user=customer, **fields)
    session = factories.signed_in(Client(), customer, (Method.PASSKEY,))
    factor_flows.remove_passkey(customer, session, passkey, by=by, at=clock.now())
    other = Passkey.objects.create(user=factories.customer(), **fields)
    take_back(link_of("factor_removed"))
    assert Passkey.objects.get() == other
    assert AuditEntry.objects.get(name="account.change_undone").data["restored"] is False
    assert_nobody_gets_in(customer)


@pytest.mark.usefixtures("app")
def test_backup_codes_that_were_made_open_nothing(customer: User, session: Session, by: Actor) -> None:
    made = factor_flows.make_backup_codes(customer, session, by=by, at=clock.now())
    take_back(link_of("factor_backup_codes_made"))
    assert not BackupCode.objects.filter(customer=customer).exists()
    assert factors.spend_backup_code(customer, made[0], clock.now()).outcome is factors.Outcome.WRONG
    assert_nobody_gets_in(customer)


# The thief changed the address first


@pytest.mark.usefixtures("app")
def test_one_link_to_the_old_address_reaches_all_that_a_thief_did_after(
    customer: User, session: Session, by: Actor, outbox: Outbox
) -> None:
    old, theirs = customer.email, b"abcdefghij0123456789"
    start, phone = clock.now(), customer.phone
    before = Totp.objects.values().get()
    with time_machine.travel(start, tick=False) as time:
        move(customer, session, "thief@example.com", by)
        time.shift(5)
        factor_flows.remove_app(customer, session, by=by, at=clock.now())
        session.refresh_from_db()
        time.shift(5)
        assert factor_flows.add_app(customer, session, theirs, code_of(theirs, clock.now()), by=by, at=clock.now())
        session.refresh_from_db()
        factor_flows.make_backup_codes(customer, session, by=by, at=clock.now())
        account_flows.edit_profile(customer, {"phone": "+4799999999"}, session, by=by, at=clock.now())
        account_flows.change_password(customer, NEW, session, by=by, at=clock.now())
        move(customer, session, "thief.again@example.com", by)
        time.shift(60)
        take_back(next(m.words["undo_link"] for m in outbox() if m.kind == "email_changed" and m.to == old))
    customer.refresh_from_db()
    assert (customer.email, addresses.proven(customer), customer.phone) == (old, [old], phone)
    assert Totp.objects.values().get() == before
    assert not BackupCode.objects.exists()
    assert not customer.has_usable_password()
    assert customer.way_back == WayBack.RECOVERY
    assert AuditEntry.objects.get(name="account.change_undone").data["later"] == 6
    assert_nobody_gets_in(customer)


@pytest.mark.usefixtures("app")
def test_what_was_changed_before_stays(customer: User, session: Session, by: Actor) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        factor_flows.make_backup_codes(customer, session, by=by, at=clock.now())
        time.shift(1)
        account_flows.change_password(customer, NEW, session, by=by, at=clock.now())
        time.shift(1)
        take_back(link_of("password_changed"))
    assert BackupCode.objects.exists()
    assert Change.objects.get(undone_at=None).kind == Change.Kind.BACKUP_CODES


def test_apps_connected_since_are_disconnected_and_older_ones_are_not(
    customer: User, session: Session, by: Actor
) -> None:
    at = clock.now()
    times = [(at - timedelta(days=2),) * 2, (at, at), (at - timedelta(days=2), at)]
    consents = [
        Consent.objects.create(
            customer=customer, partner=register(name)[0], scopes=["openid"], given_at=given, changed_at=changed
        )
        for name, (given, changed) in zip(("Old", "New", "Wider"), times, strict=True)
    ]
    account_flows.change_password(customer, NEW, session, by=by, at=at)
    take_back(link_of("password_changed"))
    for consent, lives in zip(consents, (True, False, False), strict=True):
        consent.refresh_from_db()
        assert (consent.ended_at is None) is lives


# The link


def test_opening_the_link_changes_nothing_and_its_secret_leaves_the_address(
    customer: User, session: Session, by: Actor
) -> None:
    account_flows.change_password(customer, NEW, session, by=by, at=clock.now())
    link, scanner = link_of("password_changed"), Client()
    for _ in range(2):
        page = open_link(scanner, link)
        assert page.redirect_chain[-1][0] == mailed.page(scanner, "/this-was-not-me/")
        assert "Was this not you?" in page.text
        assert link.rstrip("/").rsplit("/", 1)[1] not in page.text
        assert scanner.head(mailed.page(scanner, "/this-was-not-me/")).status_code == 200
    assert scanner.post("/" + link.split("/", 3)[3]).status_code == 405
    assert scanner.post(mailed.page(scanner, "/this-was-not-me/"), {"do": "something"}).status_code == 200
    customer.refresh_from_db()
    assert customer.is_open
    assert Change.objects.get().undone_at is None
    session.refresh_from_db()
    assert session.ended_at is None


@pytest.mark.parametrize("first", ["undo", "lock"])
def test_it_works_once(customer: User, session: Session, by: Actor, first: str) -> None:
    account_flows.change_password(customer, NEW, session, by=by, at=clock.now())
    link = link_of("password_changed")
    take_back(link, first)
    mails = len(factories.outbox())
    again = Client()
    assert open_link(again, link).status_code == 410
    for do in ("undo", "lock"):
        assert again.post(mailed.page(again, "/this-was-not-me/"), {"do": do}).status_code == 410
    assert len(factories.outbox()) == mails
    assert Client().get("/this-was-not-me/").status_code == 410


def test_only_locking_leaves_the_change(customer: User, session: Session, by: Actor) -> None:
    account_flows.change_password(customer, NEW, session, by=by, at=clock.now())
    assert "The account is locked" in take_back(link_of("password_changed"), "lock").text
    customer.refresh_from_db()
    assert customer.check_password(NEW)
    assert Change.objects.get().undone_at is None
    assert_nobody_gets_in(customer)


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 410), (1, 410)])
def test_it_lives_for_240_hours(customer: User, session: Session, by: Actor, seconds: int, status: int) -> None:
    assert limits.current().proof.disown_hours == 240
    at = clock.now()
    account_flows.change_password(customer, NEW, session, by=by, at=at)
    link = link_of("password_changed")
    with time_machine.travel(at + timedelta(hours=240, seconds=seconds), tick=False):
        browser = Client()
        assert open_link(browser, link).status_code == status
        assert browser.post(mailed.page(browser, "/this-was-not-me/"), {"do": "undo"}).status_code == status
    customer.refresh_from_db()
    assert customer.is_open is (status == 410)


def test_links_that_open_something_die_with_an_undo_and_its_own_kind_does_not_die_with_others(
    customer: User, session: Session, by: Actor
) -> None:
    at = clock.now()
    account_flows.change_password(customer, NEW, session, by=by, at=at)
    reset = proofs.new_link(customer, RESET_PASSWORD, customer.email, at).secret
    proofs.drop(customer, at - timedelta(seconds=1))
    link = link_of("password_changed")
    reset = proofs.new_link(customer, RESET_PASSWORD, customer.email, at).secret
    take_back(link)
    found = proofs.find_link(reset, RESET_PASSWORD)
    assert found
    assert not found.is_live(clock.now())


def test_somebody_elses_session_in_the_same_browser_is_left_alone(customer: User, session: Session, by: Actor) -> None:
    account_flows.change_password(customer, NEW, session, by=by, at=clock.now())
    other, browser = factories.customer(), Client()
    factories.signed_in(browser, other, (Method.PASSWORD,))
    open_link(browser, link_of("password_changed"))
    assert browser.post(mailed.page(browser, "/this-was-not-me/"), {"do": "undo"}).status_code == 200
    assert browser.get("/profile/").status_code == 200
    event = AuditEntry.objects.get(name="account.change_undone")
    assert (event.about, event.actor) == (customer.pk, customer.pk)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_live": False}, Deny(policy.Reason.UNDO_LINK_DEAD)),
        ({"change_stands": False}, Deny(policy.Reason.UNDO_LINK_DEAD)),
        ({"account_active": False}, Deny(policy.Reason.UNDO_LINK_DEAD)),
    ],
)
def test_may_undo(change: dict[str, bool], answer: object) -> None:
    facts = policy.UndoFacts(**{"is_live": True, "change_stands": True, "account_active": True} | change)
    assert policy.may_undo(facts, limits=limits.current(), at=clock.now()) == answer


# It lets nobody in


def reset(customer: User) -> None:
    """Whoever reads the mailbox sets a new password with a link."""
    stranger = Actor(ActorKind.STRANGER, None, Channel.WEB)
    account_flows.restore_access(customer, NEW, by=stranger.known_as(customer.pk), at=clock.now())


def test_an_old_mailbox_can_undo_and_lock_but_not_enter(customer: User, session: Session, by: Actor) -> None:
    old = customer.email
    move(customer, session, "mine.now@example.com", by)
    take_back(next(m.words["undo_link"] for m in factories.outbox() if m.to == old))
    reset(customer)
    assert_nobody_gets_in(customer)
    assert factories.outbox()[-1].kind == "account_still_locked"
    assert DecisionEntry.objects.filter(question="lock.may_unlock_by_mail", answer="deny").exists()


def test_a_mailbox_cannot_strip_a_fresh_second_factor_and_enter(customer: User, session: Session, by: Actor) -> None:
    at = clock.now()
    assert factor_flows.add_app(customer, session, SEED, code_of(SEED, at), by=by, at=at)
    take_back(link_of("factor_added"))
    reset(customer)
    assert_nobody_gets_in(customer)


@pytest.mark.usefixtures("app")
def test_a_stolen_phone_whose_app_was_removed_does_not_enter_by_putting_it_back(
    customer: User, session: Session, by: Actor
) -> None:
    factor_flows.remove_app(customer, session, by=by, at=clock.now())
    take_back(link_of("factor_removed"))
    reset(customer)
    assert_nobody_gets_in(customer)


def test_a_recovery_that_proved_more_unlocks(customer: User, session: Session, by: Actor) -> None:
    old = customer.email
    move(customer, session, "thief@example.com", by)
    take_back(next(m.words["undo_link"] for m in factories.outbox() if m.to == old))
    reset(customer)
    locks.unlock(customer, by=Actor.system(), at=clock.now())
    customer.refresh_from_db()
    assert customer.is_open
    assert customer.way_back == ""


# Housekeeping


def test_a_change_that_no_link_takes_back_any_more_is_forgotten(customer: User, session: Session, by: Actor) -> None:
    account_flows.edit_profile(customer, {"phone": "+4799999999"}, session, by=by, at=clock.now())
    hours = limits.current().proof.disown_hours
    with time_machine.travel(clock.now() + timedelta(hours=hours - 1)):
        retention.forget(clock.now(), 9)
        assert Change.objects.exists()
    with time_machine.travel(clock.now() + timedelta(hours=hours, minutes=1)):
        retention.forget(clock.now(), 9)
        assert not Change.objects.exists()


def test_undoing_twice_is_refused(customer: User, session: Session, by: Actor) -> None:
    account_flows.change_password(customer, NEW, session, by=by, at=clock.now())
    change = Change.objects.get()
    undo.undo(change, by=by, at=clock.now())
    with pytest.raises(Refused) as refused:
        undo.undo(change, by=by, at=clock.now())
    assert refused.value.reason is policy.Reason.UNDO_LINK_DEAD


def test_the_help_desk_reads_what_was_taken_back(customer: User, session: Session, by: Actor) -> None:
    account_flows.change_password(customer, NEW, session, by=by, at=clock.now())
    take_back(link_of("password_changed"))
    agent, desk = factories.customer(is_staff=True), Client()
    agent.groups.add(Group.objects.get(name="agent"))
    factories.signed_in(desk, agent, (Method.PASSWORD, Method.TOTP))
    page = desk.get(f"/staff/accounts/dispute/{Dispute.objects.get().pk}/change/").text
    assert "Password changed" in page
    assert "Believe neither by the mailbox alone" in page
    assert "Firefox on Linux" in page
