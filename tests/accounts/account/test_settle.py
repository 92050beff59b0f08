"""Addresses from before they had one form: given it, or reported; of two accounts of one mailbox one signs in."""

import logging
from datetime import timedelta
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.account import flows
from accounts.customer import addresses, proofs
from accounts.lock.flows import reversible
from accounts.models import Change, Proof, Unsettled, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, Channel, Kind
from ciam_portal.core.policy.assurance import Method
from recovery.models import Contact, RecoveryAddress
from tests.factories import PASSWORD, customer, outbox, signed_in
from tests.spellings import MAILBOX, SHOWN

pytestmark = pytest.mark.django_db
accounts = import_module("accounts.migrations.0017_one_address")
recovery = import_module("recovery.migrations.0006_one_address")


def old(email: str, *, proven: bool = True) -> User:
    """An account as it was before; only the mark lets the database keep such an address now."""
    return customer(email, proven=proven, unsettled=Unsettled.REFUSED)


def migrate() -> None:
    accounts.canonicalise(apps, None)
    recovery.canonicalise(apps, None)


def state(account: User) -> tuple[str, str, list[str]]:
    account.refresh_from_db()
    rows = EmailAddress.objects.filter(user=account).values_list("email", flat=True)
    return account.email, account.unsettled, list(rows)


def listed() -> str:
    out = StringIO()
    call_command("addresses", stdout=out)
    return out.getvalue()


def sign_in(typed: str) -> Any:
    return Client().post("/sign-in/", {"login": typed, "password": PASSWORD})


def test_the_database_keeps_canonical_addresses_only() -> None:
    for email in (SHOWN, "root@localhost", "kim@[192.0.2.1]", "kim@192.0.2.1"):
        with pytest.raises(IntegrityError, match="user_email_is_canonical"), transaction.atomic():
            customer(email)


def test_an_account_gets_the_one_form_of_its_address(caplog: pytest.LogCaptureFixture) -> None:
    plain, account = customer("ada@example.com"), old(SHOWN)
    migrate()
    assert state(plain) == ("ada@example.com", "", ["ada@example.com"])
    assert state(account) == (MAILBOX, "", [MAILBOX])
    assert addresses.is_proven(account)
    assert listed() == ""
    assert not [row for row in caplog.records if row.name == "ciam_portal.addresses"]
    assert sign_in(SHOWN).status_code == 302


def test_an_address_that_mail_cannot_go_to_stays_and_is_reported_by_id(caplog: pytest.LogCaptureFixture) -> None:
    account = old("root@localhost")
    with caplog.at_level(logging.WARNING):
        migrate()
    assert state(account)[:2] == ("root@localhost", "refused")
    assert str(account.pk) in caplog.text
    assert "localhost" not in caplog.text
    assert f"{account.pk}  refused" in listed()
    assert sign_in("Root@localhost").status_code == 302  # nobody is shut out by the change


def test_of_two_accounts_the_proven_one_signs_in_and_the_other_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    squatter, owner = customer(MAILBOX, proven=False, password="a stranger's own words"), old(SHOWN)
    with caplog.at_level(logging.WARNING):
        migrate()
    assert state(owner) == (MAILBOX, "", [MAILBOX])
    assert state(squatter) == (SHOWN, "taken", [SHOWN])
    assert f"account {squatter.pk}: account {owner.pk} has the same mailbox" in caplog.text
    assert "kim" not in caplog.text
    assert f"{squatter.pk}  taken    never proven" in listed()
    assert f"the mailbox is with {owner.pk}" in listed()
    assert sign_in(SHOWN).status_code == 302


def test_of_two_proven_accounts_the_one_used_last_signs_in() -> None:
    first, second = customer(MAILBOX), old(SHOWN)
    signed_in(Client(), first, (), clock.now() - timedelta(days=9))
    signed_in(Client(), second, (), clock.now())
    migrate()
    assert state(second) == (MAILBOX, "", [MAILBOX])
    assert state(first) == (SHOWN, "taken", [SHOWN])


def test_a_domain_that_idna_2003_wrote_otherwise_stays_with_the_mailbox_that_was_proven(
    caplog: pytest.LogCaptureFixture,
) -> None:
    account = old("kim@straße.example")
    migrate()
    assert state(account)[:2] == ("kim@strasse.example", "")
    assert f"account {account.pk}: its mailbox has another domain" in caplog.text


def test_links_on_their_way_and_what_can_be_taken_back_go_on_working() -> None:
    account, at = old(SHOWN), clock.now()
    secret = proofs.new_link(account, Proof.Purpose.RESET_PASSWORD, SHOWN, at)
    reversible.note(account, Change.Kind.EMAIL, None, previous="kim@zürich.example".encode(), at=at)
    migrate()
    account.refresh_from_db()
    proof = proofs.find_link(secret, Proof.Purpose.RESET_PASSWORD)
    assert proof is not None
    assert (proof.address, proof.bound_to) == (MAILBOX, proofs.state_of(account))
    change = Change.objects.get(customer=account)
    assert reversible.unseal(account, change) == b"kim@xn--zrich-kva.example"


def test_recovery_addresses_and_contacts_get_it_too(caplog: pytest.LogCaptureFixture) -> None:
    account, at = customer(), clock.now()
    rest = at + timedelta(days=3)
    place = {"customer": account, "proven_at": at, "usable_from": rest}
    mail = RecoveryAddress.objects.create(kind="mail", address=SHOWN, **place)
    phone = RecoveryAddress.objects.create(kind="sms", address="+4722855050", **place)
    one = Contact.objects.create(customer=account, name="Kim", address=MAILBOX, invited_at=at)
    two = Contact.objects.create(customer=account, name="Kim again", address=SHOWN, invited_at=at)
    migrate()
    for row in (mail, phone, one, two):
        row.refresh_from_db()
    assert [row.address for row in (mail, phone, one, two)] == [MAILBOX, "+4722855050", MAILBOX, SHOWN]
    assert f"recovery contact {two.pk}" in caplog.text


def test_whoever_cannot_sign_in_by_address_any_more_reads_so_and_changes_it(client: Client) -> None:
    customer(MAILBOX)
    account = customer(SHOWN, unsettled=Unsettled.TAKEN)
    session = signed_in(client, account, (Method.PASSWORD, Method.TOTP))
    assert "signs in to another account" in client.get("/security/").text
    secret = proofs.new_link(account, Proof.Purpose.CHANGE_EMAIL, "kim@example.com", clock.now())
    flows.change_email(account, secret, session, by=Actor(Kind.CUSTOMER, account.pk, Channel.WEB), at=clock.now())
    assert state(account) == ("kim@example.com", "", ["kim@example.com"])
    assert "signs in to another account" not in client.get("/security/").text


def test_an_operator_gives_the_mailbox_to_the_other_account(client: Client) -> None:
    has, waits = customer(MAILBOX), customer(SHOWN, unsettled=Unsettled.TAKEN)
    signed_in(client, has, ())
    call_command("addresses", "--give", str(waits.pk), stdout=StringIO())
    assert state(waits) == (MAILBOX, "", [MAILBOX])
    assert state(has) == (SHOWN, "taken", [SHOWN])
    assert addresses.is_proven(has)
    assert client.get("/profile/").status_code == 302
    assert [(mail.kind, mail.to) for mail in outbox()] == [("mailbox_settled", MAILBOX)]


def test_an_account_gets_a_mailbox_that_nobody_has_any_more() -> None:
    waits = customer(SHOWN, unsettled=Unsettled.TAKEN)
    call_command("addresses", "--give", str(waits.pk), stdout=StringIO())
    assert state(waits) == (MAILBOX, "", [MAILBOX])


@pytest.mark.parametrize(
    ("email", "proven", "unsettled", "why"),
    [
        (SHOWN, False, Unsettled.TAKEN, "Nobody has shown"),
        ("root@localhost", True, Unsettled.REFUSED, "does not wait"),
        (MAILBOX, True, "", "does not wait"),
    ],
)
def test_no_other_account_gets_a_mailbox(email: str, proven: bool, unsettled: str, why: str) -> None:
    account = customer(email, proven=proven, unsettled=unsettled)
    with pytest.raises(CommandError, match=why):
        call_command("addresses", "--give", str(account.pk), stdout=StringIO())
    assert state(account)[:2] == (email, unsettled)


def test_an_unknown_id_is_said() -> None:
    with pytest.raises(CommandError, match="no account"):
        call_command("addresses", "--give", "01920000-0000-7000-8000-000000000000", stdout=StringIO())
