"""What a resource reads by itself (RFC 9068), answers about tokens (RFC 9701); and no token passes for another."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.oauth import backchannel, jwts, keys
from ciam_portal.oauth.models import AccessToken, Resource
from ciam_portal.oauth.partners import Unacceptable
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.resources import signed
from consent.models import Consent, ConsentEvent, Use
from consent.permission import flows
from consent.use import flows as leaving
from consent.use.shapes import Released
from tests.oauth.keyed import Keyed
from tests.oauth.walk import Walk, answer, payload, register, serve

pytestmark = pytest.mark.django_db
ANSWER = {"HTTP_ACCEPT": "application/token-introspection+jwt"}


@pytest.fixture
def api() -> Walk:
    """Who runs an API that reads its tokens by itself."""
    return Walk(*register("Warehouse", profile=Profile.SERVICE))


def read(token: str, kind: str = signed.ACCESS) -> dict[str, Any] | None:
    return jwts.read(token, keys.named, algorithms=jwts.OURS, kinds=(kind,))


@pytest.mark.control("RFC9068-2.1", "RFC9068-2.2", "RFC9068-2.2.1")
def test_a_resource_that_asks_for_it_reads_its_tokens_by_itself(walk: Walk, api: Walk, customer: User) -> None:
    url = serve(api, walk, signed=True)
    issued = walk.tokens("openid profile offline_access", resource=url)
    claims = read(issued["access_token"])
    assert claims is not None
    told = api.introspect(issued["access_token"])
    assert abs(claims.pop("iat") - told.pop("iat")) <= 1
    assert {"active": True, "token_type": "Bearer"} | claims == told  # claim by claim
    assert claims["aud"] == url
    assert claims["client_id"] == walk.partner.client_id
    assert (claims["acr"], claims["amr"]) == ("aal1", ["pwd"])
    assert customer.email not in str(claims)
    assert "name" not in claims
    assert issued["expires_in"] == 300  # it can be taken back: its resource asks
    again = read(walk.refresh(issued["refresh_token"]).json()["access_token"])
    assert again is not None
    assert (again["sub"], again["auth_time"]) == (claims["sub"], claims["auth_time"])
    assert again["jti"] != claims["jti"]
    # Opaque stays the default.
    assert "." not in walk.tokens("openid profile")["access_token"]


def test_who_reads_it_by_themselves_stands_in_the_ledger_each_time_one_is_made(walk: Walk, api: Walk) -> None:
    """Nobody asks us when it is used: so what it tells leaves when it is issued, refreshed, or exchanged for."""

    def lines() -> list[Any]:
        mine = Use.objects.filter(way="access_token", partner=api.partner.pk, result="allowed")
        return sorted(mine.values_list("purpose", "categories", "event", "times"))

    url = serve(api, walk, signed=True)
    said = ConsentEvent.objects.filter(purpose="sign_in")
    opaque = walk.tokens("openid profile offline_access")
    assert lines() == []
    issued = walk.tokens("openid profile offline_access", resource=url)
    assert lines() == [("sign_in", ["pseudonym"], said.latest("number").number, 1)]
    assert walk.refresh(issued["refresh_token"]).status_code == 200
    assert sum(times for *_, times in lines()) == 2
    assert walk.refresh(opaque["refresh_token"]).status_code == 200
    assert walk.refresh(issued["refresh_token"], scope="email").status_code == 400
    assert sum(times for *_, times in lines()) == 2


def test_none_is_made_for_a_resource_that_may_not_be_told_who_it_is(
    walk: Walk, api: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lets it through before: the ledger's answer is asked last."""
    url = serve(api, walk, signed=True)
    code = walk.code("openid", resource=url)
    monkeypatch.setattr(leaving, "release_to_app", lambda *_args, **_more: Released())
    assert walk.redeem(code, resource=url).status_code == 403
    assert not AccessToken.objects.exists()


def test_what_nobody_asks_about_lives_a_minute(walk: Walk, api: Walk) -> None:
    url = serve(api, walk, signed=True, introspects=False)
    issued = walk.tokens("openid", resource=url)
    claims = read(issued["access_token"])
    assert claims is not None
    assert issued["expires_in"] == claims["exp"] - claims["iat"] == 60
    with pytest.raises(Unacceptable, match="asks us"):
        serve(api, walk, url="https://other.example/", introspects=False)


@pytest.mark.control("v5.0.0-10.4.9")
def test_one_that_was_taken_back_is_dead_when_asked_about(walk: Walk, api: Walk, customer: User, by: Any) -> None:
    url = serve(api, walk, signed=True)
    token = walk.tokens("openid", resource=url)["access_token"]
    assert walk.post("/oauth/revoke/", {"token": token}).status_code == 200
    assert api.introspect(token) == {"active": False}
    token = walk.tokens("openid", resource=url)["access_token"]
    flows.withdraw(Consent.objects.get(), by=by, at=clock.now())
    assert api.introspect(token) == {"active": False}


@pytest.mark.control("RFC9068-5")
def test_a_partner_for_itself_is_no_customer(api: Walk) -> None:
    robot = Walk(*register("Robot", profile=Profile.SERVICE))
    url = serve(api, robot, signed=True)
    answered = robot.post("/oauth/token/", {"grant_type": "client_credentials", "resource": url}).json()
    claims = read(answered["access_token"])
    assert claims is not None
    assert claims["sub"] == claims["client_id"] == robot.partner.client_id
    assert "auth_time" not in claims
    assert AccessToken.objects.get().user_id is None


@pytest.mark.control("RFC9701-4", "RFC9701-5")
def test_what_we_answer_about_a_token_is_signed_for_who_wants_it(walk: Walk, api: Walk) -> None:
    url = serve(api, walk)
    token = walk.tokens("openid", resource=url)["access_token"]
    response = api.post("/oauth/introspect/", {"token": token}, **ANSWER)
    assert response["Content-Type"] == "application/token-introspection+jwt"
    claims = read(response.content.decode(), signed.ANSWER)
    assert claims is not None
    assert claims["token_introspection"] == api.introspect(token)
    assert claims.keys() == {"iss", "aud", "iat", "token_introspection"}
    assert (claims["iss"], claims["aud"]) == (settings.PUBLIC_URL, api.partner.client_id)
    for other in (walk, api):
        dead = other.post("/oauth/introspect/", {"token": token if other is walk else "unknown"}, **ANSWER)
        assert payload(dead.content.decode())["token_introspection"] == {"active": False}
    with time_machine.travel(clock.now() + timedelta(hours=1)):
        late = api.post("/oauth/introspect/", {"token": token}, **ANSWER)
        assert payload(late.content.decode())["token_introspection"] == {"active": False}


# --- every kind at every door


class Kinds:
    """One token of each kind that we or a partner sign, all of one customer at one partner."""

    def __init__(self, browser: Client) -> None:
        self.bank = bank = Keyed(browser)
        self.url = serve(bank, bank, signed=True)
        code = answer(bank.decide(bank.open(bank.push(resource=self.url, response_mode="query").json()["request_uri"])))
        issued = bank.redeem(code["code"]).json()
        jarm = bank.open(bank.push(resource=self.url, response_mode="jwt").json()["request_uri"])
        told = bank.post("/oauth/introspect/", {"token": issued["access_token"]}, **ANSWER)
        logout = {"sub": "x", "sid": "x", "jti": "x"}
        self.made = {
            "id token": issued["id_token"],
            "access token": issued["access_token"],
            "logout token": backchannel._token(bank.partner, logout, clock.now()),
            "signed answer": answer(jarm)["response"],
            "introspection answer": told.content.decode(),
            "event": jwts.sign(
                {"iss": settings.PUBLIC_URL, "aud": self.url, "exp": int(time.time()) + 60, "iat": int(time.time())},
                keys.signing_key(),
                "secevent+jwt",
            ),
            "assertion": bank.assertion(),
            "request object": bank.request_object(),
            "proof": bank.possession("GET", "/oauth/userinfo/"),
        }

    def doors(self) -> dict[str, Callable[[str], bool]]:
        bank = self.bank
        plain = bank.machine
        hinted = bank.asking(prompt="none", resource=self.url)
        return {
            "bearer": lambda t: plain.get("/oauth/userinfo/", HTTP_AUTHORIZATION=f"Bearer {t}").status_code == 200,
            "bound": lambda t: bank.get("/api/profile", t).status_code == 200,
            "introspection": lambda t: bool(bank.introspect(t)["active"]),
            "hint": lambda t: "code" in self.asked(hinted | {"id_token_hint": t}),
            "assertion": lambda t: plain.post("/oauth/introspect/", bank.proof(t) | {"token": "x"}).status_code == 200,
            "request": lambda t: bank.post("/oauth/par/", {"request": t}).status_code == 201,
            "possession": self.proven,
        }

    def asked(self, words: dict[str, Any]) -> dict[str, str]:
        pushed = self.bank.post("/oauth/par/", words).json()
        return answer(self.bank.open(pushed["request_uri"]))

    def proven(self, text: str) -> bool:
        form = {"grant_type": "refresh_token", "refresh_token": "unknown"}
        refused = self.bank.post("/oauth/token/", form, HTTP_DPOP=text).json()
        return bool(refused["error"] == "invalid_grant")


RIGHT = {
    ("id token", "hint"),
    ("access token", "introspection"),
    ("assertion", "assertion"),
    ("request object", "request"),
}


@pytest.mark.control("v5.0.0-9.2.2")
def test_no_token_passes_for_one_of_another_kind(customer: User, sign_in: Callable[..., Client]) -> None:
    kinds = Kinds(sign_in(customer))
    taken = {
        (kind, door) for kind, token in kinds.made.items() for door, opens in kinds.doors().items() if opens(token)
    }
    assert taken == RIGHT  # a proof is for one request: this one was for another
    assert Resource.objects.get().is_signed
