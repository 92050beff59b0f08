"""Ending what was issued, and forgetting what has expired."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock, retention
from ciam_portal.oauth import tokens
from ciam_portal.oauth.models import AccessToken, AuthorizationCode, RefreshToken
from consent.models import Consent
from tests import factories
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db
OFFLINE = "openid offline_access"


def forget() -> int:
    return retention.forget(clock.now(), 9)


@pytest.fixture
def crowd(walk: Walk, sign_in: Callable[..., Client]) -> dict[str, Walk]:
    """The customer at two partners, and another customer at the first; each with tokens and a code on its way."""
    found = {
        "mine": walk,
        "elsewhere": Walk(*register("Other"), walk.browser),
        "other": Walk(walk.partner, walk.secret, sign_in(factories.customer(), on=Client())),
    }
    for one in found.values():
        one.tokens(OFFLINE)
        one.code(OFFLINE)
    return found


def left() -> tuple[int, int, int]:
    live = RefreshToken.objects.filter(revoked__isnull=True)
    return AuthorizationCode.objects.filter(used_at=None).count(), AccessToken.objects.count(), live.count()


def test_revoke_ends_one_partner_of_one_customer(crowd: dict[str, Walk], customer: User) -> None:
    mine = Consent.objects.get(customer=customer, partner=crowd["mine"].partner).pk
    assert tokens.revoke(mine) == 2
    assert left() == (2, 2, 2)
    assert tokens.revoke(mine) == 0


def test_revoke_all_ends_every_partner_of_one_customer(crowd: dict[str, Walk], customer: User) -> None:
    assert tokens.revoke_all(customer.pk) == 4
    assert left() == (1, 1, 1)


def test_revoke_session_may_spare_what_was_allowed_in_absence(crowd: dict[str, Walk], customer: User) -> None:
    session = Session.objects.get(customer=customer)
    crowd["mine"].tokens("openid")
    assert tokens.revoke_session(session.pk, keep_offline=True) == 1
    assert left() == (1, 3, 3)
    assert tokens.revoke_session(session.pk, keep_offline=False) == 4
    assert left() == (1, 1, 1)


def test_end_family_without_a_family_ends_nothing(crowd: dict[str, Walk]) -> None:
    assert tokens.end_family(None) == 0
    assert left() == (3, 3, 3)


def test_the_sweep_forgets_what_has_expired_and_nothing_else(
    crowd: dict[str, Walk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    assert forget() == 0
    AccessToken.objects.update(expires=clock.now() - timedelta(seconds=1))
    AuthorizationCode.objects.update(expires=clock.now() - timedelta(minutes=2))
    assert forget() == 3  # codes stay for an hour, so that a second use is recognised
    AuthorizationCode.objects.update(expires=clock.now() - timedelta(hours=2))
    RefreshToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert forget() == AuthorizationCode.objects.count() + 9
    assert left() == (0, 0, 0)
    assert not RefreshToken.objects.exists()
