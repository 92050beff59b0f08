"""Accounts from before addresses had one form: of two with one mailbox one signs in, and an operator says which."""

from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.account import flows
from accounts.account.proofs import CHANGE_EMAIL
from accounts.customer import addresses, proofs
from accounts.models import Unsettled, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy.assurance import Method
from tests.factories import PASSWORD, customer, outbox, signed_in
from tests.spellings import MAILBOX, SHOWN

pytestmark = pytest.mark.django_db


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


def test_whoever_cannot_sign_in_by_address_any_more_reads_so_and_changes_it(client: Client) -> None:
    customer(MAILBOX)
    account = customer(SHOWN, unsettled=Unsettled.TAKEN)
    session = signed_in(client, account, (Method.PASSWORD, Method.TOTP))
    assert "signs in to another account" in client.get("/security/").text
    secret = proofs.new_link(account, CHANGE_EMAIL, "kim@example.com", clock.now()).secret
    flows.change_email(account, secret, session, by=Actor(ActorKind.CUSTOMER, account.pk, Channel.WEB), at=clock.now())
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
