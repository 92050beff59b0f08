"""What is particular about Google, Apple and GitHub, and how their words are read."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from accounts.upstream.shapes import Identity, Upstream
from accounts.upstream.verifier import github, openid
from accounts.upstream.verifier.outcome import Failed
from ciam_portal.oauth import jwts

HUB = Upstream("GitHub", "portal", "secret", kind="github", issuer="https://github.com", key="hub")


def apple() -> Upstream:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    issuer = "https://appleid.apple.com"
    return Upstream("Apple", "com.example", pem, kind="apple", issuer=issuer, team="TEAM", key_id="KEY", key="apple")


def test_apple_gets_a_token_that_its_key_for_us_has_signed() -> None:
    there = apple()
    _headers, form = openid._client(there, {})
    header, claims = jwts.unverified(form["client_secret"])
    assert (header["alg"], header["kid"]) == ("ES256", "KEY")
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("TEAM", "com.example", "https://appleid.apple.com")
    assert claims["exp"] - claims["iat"] == 300


def test_apple_answers_by_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"authorization_endpoint": "https://appleid.apple.com/auth/authorize"}
    monkeypatch.setattr(openid, "metadata", lambda _there: said)
    assert openid.authorization(apple())[1]["response_mode"] == "form_post"


@pytest.mark.parametrize(
    ("emails", "email", "verified"),
    [
        ([{"email": "a@b.example", "primary": True, "verified": True}], "a@b.example", True),
        ([{"email": "a@b.example", "primary": True}], "a@b.example", False),
        ([{"email": "a@b.example", "primary": True, "verified": "yes"}], "a@b.example", False),
        ([{"email": "x@b.example", "verified": True}], "", False),
        ([{"email": 7, "primary": True, "verified": True}], "", True),
        ({"message": "Not Found"}, "", False),
        (None, "", False),
    ],
)
def test_of_github_the_number_counts_and_the_first_address(emails: Any, email: str, verified: bool) -> None:
    user = {"id": 42, "login": "somebody@else.example", "email": "public@else.example"}
    assert github.of(HUB, user, emails) == Identity("hub", "https://github.com", "42", email, verified)


@pytest.mark.parametrize("user", [{}, {"id": "42"}, {"id": True}, [], None])
def test_who_has_no_number_there_is_nobody(user: Any) -> None:
    with pytest.raises(Failed, match="subject"):
        github.of(HUB, user, [])


@pytest.mark.parametrize("said", ["https://evil.example", "https://github.com.evil.example"])
def test_an_answer_of_somebody_else_is_none(said: str) -> None:
    with pytest.raises(Failed, match="sender"):
        github.check_sender(HUB, said)
    github.check_sender(HUB, "")
