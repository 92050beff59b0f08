"""An answer that must not say whether there is an account takes as long in either case."""

import time

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.recovery.steps import Person


@pytest.fixture
def waits(unhurried: None, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long answers slept, on a clock that stands still."""
    found: list[float] = []
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(time, "sleep", found.append)
    return found


@pytest.mark.control("v5.0.0-6.3.8")
@pytest.mark.parametrize("known", [True, False])
def test_the_doors_of_somebody_who_cannot_sign_in_take_as_long(known: bool, customer: User, waits: list[float]) -> None:
    email = customer.email if known else "nobody@example.com"
    Client().post("/forgotten-password/", {"email": email})
    assert waits == [settings.EVEN_SECONDS]
    person = Person(Client())
    person.start(email)
    person.send("sms")
    person.show("mail", "00000000")
    assert waits == [settings.EVEN_SECONDS] * 4
    assert settings.EVEN_SECONDS > 0.1
