"""Signing out at a partner's request. Named after the conformance modules of RP-initiated logout."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from jwcrypto import jwk, jws

from accounts.models import Session
from ciam_portal.core.audit.models import AuditEntry
from tests import factories
from tests.oauth.walk import AFTER, Walk, payload, register

pytestmark = pytest.mark.django_db


def leave(walk: Walk, **words: Any) -> Any:
    return walk.browser.get("/oauth/logout/", {name: value for name, value in words.items() if value is not None})


def is_signed_in(walk: Walk) -> bool:
    return walk.browser.get("/connected-apps/").status_code == 200


@pytest.mark.control("OIDC-RPLogout-2", "OIDC-RPLogout-3", "v5.0.0-10.6.2")
def test_rp_initiated_logout(walk: Walk) -> None:
    hint = walk.tokens()["id_token"]
    response = leave(walk, id_token_hint=hint, post_logout_redirect_uri=AFTER, state="a b")
    assert response.status_code == 303
    assert response["Location"] == f"{AFTER}?state=a+b"
    assert not is_signed_in(walk)
    assert Session.objects.get().end_reason == "signed_out"
    assert AuditEntry.objects.filter(name="session.ended").count() == 1
    again = leave(walk, id_token_hint=hint, post_logout_redirect_uri=AFTER)
    assert again["Location"] == AFTER


def test_rp_initiated_logout_without_state_or_target(walk: Walk) -> None:
    response = leave(walk, id_token_hint=walk.tokens()["id_token"])
    assert response.status_code == 200
    assert b"You are signed out" in response.content
    assert not is_signed_in(walk)


@pytest.mark.control("v5.0.0-10.6.2")
@pytest.mark.parametrize("words", [{}, {"state": "x"}, {"client": True}, {"client": True, "target": AFTER}])
def test_rp_initiated_logout_no_id_token_hint_asks_first(walk: Walk, words: dict[str, Any]) -> None:
    client_id = walk.partner.client_id if words.get("client") else None
    page = leave(walk, client_id=client_id, post_logout_redirect_uri=words.get("target"), state=words.get("state"))
    assert page.status_code == 200
    assert is_signed_in(walk)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = walk.browser.cookies
    assert strict.post("/oauth/logout/confirm/", {"query": ""}).status_code == 403
    query = urlencode({"client_id": client_id or "", "post_logout_redirect_uri": words.get("target") or ""})
    done = walk.browser.post("/oauth/logout/confirm/", {"query": query})
    assert not is_signed_in(walk)
    assert (f'href="{AFTER}"'.encode() in done.content) == ("target" in words)


@pytest.mark.parametrize("target", ["https://evil.example/", AFTER + "?x=1", AFTER.rstrip("/"), AFTER.upper()])
def test_rp_initiated_logout_bad_post_logout_redirect_uri(walk: Walk, target: str) -> None:
    response = leave(walk, id_token_hint=walk.tokens()["id_token"], post_logout_redirect_uri=target)
    assert response.status_code == 400
    assert is_signed_in(walk)


def test_a_target_needs_to_say_whose_it_is(walk: Walk) -> None:
    assert leave(walk, post_logout_redirect_uri=AFTER).status_code == 400


def forged(claims: dict[str, Any], algorithm: str) -> str:
    token = jws.JWS(json.dumps(claims))
    if algorithm == "none":
        _, body, _ = forged(claims, "ES256").split(".")
        return f"eyJhbGciOiJub25lIn0.{body}."
    key = jwk.JWK.generate(kty="EC", crv="P-256") if algorithm == "ES256" else jwk.JWK.generate(kty="oct", size=256)
    token.add_signature(key, alg=algorithm, protected=f'{{"alg": "{algorithm}", "kid": "x"}}')
    return str(token.serialize(compact=True))


@pytest.mark.control("v5.0.0-9.1.1", "v5.0.0-9.1.2")
@pytest.mark.parametrize("how", ["none", "HS256", "ES256", "modified", "rubbish", "access", "huge"])
def test_rp_initiated_logout_modified_id_token_hint(walk: Walk, how: str) -> None:
    tokens = walk.tokens()
    head, body, signature = tokens["id_token"].split(".")
    hint = {
        "modified": f"{head}.{body[:-2]}AA.{signature}",
        "rubbish": "a.b.c",
        "access": tokens["access_token"],
        "huge": "x" * 8000,
    }.get(how) or forged(payload(tokens["id_token"]), how)
    response = leave(walk, id_token_hint=hint)
    # What may be by a key that was dropped is worth no more than no hint: the customer is asked.
    assert response.status_code == (200 if how == "ES256" else 400)
    assert is_signed_in(walk)


def test_a_hint_of_somebody_else_asks_first(walk: Walk, sign_in: Callable[..., Client]) -> None:
    hint = walk.tokens()["id_token"]
    walk.browser = sign_in(factories.customer(), on=Client())
    assert leave(walk, id_token_hint=hint).status_code == 200
    assert is_signed_in(walk)


def test_hint_and_client_id_must_agree(walk: Walk) -> None:
    other, _ = register("Other")
    response = leave(walk, id_token_hint=walk.tokens()["id_token"], client_id=other.client_id)
    assert response.status_code == 400
    assert is_signed_in(walk)


def test_an_expired_hint_is_good_enough(walk: Walk) -> None:
    hint = walk.tokens()["id_token"]
    with time_machine.travel(payload(hint)["exp"] + 60, tick=True):
        assert leave(walk, id_token_hint=hint, post_logout_redirect_uri=AFTER).status_code == 303
        assert not is_signed_in(walk)


def test_a_hint_by_a_key_that_was_dropped_gets_the_page_with_the_button(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hint = walk.tokens()["id_token"]
    monkeypatch.setattr("ciam_portal.oauth.id_tokens.keys.named", lambda _kid: [])
    page = leave(walk, id_token_hint=hint, client_id=walk.partner.client_id, post_logout_redirect_uri=AFTER)
    assert page.status_code == 200
    assert "Shop" in page.text
    assert is_signed_in(walk)


def test_a_post_is_asked_again_as_a_link(walk: Walk) -> None:
    hint = walk.tokens()["id_token"]
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/oauth/logout/", {"id_token_hint": hint})
    assert response.status_code == 303
    assert response["Location"].startswith("/oauth/logout/?id_token_hint=")


@pytest.mark.parametrize(
    "query", ["state=a&state=b", "client_id=%20", "client_id=" + "x" * 999, "id_token_hint=%C3%BC"]
)
def test_odd_requests_sign_nobody_out(walk: Walk, query: str) -> None:
    assert walk.browser.get(f"/oauth/logout/?{query}").status_code in {200, 400}
    assert is_signed_in(walk)
