"""The token endpoint: codes."""

import base64
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.oauth import tokens
from ciam_portal.oauth.models import AccessToken, AuthorizationCode, IDToken, Partner, RefreshToken
from ciam_portal.oauth.profiles import Profile
from consent.models import Consent
from tests.oauth.walk import VERIFIER, Walk, payload, register

pytestmark = pytest.mark.django_db


def test_what_an_id_token_says(walk: Walk, customer: User) -> None:
    User.objects.update(name="Rosa Lind", phone="+4930123456")
    issued = walk.tokens("openid profile")
    claims = payload(issued["id_token"])
    session = Session.objects.get()
    assert claims["iss"] == settings.PUBLIC_URL
    assert claims["aud"] == walk.partner.client_id
    assert claims["auth_time"] == int(session.auth_time.timestamp())
    assert claims["acr"] == "aal1"
    assert claims["amr"] == ["pwd"]
    assert claims["nonce"] == "n-1"
    assert claims["exp"] - claims["iat"] == 300
    assert claims["at_hash"]
    assert not {"name", "email", "phone_number", "email_verified"} & set(claims)  # userinfo's (OpenID Connect Core 5.4)
    assert str(customer.pk) not in str(claims)
    assert not IDToken.objects.exists()


def test_oidcc_scope_all(walk: Walk, customer: User) -> None:
    User.objects.update(name="Rosa Lind", phone="+4930123456", timezone="Europe/Berlin")
    person = walk.userinfo(walk.tokens("openid profile email phone")["access_token"]).json()
    assert person["email"] == customer.email
    assert person["email_verified"] is True
    assert person["phone_number"] == "+4930123456"
    assert person["phone_number_verified"] is False
    assert person["zoneinfo"] == "Europe/Berlin"


def test_without_openid_there_is_no_id_token(walk: Walk) -> None:
    issued = walk.tokens("profile")
    assert "id_token" not in issued
    assert walk.userinfo(issued["access_token"]).status_code == 403


@pytest.mark.control("OIDC-Core-8")
def test_subjects_are_pairwise_by_sector(walk: Walk, customer: User) -> None:
    other = Walk(*register("Other", redirect_uris=("https://shop.example/callback",), sector="b.example"), walk.browser)
    same = Walk(*register("Same"), walk.browser)
    plain = Walk(*register("Plain", public_subjects=True), walk.browser)
    mine = payload(walk.tokens()["id_token"])["sub"]
    assert payload(other.tokens()["id_token"])["sub"] != mine
    assert payload(same.tokens()["id_token"])["sub"] == mine
    assert payload(plain.tokens()["id_token"])["sub"] == str(customer.pk)


# --- the code


@pytest.mark.control("v5.0.0-10.4.2", "RFC6749-4.1.2", "FAPI2-SP-5.3.2.2-9")
def test_oidcc_codereuse(walk: Walk) -> None:
    code = walk.code("openid offline_access")
    issued = walk.redeem(code).json()
    again = walk.redeem(code)
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"
    assert walk.userinfo(issued["access_token"]).status_code == 401
    assert walk.refresh(issued["refresh_token"]).status_code == 400
    assert AuditEntry.objects.get(name="oauth.code_reused").data["tokens_ended"] == 2


def test_oidcc_codereuse_30seconds(walk: Walk) -> None:
    code = walk.code()
    issued = walk.redeem(code).json()
    AuthorizationCode.objects.update(expires=clock.now() - timedelta(seconds=1))
    assert walk.redeem(code).status_code == 400
    assert walk.userinfo(issued["access_token"]).status_code == 401


@pytest.mark.control("v5.0.0-10.4.3")
def test_fapi_ensure_token_endpoint_fails_with_expired_auth_code(walk: Walk) -> None:
    code = walk.code()
    left = AuthorizationCode.objects.get().expires - clock.now()
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)
    AuthorizationCode.objects.update(expires=clock.now())
    assert walk.redeem(code).json()["error"] == "invalid_grant"


@pytest.mark.control("v5.0.0-10.4.6", "RFC9700-2.1.1")
@pytest.mark.parametrize("verifier", ["w" * 43, "", None, "ü" * 43, "v" * 42])
def test_fapi_incorrect_pkce_code_verifier_rejected_and_the_code_is_burnt(walk: Walk, verifier: str | None) -> None:
    code = walk.code()
    assert walk.redeem(code, code_verifier=verifier).json()["error"] == "invalid_grant"
    assert walk.redeem(code).json()["error"] == "invalid_grant"
    assert not AccessToken.objects.exists()


@pytest.mark.control("RFC9700-2.1.1/downgrade", "RFC9700-4.8.2")
def test_a_verifier_without_challenge_is_refused(walk: Walk) -> None:
    code = walk.code()
    AuthorizationCode.objects.update(code_challenge="", code_challenge_method="")
    assert walk.redeem(code).json()["error"] == "invalid_grant"


def test_a_code_belongs_to_its_partner(walk: Walk) -> None:
    other = Walk(*register("Other"), walk.browser)
    code = walk.code()
    assert other.redeem(code).json()["error"] == "invalid_grant"
    assert walk.redeem(code).status_code == 200


@pytest.mark.parametrize("uri", ["https://shop.example/callback/", "https://shop.example/"])
def test_a_code_belongs_to_its_redirect_uri(walk: Walk, uri: str) -> None:
    assert walk.redeem(walk.code(), redirect_uri=uri).json()["error"] == "invalid_grant"


def test_a_redirect_uri_must_be_sent(walk: Walk) -> None:
    assert walk.redeem(walk.code(), redirect_uri=None).json()["error"] == "invalid_request"


@pytest.mark.control("v5.0.0-8.3.2", "v5.0.0-7.4.2")
@pytest.mark.parametrize("fallen", ["customer", "consent", "session"])
def test_what_a_code_rests_on_is_asked_again(walk: Walk, fallen: str) -> None:
    code = walk.code()
    match fallen:
        case "customer":
            User.objects.update(is_active=False)
        case "consent":
            Consent.objects.update(ended_at=clock.now())
        case "session":
            Session.objects.update(ended_at=clock.now(), end_reason="ended_by_owner")
    assert walk.redeem(code).json()["error"] == "invalid_grant"
    assert not AccessToken.objects.exists()
    assert DecisionEntry.objects.filter(question="consent.may_share", answer="deny").count() == 1


def test_a_partner_that_is_switched_off_is_nobody(walk: Walk) -> None:
    code = walk.code()
    Partner.objects.update(is_enabled=False)
    assert walk.redeem(code).status_code == 401


# --- who asks


@pytest.mark.control("v5.0.0-10.4.10")
def test_oidcc_server_client_secret_post(walk: Walk) -> None:
    form = {"grant_type": "authorization_code", "code": walk.code(), "code_verifier": VERIFIER}
    form |= {"redirect_uri": "https://shop.example/callback", "client_id": walk.partner.client_id}
    wrong = walk.machine.post("/oauth/token/", form | {"client_secret": "x"})
    assert wrong.status_code == 401
    assert wrong["WWW-Authenticate"].startswith("Basic ")
    assert walk.machine.post("/oauth/token/", form).status_code == 401
    assert walk.machine.post("/oauth/token/", form | {"client_secret": walk.secret}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Basic", "Basic ", "Basic !!!", "Basic " + base64.b64encode(b"nocolon").decode(), "Basic ÿÿÿÿ",
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(), "Bearer x", "Basic " + "A" * 5000, "Digest x",
        "Basic " + base64.b64encode(b"a\x00b:c").decode(),
    ],
)  # fmt: skip
def test_broken_credentials_are_wrong_credentials(walk: Walk, header: str) -> None:
    form = {"grant_type": "client_credentials"}
    response = walk.machine.post("/oauth/token/", form, HTTP_AUTHORIZATION=header)
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"


def test_two_ways_at_once_are_refused(walk: Walk) -> None:
    response = walk.redeem(walk.code(), client_id=walk.partner.client_id, client_secret=walk.secret)
    assert response.status_code == 401
    assert walk.redeem(walk.code(), client_id="somebody-else").status_code == 401


def test_fapi_ensure_client_id_in_token_endpoint(walk: Walk) -> None:
    assert walk.redeem(walk.code(), client_id=walk.partner.client_id).status_code == 200


def test_a_public_partner_needs_no_secret_but_the_verifier(public: Walk) -> None:
    assert public.tokens("openid")["id_token"]
    assert public.redeem(public.code(), code_verifier="w" * 43).status_code == 400
    assert public.redeem(public.code(), client_secret="anything").status_code == 401


def test_a_partner_that_acts_for_itself_gets_nothing_of_customers(db: None) -> None:
    partner, secret = register("Machine", profile=Profile.SERVICE)
    Partner.objects.filter(pk=partner.pk).update(scopes_allowed=["email"])  # as no registration would
    asked = Walk(partner, secret).post("/oauth/token/", {"grant_type": "client_credentials", "scope": "email"})
    assert (asked.status_code, asked.json()["error"]) == (400, "invalid_scope")


def test_secrets_are_stored_as_digests(walk: Walk) -> None:
    (kept,) = walk.partner.credentials.values()
    assert kept["digest"].startswith("client_secret$")
    assert walk.secret not in str(kept)


# --- the endpoint


@pytest.mark.control("v5.0.0-10.4.4", "RFC9700-2.4", "RFC9700-2.1.2")
@pytest.mark.parametrize(
    "grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "openid", "", "x" * 500, "ü"]
)
def test_other_grants_do_not_exist(walk: Walk, customer: User, grant: str) -> None:
    form = {"grant_type": grant, "username": customer.email, "password": "correct horse battery staple"}
    response = walk.post("/oauth/token/", form)
    assert response.status_code == 400
    assert response.json()["error"] in {"unsupported_grant_type", "invalid_request"}


def test_a_partner_uses_only_its_own_grant(walk: Walk) -> None:
    assert walk.post("/oauth/token/", {"grant_type": "client_credentials"}).json()["error"] == "unauthorized_client"
    robot = Walk(*register("Robot", profile=Profile.SERVICE), walk.browser)
    assert robot.redeem(walk.code()).json()["error"] == "unauthorized_client"


def test_client_credentials(walk: Walk) -> None:
    robot = Walk(*register("Robot", profile=Profile.SERVICE))
    response = robot.post("/oauth/token/", {"grant_type": "client_credentials"})
    assert response.status_code == 200
    assert set(response.json()) == {"access_token", "expires_in", "token_type", "scope"}
    token = response.json()["access_token"]
    assert robot.userinfo(token).status_code == 401
    assert robot.get("/api/profile", token).status_code == 401
    state = robot.introspect(token)
    assert state["active"] is True
    assert "sub" not in state


@pytest.mark.parametrize("scope", ["openid", "profile email", "admin", "offline_access"])
def test_a_partner_for_itself_gets_no_customers_scopes(scope: str) -> None:
    robot = Walk(*register("Robot", profile=Profile.SERVICE))
    response = robot.post("/oauth/token/", {"grant_type": "client_credentials", "scope": scope})
    assert response.json()["error"] == "invalid_scope"


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
@pytest.mark.parametrize("path", ["token", "revoke", "introspect"])
def test_wrong_methods(path: str, method: str) -> None:
    response = getattr(Client(), method)(f"/oauth/{path}/")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize("path", ["token", "revoke", "introspect"])
def test_repeated_and_oversized_parameters(walk: Walk, path: str) -> None:
    body = "grant_type=authorization_code&code=a&code=b&token=x"
    kind = "application/x-www-form-urlencoded"
    twice = walk.machine.post(f"/oauth/{path}/", body, content_type=kind, HTTP_AUTHORIZATION=walk.basic())
    assert twice.json()["error"] == "invalid_request"
    long = walk.post(f"/oauth/{path}/", {"grant_type": "refresh_token", "token": "x" * 9000})
    assert long.json()["error"] == "invalid_request"
    nul = walk.post(f"/oauth/{path}/", {"grant_type": "refresh_token", "token": "x\x00"})
    assert nul.status_code == 400
    huge = walk.post(f"/oauth/{path}/", {"token": "x" * 400_000})
    assert huge.status_code in {400, 413}
    json = walk.machine.post(f"/oauth/{path}/", "{", content_type="application/json", HTTP_AUTHORIZATION=walk.basic())
    assert json.status_code == 400


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "authorization_code"},
        {"grant_type": "authorization_code", "code": ""},
        {"grant_type": "authorization_code", "code": "ü%00&=", "redirect_uri": "x", "code_verifier": "y"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": "ü<>"},
        {"grant_type": "authorization_code", "code": "x", "redirect_uri": "https://shop.example/callback"},
    ],
)
def test_broken_requests_get_a_standard_error(walk: Walk, form: dict[str, str]) -> None:
    response = walk.post("/oauth/token/", form)
    assert response.status_code == 400
    assert response.json()["error"] in {"invalid_request", "invalid_grant"}
    assert response["Cache-Control"] == "no-store"


def test_parameters_in_the_address_are_not_read(walk: Walk) -> None:
    code = walk.code()
    query = f"/oauth/token/?grant_type=authorization_code&code={code}&client_secret={walk.secret}"
    assert walk.machine.post(query, HTTP_AUTHORIZATION=walk.basic()).status_code == 400


# --- at rest


@pytest.mark.control("RFC9700-4.9.3")
def test_tokens_are_stored_as_digests(walk: Walk) -> None:
    issued = walk.tokens("openid offline_access")
    access, refresh = AccessToken.objects.get(), RefreshToken.objects.get()
    assert access.token == refresh.token == ""
    assert access.token_checksum == tokens.checksum(issued["access_token"])
    assert refresh.token_checksum == tokens.checksum(issued["refresh_token"])
    assert (access.expires - clock.now()) <= timedelta(seconds=300)


def test_nothing_issued_is_in_the_audit(walk: Walk, customer: User) -> None:
    issued = walk.tokens("openid email offline_access")
    text = str(list(AuditEntry.objects.values())) + str(list(DecisionEntry.objects.values()))
    for secret in (issued["access_token"], issued["refresh_token"], walk.secret, customer.email):
        assert secret not in text
