"""What tests of signals share."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core.policy import limits
from tests.signals.receiver import Hearing, Receiver


@pytest.fixture
def hearing() -> Iterator[Hearing]:
    running = Hearing()
    yield running
    running.close()


@pytest.fixture
def receiver(customer: User, sign_in: Callable[..., Client]) -> Receiver:
    """It polls, its customer is signed in with it, and it asked to hear of them."""
    found = Receiver(sign_in(customer))
    found.create()
    found.tokens("openid profile email phone")
    found.wants(customer)
    return found


@pytest.fixture
def narrowed() -> Callable[..., None]:
    """Another number of the policy, for this test."""

    def narrow(section: str, **numbers: int) -> None:
        running = limits.current()
        limits.install(replace(running, **{section: replace(getattr(running, section), **numbers)}))

    return narrow
