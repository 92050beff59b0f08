"""A proven phone is evidence as long as its number stays where it was proven."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.customer import addresses as accounts
from accounts.models import User
from ciam_portal.core import clock, phones, porting
from ciam_portal.core.outbox.notice import Medium
from recovery.addresses import facts
from recovery.case.forms import RecoveryPhone
from recovery.case.policy.evidence import Way
from recovery.models import RecoveryAddress
from recovery.recognize import flows as recognize

pytestmark = pytest.mark.django_db
NUMBER = "+4799999999"


@pytest.fixture
def phone(customer: User) -> RecoveryAddress:
    at = clock.now() - timedelta(days=40)
    return RecoveryAddress.objects.create(
        customer=customer, kind=Medium.SMS, address=NUMBER, proven_at=at, usable_from=at + timedelta(days=3)
    )


@pytest.fixture
def feed(settings: Any, tmp_path: Path) -> Path:
    settings.PORTING, settings.PORTING_FILE = "ciam_portal.core.porting.File", str(tmp_path / "moves")
    Path(settings.PORTING_FILE).write_text("", encoding="utf-8")
    return Path(settings.PORTING_FILE)


def counts(phone: RecoveryAddress) -> list[bool]:
    """For a code, for a call back, for recognizing, and as something that was proven."""
    customer, at = phone.customer, clock.now()
    return [
        facts.for_codes(customer, Way.SMS, at) == [NUMBER],
        [each.address for each in facts.to_call(customer, at)] == [NUMBER],
        recognize.phone_of(customer, at) == phone,
        accounts.proven_phone(customer) == accounts.Phone(NUMBER, phone.proven_at),
    ]


def test_a_number_of_which_nothing_is_known_counts(phone: RecoveryAddress) -> None:
    assert counts(phone) == [True] * 4


@pytest.mark.control("v5.0.0-6.6.1")
@pytest.mark.parametrize(
    ("moved", "still"),
    [(timedelta(seconds=-1), True), (timedelta(0), False), (timedelta(days=1), False)],
)
def test_a_number_that_moved_since_it_was_proven_counts_for_nothing(
    phone: RecoveryAddress, feed: Path, moved: timedelta, *, still: bool
) -> None:
    feed.write_text(f"{NUMBER} {(phone.proven_at + moved).isoformat()}\n", encoding="utf-8")
    assert counts(phone) == [still] * 4


def test_the_last_line_says_it_and_others_say_nothing(phone: RecoveryAddress, feed: Path) -> None:
    before, after = phone.proven_at - timedelta(1), phone.proven_at + timedelta(1)
    lines = [f"+4798000000 {after.isoformat()}", f"{NUMBER} {after.isoformat()}", "", f"{NUMBER} {before.isoformat()}"]
    feed.write_text("\n".join(lines), encoding="utf-8")
    assert counts(phone) == [True] * 4


@pytest.mark.control("v5.0.0-6.6.1")
@pytest.mark.parametrize("broken", ["garbage", f"{NUMBER} yesterday", f"{NUMBER} 2026-01-01T00:00:00", None])
def test_what_is_not_said_counts_against_it(phone: RecoveryAddress, feed: Path, broken: str | None) -> None:
    if broken is None:
        feed.unlink()
    else:
        feed.write_text(broken, encoding="utf-8")
    assert counts(phone) == [False] * 4


def test_whoever_reads_the_feed_is_named_by_a_setting(settings: Any) -> None:
    settings.PORTING = "ciam_portal.core.porting.Unasked"
    assert porting.is_still(NUMBER, clock.now())


def test_a_phone_that_was_removed_proves_nothing(phone: RecoveryAddress) -> None:
    phone.remove(clock.now())
    assert accounts.proven_phone(phone.customer) is None


def test_the_page_says_what_to_do_about_it(phone: RecoveryAddress, feed: Path, customer: User, sign_in: Any) -> None:
    feed.write_text(f"{NUMBER} {clock.now().isoformat()}\n", encoding="utf-8")
    page = sign_in(customer, on=Client()).get("/security/recovery/")
    assert "remove it and add it again" in page.text


# Which numbers at all


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+47 99 99 99 99", ""),
        ("+7 916 123 45 67", "numbers of this country"),
        ("+1 876 555 1234", "numbers of this country"),
        ("+47 829 00 000", "this kind of number"),  # premium rate
        ("+44 70 1234 5678", "this kind of number"),  # a personal number, which looks mobile
        ("+870 773 111 632", "this kind of number"),  # a satellite
        ("99999999", "country code"),
        ("+47 00 00 00 00", "not a phone number"),
    ],
)
def test_which_numbers_a_code_may_go_to(number: str, said: str) -> None:
    form = RecoveryPhone({"phone": number})
    assert form.is_valid() == (not said)
    assert said in str(form.errors)


@pytest.mark.parametrize(
    "number",
    ["+4780012345", "+4782900000", "+49180112345", "+491801123456", "+4970012345678", "+39899123456", "+448701234567"],
)
def test_no_number_of_a_kind_that_costs_or_takes_no_texts(number: str) -> None:
    with pytest.raises((phones.TakesNoTexts, phones.NotANumber)):
        phones.for_texts(number)
