"""Codes and refresh tokens redeemed at the same moment, on a real database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ciam_portal.oauth.models import RefreshToken
from tests.at_once import at_once
from tests.factories import customer as new_customer
from tests.oauth.walk import Walk, register

OFFLINE = "openid profile offline_access"


@pytest.mark.control("v5.0.0-10.4.2", "v5.0.0-10.4.5")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["code", "refresh", "again"])
def test_of_parallel_exchanges_one_wins(unlocked_audit: None, sign_in: Callable[..., Client], what: str) -> None:
    walk = Walk(*register(), sign_in(new_customer()))
    secret = walk.code(OFFLINE) if what == "code" else walk.tokens(OFFLINE)["refresh_token"]
    if what == "again":  # those of a family that was refreshed on this day already
        secret = walk.refresh(secret).json()["refresh_token"]

    def run() -> int:
        one = Walk(walk.partner, walk.secret)
        return int((one.redeem(secret) if what == "code" else one.refresh(secret)).status_code)

    answers: list[Any] = at_once(*[run] * 6)
    # A refresh that is repeated at once gets the same answer: its first may be lost.
    assert sorted(answers) == ([200, *[400] * 5] if what == "code" else [200] * 6)
    assert RefreshToken.objects.filter(revoked__isnull=True).count() == (0 if what == "code" else 1)
    if what == "again":
        assert RefreshToken.objects.count() == 3
