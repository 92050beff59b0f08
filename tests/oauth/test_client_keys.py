"""Partners prove themselves with keys of their own (RFC 7523, FAPI 2.0 Security Profile section 5.3.2.1)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock, fetch
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.oauth import assertions, partners
from ciam_portal.oauth.credentials import flows as credentials
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Profile
from tests.oauth.keyed import Keyed, key_set, new_key, signed
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(customer: User, sign_in: Callable[..., Client]) -> Keyed:
    return Keyed(sign_in(customer), profile=Profile.STANDARD)


def answer(bank: Keyed, proof: dict[str, str], **more: Any) -> Any:
    return bank.machine.post("/oauth/introspect/", proof | {"token": "x"} | more)


@pytest.mark.control("FAPI2-SP-5.3.2.1-6")
@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA"])
def test_a_key_of_each_kind_proves_the_partner(algorithm: str) -> None:
    bank = Keyed(profile=Profile.STANDARD, algorithm=algorithm)
    assert answer(bank, bank.proof()).status_code == 200


def test_tokens_for_a_code_and_for_a_refresh(bank: Keyed) -> None:
    tokens = bank.tokens("openid profile offline_access")
    assert bank.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.control("FAPI2-SP-5.3.2.1-8")
@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://other.example"},
        {"aud": [settings.PUBLIC_URL]},
        {"aud": None},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"iss": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": float("inf")},
        {"iat": float("nan")},
        {"exp": 1},
        {"exp": 99_999_999_999},
        {"nbf": 99_999_999_999},
        {"iat": 99_999_999_999},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 129},
        {"jti": 5},
    ],
)
def test_what_proves_nothing(bank: Keyed, changed: dict[str, Any]) -> None:
    refused = answer(bank, bank.proof(bank.assertion(**changed)))
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_once_shown_it_proves_nothing_again(bank: Keyed) -> None:
    proof = bank.proof()
    assert [answer(bank, proof).status_code for _ in range(3)] == [200, 401, 401]


def test_without_the_cache_nothing_is_proven(bank: Keyed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "add", lambda *_, **__: False)
    assert answer(bank, bank.proof()).status_code == 401


@pytest.mark.control("v5.0.0-9.1.2")
def test_other_keys_and_algorithms_prove_nothing(bank: Keyed) -> None:
    claims, other = bank.says, new_key()
    from jwcrypto import jwk  # noqa: PLC0415

    secret = jwk.JWK.from_password(json.dumps(bank.partner.credentials.get().jwks))
    none = ".".join((*signed(claims(), bank.key).split(".")[:2], ""))
    for assertion in (
        signed(claims(), other),
        signed(claims(), secret, "HS256"),
        signed(claims(), bank.key, typ="logout+jwt"),
        signed(claims(), bank.key, kid="another"),
        signed(claims(), bank.key)[:-4] + "AAAA",
        none,
        "eyJhbGciOiJub25lIn0.e30.",
        "x",
        "a.b.c",
        "x" * 8000,
    ):
        assert answer(bank, bank.proof(assertion)).status_code == 401, assertion


def test_one_proof_at_a_time_and_the_one_it_chose(bank: Keyed) -> None:
    name = bank.partner.client_id
    for form in (
        bank.proof() | {"client_secret": "x", "client_id": name},
        {"client_id": name, "client_secret": "x"},
        {"client_id": name},
        bank.proof() | {"client_id": "another"},
        bank.proof() | {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
    ):
        assert answer(bank, form).status_code == 401, form
    assert bank.machine.post("/oauth/introspect/", bank.proof(), HTTP_AUTHORIZATION=bank.basic("x")).status_code == 401
    shop = Walk(*register())
    other = bank.assertion(iss=shop.partner.client_id, sub=shop.partner.client_id)
    assert answer(bank, bank.proof(other)).status_code == 401


def test_a_partner_that_is_off_proves_nothing(bank: Keyed) -> None:
    Partner.objects.update(is_enabled=False)
    assert answer(bank, bank.proof()).status_code == 401


class TestPublished:
    """Keys at an address of the partner's."""

    uri = "https://bank.example/jwks.json"

    def partner(self, monkeypatch: pytest.MonkeyPatch, answers: list[Any]) -> tuple[Keyed, list[str]]:
        asked: list[str] = []

        def get(url: str, *, most: int) -> bytes:
            asked.append(url)
            found = answers[min(len(asked), len(answers)) - 1]
            if isinstance(found, Exception):
                raise found
            return found if isinstance(found, bytes) else json.dumps(found).encode()

        monkeypatch.setattr(fetch, "get", get)
        bank = Keyed(profile=Profile.STANDARD, jwks=None, jwks_uri=self.uri)
        answers[:] = [found(bank.key) if callable(found) else found for found in answers]
        return bank, asked

    def test_they_are_read_once_and_again_for_an_unknown_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        bank, asked = self.partner(monkeypatch, [key_set(new_key(kid="old")), key_set])
        assert [answer(bank, bank.proof()).status_code for _ in range(3)] == [200, 200, 200]
        assert asked == [self.uri] * 2
        for _ in range(4):
            assert answer(bank, bank.proof(signed(bank.says(), new_key(), kid="unknown"))).status_code == 401
        assert len(asked) == 2

    @pytest.mark.parametrize(
        "wrong",
        [fetch.Unreachable("x"), b"<html>", b"[" * 9000, {"keys": "x"}, {"keys": [{"kty": "oct", "k": "AAAA"}]}],
    )
    def test_what_cannot_be_read_proves_nothing(self, monkeypatch: pytest.MonkeyPatch, wrong: Any) -> None:
        bank, asked = self.partner(monkeypatch, [wrong])
        assert [answer(bank, bank.proof()).status_code for _ in range(4)] == [401] * 4
        assert len(asked) <= 2


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"profile": Profile.FAPI2}, "proves itself with keys"),
        ({"profile": Profile.BROWSER, "jwks_uri": "https://a.example/j"}, "public partner"),
        ({"jwks": {"keys": []}}, "holds a key for one of"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "public keys only"),
        ({"jwks": {"keys": [json.loads(new_key().export())]}}, "public keys only"),
        ({"jwks": key_set(new_key()), "jwks_uri": "https://a.example/j"}, "not both"),
        ({"jwks_uri": "http://a.example/j"}, "https address"),
        ({"jwks_uri": "https://user@a.example/j"}, "https address"),
    ],
)
def test_keys_that_cannot_be_registered(said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(partners.Unacceptable, match=sentence):
        register("Odd", **said)


def test_it_has_no_secret_to_replace() -> None:
    bank = Keyed()
    assert bank.secret == ""
    with pytest.raises(Refused, match="keys_only"):
        credentials.replace(bank.partner, credentials.SECRET, by=Actor.system(), at=clock.now())
    assert assertions.speaks_of("nonsense") == ""
