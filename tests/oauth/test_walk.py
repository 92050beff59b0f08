import pytest
from django.conf import settings

from tests.oauth.walk import Walk, answer, payload

pytestmark = pytest.mark.django_db


@pytest.mark.control("OIDC-Core-3.1.2.1/prompt")
def test_oidcc_server(walk: Walk) -> None:
    page = walk.ask()
    assert page.status_code == 200
    words = answer(walk.decide(page))
    assert words["state"] == "s-1"
    assert words["iss"] == settings.PUBLIC_URL
    tokens = walk.redeem(words["code"]).json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 300
    assert "refresh_token" not in tokens
    claims = payload(tokens["id_token"])
    assert claims["nonce"] == "n-1"
    assert walk.userinfo(tokens["access_token"]).json()["sub"] == claims["sub"]


def test_refresh(walk: Walk) -> None:
    tokens = walk.tokens("openid offline_access")
    again = walk.refresh(tokens["refresh_token"])
    assert again.status_code == 200, again.content
    assert again.json()["refresh_token"] != tokens["refresh_token"]
