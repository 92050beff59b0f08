"""What has to wait stands on the page with its end, before anybody walks into it; all else can be pressed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Device, Totp, User
from ciam_portal.core import clock
from ciam_portal.core.policy.assurance import Method

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def test_nothing_waits_at_home(customer: User, sign_in: SignIn) -> None:
    page = sign_in(customer).get("/security/").text
    assert "On hold" not in page
    assert page.count('href="/security/passkeys/add/"') == page.count('href="/security/app/add/"') == 1


def test_a_new_browser_reads_when_it_may_add_a_sign_in_method(customer: User, sign_in: SignIn) -> None:
    browser = sign_in(customer)
    known_at = clock.now() + timedelta(hours=3)
    Device.objects.update(known_at=known_at)
    page = browser.get("/security/").text
    assert page.count(f"On hold until {customer.local(known_at)}") == 2  # passkey and app
    assert 'class="button' not in page[page.index('id="passkeys"') : page.index('id="recovery"')]
    assert page.count('class="button button--small button--secondary" href="/security/password/"') == 1


def test_after_a_recovery_each_change_that_waits_says_until_when(customer: User, sign_in: SignIn) -> None:
    Totp.objects.create(user=customer, confirmed=True, created_at=clock.now())
    browser = sign_in(customer, Method.PASSWORD, Method.TOTP)
    User.objects.update(recovered_at=clock.now())
    page = browser.get("/security/").text
    over = customer.local(clock.now() + timedelta(hours=72))
    held = page[page.index('id="basics"') :].split("On hold until ")[1:]
    assert len(held) == 2  # the address, and removing the app
    assert all(each.startswith(over[:12]) for each in held)
    assert 'class="button button--small button--danger"' not in page
    assert "On hold until" in browser.get("/security/recovery/").text


def test_a_change_that_has_to_grow_old_says_so_too(customer: User, sign_in: SignIn) -> None:
    browser, at = sign_in(customer), clock.now()
    Device.objects.update(revoked_at=at)
    User.objects.update(contact_changed_at=at - timedelta(hours=10))
    page = browser.get("/security/").text
    assert f"On hold until {customer.local(at + timedelta(hours=14))[:12]}" in page
    asked: Any = browser.get("/security/email/")
    assert asked.status_code == 403
    assert "when you sign in again" in asked.text


def test_a_key_that_cannot_store_a_passkey_is_named_where_one_is_made_and_nowhere_else(
    sign_in: Callable[..., Client], customer: User
) -> None:
    client = sign_in(customer)
    words = "this security key cannot store a passkey"
    assert words in client.get("/security/passkeys/add/").text
    assert "data-constraint-error" in client.get("/security/passkeys/add/").text
    assert words not in Client().get("/sign-in/").text
