"""The overview: one thing to do next, true for every state of an account, in a bounded number of statements."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.account import flows as account
from accounts.models import BackupCode, Device, Session, Totp, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy.assurance import Method
from ciam_portal.overview import Protection, Step, next_step
from recovery.models import Contact, RecoveryAddress

SignIn = Callable[..., Client]
WHOLE = {"has_app": True, "passkeys": 1, "codes_left": 10, "ways_back": 1}


@pytest.mark.parametrize(
    ("has", "step"),
    [
        ({}, Step.SECOND_STEP),
        ({"codes_left": 10, "ways_back": 3}, Step.SECOND_STEP),
        ({"has_app": True}, Step.BACKUP_CODES),
        ({"passkeys": 1}, Step.BACKUP_CODES),
        ({"has_app": True, "app_is_off": True}, Step.APP_OFF),
        (WHOLE | {"app_is_off": True}, Step.APP_OFF),
        (WHOLE | {"codes_left": 3}, Step.BACKUP_CODES),
        (WHOLE | {"codes_left": 4}, Step.NOTHING),
        (WHOLE | {"ways_back": 0}, Step.WAY_BACK),
        (WHOLE | {"passkeys": 0}, Step.PASSKEY),
        (WHOLE | {"has_app": False}, Step.NOTHING),
        (WHOLE | {"address_is_shared": True}, Step.OWN_ADDRESS),
        (WHOLE, Step.NOTHING),
    ],
)
def test_the_next_step_is_the_one_that_helps_most(has: Any, step: Step) -> None:
    assert next_step(Protection(**has)) is step


pytestmark = pytest.mark.django_db


def page(browser: Client) -> str:
    return str(browser.get("/").text)


def test_a_new_account_is_led_to_a_second_step(customer: User, sign_in: SignIn) -> None:
    shown = page(sign_in(customer))
    assert "Only your password protects this account" in shown
    assert 'class="button" href="/security/passkeys/add/"' in shown
    assert "What waits" not in shown
    assert shown.count("This browser") == 1


def test_in_a_new_browser_it_says_until_when_that_waits(customer: User, sign_in: SignIn) -> None:
    browser, known_at = sign_in(customer), clock.now() + timedelta(hours=3)
    Device.objects.update(known_at=known_at)
    shown = page(browser)
    assert f"On hold until {customer.local(known_at)}" in shown
    assert 'class="button" href="/security/' not in shown


def whole(customer: User) -> None:
    """Nothing is missing but a passkey."""
    at = clock.now()
    Totp.objects.create(user=customer, confirmed=True, created_at=at)
    BackupCode.objects.bulk_create(
        BackupCode(customer=customer, digest=f"{number:064x}", created_at=at) for number in range(10)
    )
    RecoveryAddress.objects.create(
        customer=customer,
        kind=Medium.MAIL,
        address="second@example.net",
        proven_at=at,
        usable_from=at + timedelta(days=3),
    )


def test_what_there_is_and_what_waits(customer: User, sign_in: SignIn, by: Actor) -> None:
    whole(customer)
    browser, at = sign_in(customer, Method.PASSWORD, Method.TOTP), clock.now()
    account.ask_email_change(customer, "new@example.net", Session.objects.get(), by=by, at=at)
    shown = page(browser)
    assert "10 of 10 left" in shown
    assert "Sign in with a passkey" in shown
    assert "second@example.net" in shown[shown.index("What waits") :]
    assert "new@example.net" in shown[shown.index("What waits") :]
    assert str(customer.local(at + timedelta(hours=24))) in shown


def test_after_a_recovery_it_says_what_has_to_wait(customer: User, sign_in: SignIn) -> None:
    browser = sign_in(customer)
    User.objects.update(recovered_at=clock.now())
    assert "Some changes have to wait until" in page(browser)


def test_an_app_that_is_off_is_said_to_be_off(customer: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    whole(customer)
    browser = sign_in(customer, Method.PASSWORD, Method.TOTP)
    Totp.objects.update(throttling_failure_count=1000)
    shown = page(browser)
    assert "Your authenticator app is switched off" in shown
    assert "10 of 10 left" not in shown


def test_the_number_of_statements_does_not_grow(
    customer: User, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    browser = sign_in(customer)
    page(browser)
    with django_assert_max_num_queries(17) as few:
        page(browser)
    whole(customer)
    for number in range(5):
        sign_in(customer, Method.PASSWORD, Method.TOTP, on=Client())
        Contact.objects.create(
            customer=customer, name=f"n{number}", address=f"n{number}@example.net", invited_at=clock.now()
        )
    with django_assert_max_num_queries(len(few)):
        page(browser)
