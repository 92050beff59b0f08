"""Fixtures of the protocol's tests."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.oauth.profiles import Profile
from tests.oauth.walk import Walk, register


@pytest.fixture
def walk(customer: User, sign_in: Callable[..., Client]) -> Walk:
    """A confidential partner and a customer who is signed in."""
    return Walk(*register(), sign_in(customer))


@pytest.fixture
def public(customer: User, sign_in: Callable[..., Client]) -> Walk:
    """A public partner (no secret) and a customer who is signed in."""
    return Walk(*register("App", profile=Profile.BROWSER), sign_in(customer))
