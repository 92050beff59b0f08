"""Token exchange (RFC 8693): for less, or for another resource; never for more, for longer, or for somebody else."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from accounts.models import Session, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Risk
from ciam_portal.oauth import exchange, jwts, keys
from ciam_portal.oauth.models import AccessToken, Partner
from ciam_portal.oauth.partners import Unacceptable
from ciam_portal.oauth.profiles import Profile
from consent.exchange import policy
from consent.exchange.policy import Exchanging, Why
from consent.models import Consent
from consent.permission import flows
from tests.conftest import NOON
from tests.oauth.keyed import Keyed
from tests.oauth.walk import Walk, register, serve

pytestmark = pytest.mark.django_db
AWAY = "openid profile offline_access"


def server(name: str, **said: Any) -> Walk:
    """Who runs an API and may exchange what it is sent."""
    words = {"profile": Profile.SERVICE, "may_exchange": True, "scopes": ("openid", "profile")} | said
    return Walk(*register(name, **words))


def swap(who: Walk, token: str, **said: Any) -> Any:
    form = {"grant_type": exchange.GRANT, "subject_token": token, "subject_token_type": exchange.ACCESS_TOKEN} | said
    return who.post("/oauth/token/", {name: value for name, value in form.items() if value is not None})


def error(response: Any) -> str:
    assert response.status_code == 400, response.content
    return str(response.json()["error"])


class Chain:
    """A shop, the warehouse's API that it calls, and the carrier's API that the warehouse calls."""

    def __init__(self, browser: Client, **said: Any) -> None:
        self.shop = Walk(*register("Shop", may_exchange=True), browser)
        self.warehouse, self.carrier = server("Warehouse"), server("Carrier")
        self.here = serve(self.warehouse, self.shop, url="https://warehouse.example/")
        self.there = serve(self.carrier, self.warehouse, url="https://carrier.example/", **said)
        self.token = self.shop.tokens(AWAY, resource=self.here)["access_token"]

    def onward(self, **said: Any) -> Any:
        return swap(self.warehouse, self.token, resource=self.there, **said)


@pytest.fixture
def chain(customer: User, sign_in: Callable[..., Client]) -> Chain:
    return Chain(sign_in(customer))


# --- what may be exchanged


RIGHT = Exchanging(
    ends_at=NOON + timedelta(seconds=1), was_issued_to_it=False, is_for_it=True, jkt="", proven="", acted=0,
    held=frozenset({"openid", "profile"}), asked=frozenset({"openid"}), target_stands=True, target_is_ours=False,
    target_was_agreed=False, audience_is_ours=False, details_stand=True,
)  # fmt: skip
OWN = {"was_issued_to_it": True, "is_for_it": False, "target_was_agreed": True}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        (OWN, None),
        (OWN | {"target_is_ours": True, "audience_is_ours": True, "target_was_agreed": False}, None),
        ({"ends_at": NOON}, Why.EXPIRED),
        ({"is_for_it": False}, Why.NOT_THEIRS),
        ({"jkt": "a"}, Why.WRONG_KEY),
        ({"jkt": "a", "proven": "b"}, None),  # bound to the key of who was sent it
        (OWN | {"jkt": "a", "proven": "b"}, Why.WRONG_KEY),
        (OWN | {"jkt": "a", "proven": "a"}, None),
        ({"acted": 3}, None),
        ({"acted": 4}, Why.TOO_DEEP),
        (OWN | {"acted": 4}, None),
        ({"target_stands": False}, Why.WRONG_TARGET),
        (OWN | {"target_was_agreed": False}, Why.WRONG_TARGET),
        ({"target_is_ours": True, "audience_is_ours": True}, Why.WRONG_TARGET),  # nearer to the customer's data
        (OWN | {"target_is_ours": True}, Why.WRONG_TARGET),  # from a resource's token back to all of ours
        ({"details_stand": False}, Why.WRONG_DETAILS),
        ({"asked": frozenset({"email"})}, Why.TOO_WIDE),
        ({"asked": frozenset()}, None),
    ],
)
def test_what_may_be_exchanged(changed: dict[str, Any], why: Why | None) -> None:
    assert policy.flaw(replace(RIGHT, **changed), limits=limits.current(), at=NOON) == why


# --- at the token endpoint


@pytest.mark.control("RFC8693-2.1", "RFC8693-2.2", "v5.0.0-8.3.3")
def test_who_was_sent_a_token_gets_one_for_the_next_resource(chain: Chain) -> None:
    answered = chain.onward(scope="openid")
    issued = answered.json()
    assert answered.status_code == 200, answered.content
    assert issued.keys() == {"access_token", "token_type", "expires_in", "scope", "issued_token_type"}
    assert (issued["issued_token_type"], issued["scope"]) == (exchange.ACCESS_TOKEN, "openid")
    told = chain.carrier.introspect(issued["access_token"])
    assert told["active"] is True
    assert told["aud"] == chain.there
    assert told["client_id"] == chain.warehouse.partner.client_id
    actor = {"iss": settings.PUBLIC_URL, "sub": chain.warehouse.partner.client_id, "sub_profile": "service"}
    assert told["act"] == actor
    for stranger in (chain.shop, chain.warehouse):
        assert stranger.introspect(issued["access_token"]) == {"active": False}
    assert chain.shop.userinfo(issued["access_token"]).status_code == 401
    event = AuditEntry.objects.get(name="oauth.token_exchanged")
    assert event.data["acted"] == 1
    assert "act" not in chain.warehouse.introspect(chain.token)


@pytest.mark.control("RFC8693-4.1")
def test_the_chain_is_kept_as_it_is_and_ends_at_its_limit(chain: Chain) -> None:
    token, before = chain.onward().json()["access_token"], None
    hosts = [chain.carrier, *(server(f"Hop {each}") for each in range(4))]
    for depth, (sender, receiver) in enumerate(itertools.pairwise(hosts), 2):
        url = serve(receiver, sender, url=f"https://hop{depth}.example/", signed=True)
        before = sender.introspect(token)["act"]
        answered = swap(sender, token, resource=url)
        if depth > 4:
            assert error(answered) == "invalid_request"
            break
        token = answered.json()["access_token"]
        told = receiver.introspect(token)
        assert told["act"] | {"act": None} == {
            "iss": settings.PUBLIC_URL, "sub": sender.partner.client_id, "sub_profile": "service", "act": None,
        }  # fmt: skip
        assert told["act"]["act"] == before
        claims = jwts.read(token, keys.named, algorithms=jwts.OURS, kinds=("at+jwt",))
        assert claims is not None
        assert claims["act"] == told["act"]  # the token and what is told of it agree
    assert AuditEntry.objects.filter(name="oauth.exchange_refused", data__why="too_deep").count() == 1


def test_a_partner_makes_less_of_its_own(walk: Walk) -> None:
    Partner.objects.update(may_exchange=True)
    token = walk.tokens("openid profile email")["access_token"]
    here = f"{settings.PUBLIC_URL}/api/profile"
    less = swap(walk, token, resource=here, scope="openid email").json()["access_token"]
    assert walk.get("/api/profile", less).json()["subject"].keys() == {"sub", "email", "email_verified"}
    assert walk.userinfo(less).status_code == 401
    assert "act" not in walk.introspect(less)
    assert error(swap(walk, less, resource=f"{settings.PUBLIC_URL}/oauth/userinfo/")) == "invalid_target"
    assert error(swap(walk, less, scope="openid profile")) == "invalid_scope"
    assert swap(walk, less, scope="openid").status_code == 200  # the same resource


def test_nothing_lives_longer_however_often_it_is_exchanged(chain: Chain) -> None:
    """CVE-2026-96460: a fresh life at each exchange is access for ever."""
    first = AccessToken.objects.get()
    token = chain.onward().json()["access_token"]
    with time_machine.travel(first.expires - timedelta(seconds=20)):
        for _each in range(20):
            answered = swap(chain.carrier, token, resource=chain.there)
            if answered.status_code != 200:
                break
            token = answered.json()["access_token"]
            assert answered.json()["expires_in"] <= 20
        late = chain.onward()
        assert late.json()["expires_in"] <= 20
    assert not AccessToken.objects.filter(expires__gt=first.expires).exists()
    with time_machine.travel(first.expires):
        assert error(chain.onward()) == "invalid_grant"
        assert chain.carrier.introspect(token) == {"active": False}


@pytest.mark.parametrize("how", ["revoked", "family", "withdrawn", "signed out", "shop off", "resource off"])
def test_what_ends_a_token_ends_what_came_of_it(chain: Chain, how: str, by: Actor) -> None:
    held = chain.onward().json()["access_token"]
    last = serve(server("Last"), chain.carrier, url="https://last.example/")
    assert swap(chain.carrier, held, resource=last).status_code == 200
    match how:
        case "revoked":
            chain.shop.post("/oauth/revoke/", {"token": chain.token})
        case "family":
            again = chain.shop.tokens(AWAY, resource=chain.here)
            held = swap(chain.warehouse, again["access_token"], resource=chain.there).json()["access_token"]
            chain.shop.post("/oauth/revoke/", {"token": again["refresh_token"]})
        case "withdrawn":
            flows.withdraw(Consent.objects.get(), by=by, at=clock.now())
            assert not AccessToken.objects.exists()
        case "signed out":
            sessions.end_all(User.objects.exclude(email="owner@shop.example").get(), by=by, at=clock.now())
        case "shop off":
            Partner.objects.filter(pk=chain.shop.partner.pk).update(is_enabled=False)
        case "resource off":
            chain.carrier.partner.resource_set.update(is_enabled=False)
    assert chain.carrier.introspect(held) == {"active": False}
    if how == "revoked":
        assert AccessToken.objects.count() == 0
    if how not in {"family", "resource off"}:
        assert error(chain.onward()) == "invalid_grant"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token": "x" * 3999}, "invalid_grant"),
        ({"subject_token": "x" * 4001}, "invalid_grant"),
        ({"subject_token": "x" * 65_536}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token": "x", "actor_token_type": exchange.ACCESS_TOKEN}, "invalid_request"),
        ({"actor_token_type": exchange.ACCESS_TOKEN}, "invalid_request"),
        ({"audience": "carrier"}, "invalid_target"),
        ({"resource": "https://unknown.example/"}, "invalid_target"),
        ({"resource": "{ours}/api/profile"}, "invalid_target"),
        ({"scope": "openid email"}, "invalid_scope"),
    ],
)
def test_what_is_not_understood_is_refused_and_makes_no_other_request(
    chain: Chain, said: dict[str, Any], told: str
) -> None:
    before = AccessToken.objects.count()
    words = {name: value.format(ours=settings.PUBLIC_URL) if value else None for name, value in said.items()}
    assert error(swap(chain.warehouse, chain.token, **({"resource": chain.there} | words))) == told
    assert AccessToken.objects.count() == before


def test_only_who_is_registered_for_it_and_holds_it_exchanges(chain: Chain, walk: Walk) -> None:
    plain = Walk(*register("Plain", profile=Profile.SERVICE))
    assert error(swap(plain, chain.token)) == "unauthorized_client"
    assert error(swap(chain.carrier, chain.token, resource=chain.here)) == "invalid_grant"
    assert AuditEntry.objects.latest("pk").data["why"] in {"not_theirs", "wrong_target"}
    robot = chain.warehouse.post("/oauth/token/", {"grant_type": "client_credentials"}).json()["access_token"]
    refresh = chain.shop.tokens(AWAY)["refresh_token"]
    for token in (robot, refresh, "unknown", chain.shop.code("openid")):
        assert error(swap(chain.warehouse, token, resource=chain.there)) == "invalid_grant"
    assert AuditEntry.objects.filter(name="oauth.exchange_refused", data__why="ended").count() == 4
    wrong = chain.shop.machine.post("/oauth/token/", {"grant_type": exchange.GRANT, "subject_token": chain.token})
    assert wrong.status_code == 401
    with pytest.raises(Unacceptable):
        register("App", profile=Profile.BROWSER, may_exchange=True)


def test_a_ceiling_of_nothing_is_nothing(chain: Chain) -> None:
    Partner.objects.filter(pk=chain.warehouse.partner.pk).update(scopes_allowed=[])
    assert error(chain.onward()) == "invalid_scope"


def test_the_gate_is_asked_as_for_every_grant(chain: Chain) -> None:
    Session.objects.update(risk=Risk.SEVERE)
    assert error(chain.onward()) == "invalid_grant"
    assert AuditEntry.objects.get(name="oauth.exchange_refused").data["why"] == "not_allowed"


def test_a_bound_token_is_never_exchanged_for_one_that_is_not(customer: User, sign_in: Callable[..., Client]) -> None:
    bank = Keyed(sign_in(customer), may_exchange=True)
    warehouse, carrier = server("Warehouse"), server("Carrier")
    here, there = serve(warehouse, bank, url="https://a.example/"), serve(carrier, warehouse, url="https://b.example/")
    code = bank.decide(bank.open(bank.push(resource=here).json()["request_uri"]))["Location"]
    token = bank.redeem(code.split("code=")[1].split("&")[0]).json()["access_token"]
    assert error(swap(warehouse, token, resource=there)) == "invalid_grant"
    proof = bank.possession("POST", "/oauth/token/")
    form = {"subject_token": token, "subject_token_type": exchange.ACCESS_TOKEN, "resource": there}
    bound = warehouse.post("/oauth/token/", {"grant_type": exchange.GRANT} | form, HTTP_DPOP=proof)
    assert bound.json()["token_type"] == "DPoP"
    assert carrier.introspect(bound.json()["access_token"])["cnf"]["jkt"] == bank.holder.thumbprint()
