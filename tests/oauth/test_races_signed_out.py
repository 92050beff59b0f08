"""An app that is signed out at the very moment of its refresh: what takes the token's place ends too."""

from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client

from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.oauth.models import AccessToken, RefreshToken
from ciam_portal.oauth.profiles import Profile
from tests.at_once import in_turn
from tests.factories import customer as new_customer
from tests.oauth.test_exchange import Chain
from tests.oauth.walk import Walk, register


@pytest.mark.control("v5.0.0-7.4.1")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [0, 1])
def test_nothing_of_it_goes_on(unlocked_audit: None, sign_in: Callable[..., Client], times: int) -> None:
    owner = new_customer()
    app = Walk(*register("Pocket Shop", profile=Profile.NATIVE), sign_in(owner))
    token = app.tokens("openid offline_access")["refresh_token"]
    for _ in range(times):
        token = app.refresh(token).json()["refresh_token"]
    family = RefreshToken.objects.get(used_at=None).token_family
    end = partial(sessions.end_app, owner, family, by=Actor.system(), at=clock.now())
    answer, _ = in_turn(lambda: app.refresh(token), end)
    assert answer.status_code == 200  # type: ignore[attr-defined]
    assert not RefreshToken.objects.filter(revoked=None).exists()
    assert not AccessToken.objects.exists()
    assert app.refresh(answer.json()["refresh_token"]).status_code == 400  # type: ignore[attr-defined]


@pytest.mark.control("v5.0.0-7.4.1")
@pytest.mark.django_db(transaction=True)
def test_nor_what_its_token_is_just_exchanged_for(unlocked_audit: None, sign_in: Callable[..., Client]) -> None:
    owner = new_customer()
    chain = Chain(sign_in(owner))
    end = partial(sessions.end_app, owner, RefreshToken.objects.get().token_family, by=Actor.system(), at=clock.now())
    answer, _ = in_turn(chain.onward, end)
    assert answer.status_code == 200  # type: ignore[attr-defined]
    assert not AccessToken.objects.exclude(user=None).exists()
