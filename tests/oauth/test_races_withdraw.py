"""A withdrawal at the very moment of an exchange: whoever comes second finds the truth, and nothing survives."""

from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.oauth.models import AccessToken, RefreshToken
from consent.models import Consent
from consent.permission import flows
from tests.at_once import at_once
from tests.factories import customer as new_customer
from tests.oauth.walk import Walk, register


@pytest.mark.control("GDPR 7(3)", "v5.0.0-10.4.9")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["code", "refresh", "again"])
def test_nothing_survives_a_withdrawal(unlocked_audit: None, sign_in: Callable[..., Client], what: str) -> None:
    walk = Walk(*register(), sign_in(new_customer()))
    for _ in range(4):
        offline = "openid offline_access"
        secret = walk.code(offline) if what == "code" else walk.tokens(offline)["refresh_token"]
        if what == "again":  # of a family that was refreshed on this day already
            secret = walk.refresh(secret).json()["refresh_token"]
        consent = Consent.objects.live().get()

        def exchange(secret: str = secret) -> int:
            one = Walk(walk.partner, walk.secret)
            return int((one.redeem(secret) if what == "code" else one.refresh(secret)).status_code)

        answer, _ = at_once(exchange, partial(flows.withdraw, consent, by=Actor.system(), at=clock.now()))
        assert answer in {200, 400}
        assert not AccessToken.objects.exists()
        assert not RefreshToken.objects.filter(revoked__isnull=True).exists()
        consent.refresh_from_db()
        assert consent.ended_at is not None
