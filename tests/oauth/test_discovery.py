"""Discovery and RFC 8414 are true: whatever is claimed there is used here. What is claimed and has no use fails."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet

from accounts.models import IdentityEvidence, Session, User
from accounts.proofing.shapes import PAPERS, Document, Pathway
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy.assurance import ACR_VALUES, Level, Method
from ciam_portal.oauth import actors, ciba, exchange, jwts, scopes, verified
from ciam_portal.oauth.models import Partner, Resource
from ciam_portal.oauth.profiles import Profile
from tests import factories
from tests.decisions.conftest import ACTIONS
from tests.oauth import test_device, test_exchange, test_grants
from tests.oauth.acting import World
from tests.oauth.asking import ORDER, PATH, Asking
from tests.oauth.keyed import Keyed, new_key, signed
from tests.oauth.test_details import ALLOWED, PAYMENT
from tests.oauth.test_device import Television
from tests.oauth.test_verified_claims import PASSPORT, WALLET, asks, parameter, show
from tests.oauth.walk import AFTER, ALL, CALLBACK, VERIFIER, Walk, answer, payload, register

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]
OPENID, OAUTH = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
Use = Callable[["Told", Any], None]
IDENTIFYING = ("identity", "identity_evidence")


def sign_in(who: User, *methods: Method, on: Client) -> Client:
    factories.signed_in(on, who, methods or (Method.PASSWORD,))
    return on


class Told:
    """The documents as they are served, and who uses them: a customer's browser and partners of each kind."""

    def __init__(self, browser: Client, customer: User) -> None:
        self.browser, self.customer = browser, customer
        self.document: dict[str, Any] = Client().get(OPENID).json()

    def path(self, name: str) -> str:
        url: str = self.document[name]
        assert url.startswith(settings.PUBLIC_URL + "/")
        return url.removeprefix(settings.PUBLIC_URL)

    def walk(self, **said: Any) -> Walk:
        return Walk(*register(**said), self.browser)

    def keyed(self, algorithm: str = "ES256") -> Keyed:
        return Keyed(self.browser, algorithm=algorithm, profile=Profile.STANDARD)

    def asking(self, **agent: Any) -> Asking:
        """A customer who is asked, and an agent that asks."""
        Resource.objects.all().delete()
        return Asking(sign_in, **agent)

    def by(self, method: str) -> tuple[Walk, dict[str, Any], dict[str, str]]:
        """A partner that proves itself in this way: what goes into its form, and into its header."""
        match method:
            case "client_secret_basic":
                walk = self.walk()
                return walk, {}, {"HTTP_AUTHORIZATION": walk.basic()}
            case "client_secret_post":
                walk = self.walk()
                return walk, {"client_id": walk.partner.client_id, "client_secret": walk.secret}, {}
            case "private_key_jwt":
                keyed = self.keyed()
                return keyed, keyed.proof(), {}
            case "none":
                walk = self.walk(profile=Profile.BROWSER)
                return walk, {"client_id": walk.partner.client_id}, {}
        raise AssertionError(method)


@pytest.fixture
def told(customer: User, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch) -> Told:
    for algorithm in ("PS256", "RS256"):
        monkeypatch.setitem(jwts._NEW[algorithm], "size", 2048)  # 3072 take seconds to make
    User.objects.update(name="Rosa Lind", phone="+4930123456", timezone="Europe/Berlin")
    return Told(sign_in(customer), customer)


def each(use: Use) -> Use:
    def run(told: Told, claimed: Any) -> None:
        assert claimed
        for one in claimed:
            use(told, one)

    return run


def never(_told: Told, claimed: Any) -> None:
    assert claimed is False


def redeeming(walk: Walk) -> dict[str, Any]:
    code = walk.code("openid")
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}


def issuer(told: Told, claimed: str) -> None:
    assert claimed == settings.PUBLIC_URL == payload(told.walk().tokens("openid")["id_token"])["iss"]


def authorization_endpoint(told: Told, _claimed: str) -> None:
    query = told.walk().ask().wsgi_request.GET.dict()
    assert told.browser.get(told.path("authorization_endpoint"), query).status_code == 200


def token_endpoint(told: Told, _claimed: str) -> None:
    walk = told.walk()
    form = {
        "grant_type": "authorization_code",
        "code": walk.code(),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    assert walk.post(told.path("token_endpoint"), form).json()["access_token"]


def token_endpoint_auth_method(told: Told, method: str) -> None:
    walk, form, headers = told.by(method)
    form |= {
        "grant_type": "authorization_code",
        "code": walk.code(),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    assert Client().post(told.path("token_endpoint"), form, **headers).json()["access_token"]  # type: ignore[arg-type]


def revocation_endpoint(told: Told, _claimed: str) -> None:
    walk = told.walk()
    token = walk.tokens()["access_token"]
    assert walk.post(told.path("revocation_endpoint"), {"token": token}).status_code == 200
    assert walk.userinfo(token).status_code == 401


def revocation_endpoint_auth_method(told: Told, method: str) -> None:
    _walk, form, headers = told.by(method)
    done = Client().post(told.path("revocation_endpoint"), form | {"token": "x"}, **headers)  # type: ignore[arg-type]
    assert done.status_code == 200


def introspection_endpoint(told: Told, _claimed: str) -> None:
    walk = told.walk()
    asked = {"token": walk.tokens()["access_token"]}
    assert walk.post(told.path("introspection_endpoint"), asked).json()["active"] is True


def introspection_endpoint_auth_method(told: Told, method: str) -> None:
    _walk, form, headers = told.by(method)
    done = Client().post(told.path("introspection_endpoint"), form | {"token": "x"}, **headers)  # type: ignore[arg-type]
    assert done.json() == {"active": False}


def endpoint_auth_signing_alg(name: str) -> Use:
    def use(told: Told, algorithm: str) -> None:
        keyed = told.keyed(algorithm)
        form = {"token": "x", "grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}
        done = Client().post(told.path(name), form | keyed.proof())
        assert done.status_code != 401
        assert b"invalid_client" not in done.content

    return use


def introspection_signing_alg(told: Told, algorithm: str) -> None:
    walk = told.walk(algorithm=algorithm)
    signed = walk.post("/oauth/introspect/", {"token": "x"}, HTTP_ACCEPT="application/token-introspection+jwt")
    assert jwts.unverified(signed.text)[0]["alg"] == algorithm


def jwks_uri(told: Told, _claimed: str) -> None:
    known = KeySet.import_key_set(Client().get(told.path("jwks_uri")).json())
    assert jwt.decode(told.walk().tokens("openid")["id_token"], known, algorithms=["ES256"]).claims["sub"]


def scope(told: Told, name: str) -> None:
    if name not in scopes.OWN:
        asked = f"openid {name}"
        given = Walk(*register(scopes=ALL), told.browser).ask(asked)
        assert given.status_code == 200 or given["Location"].startswith("/prove/")  # activity asks for a second factor
        return
    partner = told.walk(scopes=("openid", name))
    issued = partner.post("/oauth/token/", {"grant_type": "client_credentials", "scope": name}).json()
    assert issued["scope"] == name


def response_type(told: Told, kind: str) -> None:
    assert answer(told.walk().ask(response_type=kind, prompt="none"))["error"] == "consent_required"


def response_mode(told: Told, mode: str) -> None:
    walk = told.walk()
    done = walk.decide(walk.ask("openid", response_mode=mode))
    name = "response" if "jwt" in mode else "code"
    if mode.startswith("form_post"):
        assert f'name="{name}"' in done.text
    else:
        assert name in answer(done)


def authorization_signing_alg(told: Told, algorithm: str) -> None:
    told_so = answer(told.walk(algorithm=algorithm).ask(response_mode="jwt", prompt="none"))["response"]
    assert jwts.unverified(told_so)[0]["alg"] == algorithm


def id_token_signing_alg(told: Told, algorithm: str) -> None:
    assert jwts.unverified(told.walk(algorithm=algorithm).tokens("openid")["id_token"])[0]["alg"] == algorithm


def grant_type(told: Told, name: str) -> None:
    match name:
        case "authorization_code":
            assert told.walk().tokens()["access_token"]
        case "refresh_token":
            walk = told.walk()
            assert walk.refresh(walk.tokens("openid offline_access")["refresh_token"]).status_code == 200
        case "client_credentials":
            service = told.walk(profile=Profile.SERVICE)
            assert service.post("/oauth/token/", {"grant_type": name}).status_code == 200
        case test_device.GRANT:
            television = Television(told.browser)
            assert television.poll(television.allowed()).json()["access_token"]
        case ciba.GRANT:
            asking = told.asking()
            asked = asking.asks()
            asking.approve()
            assert asking.poll(asked).json()["access_token"]
        case exchange.GRANT:
            assert test_exchange.Chain(told.browser).onward().status_code == 200
        case _:
            raise AssertionError(f"{name} has no use here")


def device_authorization_endpoint(told: Told, _claimed: str) -> None:
    asked = Television().post(told.path("device_authorization_endpoint"), {"scope": "openid"}).json()
    assert told.browser.get(asked["verification_uri"].removeprefix(settings.PUBLIC_URL)).status_code == 200


def code_challenge_method(told: Told, method: str) -> None:
    assert told.walk().tokens(code_challenge_method=method)["access_token"]


def pushed_authorization_request_endpoint(told: Told, _claimed: str) -> None:
    keyed = told.keyed()
    done = keyed.post(told.path("pushed_authorization_request_endpoint"), keyed.asking())
    assert keyed.open(done.json()["request_uri"]).status_code == 200


def request_object_signing_alg(told: Told, algorithm: str) -> None:
    keyed = told.keyed(algorithm)
    query = {"client_id": keyed.partner.client_id, "request": keyed.request_object()}
    again = told.browser.get("/oauth/authorize/", query)["Location"]
    assert told.browser.get(again).status_code == 200


def request_parameter(told: Told, claimed: bool) -> None:
    assert claimed is True
    request_object_signing_alg(told, "ES256")


def dpop_signing_alg(told: Told, algorithm: str) -> None:
    keyed = told.keyed()
    keyed.holder = new_key(algorithm)
    form, done = redeeming(keyed), None
    for _ in range(2):  # the first answer names the nonce
        now = keyed.says(htm="POST", htu=told.document["token_endpoint"], nonce=keyed.nonce)
        proof = signed(now, keyed.holder, algorithm, typ="dpop+jwt", jwk=keyed.holder.export_public(as_dict=True))
        done = Client().post("/oauth/token/", keyed.proof() | form, HTTP_DPOP=proof)
        keyed.nonce = done["DPoP-Nonce"]
    assert done is not None
    assert done.json()["token_type"] == "DPoP"


def authorization_response_iss_parameter(told: Told, claimed: bool) -> None:
    assert claimed is True
    assert answer(told.walk().ask(prompt="none"))["iss"] == settings.PUBLIC_URL


def delivery_mode(told: Told, mode: str) -> None:
    asking = told.asking(**({"notification_endpoint": "https://agent.example/told"} if mode == ciba.PING else {}))
    asking.asks(client_notification_token="t-1")
    asking.approve()
    assert Notice.objects.filter(channel="ciba").exists() is (mode == ciba.PING)


def ask_endpoint(told: Told, _claimed: str) -> None:
    assert told.path("backchannel_authentication_endpoint") == PATH
    assert told.asking().start(user_code="1234").status_code == 200  # which nobody asks for


def authorization_details_type(told: Told, kind: str) -> None:
    if kind == ORDER["type"]:
        assert told.asking().start(ORDER).status_code == 200
        return
    keyed = Keyed(
        told.browser, profile=Profile.STANDARD, authorization_details_types=tuple(ALLOWED), decision_actions=ACTIONS
    )
    assert kind == PAYMENT["type"]
    assert keyed.push(authorization_details=json.dumps([PAYMENT])).status_code == 201


def userinfo_endpoint(told: Told, _claimed: str) -> None:
    walk = told.walk()
    assert walk.get(told.path("userinfo_endpoint"), walk.tokens()["access_token"]).json()["sub"]


def backchannel_logout(told: Told, claimed: bool) -> None:
    assert claimed is True
    walk = told.walk(backchannel_logout_uri="https://shop.example/over")
    assert payload(walk.tokens("openid")["id_token"])["sid"]
    told.browser.post("/sign-out/")
    assert Notice.objects.filter(channel="partner").count() == 1


def end_session_endpoint(told: Told, _claimed: str) -> None:
    walk = told.walk()
    leaving = {"id_token_hint": walk.tokens("openid")["id_token"], "post_logout_redirect_uri": AFTER}
    assert told.browser.get(told.path("end_session_endpoint"), leaving)["Location"] == AFTER


def subject_type(told: Told, kind: str) -> None:
    sub = payload(told.walk(public_subjects=kind == "public").tokens("openid")["id_token"])["sub"]
    assert (sub == str(told.customer.pk)) is (kind == "public")


def claims(told: Told, claimed: list[str]) -> None:
    walk = told.walk(backchannel_logout_uri="https://shop.example/over", scopes=(*ALL, *IDENTIFYING))
    show(told.customer)
    issued = walk.tokens("openid profile email phone identity")
    said = payload(issued["id_token"]) | walk.userinfo(issued["access_token"]).json()
    assert set(said) == set(claimed)


def asserted(told: Told, *claims: str, **how: Any) -> Any:
    """What a partner is told that asks for this."""
    walk = told.walk(scopes=("openid", *IDENTIFYING))
    wanted = parameter(asks({"trust_framework": None} | how, claims or ["birthdate"]))
    return walk.userinfo(walk.tokens("openid", claims=wanted)["access_token"]).json()["verified_claims"]


def shown(told: Told, **changed: Any) -> None:
    IdentityEvidence.objects.all().delete()
    show(told.customer, replace(PASSPORT, **changed))


def verified_claims(told: Told, claimed: bool) -> None:
    assert claimed is True
    shown(told)
    assert asserted(told)["claims"]


def trust_framework(told: Told, name: str) -> None:
    shown(told)
    assert asserted(told, trust_framework={"value": name})["verification"] == {"trust_framework": name}


def evidence(told: Told, kind: str) -> None:
    shown(told)
    show(told.customer, WALLET)
    wanted = [{"type": {"value": kind}}]
    assert asserted(told, evidence=wanted)["verification"]["evidence"] == [{"type": kind}]


def evidence_of(kind: str, member: str) -> Use:
    def run(told: Told, name: str) -> None:
        documents = [each for each in Document if (each in PAPERS) is (kind == verified.DOCUMENT)]
        types = verified.DOCUMENTS if kind == verified.DOCUMENT else verified.RECORDS
        shown(told, document=documents[types.index(name)])
        wanted = [{"type": {"value": kind}, member: {"type": {"value": name}}}]
        assert asserted(told, evidence=wanted)["verification"]["evidence"][0][member] == {"type": name}

    return run


def check_method(told: Told, method: str) -> None:
    shown(told)
    show(told.customer, replace(PASSPORT, pathway=Pathway.REMOTE_ATTENDED))
    wanted = [{"type": {"value": "document"}, "check_details": [{"check_method": {"value": method}}]}]
    assert asserted(told, evidence=wanted)["verification"]["evidence"][0]["check_details"] == [{"check_method": method}]


def verified_claim(told: Told, name: str) -> None:
    shown(told, name="Rosa Lind")
    assert set(asserted(told, name)["claims"]) == {name}


def claim_type(_told: Told, kind: str) -> None:
    assert kind == "normal"


def claims_parameter(told: Told, claimed: bool) -> None:
    assert claimed is True
    walk = told.walk()
    issued = walk.tokens("openid", claims='{"id_token": {"name": null}, "userinfo": {"email": {"essential": true}}}')
    assert payload(issued["id_token"])["name"] == "Rosa Lind"
    assert walk.userinfo(issued["access_token"]).json()["email"] == told.customer.email


def request_uri_parameter(told: Told, claimed: bool) -> None:
    assert claimed is False
    refused = answer(told.walk().ask(request_uri="https://shop.example/r"))
    assert refused["error"] == "request_uri_not_supported"


def acr_value(told: Told, acr: str) -> None:
    level = next(each for each in Level if each.acr == acr)
    Session.objects.update(level=level, methods=[Method.PASSWORD, Method.TOTP])
    wanted = f'{{"id_token": {{"acr": {{"essential": true, "value": "{acr}"}}}}}}'
    assert payload(told.walk().tokens("openid", claims=wanted)["id_token"])["acr"] == acr


def prompt_value(told: Told, prompt: str) -> None:
    page = told.walk().ask("openid", prompt=prompt)
    assert page.status_code == 200 or "invalid_request" not in page["Location"]


def display_value(told: Told, display: str) -> None:
    assert told.walk().ask(display=display).status_code == 200


def ui_locale(told: Told, language: str) -> None:
    page = told.walk().ask(ui_locales=f"xx {language}")
    assert any(name.endswith("language") and each.value == language for name, each in page.cookies.items())


def protected_resource(told: Told, uri: str) -> None:
    path = uri.removeprefix(settings.PUBLIC_URL)
    assert Client().get(f"/.well-known/oauth-protected-resource{path}").json()["resource"] == uri


def grant_management_endpoint(told: Told, _claimed: str) -> None:
    manager = test_grants.Manager(told.browser)
    grant = manager.tokens("openid")["grant_id"]
    path = f"{told.path('grant_management_endpoint')}/{grant}"
    assert manager.query(path).json()["scopes"] == [{"scope": "openid"}]


def grant_management_action(told: Told, action: str) -> None:
    manager = test_grants.Manager(told.browser)
    grant = manager.tokens("openid")["grant_id"]
    match action:
        case "query":
            assert manager.query(manager.path(grant)).status_code == 200
        case "revoke":
            assert manager.revoke(manager.path(grant)).status_code == 204
        case "create":
            assert manager.tokens("openid", grant_management_action="create")["grant_id"] != grant
        case "merge" | "replace":
            assert manager.tokens("openid", grant_management_action=action, grant_id=grant)["grant_id"] == grant
        case _:
            raise AssertionError(action)


def actor_profile(told: Told, claimed: Any) -> None:
    """Each kind of token that it names is taken in its place, and none is issued that it does not name."""
    world = World(sign_in)
    (subject,), (actor,), (issued,) = (
        claimed[f"{name}_token_types_supported"] for name in ("subject", "actor", "requested")
    )
    answer = world.swap(subject_token_type=subject, actor_token_type=actor, requested_token_type=issued).json()
    assert answer["issued_token_type"] == issued
    assert world.his.introspect(answer["access_token"])["act"]["sub_profile"] == actors.USER


def entity_profile(told: Told, claimed: Any) -> None:
    """A person, a service and an agent act; the tests of each use them."""
    agent = told.walk(profile=Profile.AGENT_APP, scopes=("profile",), maker="Robots Ltd").partner
    acting = actors.person(), actors.service(told.walk().partner, None), actors.program(agent)
    known = actors.client(agent)
    assert claimed == {
        "client": [known["client_profile"]],
        "subject": [known["sub_profile"]],
        "actor": [each["sub_profile"] for each in acting],
    }


USES: dict[str, Use] = {
    "actor_profile_token_exchange": actor_profile,
    "entity_profiles_supported": entity_profile,
    "issuer": issuer,
    "authorization_endpoint": authorization_endpoint,
    "token_endpoint": token_endpoint,
    "token_endpoint_auth_methods_supported": each(token_endpoint_auth_method),
    "token_endpoint_auth_signing_alg_values_supported": each(endpoint_auth_signing_alg("token_endpoint")),
    "revocation_endpoint": revocation_endpoint,
    "revocation_endpoint_auth_methods_supported": each(revocation_endpoint_auth_method),
    "revocation_endpoint_auth_signing_alg_values_supported": each(endpoint_auth_signing_alg("revocation_endpoint")),
    "introspection_endpoint": introspection_endpoint,
    "introspection_endpoint_auth_methods_supported": each(introspection_endpoint_auth_method),
    "introspection_endpoint_auth_signing_alg_values_supported": each(
        endpoint_auth_signing_alg("introspection_endpoint")
    ),
    "introspection_signing_alg_values_supported": each(introspection_signing_alg),
    "device_authorization_endpoint": device_authorization_endpoint,
    "jwks_uri": jwks_uri,
    "scopes_supported": each(scope),
    "response_types_supported": each(response_type),
    "response_modes_supported": each(response_mode),
    "authorization_signing_alg_values_supported": each(authorization_signing_alg),
    "id_token_signing_alg_values_supported": each(id_token_signing_alg),
    "grant_types_supported": each(grant_type),
    "code_challenge_methods_supported": each(code_challenge_method),
    "pushed_authorization_request_endpoint": pushed_authorization_request_endpoint,
    "require_pushed_authorization_requests": never,
    "require_signed_request_object": never,
    "request_object_signing_alg_values_supported": each(request_object_signing_alg),
    "request_parameter_supported": request_parameter,
    "request_uri_parameter_supported": request_uri_parameter,
    "dpop_signing_alg_values_supported": each(dpop_signing_alg),
    "authorization_response_iss_parameter_supported": authorization_response_iss_parameter,
    "authorization_details_types_supported": each(authorization_details_type),
    "grant_management_actions_supported": each(grant_management_action),
    "grant_management_action_required": never,
    "grant_management_endpoint": grant_management_endpoint,
    "userinfo_endpoint": userinfo_endpoint,
    "backchannel_authentication_endpoint": ask_endpoint,
    "backchannel_token_delivery_modes_supported": each(delivery_mode),
    "backchannel_user_code_parameter_supported": never,
    "backchannel_logout_supported": backchannel_logout,
    "backchannel_logout_session_supported": backchannel_logout,
    "end_session_endpoint": end_session_endpoint,
    "subject_types_supported": each(subject_type),
    "claims_supported": claims,
    "claim_types_supported": each(claim_type),
    "claims_parameter_supported": claims_parameter,
    "verified_claims_supported": verified_claims,
    "trust_frameworks_supported": each(trust_framework),
    "evidence_supported": each(evidence),
    "documents_supported": each(evidence_of(verified.DOCUMENT, "document_details")),
    "documents_check_methods_supported": each(check_method),
    "electronic_records_supported": each(evidence_of(verified.RECORD, "record")),
    "claims_in_verified_claims_supported": each(verified_claim),
    "acr_values_supported": each(acr_value),
    "prompt_values_supported": each(prompt_value),
    "display_values_supported": each(display_value),
    "ui_locales_supported": each(ui_locale),
    "protected_resources": each(protected_resource),
}


@pytest.mark.control("OIDC-Disc-4.2", "RFC8414-3.3")
def test_what_is_claimed_has_a_use(told: Told) -> None:
    assert set(told.document) <= set(USES), "claimed, and used by nobody here"
    other = Client().get(OAUTH).json()
    assert other == {name: told.document[name] for name in other}
    assert {"id_token_signing_alg_values_supported", "subject_types_supported"} <= set(told.document)


@pytest.mark.control("OIDC-Disc-4.2", "RFC8414-3.3")
@pytest.mark.parametrize("name", USES)
def test_it_is_true(told: Told, name: str) -> None:
    if name in told.document:
        USES[name](told, told.document[name])


def test_every_level_and_every_profile_is_one_that_is_told_of(told: Told) -> None:
    assert told.document["acr_values_supported"] == list(ACR_VALUES)
    assert "RS256" in told.document["id_token_signing_alg_values_supported"]
    assert Partner._meta.get_field("algorithm").default == "ES256"
