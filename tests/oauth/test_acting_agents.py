"""An agent acts for a customer: connected by the page, bounded, with ``act`` in its tokens, and cut at once."""

import contextlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from accounts.activity.flows import disown
from accounts.models import Session, User
from accounts.sessions import flows as sessions
from ciam_portal.console import facts
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.roles import Role
from ciam_portal.decisions import flows as decisions
from ciam_portal.oauth import agents
from ciam_portal.oauth.models import AccessToken, Partner, Resource
from ciam_portal.oauth.profiles import Profile
from consent.agents import tasks
from consent.delegation import flows as delegating
from consent.models import Consent, Delegation, Use
from consent.permission import flows as permission
from tests.accounts.staff.people import Member
from tests.oauth.connecting import PAY, TERMS, World, words
from tests.oauth.test_authlib import Wire
from tests.oauth.walk import CALLBACK, VERIFIER, answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(sign_in: Callable[..., Client]) -> World:
    return World(sign_in)


def test_the_page_says_what_it_asks_and_allows_nothing_beforehand(world: World) -> None:
    page = world.ask()
    said = words(page)
    for each in (
        "asks to act for you",
        "Robots Ltd",
        "Orders tea for you.",
        world.api,
        "Pay, in connected apps",
        "For three months",
    ):
        assert each in said, each
    assert page.content.decode().count("checked") == 1  # "No"
    refused = world.agent.decide(page, scope=[], **(TERMS | {"do:partner.payment": "no"}))
    assert "at least one thing" in words(refused)
    assert not Delegation.objects.exists()
    again = world.agent.decide(refused, scope=[], **(TERMS | {"amount_each": "", "amount_month": ""}))
    assert "up to which amount" in words(again)
    assert answer(world.agent.decide(again, scope=[], **TERMS))["code"]


def test_a_token_says_who_acts_for_whom(world: World) -> None:
    issued = world.tokens()
    assert (issued["token_type"], issued["scope"], issued["expires_in"] <= 300) == ("DPoP", "profile", True)
    assert "id_token" not in issued
    told = world.shop.introspect(issued["access_token"])
    act = {"iss": settings.PUBLIC_URL, "sub": world.agent.partner.client_id, "sub_profile": "ai_agent"}
    assert told["active"] is True
    assert told["act"] == act
    assert (told["client_profile"], told["sub_profile"], told["aud"]) == ("ai_agent", "user", world.api)
    assert not {"auth_time", "acr", "amr", "sid"} & told.keys()
    row = world.delegation
    assert (row.actions, row.scopes, row.amount_each, row.amount_month) == ([PAY], ["openid", "profile"], 2000, 5000)
    assert (row.times_day, row.currency, row.resources, row.asks) == (3, "EUR", [world.api], [])
    assert Consent.objects.get(customer=world.rosa).scopes == ["profile"]
    fresh = world.agent.refresh(issued["refresh_token"]).json()
    assert "access_token" in fresh, fresh
    assert world.shop.introspect(fresh["access_token"])["act"] == act


def test_it_pays_within_its_limits_once(world: World) -> None:
    token = world.tokens()["access_token"]
    allowed = world.question(token).json()
    assert allowed["outcome"] == "allow", allowed
    assert world.redeem(allowed["approval"]).json()["redeemed"] is True
    assert world.redeem(allowed["approval"]).status_code != 200
    assert world.question(token, amount=2001).json()["reasons"][0]["code"] == "delegation_too_much"
    assert world.question(token, action="change_payee").json()["reasons"][0]["code"] == "delegation_never"


def test_it_reads_what_was_ticked_and_stops_with_its_limits_of_a_day(world: World) -> None:
    """At our own API, in the ledger as any app; each time counts."""
    ours = f"{settings.PUBLIC_URL}/api/profile"
    token = world.tokens("profile email", ["email"], resource=ours)["access_token"]
    read = world.agent.get("/api/profile", token)
    assert read.json()["subject"].keys() == {"sub", "email", "email_verified", "act"}
    assert Use.objects.filter(partner=world.agent.partner.pk).exists()
    for path in ("/oauth/userinfo/", "/api/activity"):
        assert world.agent.get(path, token).status_code == 401
    assert world.agent.machine.get("/api/profile", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 401


def test_asked_about_each_time_is_asked_about(world: World) -> None:
    token = world.tokens(terms=TERMS | {"do:partner.payment": "ask"})["access_token"]
    told = world.question(token).json()
    assert (told["outcome"], told["reasons"][0]["code"]) == ("hold", "delegation_ask_owner")


def test_more_than_moderate_it_does_only_while_its_customer_has_proven_it(world: World) -> None:
    """A payment that the catalogue calls large; and the customer's proof, and their session, are over by and by."""
    terms = TERMS | {"amount_each": "500", "amount_month": "500"}
    issued = world.tokens(terms=terms)
    assert world.question(issued["access_token"], amount=20_000).json()["outcome"] == "allow"
    Session.objects.update(auth_time=ago(2), level_at=ago(2), expires_at=ago(1))
    token = world.agent.refresh(issued["refresh_token"]).json()["access_token"]
    assert world.question(token).json()["outcome"] == "allow"
    assert world.question(token, amount=20_000).json()["outcome"] == "deny"


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"resource": None}, "invalid_target"),
        ({"resource": "https://unknown.example/"}, "invalid_target"),
        ({"prompt": "none"}, "consent_required"),
        ({"scope": "openid"}, ""),  # ignored: it signs nobody in
        ({"grant_management_action": "create"}, "invalid_request"),
    ],
)
def test_what_it_may_not_ask(world: World, asked: dict[str, Any], error: str) -> None:
    said = world.ask(**asked)
    assert (said.status_code == 200 and not error) or answer(said)["error"] == error


def test_a_resource_that_does_not_know_who_acts_gets_no_agent(world: World) -> None:
    issued = world.tokens()
    Partner.objects.filter(pk=world.shop.partner.pk).update(delegates=False)
    assert answer(world.ask())["error"] == "invalid_target"
    assert world.agent.refresh(issued["refresh_token"]).json()["error"] == "invalid_target"


def test_to_let_it_act_takes_the_strongest_proof(world: World) -> None:
    Session.objects.update(auth_time=ago(1), level_at=ago(1))
    assert world.ask()["Location"].startswith("/prove/")
    assert not Delegation.objects.exists()


def test_its_key_is_needed_everywhere(world: World) -> None:
    code = answer(world.connect())["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    bare = world.agent.machine.post("/oauth/token/", world.agent.proof() | form)
    assert bare.json()["error"] == "invalid_dpop_proof"


def test_what_it_was_let_do_is_shown_again_and_widened_only_by_its_customer(world: World) -> None:
    issued = world.tokens()
    wider = world.agent.refresh(issued["refresh_token"], scope="profile email")
    assert wider.json()["error"] == "invalid_scope"
    page = world.ask("profile email", prompt="consent")
    assert re.search(r'value="yes"[^>]* checked', page.text)
    assert 'value="20.00"' in page.text
    answer(world.agent.decide(page, scope=["profile", "email"], **(TERMS | {"amount_each": "30"})))
    row = world.delegation
    assert (row.amount_each, row.scopes) == (3000, ["email", "openid", "profile"])
    assert Delegation.objects.count() == Consent.objects.count() == 1
    assert answer(world.ask())["code"]  # nothing is new: nothing is asked


def ends(world: World) -> None:
    delegating.end(world.delegation, by=me(world), at=clock.now())


def withdraws(world: World) -> None:
    permission.withdraw(Consent.objects.get(), by=me(world), at=clock.now())


def me(world: World) -> Actor:
    return Actor(ActorKind.CUSTOMER, world.rosa.pk, Channel.WEB)


def signs_out(world: World, reason: str) -> None:
    sessions.end(Session.objects.get(customer=world.rosa), by=me(world), at=clock.now(), reason=reason)


# What happened, and whether it reads, pays, and gets the next token.
STATES: dict[str, tuple[Callable[[World], object], tuple[bool, bool, bool]]] = {
    "nothing": (lambda w: None, (True, True, True)),
    "its customer signs out": (lambda w: signs_out(w, sessions.SIGNED_OUT), (True, True, True)),
    "its customer's session is over": (lambda w: Session.objects.update(expires_at=ago(1)), (True, True, True)),
    "ended by its customer": (ends, (False, False, False)),
    "everything stopped": (lambda w: delegating.end_all(w.rosa, by=me(w), at=clock.now()), (False, False, False)),
    "disconnected as an app": (withdraws, (False, False, False)),
    "paused": (lambda w: delegating.pause(w.delegation, by=me(w), at=clock.now()), (False, False, False)),
    "time is up": (lambda w: Delegation.objects.update(starts_at=ago(9), ends_at=ago(1)), (False, False, False)),
    "made in somebody else's session": (lambda w: signs_out(w, sessions.ENDED_BY_OWNER), (False, False, False)),
    "suspended": (lambda w: w.switch(is_enabled=False), (False, False, False)),
    "retired": (
        lambda w: agents.retire(w.agent.partner, by=Actor.system(), at=clock.now()), (False, False, False)
    ),
    "customer disabled": (lambda w: User.objects.update(is_active=False), (False, False, False)),
    "customer suspended": (lambda w: User.objects.update(suspended_until=ago(-1)), (False, False, False)),
    "severe risk": (lambda w: Session.objects.update(risk=Risk.SEVERE), (False, False, False)),
    "ceiling cut: it may do nothing": (lambda w: w.switch(actions_allowed=[]), (True, False, True)),
    "ceiling cut: it may read nothing": (lambda w: w.switch(scopes_allowed=[]), (True, True, True)),
    "the shop may ask no more": (lambda w: Partner.objects.update(decision_actions=[]), (True, False, True)),
    "the API is off": (lambda w: Resource.objects.update(is_enabled=False), (False, False, False)),
}  # fmt: skip


def ago(hours: int) -> Any:
    return clock.now() - timedelta(hours=hours)


class Undone(Exception):
    """Each state begins from the same."""


def test_what_stands_and_what_is_dead_at_once(world: World) -> None:
    issued = world.tokens()
    for name, (happen, standing) in STATES.items():
        with contextlib.suppress(Undone), transaction.atomic():
            happen(world)
            token = issued["access_token"]
            reads = world.shop.introspect(token)["active"]
            pays = world.question(token).json().get("outcome") == "allow"
            renews = world.agent.refresh(issued["refresh_token"]).status_code == 200
            assert (reads, pays, renews) == standing, name
            assert tasks.end_retired() == (name == "retired")
            if name in {"ended by its customer", "disconnected as an app", "retired"}:
                assert not Consent.objects.live().exists()
                assert not Delegation.objects.live().exists()
                assert not AccessToken.objects.exists()
            raise Undone
        cache.clear()


def test_what_came_of_an_approval_is_asked_again_when_it_is_redeemed(world: World) -> None:
    approval = world.question(world.tokens()["access_token"]).json()["approval"]
    world.switch(actions_allowed=[])
    assert world.redeem(approval).json()["redeemed"] is False


@pytest.mark.control("RFC8693-4.1")
def test_authlib_connects_an_agent_which_is_cut_at_once(sign_in: Callable[..., Client]) -> None:
    """Somebody else's library as an agent on a device; its requests are proven with a key of its own."""
    world = World(sign_in, profile=Profile.AGENT_APP)
    agent = OAuth2Session(
        client_id=world.agent.partner.client_id, redirect_uri=CALLBACK, scope="profile", code_challenge_method="S256",
        token_endpoint_auth_method="none",
    )  # fmt: skip
    agent.mount("http://", Wire())
    known = agent.request("GET", f"{settings.PUBLIC_URL}/.well-known/oauth-authorization-server", withhold_token=True)
    server = known.json()
    assert "ai_agent" in server["entity_profiles_supported"]["actor"]

    first = world.agent.possession("POST", "/oauth/token/", nonce=None)
    asked = agent.request("POST", server["token_endpoint"], data={"grant_type": "authorization_code"},
                          headers={"DPoP": first}, withhold_token=True)  # fmt: skip
    assert asked.json()["error"] == "use_dpop_nonce"
    world.agent.nonce = asked.headers["DPoP-Nonce"]
    verifier = "authlib-" + "v" * 48
    address, state = agent.create_authorization_url(
        server["authorization_endpoint"], code_verifier=verifier, resource=world.api
    )
    page: Any = world.browser.get(urlsplit(address).path, dict(parse_qsl(urlsplit(address).query)))
    assert "without asking" in page.text
    assert "ask me each time" not in page.text  # who cannot ask is not to be told to
    response = world.agent.decide(page, **TERMS)
    token = agent.fetch_token(
        server["token_endpoint"], authorization_response=response["Location"], state=state, code_verifier=verifier,
        resource=world.api,
        headers={"Accept": "application/json", "DPoP": world.agent.possession("POST", "/oauth/token/")},
    )  # fmt: skip
    assert token["token_type"] == "DPoP"
    told = world.shop.introspect(token["access_token"])
    assert told["cnf"]["jkt"] == world.agent.holder.thumbprint()
    assert told["act"]["sub"] == world.agent.partner.client_id
    assert world.question(token["access_token"]).json()["outcome"] == "allow"
    page = world.browser.get("/connected-apps/")
    consent = Consent.objects.get(customer=world.rosa)
    assert world.browser.post(f"/connected-apps/{consent.pk}/withdraw/").status_code == 302
    assert world.shop.introspect(token["access_token"]) == {"active": False}
    assert world.question(token["access_token"]).json()["outcome"] == "deny"
    assert world.agent.refresh(token["refresh_token"]).json()["error"] == "invalid_grant"
    assert world.delegation.state == "ended"


def test_staff_see_how_agents_fare(world: World) -> None:
    token = world.tokens()["access_token"]
    admin = Member(Role.AUDITOR)
    assert facts.agents(clock.now())[0].unused == 0  # granted just now
    world.redeem(world.question(token).json()["approval"])
    for _each in range(6):
        world.question(token, amount=9_999)
    (told,) = facts.agents(clock.now())
    assert (told.grants, told.unused, told.done, told.refused, told.networks) == (1, 0, 1, 6, 1)
    assert told.last_act is not None
    page = admin.client.get("/staff/oauth/partner/agents/")
    assert "Robots Ltd" in page.text
    assert "6 (often)" in page.text
    assert Member(Role.APPROVER).client.get("/staff/oauth/partner/agents/").status_code == 403
    with time_machine.travel(clock.now() + timedelta(days=40)):
        assert facts.agents(clock.now())[0].unused == 1


def test_retired_by_staff_nobodys_grant_stands(world: World) -> None:
    world.tokens()
    admin = Member(Role.ADMINISTRATOR)
    admin.client.post(f"/staff/oauth/partner/{world.agent.partner.pk}/switch/", {"do": "retire"})
    assert tasks.end_retired() == 1
    assert tasks.end_retired() == 0
    assert world.delegation.state == "ended"
    assert not Consent.objects.live().exists()


def test_a_limit_that_another_payment_reached_meanwhile_is_named_by_its_own_decision(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two at once, both pass the gate, and the second finds under lock that it is one too many."""
    approval = world.question(world.tokens()["access_token"]).json()["approval"]
    Delegation.objects.update(times_day=0)
    monkeypatch.setattr(decisions, "refusal", lambda *_facts, **_about: None)
    told = world.redeem(approval).json()
    assert told["redeemed"] is False
    row = DecisionEntry.objects.get(pk=told["decision_id"])
    assert (row.question, row.answer, row.reason) == ("delegation.may_act", "deny", "delegation_too_often")


def test_who_used_my_data_names_the_program_where_another_app_is_told(world: World) -> None:
    world.shop.introspect(world.tokens()["access_token"])
    assert Use.objects.get(way="introspection").actor == world.agent.partner.pk
    assert f'By <span class="break">{world.agent.partner.name}</span>' in world.browser.get("/who-used-my-data/").text


def test_what_was_answered_about_each_action_outlives_a_step_up(world: World) -> None:
    world.tokens(terms=TERMS | {"do:partner.payment": "ask"})
    path, here = f"/acting-for-me/{world.delegation.pk}/", Session.objects.filter(customer=world.rosa)
    more = TERMS | {"do:partner.payment": "yes", "do:nonsense": "x", "csrf": "x"}
    here.update(auth_time=ago(1), level_at=ago(1))
    leads_to = world.browser.post(path, more)["Location"]
    assert leads_to.startswith("/prove/?ref=")
    assert world.delegation.asks == [PAY]
    here.update(auth_time=clock.now(), level_at=clock.now())
    ref = leads_to.partition("ref=")[2]
    page = words(world.browser.get(f"/prove/go-on/?ref={ref}"))
    assert "Pay, in connected apps Yes, without asking" in page
    assert world.browser.post(path, {"resume": ref})["Location"] == "/acting-for-me/"
    assert world.delegation.asks == []


def test_its_customer_lets_it_do_less_or_more_on_their_own_page(world: World) -> None:
    issued = world.tokens(terms=TERMS | {"do:partner.payment": "ask"})
    path = f"/acting-for-me/{world.delegation.pk}/"
    page = world.browser.get(path)
    assert re.search(r'value="ask"[^>]* checked', page.text)
    less = {"do:partner.payment": "ask", "amount_each": "5", "amount_month": "50", "currency": "EUR", "times_day": "3"}
    assert world.browser.post(path, less | {"days": ""}).status_code == 302
    row = world.delegation
    assert (row.amount_each, row.asks) == (500, [PAY])
    assert world.browser.post(path, less | {"do:partner.payment": "yes", "days": "30"}).status_code == 302
    assert world.delegation.asks == []
    assert world.agent.refresh(issued["refresh_token"]).status_code == 200
    assert "Program" in world.browser.get("/acting-for-me/").text


def test_nobody_goes_on_by_what_was_granted_in_a_thiefs_session(world: World) -> None:
    issued = world.tokens()
    thiefs = Session.objects.get(customer=world.rosa)
    disown.disown(world.rosa, thiefs, None, by=me(world), at=clock.now())
    assert world.shop.introspect(issued["access_token"]) == {"active": False}
    assert world.agent.refresh(issued["refresh_token"]).json()["error"] == "invalid_grant"
    assert world.delegation.end_reason == "not_me"
