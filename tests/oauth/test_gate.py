"""Tokens and consents through the gate: issued, refreshed, used and approved as the session stands at that moment."""

import copy
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Device, Session, User
from accounts.sessions import flows as sessions
from accounts.step_up import facts as accounts_facts
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level, Method
from ciam_portal.core.policy.decision import Risk
from consent.models import Consent
from consent.permission import flows
from tests.conftest import NOON
from tests.oauth.walk import Walk, answer, payload, register

pytestmark = pytest.mark.django_db
OFFLINE = "openid profile offline_access"


def latest(action: str) -> DecisionEntry:
    return DecisionEntry.objects.filter(action=action).order_by("-at", "-pk")[0]


def with_rows(monkeypatch: pytest.MonkeyPatch, **rows: dict[str, Any]) -> None:
    """Other rows in the catalogue: ``use_scope.phone`` is written ``use_scope__phone``."""
    content = copy.deepcopy(tomllib.loads(limits.DEFAULT.read_text()))
    for name, change in rows.items():
        row = name.replace("__", ".")
        content["actions"][row] = content["actions"].get(row, content["actions"]["use_scope.activity"]) | change
    other = limits.parse(content)
    monkeypatch.setattr(limits, "current", lambda: other)


# --- issue and refresh


def test_what_is_issued_and_refreshed_is_a_decision_on_record(walk: Walk, customer: User) -> None:
    refresh = walk.tokens(OFFLINE)["refresh_token"]
    kept = latest("issue_token")
    assert (kept.answer, kept.about, kept.actor_kind, kept.channel) == ("allow", customer.pk, "partner", "api")
    assert AuditEntry.objects.get(name="oauth.code_exchanged").decision == kept.pk
    assert walk.refresh(refresh).status_code == 200
    assert AuditEntry.objects.get(name="oauth.refreshed").decision == latest("refresh_token").pk


@pytest.mark.parametrize(
    ("risk", "answer_kept", "why"), [(Risk.HIGH, "step_up", "prove_more"), (Risk.SEVERE, "deny", "too_risky")]
)
def test_a_risen_risk_refuses_codes_and_refresh_tokens(walk: Walk, risk: Risk, answer_kept: str, why: str) -> None:
    code, refresh = walk.code(OFFLINE), walk.tokens(OFFLINE)["refresh_token"]
    Session.objects.update(risk=risk)
    for response, action, event in (
        (walk.redeem(code), "issue_token", "oauth.code_refused"),
        (walk.refresh(refresh), "refresh_token", "oauth.refresh_refused"),
    ):
        assert response.status_code == 400
        assert response.json()["error"] == "invalid_grant"
        assert "authorization endpoint" in response.json()["error_description"]
        assert latest(action).answer == answer_kept
        refused = AuditEntry.objects.get(name=event)
        assert (refused.data["why"], refused.decision) == (why, latest(action).pk)
    Session.objects.update(risk=Risk.LOW)
    assert walk.redeem(code).json()["error"] == "invalid_grant"  # a code is dead once presented
    assert walk.refresh(refresh).status_code == 200  # a refresh token waits for its customer


def test_a_challenge_passed_in_the_session_lets_high_risk_tokens_be_renewed(walk: Walk) -> None:
    refresh = walk.tokens(OFFLINE)["refresh_token"]
    Session.objects.update(risk=Risk.HIGH, challenged_at=clock.now())
    assert walk.refresh(refresh).status_code == 200


def test_refresh_can_be_put_on_hold_by_policy(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh = walk.tokens(OFFLINE)["refresh_token"]
    with_rows(monkeypatch, refresh_token={"challenge_from": "high", "hold_from": "high"})
    Session.objects.update(risk=Risk.HIGH)
    assert walk.refresh(refresh).json()["error"] == "invalid_grant"
    assert AuditEntry.objects.get(name="oauth.refresh_refused").data["why"] == "on_hold"


def test_a_browser_left_idle_or_signed_out_keeps_what_was_allowed_in_absence(walk: Walk, by: Actor) -> None:
    refresh = walk.tokens(OFFLINE)["refresh_token"]
    with time_machine.travel(clock.now() + timedelta(hours=20)):
        refresh = walk.refresh(refresh).json()["refresh_token"]
        sessions.end(Session.objects.get(), by=by, at=clock.now(), reason=sessions.SIGNED_OUT)
        access = walk.refresh(refresh).json()["access_token"]
        assert walk.userinfo(access).status_code == 200


# --- use


def test_a_severe_risk_bites_at_the_next_use(walk: Walk) -> None:
    token = walk.tokens(OFFLINE)["access_token"]
    assert walk.userinfo(token).status_code == 200
    assert not DecisionEntry.objects.filter(action="use_token").exists()  # an ordinary use is not kept
    Session.objects.update(risk=Risk.SEVERE)
    for path in ("/oauth/userinfo/", "/api/profile"):
        refused = walk.get(path, token)
        assert refused.status_code == 403
        assert refused.json()["error"] == "access_denied"
        assert 'error="access_denied"' in refused["WWW-Authenticate"]
        assert 'reason="too_risky"' in refused["WWW-Authenticate"]
    assert latest("use_token").answer == "deny"
    assert walk.introspect(token) == {"active": False}


@pytest.mark.control("RFC9470-3")
def test_a_sensitive_scope_asks_for_more_in_the_form_of_rfc_9470(walk: Walk) -> None:
    token = walk.tokens("openid activity")["access_token"]
    challenge = walk.get("/api/activity", token)
    assert challenge.status_code == 401
    assert challenge.json()["error"] == "insufficient_user_authentication"
    header = challenge["WWW-Authenticate"]
    assert header.startswith('Bearer realm="portal", error="insufficient_user_authentication"')
    assert 'acr_values="aal2"' in header
    assert 'max_age="900"' in header
    assert walk.get("/api/activity", walk.tokens("openid")["access_token"]).status_code == 403
    assert walk.userinfo(token).status_code == 200


def test_a_hold_says_when_it_ends(customer: User, sign_in: Callable[..., Client]) -> None:
    walk = Walk(*register(), sign_in(customer, Method.PASSWORD, Method.TOTP))
    token = walk.tokens("openid activity")["access_token"]
    assert walk.get("/api/activity", token).status_code == 200
    Session.objects.update(risk=Risk.HIGH)
    refused = walk.get("/api/activity", token)
    assert (refused.status_code, refused.json()["error"]) == (403, "access_denied")
    assert 'reason="on_hold"' in refused["WWW-Authenticate"]
    assert "Retry-After" not in refused
    with time_machine.travel(clock.now(), tick=False):
        Device.objects.update(known_at=clock.now() + timedelta(seconds=90))
        assert walk.get("/api/activity", token)["Retry-After"] == "90"
    Device.objects.update(known_at=clock.now())


def test_what_the_activity_scope_shows(customer: User, sign_in: Callable[..., Client]) -> None:
    sign_in(customer, on=Client())
    walk = Walk(*register(), sign_in(customer, Method.PASSWORD, Method.TOTP))
    token = walk.tokens("openid activity")["access_token"]
    told = walk.get("/api/activity", token).json()
    assert told["sub"] == walk.userinfo(token).json()["sub"]
    assert [entry["acr"] for entry in told["sign_ins"]] == ["aal2", "aal1"]
    assert set(told["sign_ins"][0]) == {"time", "browser", "system", "country", "acr"}
    assert "127.0" not in str(told)
    for _ in range(50):
        sign_in(customer, on=Client())
    walk = Walk(*register("Later"), sign_in(customer, Method.PASSWORD, Method.TOTP))  # the first made room for others
    token = walk.tokens("openid activity")["access_token"]
    assert len(walk.get("/api/activity", token).json()["sign_ins"]) == 50


def test_a_sensitive_field_is_left_out_wherever_its_scope_is_not_open_now(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.update(phone="+4930123456")
    with_rows(monkeypatch, use_scope__phone={"needs": "aal2"})
    issued = walk.tokens("openid email phone")
    assert "phone_number" not in payload(issued["id_token"])
    person = walk.userinfo(issued["access_token"]).json()
    assert "email" in person
    assert "phone_number" not in person
    assert "phone" not in walk.get("/api/profile", issued["access_token"]).json()["shared"]["scopes"]
    assert "phone" not in walk.introspect(issued["access_token"])["scope"].split()
    Session.objects.update(level=Level.AAL2, methods=["password", "totp"])
    assert "phone_number" in walk.userinfo(issued["access_token"]).json()
    assert "phone" in walk.introspect(issued["access_token"])["scope"].split()


def test_sensitive_use_costs_no_statement_unless_the_answer_rests_on_it(
    customer: User, sign_in: Callable[..., Client], django_assert_num_queries: Any
) -> None:
    walk = Walk(*register(), sign_in(customer, Method.PASSWORD, Method.TOTP))
    token = walk.tokens("openid activity")["access_token"]
    walk.get("/api/activity", token)
    # The token with all it rests on; what its customer said; the decision, which is kept; the sign-ins.
    with django_assert_num_queries(4):
        assert walk.get("/api/activity", token).status_code == 200


@given(
    action=st.sampled_from(sorted(limits.load().actions)),
    proven=st.sampled_from(Level),
    ago=st.integers(0, 2000),
    challenged=st.none() | st.integers(0, 2000),
    standing=st.none() | st.sampled_from(Risk),
    device=st.sampled_from(gate.Trust),
    channel=st.sampled_from(Channel),
)
def test_what_is_not_looked_up_cannot_matter(
    action: str,
    proven: Level,
    ago: int,
    challenged: int | None,
    standing: Risk | None,
    device: gate.Trust,
    channel: Channel,
) -> None:
    def before(seconds: int) -> datetime:
        return NOON - timedelta(seconds=seconds)

    facts = gate.Facts(
        channel=channel,
        account_active=True,
        session_live=True,
        assurance=Assurance(proven, before(ago)),
        challenged_at=None if challenged is None else before(challenged),
        device=device,
        standing=standing,
    )
    running = limits.load()

    def decide(highest: Level) -> object:
        return gate.decide(action, replace(facts, highest=highest), limits=running, at=NOON)

    if decide(Level.NONE) == decide(Level.PHR):
        assert {repr(decide(level)) for level in Level} == {repr(decide(Level.NONE))}


def test_the_highest_level_is_looked_up_when_it_matters(walk: Walk, django_assert_num_queries: Any) -> None:
    session = Session.objects.select_related("customer", "device").get()
    by = Actor(ActorKind.PARTNER, walk.partner.pk, Channel.API)
    facts = accounts_facts.for_token(session.customer, session, by=by, at=clock.now())
    with django_assert_num_queries(0):
        assert accounts_facts.assessed("use_token", facts, session.customer, clock.now())[0] == facts
    with django_assert_num_queries(1):
        known, _answer = accounts_facts.assessed("partner.change_payee", facts, session.customer, clock.now())
    assert known.highest is Level.AAL1


# --- consent


def test_an_approval_of_the_customer_is_a_decision_on_record(walk: Walk, customer: User) -> None:
    walk.code("openid")
    assert latest("approve_consent").about == customer.pk
    walk.code("openid email")
    assert latest("widen_consent").answer == "allow"
    before = DecisionEntry.objects.filter(action="widen_consent").count()
    walk.decide(walk.ask("openid email", prompt="consent"), scope=[])  # narrower: never asked about
    assert DecisionEntry.objects.filter(action="widen_consent").count() == before


@pytest.mark.parametrize("first", [True, False])
def test_a_worried_session_proves_more_before_the_page(walk: Walk, first: bool) -> None:
    if not first:
        walk.code("openid")
    Session.objects.update(risk=Risk.MODERATE)
    page = walk.ask("openid email")
    assert page.status_code == 302
    assert page["Location"].startswith("/prove/?")
    assert answer(walk.ask("openid email", prompt="none"))["error"] == "consent_required"
    Session.objects.update(challenged_at=clock.now())
    assert walk.ask("openid email").status_code == 200


@pytest.mark.parametrize(("risk", "page"), [(Risk.HIGH, "on_hold.html"), (Risk.SEVERE, "refused.html")])
def test_a_held_or_refused_approval_is_explained_to_the_customer(walk: Walk, risk: Risk, page: str) -> None:
    Session.objects.update(risk=risk)
    response = walk.ask("openid email")
    assert response.status_code == 403
    assert page in {template.name for template in response.templates}
    assert not Consent.objects.exists()


def test_a_risk_that_rises_while_the_page_is_open_is_asked_under_lock(walk: Walk) -> None:
    page = walk.ask("openid email")
    Session.objects.update(risk=Risk.MODERATE)
    back = walk.decide(page)
    assert back["Location"].startswith("/oauth/authorize/?client_id=")
    assert walk.browser.get(back["Location"])["Location"].startswith("/prove/")
    assert not Consent.objects.exists()
    assert AuditEntry.objects.filter(name="flow.refused", data__reason="unusual").exists()
    Session.objects.update(risk=Risk.LOW)
    page = walk.ask("openid email")
    Session.objects.update(risk=Risk.SEVERE)
    refused = answer(walk.decide(page))
    assert (refused["error"], refused["error_description"]) == ("access_denied", "too_risky")


@pytest.mark.control("GDPR 7(3)")
def test_taking_back_is_never_gated(walk: Walk, by: Actor) -> None:
    walk.code("openid email phone")
    Session.objects.update(risk=Risk.SEVERE, level=Level.AAL1, level_at=clock.now() - timedelta(hours=11))
    consent = Consent.objects.get()
    flows.narrow(consent, ("phone",), by=by, at=clock.now())
    assert walk.browser.post(f"/connected-apps/{consent.pk}/withdraw/").status_code == 302
    assert Consent.objects.get().ended_at is not None
