"""The profile for OpenID certification: a nonce does instead of PKCE, for who was registered so (RFC 9700 2.1.1)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.oauth.models import AccessToken
from ciam_portal.oauth.profiles import AGENTS, Profile
from tests.oauth.walk import Walk, answer, payload, register

pytestmark = pytest.mark.django_db
PLAIN: dict[str, Any] = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture
def certified(customer: User, sign_in: Callable[..., Client]) -> Walk:
    return Walk(*register(profile=Profile.OPENID), sign_in(customer))


@pytest.mark.control("RFC9700-2.1.1")
def test_a_nonce_does_instead_of_pkce(certified: Walk) -> None:
    issued = certified.redeem(certified.code("openid", **PLAIN), code_verifier=None).json()
    assert payload(issued["id_token"])["nonce"] == "n-1"


def test_oidcc_ensure_request_with_valid_pkce_succeeds(certified: Walk) -> None:
    assert certified.tokens("openid")["id_token"]
    assert certified.redeem(certified.code("openid"), code_verifier="w" * 43).status_code == 400
    assert certified.redeem(certified.code("openid"), code_verifier=None).status_code == 400


def test_without_either_it_is_refused(certified: Walk) -> None:
    assert answer(certified.ask("openid", nonce=None, **PLAIN))["error"] == "invalid_request"


@pytest.mark.parametrize("profile", sorted(set(Profile) - {Profile.OPENID, Profile.SERVICE, Profile.DEVICE}))
def test_nobody_else_comes_without_pkce(profile: Profile, customer: User, sign_in: Callable[..., Client]) -> None:
    keys = {"jwks_uri": "https://shop.example/jwks"} if profile.rules.keyed else {}
    agent: dict[str, Any] = {"maker": "Robots Ltd", "scopes": ("profile",)} if profile in AGENTS else {}
    walk = Walk(*register(profile=profile, **keys, **agent), sign_in(customer))
    assert answer(walk.ask("profile" if agent else "openid", **PLAIN))["error"] == "invalid_request"


@pytest.mark.control("RFC9700-2.1.1/downgrade", "RFC9700-4.8.2")
def test_a_verifier_for_a_code_without_challenge_is_somebody_elses(certified: Walk) -> None:
    assert certified.redeem(certified.code("openid", **PLAIN)).json()["error"] == "invalid_grant"
    assert not AccessToken.objects.exists()


def test_a_code_that_never_had_a_challenge_dies_with_the_profile(certified: Walk) -> None:
    code = certified.code("openid", **PLAIN)
    type(certified.partner).objects.update(profile=Profile.STANDARD)
    assert certified.redeem(code, code_verifier=None).json()["error"] == "invalid_grant"
