"""Answers by a form, and signed ones (Form Post Response Mode, JARM)."""

import html
import re
from typing import Any

import pytest
from django.conf import settings

from ciam_portal.core import clock
from ciam_portal.oauth import id_tokens, jwts, keys
from tests.oauth.walk import CALLBACK, Walk, answer

pytestmark = pytest.mark.django_db


def fields(page: Any) -> dict[str, str]:
    text = page.content.decode().partition("data-onward>")[2].partition("</form>")[0]
    assert f'<form method="post" action="{CALLBACK}" data-onward>' in page.content.decode()
    assert "form-action 'self' https://shop.example" in page["Content-Security-Policy"].split("; ")
    found = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', text)
    return {name: html.unescape(value) for name, value in found}


def said(response: str) -> dict[str, Any]:
    claims = jwts.read(response, keys.named, algorithms=("ES256",), kinds=("oauth-authz-resp+jwt",))
    assert claims is not None
    assert id_tokens.read_hint(response) is None
    return claims


def test_by_a_form(walk: Walk) -> None:
    told = fields(walk.decide(walk.ask(response_mode="form_post")))
    assert told.keys() == {"code", "state", "iss"}
    assert walk.redeem(told["code"]).status_code == 200
    assert fields(walk.ask(response_mode="form_post", scope="flying"))["error"] == "invalid_scope"


@pytest.mark.parametrize("mode", ["jwt", "query.jwt", "form_post.jwt"])
def test_signed(walk: Walk, mode: str) -> None:
    page = walk.decide(walk.ask(response_mode=mode))
    told = fields(page) if mode == "form_post.jwt" else answer(page)
    assert told.keys() == {"response"}
    claims = said(told["response"])
    assert claims.keys() == {"code", "state", "iss", "aud", "exp"}
    assert (claims["iss"], claims["aud"]) == (settings.PUBLIC_URL, walk.partner.client_id)
    assert 0 < claims["exp"] - clock.now().timestamp() <= 600
    assert walk.redeem(claims["code"]).status_code == 200


@pytest.mark.parametrize("mode", ["jwt", "form_post.jwt"])
def test_errors_are_signed_too(walk: Walk, mode: str) -> None:
    page = walk.ask(response_mode=mode, prompt="none")
    told = fields(page) if mode == "form_post.jwt" else answer(page)
    assert said(told["response"])["error"] == "consent_required"


def test_a_no_goes_the_same_way(walk: Walk) -> None:
    page = walk.decide(walk.ask(response_mode="form_post"), "deny")
    assert fields(page)["error"] == "access_denied"


def test_a_mode_that_is_none_is_told_in_the_address(walk: Walk) -> None:
    assert answer(walk.ask(response_mode="web_message"))["error"] == "invalid_request"
