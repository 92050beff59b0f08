"""Recovery addresses: proven by a code, told to everybody, resting, and behind the gate."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Method
from recovery.addresses import facts as addresses
from recovery.case.policy.evidence import Way
from recovery.models import RecoveryAddress
from tests.factories import customer as new_customer
from tests.factories import outbox
from tests.recovery import steps

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(customer: User, sign_in: Callable[..., Client]) -> Client:
    """The customer, signed in with two factors a moment ago."""
    steps.with_app(customer)
    return sign_in(customer, Method.PASSWORD, Method.TOTP, on=Client())


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [("sms", {"phone": "+47 22 85 50 50"}, steps.PHONE), ("mail", {"email": "Other@example.com"}, "other@example.com")],
)
def test_an_address_is_proven_told_and_rests(
    customer: User, home: Client, kind: str, typed: dict[str, str], kept: str
) -> None:
    assert "You have none yet" in home.get("/security/recovery/").text
    assert kept in home.post(f"/security/recovery/add/{kind}/", typed, follow=True).text
    assert outbox()[-1].to == kept
    assert not RecoveryAddress.objects.exists()
    assert "not right" in home.post("/security/recovery/confirm/", {"code": "00000000"}).text
    code = steps.latest("recovery_address_code")
    page = home.post("/security/recovery/confirm/", {"code": code}, follow=True)
    assert "helps you back in from" in page.text
    told = {mail.to for mail in outbox() if mail.kind == "recovery_address_changed"}
    assert told == {customer.email, kept}
    item, at = RecoveryAddress.objects.get(), clock.now()
    way = Way(kind)
    assert kept not in addresses.for_codes(customer, way, item.usable_from - timedelta(seconds=1))
    assert kept in addresses.for_codes(customer, way, item.usable_from)
    assert item.usable_from - item.proven_at == timedelta(hours=72)
    assert addresses.changed_at(customer) == item.proven_at
    page = home.post(f"/security/recovery/{item.pk}/remove/", follow=True)
    assert "is removed" in page.text
    assert kept not in addresses.for_codes(customer, way, at + timedelta(days=30))
    assert len([mail for mail in outbox() if mail.kind == "recovery_address_changed"]) == 4
    names = AuditEntry.objects.filter(about=customer.pk).values_list("name", flat=True)
    assert {"recovery.address_added", "recovery.address_missed", "recovery.address_removed"} <= set(names)


def test_a_code_proves_the_address_it_went_to_and_no_other(home: Client) -> None:
    home.post("/security/recovery/add/mail/", {"email": "one@example.com"})
    code = steps.latest("recovery_address_code")
    session = home.session
    session["recovery_address"] = ["mail", "two@example.com"]
    session.save()
    assert "not right" in home.post("/security/recovery/confirm/", {"code": code}).text
    assert not RecoveryAddress.objects.exists()


def test_the_sign_in_address_is_no_second_one(customer: User, home: Client) -> None:
    page = home.post("/security/recovery/add/mail/", {"email": customer.email})
    assert "known already" in page.text


def test_a_fourth_is_refused(customer: User, home: Client) -> None:
    at = clock.now()
    for number in range(3):
        RecoveryAddress.objects.create(
            customer=customer,
            kind="mail",
            address=f"n{number}@example.com",
            proven_at=at,
            usable_from=at + timedelta(days=3),
        )
    assert "Remove one first" in home.post("/security/recovery/add/mail/", {"email": "more@example.com"}).text


@pytest.mark.control("v5.0.0-7.5.1")
def test_a_session_with_a_password_alone_has_to_prove_more(customer: User, sign_in: Callable[..., Client]) -> None:
    steps.with_app(customer)
    weak = sign_in(customer, Method.PASSWORD, on=Client())
    for path in ("/security/recovery/add/mail/", "/security/recovery/add/sms/", "/security/recovery/confirm/"):
        assert weak.get(path).headers["Location"].startswith("/prove/")


def test_somebody_elses_address_does_not_exist(home: Client) -> None:
    at = clock.now()
    theirs = RecoveryAddress.objects.create(
        customer=new_customer(), kind="sms", address=steps.PHONE, proven_at=at, usable_from=at + timedelta(days=3)
    )
    assert home.post(f"/security/recovery/{theirs.pk}/remove/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.removed_at is None


def test_nothing_to_confirm_leads_back(home: Client) -> None:
    assert home.get("/security/recovery/confirm/").headers["Location"] == "/security/recovery/"


def test_a_changed_sign_in_address_rests_too(customer: User) -> None:
    at = clock.now()
    assert addresses.for_codes(customer, Way.MAIL, at) == [customer.email]
    customer.email_changed_at = at
    assert addresses.for_codes(customer, Way.MAIL, at + timedelta(hours=71)) == []
    assert addresses.for_codes(customer, Way.MAIL, at + timedelta(hours=72)) == [customer.email]
