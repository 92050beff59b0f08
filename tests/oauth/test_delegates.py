"""Somebody acts for another customer in an app: with both tokens and a delegation that stands, and for minutes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from accounts.models import Session, Totp, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.oauth import exchange, jwts, keys, subject_tokens
from ciam_portal.oauth.models import AccessToken, Partner, Resource
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.resources import signed
from ciam_portal.oauth.subjects import subject
from consent.delegation.shapes import Ended, State
from consent.exchange import policy
from consent.exchange.policy import Acting, Why
from consent.models import Consent, Delegation, Use
from consent.permission import flows
from tests.conftest import NOON
from tests.factories import customer as new_customer
from tests.oauth.acting import PATH, World, let
from tests.oauth.keyed import Keyed
from tests.oauth.test_exchange import swap
from tests.oauth.walk import Walk, payload, register, serve
from tests.undone import undone

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None, sign_in: Callable[..., Client]) -> World:
    return World(sign_in)


def error(response: Any) -> str:
    assert response.status_code == 400, response.content
    return str(response.json()["error"])


def me(partner: Partner, who: User) -> dict[str, str]:
    return {"iss": settings.PUBLIC_URL, "sub": subject(partner, who.pk), "sub_profile": "user"}


# --- the rule

RIGHT = Acting(
    ends_at=NOON + timedelta(seconds=1), was_issued_to_it=True, is_their_own=True, jkt="", proven="", is_named=True,
    has_delegation=True, is_connected=True, target_stands=True, target_is_ours=True, target_was_agreed=False,
)  # fmt: skip
THERE = {"target_is_ours": False, "target_was_agreed": True}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        (THERE, None),
        (THERE | {"target_was_agreed": False}, Why.WRONG_TARGET),
        ({"target_stands": False}, Why.WRONG_TARGET),
        ({"ends_at": NOON}, Why.EXPIRED),
        ({"was_issued_to_it": False}, Why.NOT_THEIRS),
        ({"is_their_own": False}, Why.NOT_THEIRS),
        ({"jkt": "a"}, Why.WRONG_KEY),
        ({"jkt": "a", "proven": "b"}, Why.WRONG_KEY),
        ({"jkt": "a", "proven": "a"}, None),
        ({"proven": "a"}, None),
        ({"is_named": False}, Why.WRONG_ACTOR),
        ({"has_delegation": False}, Why.NO_DELEGATION),
        ({"is_connected": False}, Why.NO_DELEGATION),
    ],
)
def test_what_it_takes_to_act(changed: dict[str, Any], why: Why | None) -> None:
    assert policy.flaw_of_acting(replace(RIGHT, **changed), at=NOON) == why


# --- for whom


def test_an_app_hears_for_whom_its_customer_may_act_and_nobody_else(world: World) -> None:
    stranger = new_customer()
    let(stranger, world.otto)  # has not connected the shop: that it has an account here is nobody's to say
    (listed,) = world.listed()
    assert listed.keys() == {
        "sub", "subject_token", "subject_token_type", "expires_in", "scope", "actions", "ends_at",
    }  # fmt: skip
    assert listed["sub"] == subject(world.shop, world.rosa.pk)
    assert (listed["scope"], listed["actions"], listed["expires_in"]) == ("openid profile", ["partner.payment"], 300)
    header, claims = jwts.unverified(listed["subject_token"])
    assert header["typ"] == "delegation+jwt"
    assert claims["aud"] == claims["iss"] == settings.PUBLIC_URL
    assert claims["may_act"] == {"iss": settings.PUBLIC_URL, "sub": subject(world.shop, world.otto.pk)}
    text = str(claims) + str(listed)
    assert not any(str(key) in text for key in (world.rosa.pk, world.otto.pk, world.delegation.pk))
    line = Use.objects.get(way="delegation")
    assert (line.customer, line.partner, line.actor) == (world.rosa.pk, world.shop.pk, world.otto.pk)


def lets_nobody(world: World, how: str) -> None:
    rows = row(world)
    match how:
        case "other app":
            rows.update(partners=[register("Other")[0].pk])
        case "refused":
            Partner.objects.update(delegates=False)
        case "paused":
            rows.update(state=State.PAUSED)
        case "ended":
            rows.update(state=State.ENDED, ended_at=clock.now(), end_reason=Ended.BY_OWNER.value)
        case "not yet":
            rows.update(starts_at=clock.now() + timedelta(hours=1))
        case "rosa shut":
            User.objects.filter(pk=world.rosa.pk).update(suspended_until=clock.now() + timedelta(days=1))
        case "disconnected":
            withdraw(world.rosa)


def test_for_nobody_who_does_not_let_them(world: World) -> None:
    for how in ("other app", "refused", "paused", "ended", "not yet", "rosa shut", "disconnected"):
        with undone():
            lets_nobody(world, how)
            assert world.listed() == [], how


def test_it_takes_few_statements_however_many_there_are(world: World, django_assert_max_num_queries: Any) -> None:
    for _each in range(3):
        let(new_customer(), world.otto)
    world.listed()
    with django_assert_max_num_queries(5):
        world.listed()


def test_whoever_did_not_ask_for_it_reads_nothing(world: World) -> None:
    plain = world.his.tokens("openid")["access_token"]
    refused = world.his.get(PATH, plain)
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert world.his.get(PATH, world.act()).status_code == 403  # nobody acts for those for whom Rosa acts


# --- a token with which somebody acts


@pytest.mark.control("RFC8693-2.1", "RFC8693-4.1", "RFC8693-4.4")
def test_it_is_the_owners_and_says_who_acts(world: World) -> None:
    answer = world.swap().json()
    assert answer.keys() == {"access_token", "token_type", "expires_in", "scope", "issued_token_type"}
    assert (answer["scope"], answer["issued_token_type"]) == ("openid profile", exchange.ACCESS_TOKEN)
    assert 0 < answer["expires_in"] <= 300
    token, who = answer["access_token"], me(world.shop, world.otto)
    told = world.his.introspect(token)
    assert (told["sub"], told["act"]) == (subject(world.shop, world.rosa.pk), who)
    assert not {"acr", "amr", "auth_time"} & set(told)  # they would be Otto's
    seen = world.his.userinfo(token).json()
    assert (seen["sub"], seen["name"], seen["act"]) == (told["sub"], "Rosa Lind", who)
    assert "email" not in seen  # Rosa shares it with the shop, not with Otto
    assert world.his.get("/api/profile", token).json()["subject"]["act"] == who
    assert world.his.get("/api/activity", token).status_code == 403
    lines = Use.objects.filter(customer=world.rosa.pk, way__in=["introspection", "userinfo", "profile"])
    assert {line.actor for line in lines} == {world.otto.pk}
    row = AccessToken.objects.get(delegation=world.delegation)
    assert "sub" not in row.act


def test_both_read_that_it_happened_once_a_day(world: World) -> None:
    for _each in range(3):
        world.act()
    hers = AuditEntry.objects.get(name="oauth.delegate_admitted")
    his = AuditEntry.objects.get(name="oauth.acted_in_app")
    assert (hers.about, hers.actor, hers.on_behalf_of, hers.channel) == (
        world.rosa.pk, world.otto.pk, world.rosa.pk, "delegated",
    )  # fmt: skip
    assert (his.about, his.actor, his.on_behalf_of) == (world.otto.pk, world.otto.pk, world.rosa.pk)
    decided = DecisionEntry.objects.filter(about=world.rosa.pk, action="use_delegation")
    assert {(each.answer, each.actor) for each in decided} == {("allow", world.otto.pk)}


def test_it_costs_one_statement_more_and_none_for_others(world: World, django_assert_max_num_queries: Any) -> None:
    token = world.act()
    for path in ("/oauth/userinfo/", "/api/profile"):
        world.his.get(path, token)
        with django_assert_max_num_queries(3):
            assert world.his.get(path, token).status_code == 200
    plain = world.hers.tokens("openid profile")["access_token"]
    world.hers.get("/api/profile", plain)
    with django_assert_max_num_queries(2):
        world.hers.get("/api/profile", plain)


def row(world: World) -> Any:
    return Delegation.objects.filter(pk=world.delegation.pk)


def person(who: User) -> Any:
    return User.objects.filter(pk=who.pk)


def withdraw(who: User) -> None:
    flows.withdraw(Consent.objects.get(customer=who), by=Actor.system(), at=clock.now())


def say_no_more(who: User) -> None:
    by = Actor(ActorKind.CUSTOMER, who.pk, Channel.WEB)
    flows.narrow(Consent.objects.get(customer=who), ("delegations",), by=by, at=clock.now())


def sign_out(who: User) -> None:
    by, at = Actor.system(), clock.now()
    sessions.end(Session.objects.get(customer=who), by=by, at=at, reason=sessions.SIGNED_OUT)


def soon() -> Any:
    return clock.now() + timedelta(days=1)


ENDS: dict[str, Callable[[World], object]] = {
    "delegation paused": lambda w: row(w).update(state=State.PAUSED),
    "delegation ended": lambda w: row(w).update(state=State.ENDED, ended_at=soon(), end_reason=Ended.BY_OWNER.value),
    "delegation not yet begun": lambda w: row(w).update(starts_at=soon()),
    "delegation for another app": lambda w: row(w).update(partners=[register("Other")[0].pk]),
    "delegation gone": lambda w: row(w).delete(),
    "owner disabled": lambda w: person(w.rosa).update(is_active=False),
    "owner locked": lambda w: person(w.rosa).update(locked_at=clock.now(), way_back="mailbox"),
    "owner suspended": lambda w: person(w.rosa).update(suspended_until=soon()),
    "delegate disabled": lambda w: person(w.otto).update(is_active=False),
    "delegate locked": lambda w: person(w.otto).update(locked_at=clock.now(), way_back="mailbox"),
    "delegate suspended": lambda w: person(w.otto).update(suspended_until=soon()),
    "delegate without a second factor": lambda w: Totp.objects.filter(user=w.otto).delete(),
    "delegate signed out": lambda w: sign_out(w.otto),
    "delegate signed out everywhere": lambda w: sessions.end_all(w.otto, by=Actor.system(), at=clock.now()),
    "delegate's session at severe risk": lambda w: Session.objects.filter(customer=w.otto).update(risk=Risk.SEVERE),
    "owner disconnected the app": lambda w: withdraw(w.rosa),
    "delegate disconnected the app": lambda w: withdraw(w.otto),
    "delegate no longer says for whom": lambda w: say_no_more(w.otto),
    "app off": lambda w: Partner.objects.update(is_enabled=False),
    "app refuses delegates": lambda w: Partner.objects.update(delegates=False),
}
STANDS: dict[str, Callable[[World], object]] = {
    "nothing": lambda w: None,
    "owner signed out": lambda w: sign_out(w.rosa),
    "another delegation ended": lambda w: let(new_customer(), w.otto).delete(),
}


def test_what_ends_it_ends_it_at_the_next_call(world: World) -> None:
    token, named = world.act(), world.subject()
    assert world.opens(token)
    for what, happens in (ENDS | STANDS).items():
        with undone():
            happens(world)
            if what == "app off":
                assert world.his.userinfo(token).status_code == 401
                continue
            assert world.opens(token) is (what in STANDS), what
            assert (world.swap(subject_token=named).status_code == 200) is (what in STANDS), what


@pytest.mark.parametrize("how", ["given back", "owner signed out everywhere"])
def test_what_it_came_of_takes_it_along(world: World, how: str) -> None:
    token, named = world.act(), world.subject()
    if how == "given back":
        world.his.post("/oauth/revoke/", {"token": world.token})
    else:
        sessions.end_all(world.rosa, by=Actor.system(), at=clock.now())
    assert world.his.introspect(token) == {"active": False}
    assert not AccessToken.objects.filter(delegation=world.delegation).exists()
    assert (world.swap(subject_token=named).status_code == 200) is (how != "given back")


def test_nothing_lasts_longer_than_what_it_hangs_from(world: World) -> None:
    Delegation.objects.update(ends_at=clock.now() + timedelta(seconds=40))
    assert world.swap().json()["expires_in"] <= 40
    Delegation.objects.update(ends_at=clock.now() + timedelta(days=30))
    theirs = AccessToken.objects.get(user=world.otto)
    with time_machine.travel(theirs.expires - timedelta(seconds=20)):
        named, answer = world.subject(), world.swap()
        assert answer.json()["expires_in"] <= 20
        token = answer.json()["access_token"]
    with time_machine.travel(theirs.expires):
        assert error(world.swap(subject_token=named)) == "invalid_grant"
        assert world.his.introspect(token) == {"active": False}


def test_narrower_terms_hold_for_a_token_that_is_out(world: World) -> None:
    token = world.act()
    Delegation.objects.update(scopes=["email"])
    assert world.his.userinfo(token).json().keys() == {"sub", "act"}


SAID: list[tuple[dict[str, Any], str | None]] = [
    ({"scope": "openid"}, None),
    ({"scope": "openid profile"}, None),
    ({"scope": "openid email"}, "invalid_scope"),  # Rosa shares it with the shop, not with Otto
    ({"scope": "openid phone"}, "invalid_scope"),
    ({"scope": "openid offline_access"}, "invalid_scope"),
    ({"scope": "openid delegations"}, "invalid_scope"),
    ({"scope": "activity"}, "invalid_scope"),
    ({"authorization_details": "[]"}, "invalid_authorization_details"),
    ({"actor_token": None}, "invalid_request"),
    ({"actor_token": None, "actor_token_type": None}, "invalid_request"),
    ({"actor_token_type": None}, "invalid_request"),
    ({"actor_token_type": subject_tokens.TYPE}, "invalid_request"),
    ({"subject_token_type": exchange.ACCESS_TOKEN}, "unauthorized_client"),
    ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
    ({"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
    ({"audience": "shop"}, "invalid_target"),
    ({"resource": "https://unknown.example/"}, "invalid_target"),
    ({"actor_token": "unknown"}, "invalid_grant"),
    ({"subject_token": "unknown"}, "invalid_grant"),
    ({"subject_token": "x" * 8000}, "invalid_grant"),
    ({"subject_token": "x" * 65_536}, "invalid_request"),
    ({"subject": "{otto}", "user": "{otto}", "on_behalf_of": "{otto}", "may_act": "{otto}", "sub": "{otto}"}, None),
]


def test_what_is_not_understood_is_refused(world: World) -> None:
    for said, told in SAID:
        with undone():
            filled = {name: value and value.format(otto=world.otto.pk) for name, value in said.items()}
            before, answer = AccessToken.objects.count(), world.swap(**filled)
            if told is None:
                assert world.his.introspect(answer.json()["access_token"])["sub"] == subject(world.shop, world.rosa.pk)
                continue
            assert error(answer) == told, said
            assert AccessToken.objects.count() == before, said


def test_only_our_own_signed_token_of_this_kind_for_this_app_names_anybody(world: World) -> None:
    """CVE-2026-9094: any valid token taken as actor, or a subject of another tenant's."""
    other = Walk(*register("Other", delegates=True, redirect_uris=("https://other.example/cb",)))
    named = world.subject()
    claims = jwts.unverified(named)[1]
    signing, at = keys.signing_key(), clock.now()
    elsewhere = [
        world.his.tokens("openid")["id_token"],
        world.token,
        jwts.sign(claims, signing),  # of another kind
        jwts.sign(claims, signing, signed.ACCESS),
        jwts.sign(claims | {"aud": "https://other.example"}, signing, "delegation+jwt"),
        jwts.sign(claims | {"iss": "https://other.example"}, signing, "delegation+jwt"),
        jwts.sign(claims | {"exp": int(at.timestamp())}, signing, "delegation+jwt"),
        jwts.sign({name: said for name, said in claims.items() if name != "exp"}, signing, "delegation+jwt"),
        jwts.sign(claims, jwts.from_json(jwts.new_key("ES256")[2]), "delegation+jwt"),  # a key of somebody's
        subject_tokens.make(other.partner, world.rosa.pk, world.otto.pk, at)[0],
        subject_tokens.make(world.shop, world.otto.pk, world.otto.pk, at)[0],  # himself
        subject_tokens.make(world.shop, new_customer().pk, world.otto.pk, at)[0],  # who never let him
        subject_tokens.make(world.shop, world.rosa.pk, world.rosa.pk, at)[0],  # who may act is another
        named[:-4] + "AAAA",
    ]
    for text in elsewhere:
        assert error(world.swap(subject_token=text)) == "invalid_grant", text
    assert AuditEntry.objects.filter(name="oauth.exchange_refused").count() == len(elsewhere)
    for door in ("/oauth/userinfo/", "/api/profile", PATH):  # and it opens nothing by itself
        assert world.his.get(door, named).status_code == 401
    assert world.his.introspect(named) == {"active": False}


def test_only_who_may_act_shows_a_token_of_their_own_for_this_app(world: World, sign_in: Any) -> None:
    named = world.subject()
    anna = new_customer()
    hers = Walk(world.shop, world.his.secret, sign_in(anna, Method.PASSWORD, Method.TOTP, on=Client()))
    there = Walk(*register("Other", delegates=True), world.his.browser)
    tokens = [
        hers.tokens("openid delegations")["access_token"],  # another customer's
        world.hers.tokens("openid delegations")["access_token"],  # the owner's
        there.tokens("openid delegations")["access_token"],  # his, for another app
        world.his.tokens("openid")["access_token"],  # his, that does not say for whom
        world.his.tokens("openid delegations offline_access")["refresh_token"],
        world.his.tokens("openid")["id_token"],
        world.act(),  # nobody acts on as somebody for whom they act
        world.his.code("openid delegations"),
    ]
    for token in tokens:
        assert error(world.swap(subject_token=named, actor_token=token)) == "invalid_grant"
    stranger = Walk(*register("Third", delegates=True))
    form = {"grant_type": exchange.GRANT, "subject_token": named, "subject_token_type": subject_tokens.TYPE}
    form |= {"actor_token": world.token, "actor_token_type": exchange.ACCESS_TOKEN}
    assert error(stranger.post("/oauth/token/", form)) == "invalid_grant"
    assert world.his.machine.post("/oauth/token/", form).status_code == 401


def test_an_app_that_refuses_delegates_gets_none(world: World) -> None:
    named = world.subject()
    Partner.objects.update(delegates=False, may_exchange=True)
    assert error(world.swap(subject_token=named)) == "unauthorized_client"
    Partner.objects.update(delegates=True, may_exchange=False)
    assert error(swap(world.his, world.token)) == "unauthorized_client"  # one does not let it do the other


def test_an_owner_who_has_not_connected_the_app_is_never_let_into_it(world: World) -> None:
    named = world.subject()
    flows.withdraw(Consent.objects.get(customer=world.rosa), by=Actor.system(), at=clock.now())
    assert error(world.swap(subject_token=named)) == "invalid_grant"
    assert not Consent.objects.filter(customer=world.rosa, ended_at=None).exists()


def test_the_same_name_again_is_nobody(world: World) -> None:
    """CVE-2026-96447: a subject found again by name when its id is gone."""
    named, address = world.subject(), world.rosa.email
    token = world.act()
    User.objects.filter(pk=world.rosa.pk).delete()
    let(new_customer(address), world.otto)
    assert error(world.swap(subject_token=named)) == "invalid_grant"
    assert world.his.introspect(token) == {"active": False}


def test_less_can_be_made_of_it_and_never_more(world: World) -> None:
    """keycloak#52691, CVE-2026-96460: no clean token, no longer life, by leaving out who acts or by asking again."""
    Partner.objects.update(may_exchange=True)
    token = world.act()
    first = AccessToken.objects.get(delegation=world.delegation)
    for _each in range(5):
        answer = swap(world.his, token, scope="openid")
        assert answer.status_code == 200, answer.content
        token = answer.json()["access_token"]
        told = world.his.introspect(token)
        assert (told["act"], told["scope"]) == (me(world.shop, world.otto), "openid")
    assert error(swap(world.his, token, scope="openid profile")) == "invalid_scope"
    assert not AccessToken.objects.filter(user=world.rosa, expires__gt=first.expires).exclude(delegation=None).exists()
    Delegation.objects.update(state=State.PAUSED)
    assert world.his.introspect(token) == {"active": False}
    assert error(swap(world.his, token)) == "invalid_grant"


@pytest.mark.control("RFC8693-4.1")
def test_the_chain_goes_on_to_a_resource_that_knows_who_acts(sign_in: Any) -> None:
    warehouse = Walk(*register("Warehouse", profile=Profile.SERVICE, scopes=("openid", "profile"), may_exchange=True))
    world = World(sign_in)
    here = serve(warehouse, world.his)
    named = world.subject()
    assert error(world.swap(subject_token=named, resource=here)) == "invalid_target"  # Rosa has not said yes to it
    world.hers.tokens("openid profile email", resource=here)
    assert error(world.swap(subject_token=named, resource=here)) == "invalid_target"  # who runs it refuses delegates
    Partner.objects.filter(pk=warehouse.partner.pk).update(delegates=True)
    Resource.objects.update(introspects=False, is_signed=True)
    assert error(world.swap(subject_token=named, resource=here)) == "invalid_target"  # nobody would ask us about it
    Resource.objects.update(introspects=True)
    token = world.act(resource=here)
    said, told = payload(token), warehouse.introspect(token)
    assert said["act"] == told["act"] == me(warehouse.partner, world.otto)
    assert said["sub"] == told["sub"] == subject(warehouse.partner, world.rosa.pk)
    assert "acr" not in said
    carrier = Walk(*register("Carrier", profile=Profile.SERVICE, scopes=("openid",), may_exchange=True))
    there = serve(carrier, warehouse, url="https://carrier.example/")
    assert error(swap(warehouse, token, resource=there)) == "invalid_target"
    Partner.objects.filter(pk=carrier.partner.pk).update(delegates=True)
    onward = swap(warehouse, token, resource=there).json()["access_token"]
    act = carrier.introspect(onward)["act"]
    assert (act["sub"], act["sub_profile"]) == (warehouse.partner.client_id, "service")
    assert act["act"] == me(carrier.partner, world.otto)
    Delegation.objects.update(state=State.PAUSED)
    assert carrier.introspect(onward) == {"active": False}
    assert warehouse.introspect(token) == {"active": False}


def test_who_acts_proves_what_acting_asks_for_and_is_sent_to_do_it(world: World) -> None:
    Session.objects.filter(customer=world.otto).update(level=Level.AAL1, methods=[Method.PASSWORD])
    answer = world.swap()
    assert error(answer) == "invalid_grant"
    assert "prove more" in answer.json()["error_description"]
    assert world.his.ask("openid delegations", acr_values="aal2")["Location"].startswith("/prove/")
    decided = DecisionEntry.objects.get(action="use_delegation", answer="step_up")
    assert (decided.about, decided.actor) == (world.rosa.pk, world.otto.pk)


def test_a_bound_token_acts_bound_to_the_same_key(sign_in: Any) -> None:
    world = World(sign_in)
    bank = Keyed(world.his.browser, delegates=True)
    hers = Keyed(world.hers.browser, delegates=True)
    hers.partner, hers.key = bank.partner, bank.key

    def token(keyed: Keyed, scope: str) -> str:
        code = keyed.decide(keyed.open(keyed.push(scope=scope).json()["request_uri"]))["Location"]
        return str(keyed.redeem(code.split("code=")[1].split("&")[0]).json()["access_token"])

    token(hers, "openid profile")
    his, at = token(bank, "openid delegations"), clock.now()
    form = {
        "grant_type": exchange.GRANT, "subject_token_type": subject_tokens.TYPE, "actor_token": his,
        "subject_token": subject_tokens.make(bank.partner, world.rosa.pk, world.otto.pk, at)[0],
        "actor_token_type": exchange.ACCESS_TOKEN,
    }  # fmt: skip
    bound = bank.post("/oauth/token/", form, HTTP_DPOP=bank.possession("POST", "/oauth/token/")).json()
    assert bound["token_type"] == "DPoP"
    assert bank.introspect(bound["access_token"])["cnf"]["jkt"] == bank.holder.thumbprint()
    other = Keyed(world.his.browser)
    other.nonce = bank.nonce
    assert (
        error(bank.post("/oauth/token/", form, HTTP_DPOP=other.possession("POST", "/oauth/token/"))) == "invalid_grant"
    )
