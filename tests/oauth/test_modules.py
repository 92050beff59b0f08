"""The public conformance modules (OpenID Connect Basic OP, FAPI 2.0 Security Profile) by name, each once.

Those that have a test of their own elsewhere are not repeated: ``oidcc`` and ``fapi`` in a test's name say which.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet
from jwcrypto import jwk

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.policy import limits
from tests.oauth.keyed import Keyed, new_key, signed
from tests.oauth.walk import CALLBACK, VERIFIER, Walk, answer, challenge, payload

pytestmark = pytest.mark.django_db
Module = Callable[[Any], None]
PAR, TOKEN = "/oauth/par/", "/oauth/token/"


@pytest.fixture(autouse=True)
def _rosa(customer: User) -> None:
    User.objects.update(name="Rosa Lind", phone="+4930123456")


@pytest.fixture
def bank(customer: User, sign_in: Callable[..., Client]) -> Keyed:
    return Keyed(sign_in(customer))


# --- Basic OP


def verified(walk: Walk) -> None:
    known = KeySet.import_key_set(Client().get("/.well-known/jwks.json").json())
    assert jwt.decode(walk.tokens("openid")["id_token"], known, algorithms=["ES256"]).header["kid"]


def unsigned(walk: Walk) -> None:
    assert walk.tokens("openid")["id_token"].split(".")[2]
    told = Client().get("/.well-known/openid-configuration").json()
    assert "none" not in told["id_token_signing_alg_values_supported"]


def userinfo_post_body(walk: Walk) -> None:
    token = walk.tokens("openid")["access_token"]
    assert walk.machine.post("/oauth/userinfo/", {"access_token": token}).status_code == 400  # RFC 6750 2.2: optional


def happy(walk: Walk) -> None:
    """Two authorizations of one customer, with different keys to their codes."""
    first, second = walk.code("openid"), walk.code("openid", nonce="n-2", state="s-2")
    assert {payload(walk.redeem(code).json()["id_token"])["nonce"] for code in (first, second)} == {"n-1", "n-2"}


def said(scope: str, *names: str) -> Module:
    def module(walk: Walk) -> None:
        issued = walk.tokens(scope)
        assert set(walk.userinfo(issued["access_token"]).json()) - {"sub"} == set(names)
        assert not set(payload(issued["id_token"])) & set(names)

    return module


def error(code: str, **change: Any) -> Module:
    def module(walk: Walk) -> None:
        assert answer(walk.ask("openid", **change))["error"] == code

    return module


def asked(**change: Any) -> Module:
    def module(walk: Walk) -> None:
        assert walk.ask("openid", **change).status_code == 200

    return module


BASIC: dict[str, Module] = {
    "response-type-missing": error("invalid_request", response_type=None),
    "idtoken-signature": verified,
    "idtoken-unsigned": unsigned,
    "userinfo-get": lambda walk: walk.userinfo(walk.tokens("openid")["access_token"]).json()["sub"],
    "userinfo-post-header": lambda walk: walk.machine.post(
        "/oauth/userinfo/", HTTP_AUTHORIZATION=f"Bearer {walk.tokens('openid')['access_token']}"
    ).json()["sub"],
    "userinfo-post-body": userinfo_post_body,
    "ensure-request-without-nonce-succeeds-for-code-flow": lambda walk: walk.tokens("openid", nonce=None)["id_token"],
    "scope-profile": said("openid profile", "name", "locale"),
    "scope-email": said("openid email", "email", "email_verified"),
    "scope-address": said("openid address"),
    "scope-phone": said("openid phone", "phone_number", "phone_number_verified"),
    "alternate-happy-flow": happy,
    "display-page": asked(display="page"),
    "display-popup": asked(display="popup"),
    "claims-locales": asked(claims_locales="se"),
    "request-uri-unsigned-supported-correctly-or-rejected-as-unsupported": error(
        "request_uri_not_supported", request_uri="https://shop.example/request.jwt"
    ),
    "unsigned-request-object-supported-correctly-or-rejected-as-unsupported": error(
        "invalid_request_object", request="eyJhbGciOiJub25lIn0.e30."
    ),
    "ensure-request-object-with-redirect-uri": error(
        "invalid_request_object", request=signed({"redirect_uri": CALLBACK, "iss": "x"}, new_key())
    ),
}


@pytest.mark.parametrize("name", BASIC)
def test_oidcc(walk: Walk, name: str) -> None:
    BASIC[name](walk)


# --- FAPI 2.0 Security Profile


def flow(scope: str = "openid", **change: Any) -> Module:
    def module(bank: Keyed) -> None:
        tokens_of(bank, scope, **change)

    return module


def code_of(bank: Keyed, scope: str = "openid", **change: Any) -> str:
    page = bank.open(bank.push(scope=scope, **change).json()["request_uri"])
    return answer(bank.decide(page) if page.status_code == 200 else page)["code"]


def tokens_of(bank: Keyed, scope: str = "openid", **change: Any) -> dict[str, Any]:
    redeemed = bank.redeem(code_of(bank, scope, **change))
    assert redeemed.status_code == 200, redeemed.content
    issued: dict[str, Any] = redeemed.json()
    assert issued["token_type"] == "DPoP"
    return issued


def redeeming(code: str) -> dict[str, str]:
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}


def refreshed(bank: Keyed) -> None:
    assert bank.refresh(tokens_of(bank, "openid offline_access")["refresh_token"]).status_code == 200


def rejected(bank: Keyed) -> None:
    page = bank.open(bank.push().json()["request_uri"])
    assert answer(bank.decide(page, "deny"))["error"] == "access_denied"


def lower_case(bank: Keyed) -> None:
    token = tokens_of(bank)["access_token"]
    proof = bank.possession("GET", "/oauth/userinfo/", token)
    assert bank.machine.get("/oauth/userinfo/", HTTP_AUTHORIZATION=f"dpop {token}", HTTP_DPOP=proof).status_code == 200


def identity_claims(bank: Keyed) -> None:
    issued = tokens_of(bank, claims=json.dumps({"userinfo": {"name": None}, "id_token": {"email": None}}))
    assert bank.get("/oauth/userinfo/", issued["access_token"]).json()["name"] == "Rosa Lind"
    assert payload(issued["id_token"])["email"]


def essential_acr(bank: Keyed) -> None:
    wanted = json.dumps({"id_token": {"acr": {"essential": True, "value": "urn:openbanking:psd2:sca"}}})
    assert bank.push(claims=wanted).json()["error"] == "unmet_authentication_requirements"


def code_again(bank: Keyed) -> None:
    code = code_of(bank)
    assert bank.redeem(code).status_code == 200
    with time_machine.travel(clock.now() + timedelta(seconds=1)):
        assert bank.redeem(code).json()["error"] == "invalid_grant"


def pushed(code: str, **change: Any) -> Module:
    def module(bank: Keyed) -> None:
        done = bank.push(**change)
        assert (done.status_code, done.json()["error"]) == (400, code)

    return module


def not_pushed(bank: Keyed) -> None:
    assert answer(bank.ask("openid"))["error"] == "invalid_request"


def without_state(bank: Keyed) -> None:
    page = bank.open(bank.push(state=None).json()["request_uri"])
    assert "state" not in answer(bank.decide(page))


def client(path: str, *, ok: bool = False, **change: Any) -> Module:
    """What the assertion says is changed: refused, or taken after all."""

    def module(bank: Keyed) -> None:
        form = bank.asking() if path == PAR else {"grant_type": "authorization_code", "code": "x"}
        made = {name: value() if callable(value) else value for name, value in change.items()}
        done = bank.machine.post(path, bank.proof(bank.assertion(**made)) | form)
        assert (done.status_code != 401) is ok, done.content

    return module


def ago(seconds: int) -> Callable[[], int]:
    return lambda: int(clock.now().timestamp()) - seconds


def without_assertion(bank: Keyed) -> None:
    form = {"grant_type": "authorization_code", "code": "x", "client_id": bank.partner.client_id}
    assert bank.machine.post(TOKEN, form).status_code == 401


def rs256(bank: Keyed) -> None:
    assert (
        "RS256"
        not in Client()
        .get("/.well-known/openid-configuration")
        .json()["token_endpoint_auth_signing_alg_values_supported"]
    )
    form = {"grant_type": "authorization_code", "code": "x"}
    said = signed(bank.says(), jwk.JWK.generate(kty="RSA", size=2048), "RS256")
    assert bank.machine.post(TOKEN, bank.proof(said) | form).status_code == 401


def without_holder(bank: Keyed) -> None:
    assert bank.machine.post(TOKEN, bank.proof() | redeeming(code_of(bank))).json()["error"] == "invalid_dpop_proof"


def no_verifier(bank: Keyed) -> None:
    assert bank.redeem(code_of(bank), code_verifier=None).json()["error"] in {"invalid_grant", "invalid_request"}


def proof(ok: bool, **change: Any) -> Module:
    """The proof at the token endpoint is changed: refused, or taken."""

    def module(bank: Keyed) -> None:
        code = code_of(bank)
        bank.redeem("x")  # so that the nonce is known
        made = {name: value() if callable(value) else value for name, value in change.items()}
        form = bank.proof() | redeeming(code)
        done = bank.machine.post(TOKEN, form, HTTP_DPOP=bank.possession("POST", TOKEN, **made))
        assert (done.status_code == 200) is ok, done.content

    return module


def bound(ok: bool, *, at_par: bool) -> Module:
    """The code is bound to a key (by ``dpop_jkt``, or a proof where it was asked for); redeemed with it, or another."""

    def module(bank: Keyed) -> None:
        jkt, proven = bank.holder.thumbprint(), {}
        if at_par:
            bank.redeem("x")
            proven = {"HTTP_DPOP": bank.possession("POST", PAR)}
        form = bank.proof() | bank.asking("openid", **({} if at_par else {"dpop_jkt": jkt}))
        uri = bank.machine.post(PAR, form, **proven).json()["request_uri"]  # type: ignore[arg-type]
        code = answer(bank.decide(bank.open(uri)))["code"]
        if not ok:
            bank.holder = new_key()
        assert (bank.redeem(code).status_code == 200) is ok

    return module


def other_proof_at_par(bank: Keyed) -> None:
    bank.redeem("x")
    form = bank.proof() | bank.asking(dpop_jkt=new_key().thumbprint())
    done = bank.machine.post(PAR, form, HTTP_DPOP=bank.possession("POST", PAR))
    assert done.json()["error"] == "invalid_request"


def uri_again(bank: Keyed) -> None:
    uri = bank.push(scope="openid").json()["request_uri"]
    answer(bank.decide(bank.open(uri)))
    assert bank.open(uri).status_code == 400


def uri_before_the_end(bank: Keyed) -> None:
    uri = bank.push(scope="openid").json()["request_uri"]
    assert bank.open(uri).status_code == 200
    assert answer(bank.decide(bank.open(uri)))["code"]


def uri_expired(bank: Keyed) -> None:
    done = bank.push().json()
    assert done["expires_in"] == limits.current().oauth.pushed_seconds < 600
    assert bank.open("urn:ietf:params:oauth:request_uri:" + "x" * 43).status_code == 400


def par_by_get(bank: Keyed) -> None:
    assert bank.machine.get(PAR, bank.proof() | bank.asking()).status_code == 405


def bare(bank: Keyed) -> None:
    """Beside the name of what was pushed nothing counts, and nothing more is needed."""
    page = bank.open(bank.push(scope="openid").json()["request_uri"], scope="openid email", state="other")
    assert answer(bank.decide(page))["state"] == "s-1"


FAPI: dict[str, Module] = {
    "happy-flow": flow(),
    "refresh-token": refreshed,
    "user-rejects-authentication": rejected,
    "access-token-type-header-case-sensitivity": lower_case,
    "ensure-other-scope-order-succeeds": flow("profile openid"),
    "test-claims-parameter-identity-claims": identity_claims,
    "test-essential-acr-sca-claim": essential_acr,
    "attempt-reuse-authorization-code-after-one-second": code_again,
    "ensure-redirect-uri-in-authorization-request": pushed("invalid_request", redirect_uri=None),
    "ensure-registered-redirect-uri": pushed("invalid_request", redirect_uri="https://evil.example/"),
    "ensure-response-type-token-fails": pushed("unsupported_response_type", response_type="token"),
    "ensure-response-type-code-idtoken-fails": pushed("unsupported_response_type", response_type="code id_token"),
    "ensure-unsigned-authorization-request-without-using-par-fails": not_pushed,
    "ensure-authorization-request-with-64-char-nonce": flow(nonce="n" * 64),
    "ensure-authorization-request-with-long-nonce": flow(nonce="n" * 384),
    "ensure-authorization-request-with-long-state": flow(state="s" * 384),
    "ensure-authorization-request-without-nonce": flow(nonce=None),
    "ensure-authorization-request-without-state": without_state,
    "ensure-client-assertion-in-token-endpoint": without_assertion,
    "ensure-client-assertion-with-exp-5-minutes-in-past-fails": client(TOKEN, exp=ago(300), iat=ago(400)),
    "ensure-client-assertion-with-no-sub-fails": client(TOKEN, sub=None),
    "ensure-client-assertion-with-wrong-aud-fails": client(TOKEN, aud="https://other.example"),
    "ensure-signed-client-assertion-with-RS256-fails": rs256,
    "ensure-holder-of-key-required": without_holder,
    "ensure-pkce-code-verifier-required": no_verifier,
    "par-ensure-pkce-required": pushed("invalid_request", code_challenge=None, code_challenge_method=None),
    "par-plain-pkce-rejected": pushed("invalid_request", code_challenge=challenge(), code_challenge_method="plain"),
    "check-dpop-proof-nbf-exp": proof(ok=True, nbf=ago(1), exp=ago(-60)),
    "ensure-dpopproof-with-iat-10seconds-before-succeeds": proof(ok=True, iat=ago(10)),
    "ensure-dpopproof-with-iat-10seconds-after-succeeds": proof(ok=True, iat=ago(-10)),
    "dpop-negative-tests": proof(ok=False, htm="GET"),
    "ensure-dpop-auth-code-binding-success": bound(ok=True, at_par=False),
    "ensure-dpopproof-at-par-endpoint-binding-success": bound(ok=True, at_par=True),
    "ensure-mismatched-dpop-jkt-fails": other_proof_at_par,
    "ensure-token-endpoint-fails-with-mismatched-dpop-jkt": bound(ok=False, at_par=False),
    "ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt": bound(ok=False, at_par=True),
    "par-attempt-reuse-request_uri": uri_again,
    "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds": uri_before_the_end,
    "par-attempt-to-use-expired-request_uri": uri_expired,
    "par-attempt-invalid-http-method": par_by_get,
    "par-authorization-request-containing-request_uri": pushed(
        "request_uri_not_supported", request_uri="urn:ietf:params:oauth:request_uri:x"
    ),
    "par-without-duplicate-parameters": bare,
    "par-test-array-as-audience-fails": client(PAR, aud=["http://localhost"]),
    "par-test-par-endpoint-url-as-audience-fails": client(PAR, aud="http://localhost/oauth/par/"),
    "par-test-token-endpoint-url-as-audience-fails": client(PAR, aud="http://localhost/oauth/token/"),
    "par-ensure-jwt-client-assertions-nbf-8-seconds-accepted": client(PAR, ok=True, nbf=ago(-8), iat=ago(-8)),
    "par-ensure-jwt-client-assertions-nbf-over-60-fails": client(PAR, nbf=ago(-61), exp=ago(-120)),
}


@pytest.mark.parametrize("name", FAPI)
def test_fapi2_security_profile_final(bank: Keyed, name: str) -> None:
    FAPI[name](bank)
