"""The portal makes the keys it signs with: published before they are used, and as long as what they signed lives."""

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet
from jwcrypto import jwk

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import rings
from ciam_portal.core.policy import limits
from ciam_portal.oauth import id_tokens, jwts, keys, partners
from ciam_portal.oauth.models import Partner, SigningKey
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.signing.models import Use
from ciam_portal.oauth.tasks import tend_signing_keys
from tests.oauth.walk import AFTER, Walk, answer, register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_the_portal(settings: Any, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for algorithm in ("PS256", "RS256"):
        monkeypatch.setitem(jwts._NEW[algorithm], "size", 2048)  # 3072 take seconds to make
    settings.OIDC_SIGNING_KEYS = [rings.PORTAL]
    keys.forget()


def later(**ahead: float) -> Any:
    keys.forget()  # as if the time had passed in which a process keeps them
    return time_machine.travel(clock.now() + timedelta(**ahead))


def published() -> dict[str, str]:
    keys.forget()
    found = Client().get("/.well-known/jwks.json").json()["keys"]
    assert not any({"d", "p", "q", "k"} & set(key) for key in found)
    assert all(key["use"] == "sig" for key in found)
    return {key["kid"]: key["alg"] for key in found}


def signs(algorithm: str = "ES256") -> str:
    keys.forget()
    return str(keys.signing_key(algorithm).thumbprint())


def command(*words: str) -> str:
    said = StringIO()
    call_command("keys", *words, stdout=said)
    return said.getvalue()


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # its other name is Ed25519 (RFC 9864)
@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA", "RS256"])
@pytest.mark.control("OIDC-Core-2")
def test_each_algorithm_signs_what_a_partner_was_registered_with(
    algorithm: str, customer: User, sign_in: Callable[..., Client]
) -> None:
    walk = Walk(*register(algorithm=algorithm), sign_in(customer))
    issued = walk.tokens("openid")
    known = KeySet.import_key_set(walk.machine.get("/.well-known/jwks.json").json())
    token = jwt.decode(issued["id_token"], known, algorithms=[algorithm])
    assert token.header["alg"] == algorithm
    digest = hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256
    half = digest(issued["access_token"].encode()).digest()
    half = half[: len(half) // 2]
    assert token.claims["at_hash"] == base64.urlsafe_b64encode(half).decode().rstrip("=")
    signed = answer(walk.ask("openid", response_mode="jwt"))["response"]
    assert jwt.decode(signed, known, algorithms=[algorithm]).claims["code"]
    hint = {"id_token_hint": issued["id_token"], "post_logout_redirect_uri": AFTER}
    assert walk.browser.get("/oauth/logout/", hint)["Location"] == AFTER


def test_it_is_advertised_and_is_the_default() -> None:
    told = Client().get("/.well-known/openid-configuration").json()
    assert told["id_token_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA", "RS256"]
    assert register()[0].algorithm == "ES256"


def test_a_profile_that_forbids_it_is_not_registered_with_it() -> None:
    with pytest.raises(partners.Unacceptable, match="signed with ES256, PS256, EdDSA"):
        register(profile=Profile.FAPI2, jwks_uri="https://bank.example/jwks", algorithm="RS256")


def test_partners_sign_nothing_with_rs256() -> None:
    _kid, public, _private = jwts.new_key("RS256")
    with pytest.raises(jwts.UnusableKeys):
        jwts.key_set({"keys": [public]})


def test_a_key_is_published_before_it_signs_and_after(walk: Walk) -> None:
    rules, first, token = limits.current().oauth, signs(), walk.tokens("openid")["id_token"]
    SigningKey.objects.update(signs_from=clock.now())
    with later(days=rules.signing_key_days, hours=-rules.signing_key_ahead_hours, minutes=-1):
        assert tend_signing_keys() == 0
    with later(days=rules.signing_key_days, hours=-rules.signing_key_ahead_hours, minutes=1):
        assert tend_signing_keys() == len(Use)
        assert tend_signing_keys() == 0
        assert set(published()) > {first}
        assert signs() == first
    with later(days=rules.signing_key_days, minutes=2):
        assert signs() != first
        assert tend_signing_keys() == len(Use)
        assert first in published()
        assert SigningKey.objects.get(kid=first).sealed == ""
        assert id_tokens.read_hint(token)
    hours = limits.current().session.absolute_hours
    with later(days=rules.signing_key_days, hours=hours, minutes=3):
        assert first not in published()
        assert id_tokens.read_hint(token) is None
        assert id_tokens.is_by_a_former_key(token)


def test_a_process_that_lags_behind_still_signs() -> None:
    first = SigningKey.objects.get(kid=signs())
    command("rotate")
    with later(hours=limits.current().oauth.signing_key_ahead_hours):
        assert tend_signing_keys() == 1
    assert signs() != first.kid  # by this clock it waits, and the former one can sign no more


def test_receipts_have_keys_of_their_own_that_stay_for_as_long_as_receipts_are_believed() -> None:
    first = str(keys.signing_key(use=Use.RECEIPTS).thumbprint())
    assert first not in published()
    assert keys.named(first) == []
    assert [key["kid"] for key in keys.public_set(Use.RECEIPTS)["keys"]] == [first]
    assert "waits; signs from" in command("rotate", "--use", "receipts")
    assert len(published()) == 1
    rules = limits.current()
    with later(hours=rules.oauth.signing_key_ahead_hours, minutes=1):
        assert tend_signing_keys() == 1
        assert keys.signing_key(use=Use.RECEIPTS).thumbprint() != first
    with later(days=rules.retention.receipt_key_days):
        assert keys.named(first, Use.RECEIPTS)
    with later(days=rules.retention.receipt_key_days + 2):
        assert keys.named(first, Use.RECEIPTS) == []
    second = str(keys.signing_key(use=Use.RECEIPTS).thumbprint())
    assert second in command("revoke", first)
    assert keys.named(first, Use.RECEIPTS) == []


@pytest.mark.parametrize("waits", [True, False])
def test_one_is_revoked_in_an_emergency(walk: Walk, waits: bool) -> None:
    first, token = signs(), walk.tokens("openid")["id_token"]
    if waits:
        assert "waits; signs from" in command("rotate")
    said = command("revoke", first)
    assert first not in said
    assert first not in published()
    assert len(published()) == 1
    assert signs() in said
    assert id_tokens.read_hint(token) is None
    assert SigningKey.objects.get(kid=first).sealed == ""
    assert AuditEntry.objects.get(name="signing_key.revoked").data == {"key": first}
    assert tend_signing_keys() == 0
    assert walk.tokens("openid")["id_token"]


def test_every_key_has_a_name_that_can_be_typed() -> None:
    assert all(jwts.new_key("EdDSA")[0][0].isalnum() for _ in range(300))


def test_what_cannot_be_revoked_says_why(settings: Any) -> None:
    with pytest.raises(CommandError, match="No key is called"):
        command("revoke", "nobody")
    pem = jwk.JWK.generate(kty="EC", crv="P-256").export_to_pem(private_key=True, password=None)
    settings.OIDC_SIGNING_KEYS = [pem, rings.PORTAL]
    with pytest.raises(CommandError, match="take it out of OIDC_SIGNING_KEYS"):
        command("revoke", rings.names("OIDC_SIGNING_KEYS")[0])
    assert "signs (the environment's)" in command("show")


def test_what_the_environment_gives_signs_while_it_is_first(settings: Any) -> None:
    own = signs()
    pem = jwk.JWK.generate(kty="EC", crv="P-256").export_to_pem(private_key=True, password=None)
    given = str(jwts.from_pem(pem).thumbprint())
    settings.OIDC_SIGNING_KEYS = [pem]
    assert signs() == given
    assert set(published()) == {own, given}
    settings.OIDC_SIGNING_KEYS = [rings.PORTAL, pem]
    assert signs() == own
    assert set(published()) == {own, given}
    assert rings.names("OIDC_SIGNING_KEYS") == ["portal", given]


def test_no_private_half_is_in_clear_anywhere() -> None:
    register(algorithm="RS256")
    for key in SigningKey.objects.all():
        private = keys.signing_key(key.algorithm).export_private(as_dict=True)["d"]
        rows = [str(row.data) for row in AuditEntry.objects.filter(name="signing_key.made")]
        assert private not in f"{key.public}{key.sealed}{rows}{key}{key!r}"


def test_with_none_nothing_is_signed(walk: Walk) -> None:
    SigningKey.objects.filter(use=Use.TOKENS).delete()
    keys.forget()
    with pytest.raises(LookupError, match="see manage"):
        keys.signing_key()
    assert command("rotate").split()[2] == "signs"  # the first of its kind, at once
    assert Partner.objects.get().algorithm == "ES256"
    assert walk.tokens("openid")["id_token"]
