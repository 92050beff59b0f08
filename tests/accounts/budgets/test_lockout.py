"""Guessing passwords: a lane pauses, the owner's own device keeps its lane."""

from typing import Any

import pytest
from axes.helpers import get_client_cache_keys
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.test import Client, RequestFactory

from accounts.budgets import counter as budget
from accounts.models import Device, User
from ciam_portal.core import clock
from ciam_portal.core.policy import limits
from tests import mailed
from tests.factories import PASSWORD, at_home, outbox

pytestmark = pytest.mark.django_db


def guess(client: Client, email: str, password: str = "a wrong guess entirely") -> Any:
    return client.post("/sign-in/", {"login": email, "password": password})


def exhaust(email: str) -> None:
    for _ in range(limits.current().sign_in.failures):
        cache.delete_pattern("*rl*") if hasattr(cache, "delete_pattern") else None
        guess(Client(), email)


@pytest.mark.control("v5.0.0-6.3.1", "63B 3.2.2/a")
def test_a_lane_pauses_after_too_many_failures_even_for_the_right_password(customer: User) -> None:
    exhaust(customer.email)
    page = guess(Client(), customer.email, PASSWORD)
    assert page.status_code == 429
    assert int(page["Retry-After"]) == limits.current().sign_in.pause_minutes * 60


@pytest.mark.control("v5.0.0-6.1.1")
def test_a_stranger_cannot_lock_the_owner_out_of_a_known_device(client: Client, customer: User) -> None:
    at_home(client, customer)
    exhaust(customer.email)
    assert guess(Client(), customer.email, PASSWORD).status_code == 429
    assert guess(client, customer.email, PASSWORD).status_code == 302


def test_a_known_device_has_a_limit_of_its_own(client: Client, customer: User) -> None:
    at_home(client, customer)
    for _ in range(limits.current().sign_in.device_failures):
        guess(client, customer.email)
    assert guess(client, customer.email, PASSWORD).status_code == 429
    assert guess(Client(), customer.email, PASSWORD).status_code == 302  # the strangers' lane is another one


def test_a_device_cookie_of_somebody_else_is_a_strangers(client: Client, customer: User) -> None:
    from tests.factories import customer as another  # noqa: PLC0415

    thief = another()
    at_home(client, thief)
    exhaust(customer.email)
    assert guess(client, customer.email, PASSWORD).status_code == 429


@pytest.mark.parametrize("over", [{"revoked_at": clock.now()}, {"expires_at": clock.now()}], ids=["revoked", "too old"])
def test_a_device_that_is_known_no_more_has_no_limit_of_its_own(
    client: Client, customer: User, over: dict[str, Any]
) -> None:
    at_home(client, customer)
    Device.objects.update(**over)
    exhaust(customer.email)
    assert guess(client, customer.email, PASSWORD).status_code == 429


@pytest.mark.control("v5.0.0-6.3.8")
def test_an_address_without_an_account_pauses_alike() -> None:
    exhaust("nobody@example.com")
    assert guess(Client(), "nobody@example.com").status_code == 429


@pytest.mark.parametrize("spelling", ["{}", " {} ", "upper"])
def test_spelling_the_address_otherwise_is_the_same_lane(customer: User, spelling: str) -> None:
    exhaust(customer.email)
    email = customer.email.upper() if spelling == "upper" else spelling.format(customer.email)
    assert guess(Client(), email, PASSWORD).status_code == 429


def test_one_network_address_cannot_try_many_accounts() -> None:
    most = limits.current().sign_in.attempts_per_address_per_minute
    answers = [guess(Client(), f"a{n}@example.com").status_code for n in range(most + 1)]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {200}


# What is tried during a pause


def passed(email: str, seconds: int) -> None:
    """So much time passes for the lane of strangers to this address."""
    request = RequestFactory().post("/sign-in/", {"login": email})
    request.session = SessionBase()
    for key in get_client_cache_keys(request, {"email": email}):
        left = budget.shared.seconds_left(key) - seconds
        cache.touch(key, left) if left > 0 else cache.delete(key)


def test_an_attempt_during_a_pause_does_not_lengthen_it(customer: User) -> None:
    """One request in 15 minutes held the strangers' lane for ever."""
    exhaust(customer.email)
    minutes = limits.current().sign_in.pause_minutes
    passed(customer.email, (minutes - 1) * 60)
    for password in ("a wrong guess entirely", PASSWORD):
        page = guess(Client(), customer.email, password)
        assert page.status_code == 429
        assert 50 < int(page["Retry-After"]) <= 60
    passed(customer.email, 60)
    assert guess(Client(), customer.email, PASSWORD).status_code == 302


def test_whoever_has_just_chosen_a_new_password_by_mail_is_not_kept_waiting(customer: User) -> None:
    exhaust(customer.email)
    owner = Client()
    assert "choose a new password" in guess(owner, customer.email, PASSWORD).text
    owner.post("/forgotten-password/", {"email": customer.email})
    owner.get("/" + outbox()[-1].words["link"].split("/", 3)[3], follow=True)
    owner.post(mailed.page(owner, "/forgotten-password/new-password/"), {"password": "seven lamps of quiet harbour"})
    other = "somebody.else@example.com"
    exhaust(other)
    assert guess(owner, other).status_code == 429  # (its own lane is for the address whose mail was read)
    assert guess(Client(), customer.email, "seven lamps of quiet harbour").status_code == 429
    assert guess(owner, customer.email, "seven lamps of quiet harbour").status_code == 302


def test_others_at_the_same_address_do_not_keep_a_known_browser_waiting(client: Client, customer: User) -> None:
    at_home(client, customer)
    for n in range(limits.current().sign_in.attempts_per_address_per_minute + 1):
        guess(Client(), f"a{n}@example.com")
    stranger = guess(Client(), customer.email, PASSWORD)
    assert stranger.status_code == 429
    assert int(stranger["Retry-After"]) <= 60
    assert guess(client, customer.email, PASSWORD)["Location"] == "/"


def test_one_network_is_one_however_many_addresses_it_has() -> None:
    most = limits.current().sign_in.attempts_per_address_per_minute
    answers = [
        Client(REMOTE_ADDR=f"2001:db8:1:2::{n + 1:x}")
        .post("/sign-in/", {"login": f"a{n}@example.com", "password": "x"})
        .status_code
        for n in range(most + 1)
    ]
    assert answers == [200] * most + [429]
