"""A customer deactivated while partners exchange: whoever comes second finds the truth; no later call is answered."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.oauth.models import AccessToken, RefreshToken
from tests.at_once import SOON, in_turn
from tests.factories import customer as new_customer
from tests.oauth.walk import Walk, register

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]
OFFLINE = "openid offline_access"


@pytest.fixture
def walk(sign_in: Callable[..., Client]) -> Walk:
    return Walk(*register(), sign_in(new_customer()))


def exchange(walk: Walk, what: str, secret: str) -> int:
    one = Walk(walk.partner, walk.secret)
    return int((one.redeem(secret) if what == "code" else one.refresh(secret)).status_code)


def close() -> int:
    return User.objects.update(is_active=False)


@pytest.mark.control("v5.0.0-10.4.9")
@pytest.mark.parametrize("what", ["code", "refresh", "again"])
def test_an_exchange_waits_for_a_customer_who_is_just_being_deactivated(walk: Walk, what: str) -> None:
    secret = walk.code(OFFLINE) if what == "code" else walk.tokens(OFFLINE)["refresh_token"]
    if what == "again":  # of a family that was refreshed on this day already
        secret = walk.refresh(secret).json()["refresh_token"]
    tokens = AccessToken.objects.count()
    assert in_turn(close, partial(exchange, walk, what, secret)) == [User.objects.count(), 400]
    assert AccessToken.objects.count() == tokens


@pytest.mark.control("v5.0.0-10.4.9")
def test_nothing_is_answered_after_it_at_any_instant(walk: Walk) -> None:
    """Refreshes run in one thread, one after another, and the customer is deactivated in the midst of them."""
    for _ in range(6):
        User.objects.update(is_active=True)
        first = walk.tokens(OFFLINE)
        begun, over, late = threading.Event(), threading.Event(), list[int]()
        thread = threading.Thread(target=refresh_on, args=(walk, first["refresh_token"], begun, over, late))
        thread.start()
        assert begun.wait(SOON)
        close()
        at = clock.now()
        over.set()
        thread.join(SOON)
        assert not thread.is_alive()
        assert set(late) <= {400}
        # Nothing was made after it was over, and nothing that is left opens anything.
        assert not RefreshToken.objects.filter(created__gt=at).exists()
        assert not walk.introspect(first["access_token"])["active"]
        assert walk.userinfo(first["access_token"]).status_code == 401


def refresh_on(walk: Walk, token: str, begun: threading.Event, over: threading.Event, late: list[int]) -> None:
    one = Walk(walk.partner, walk.secret)
    try:
        while True:
            was_over = over.is_set()
            answer = one.refresh(token)
            begun.set()
            if was_over:
                late.append(answer.status_code)
            if answer.status_code != 200:
                return
            token = answer.json()["refresh_token"]
    finally:
        begun.set()
        connection.close()
