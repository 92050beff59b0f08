"""Recovery contacts: asked first, told to everybody, resting, behind the gate, gone at once, and back after an undo."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.customer import addresses as accounts
from accounts.lock.flows import locks
from accounts.models import Proof, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy.assurance import Method
from ciam_portal.governance import recompute
from recovery.addresses import facts as addresses
from recovery.contacts import facts as contacts
from recovery.contacts.proofs import CONTACT_INVITE
from recovery.models import Contact, RecoveryAddress
from tests import mailed
from tests.factories import Message, outbox
from tests.factories import customer as new_customer
from tests.recovery import steps
from tests.recovery.steps import FRIEND

pytestmark = pytest.mark.django_db
ADD = "/security/recovery/contacts/add/"


@pytest.fixture
def home(customer: User, sign_in: Callable[..., Client]) -> Client:
    """The customer, signed in with two factors a moment ago, and with a phone for recovery."""
    steps.with_app(customer)
    steps.with_phone(customer)
    return sign_in(customer, Method.PASSWORD, Method.TOTP, on=Client())


def sent(kind: str) -> list[Message]:
    return [mail for mail in outbox() if mail.kind == kind]


def told(what: str) -> set[str]:
    return {mail.to for mail in sent("recovery_contact_changed") if mail.words["what"] == what}


def name_somebody(home: Client, address: str = "May@example.org") -> Any:
    return home.post(ADD, {"name": "Aunt May", "email": address}, follow=True)


def follow(mail: Message) -> Client:
    browser = Client()
    page = browser.get(steps.path(mail.words["link"]), follow=True)
    assert mail.words["link"].rstrip("/").rsplit("/", 1)[1] not in page.text + page.request["PATH_INFO"]
    return browser


@pytest.mark.control("63B 4.2.1.3")
def test_somebody_is_asked_agrees_rests_and_then_counts(customer: User, home: Client) -> None:
    everybody = {customer.email, steps.PHONE}
    page = name_somebody(home)
    assert "Aunt May" in page.text
    assert "Has not answered yet" in page.text
    assert told("invited") == everybody
    (invitation,) = sent("recovery_contact_invitation")
    assert invitation.to == FRIEND
    assert "Aunt May" not in str(invitation.words)
    browser = follow(invitation)
    browser.head(mailed.page(browser, "/recover/contact/"))
    assert Contact.objects.get().accepted_at is None
    page = browser.post(mailed.page(browser, "/recover/contact/"), {"do": "accept"})
    assert "you are a recovery contact" in page.text
    assert told("accepted") == everybody
    item = Contact.objects.get()
    assert item.accepted_at is not None
    assert item.usable_from == item.accepted_at + timedelta(hours=72)
    assert contacts.usable(customer, item.usable_from - timedelta(seconds=1)) == []
    assert contacts.usable(customer, item.usable_from) == [item]
    assert addresses.changed_at(customer) == item.accepted_at
    assert "can help from" in home.get("/security/recovery/").text
    page = home.post(f"/security/recovery/contacts/{item.pk}/remove/", follow=True)
    assert "is removed" in page.text
    assert "You have named nobody yet" in page.text
    assert told("removed") == everybody
    assert sent("recovery_contact_dismissed")[0].to == FRIEND
    assert contacts.usable(customer, item.usable_from) == []
    rows = AuditEntry.objects.filter(about=customer.pk)
    names = set(rows.values_list("name", flat=True))
    assert {"recovery.contact_invited", "recovery.contact_accepted", "recovery.contact_removed"} <= names
    assert not any(FRIEND in str(row.data) or "May" in str(row.data) for row in rows)


def test_what_was_decided_is_decided_so_again(customer: User, home: Client) -> None:
    name_somebody(home)
    friend = follow(sent("recovery_contact_invitation")[0])
    friend.post(mailed.page(friend, "/recover/contact/"), {"do": "accept"})
    kept = DecisionEntry.objects.filter(about=customer.pk)
    assert {"may_invite", "may_answer"} <= {entry.question.rsplit(".", 1)[1] for entry in kept}
    assert [entry.question for entry in kept if recompute.recompute(entry)] == []


def test_a_no_is_told_counts_as_none_and_its_link_is_dead(customer: User, home: Client) -> None:
    name_somebody(home)
    invitation = sent("recovery_contact_invitation")[0]
    browser = follow(invitation)
    assert "You have said no" in browser.post(mailed.page(browser, "/recover/contact/"), {"do": "decline"}).text
    assert told("declined") == {customer.email, steps.PHONE}
    again = Client()
    assert again.get(steps.path(invitation.words["link"]), follow=True).status_code == 410
    assert again.post(mailed.page(again, "/recover/contact/"), {"do": "accept"}).status_code == 410
    assert Contact.objects.get().accepted_at is None
    assert not Contact.objects.kept().exists()
    assert "Has not answered yet" in name_somebody(home).text  # somebody who said no can be asked once more


@pytest.mark.parametrize("said", ["", "maybe"])
def test_whatever_is_no_answer_changes_nothing(home: Client, said: str) -> None:
    name_somebody(home)
    browser = follow(sent("recovery_contact_invitation")[0])
    assert "What you would do" in browser.post(mailed.page(browser, "/recover/contact/"), {"do": said}).text
    assert Contact.objects.get().accepted_at is None


def test_an_invitation_is_answered_once_in_time_and_not_after_it_was_taken_back(home: Client) -> None:
    name_somebody(home)
    browser = follow(sent("recovery_contact_invitation")[0])
    with steps.later(hours=48):
        assert browser.post(mailed.page(browser, "/recover/contact/"), {"do": "accept"}).status_code == 410
    browser = follow(sent("recovery_contact_invitation")[0])
    assert browser.post(mailed.page(browser, "/recover/contact/"), {"do": "accept"}).status_code == 200
    assert browser.post(mailed.page(browser, "/recover/contact/"), {"do": "accept"}).status_code == 410
    name_somebody(home, "ben@example.org")
    other = follow(sent("recovery_contact_invitation")[1])
    ben = Contact.objects.get(address="ben@example.org")
    home.post(f"/security/recovery/contacts/{ben.pk}/remove/")
    assert other.post(mailed.page(other, "/recover/contact/"), {"do": "accept"}).status_code == 410
    assert Client().post("/recover/contact/", {"do": "accept"}).status_code == 410


def test_an_invitation_that_nobody_answered_says_so(customer: User, home: Client) -> None:
    name_somebody(home)
    Proof.objects.filter(purpose=CONTACT_INVITE.name).update(expires_at=clock.now())
    assert "can no longer be answered" in home.get("/security/recovery/").text


def test_nobody_is_their_own_contact(customer: User, home: Client) -> None:
    at = clock.now()
    RecoveryAddress.objects.create(
        customer=customer, kind="mail", address="second@example.com", proven_at=at, usable_from=at + timedelta(days=3)
    )
    plus = customer.email.replace("@", "+friend@")
    for address in (customer.email, customer.email.upper(), plus, "second@example.com"):
        assert "an address of your own" in name_somebody(home, address).text
    assert not Contact.objects.exists()
    assert sent("recovery_contact_invitation") == []


def test_an_address_that_becomes_the_customers_own_counts_no_more(customer: User, home: Client) -> None:
    item = steps.with_contact(customer)
    at = clock.now()
    assert contacts.usable(customer, at) == [item]
    customer.email = FRIEND
    customer.save()
    accounts.replace(customer, FRIEND)
    assert contacts.usable(customer, at) == []
    assert "an address of your own now" in home.get("/security/recovery/").text


def test_three_and_each_once(home: Client) -> None:
    for name in ("one", "two", "three"):
        name_somebody(home, f"{name}@example.org")
    assert "Add a recovery contact" not in home.get("/security/recovery/").text
    assert "Remove one first" in name_somebody(home, "four@example.org").text
    Contact.objects.get(address="three@example.org").decline(clock.now())
    assert "is one of your recovery contacts, or has been asked" in name_somebody(home, "one@example.org").text
    assert Contact.objects.kept().count() == 2


def test_a_mailbox_that_got_many_messages_is_left_alone(home: Client) -> None:
    for _ in range(5):
        name_somebody(home)
        Contact.objects.all().delete()
    page = name_somebody(home)
    assert page.status_code == 429
    assert 3500 < int(page["Retry-After"]) <= 3600
    assert not Contact.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "a\u200bb", "x" * 65])
def test_a_name_is_short_and_printable(home: Client, name: str) -> None:
    assert home.post(ADD, {"name": name, "email": FRIEND}).status_code == 200
    assert not Contact.objects.exists()


@pytest.mark.control("v5.0.0-7.5.1")
def test_a_session_with_a_password_alone_has_to_prove_more(customer: User, sign_in: Callable[..., Client]) -> None:
    steps.with_app(customer)
    item = steps.with_contact(customer)
    weak = sign_in(customer, Method.PASSWORD, on=Client())
    assert weak.get(ADD).headers["Location"].startswith("/prove/")
    assert name_somebody(weak).redirect_chain[0][0].startswith("/prove/")
    gone = weak.post(f"/security/recovery/contacts/{item.pk}/remove/")
    assert gone.headers["Location"].startswith("/prove/")
    assert Contact.objects.kept().get() == item


def test_in_quarantine_nobody_is_named_or_removed(customer: User, home: Client) -> None:
    item = steps.with_contact(customer)
    customer.recovered_at = clock.now()
    customer.save()
    name_somebody(home, "ben@example.org")
    home.post(f"/security/recovery/contacts/{item.pk}/remove/")
    assert Contact.objects.kept().get() == item


def test_somebody_elses_contact_does_not_exist(home: Client) -> None:
    theirs = steps.with_contact(new_customer())
    assert home.post(f"/security/recovery/contacts/{theirs.pk}/remove/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.removed_at is None


def test_a_contact_sees_nothing_of_the_account(customer: User, sign_in: Callable[..., Client]) -> None:
    """A recovery contact is no delegate: no page, no list, no data (NIST SP 800-63B-4 section 4.2.1.3)."""
    customer.name = "Somebody Private"
    customer.save()
    friend = new_customer(FRIEND)
    steps.with_contact(customer, friend.email)
    theirs = sign_in(friend, on=Client())
    for page in ("/", "/profile/", "/security/", "/security/recovery/", "/activity/", "/connected-apps/"):
        text = theirs.get(page, follow=True).text
        assert customer.email not in text
        assert "Somebody Private" not in text


@pytest.mark.parametrize(
    "columns",
    [
        {"accepted": 0, "usable": 23},
        {"accepted": 0},
        {"usable": 100},
        {"accepted": 0, "usable": 72, "declined": 1},
        {"again": 1},
    ],
    ids=["too soon", "accepted and never usable", "usable and never accepted", "both answers", "twice"],
)
def test_what_must_never_be_is_refused_by_the_database(customer: User, columns: dict[str, int]) -> None:
    at = clock.now()
    named = ("accepted", "accepted_at"), ("usable", "usable_from"), ("declined", "declined_at")
    instants = {column: at + timedelta(hours=columns[key]) for key, column in named if key in columns}
    if "again" in columns:
        steps.with_contact(customer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.create(customer=customer, name="A", address=FRIEND, invited_at=at, **instants)


# Taken back


def test_an_undo_removes_whoever_was_named_since_and_puts_back_whoever_was_removed(
    customer: User, home: Client
) -> None:
    steps.with_contact(customer)
    steps.with_contact(customer, "old@example.org").remove(clock.now() - timedelta(days=1))
    since = clock.now()
    mine = Contact.objects.get(address=FRIEND)
    home.post(f"/security/recovery/contacts/{mine.pk}/remove/")
    name_somebody(home, "thief@example.org")
    browser = follow(sent("recovery_contact_invitation")[-1])
    before = len(outbox())
    locks.end_beyond(customer, since, by=Actor.system(), at=clock.now())
    assert browser.post(mailed.page(browser, "/recover/contact/"), {"do": "accept"}).status_code == 410
    assert contacts.usable(customer, clock.now()) == [mine]
    assert list(Contact.objects.kept()) == [mine]
    after = outbox()[before:]
    assert [mail.to for mail in after if mail.kind == "recovery_contact_dismissed"] == ["thief@example.org"]
    assert {mail.words["what"] for mail in after if mail.kind == "recovery_contact_changed"} == {"removed", "back"}
    names = AuditEntry.objects.filter(about=customer.pk).values_list("name", flat=True)
    assert "recovery.contact_put_back" in names
