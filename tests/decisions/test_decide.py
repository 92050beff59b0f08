"""POST /api/decisions: what is answered, what is kept, and what is no question at all."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Session, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Risk
from ciam_portal.decisions.models import Approval
from ciam_portal.oauth.profiles import Profile
from consent.models import Consent
from consent.permission import flows as consent_flows
from tests.decisions.conftest import Shop, open_shop
from tests.oauth.walk import Walk, register, serve

pytestmark = pytest.mark.django_db


def latest() -> DecisionEntry:
    return DecisionEntry.objects.order_by("-at", "-pk")[0]


def test_an_allow_brings_one_approval_that_is_stored_as_a_digest(shop: Shop, customer: User) -> None:
    answer = shop.decide_on().json()
    assert set(answer) == {"decision_id", "outcome", "reasons", "approval", "approval_expires_in"}
    assert (answer["outcome"], answer["reasons"], answer["approval_expires_in"]) == ("allow", [], 120)
    row = Approval.objects.get()
    assert answer["approval"] not in str(vars(row))
    assert row.expires_at - row.given_at == timedelta(seconds=120)
    kept = DecisionEntry.objects.get(pk=answer["decision_id"])
    assert (kept.action, kept.answer, kept.about, kept.channel) == ("partner.payment", "allow", customer.pk, "api")
    assert kept.inputs[1]["amount"] == 1250
    event = AuditEntry.objects.get(name="decision.given")
    assert (event.about, event.decision, event.data["approval"]) == (customer.pk, kept.pk, str(row.pk))
    assert shop.token not in json.dumps(kept.inputs)


def test_a_large_amount_needs_two_fresh_factors_and_says_so(shop: Shop) -> None:
    answer = shop.decide_on(amount=10_000).json()
    assert answer["outcome"] == "step_up"
    assert answer["step_up"] == {"acr_values": "aal2", "challenge": False, "max_age": 300}
    assert [reason["code"] for reason in answer["reasons"]] == ["prove_more"]
    assert answer["reasons"][0]["words"].endswith(".")
    assert "approval" not in answer
    assert not Approval.objects.exists()


def test_an_unknown_currency_or_no_amount_counts_as_large(shop: Shop) -> None:
    assert shop.decide_on(currency="XTS").json()["outcome"] == "step_up"
    assert shop.decide_on(amount=None, currency=None).json()["outcome"] == "step_up"


def test_two_fresh_factors_allow_a_large_amount_for_five_minutes(strong: Shop) -> None:
    assert strong.decide_on(amount=2**53 - 1).json()["outcome"] == "allow"
    with time_machine.travel(clock.now() + timedelta(seconds=290), tick=False):
        assert strong.decide_on(amount=10_000).json()["outcome"] == "allow"
    with time_machine.travel(clock.now() + timedelta(seconds=301), tick=False):
        strong.token = strong.tokens("openid")["access_token"]
        assert strong.decide_on(amount=10_000).json()["step_up"]["max_age"] == 300


@pytest.mark.parametrize(
    ("risk", "outcome", "code"),
    [
        (Risk.LOW, "allow", None),
        (Risk.MODERATE, "step_up", "unusual"),
        (Risk.HIGH, "hold", "on_hold"),
        (Risk.SEVERE, "deny", "too_risky"),
    ],
)
def test_more_risk_is_answered_more_strictly(shop: Shop, risk: Risk, outcome: str, code: str | None) -> None:
    Session.objects.update(risk=risk)
    answer = shop.decide_on().json()
    assert answer["outcome"] == outcome
    assert [reason["code"] for reason in answer["reasons"]] == ([code] if code else [])
    assert ("approval" in answer) is (outcome == "allow")
    if outcome == "step_up":
        assert answer["step_up"]["challenge"] is True
    assert latest().answer == outcome


def test_a_hold_that_ends_says_when(strong: Shop) -> None:
    device = Session.objects.get().device
    assert device is not None
    until = clock.now() + timedelta(hours=3)
    type(device).objects.update(known_at=until)
    Session.objects.update(risk=Risk.HIGH)
    answer = strong.decide_on().json()
    assert answer["outcome"] == "hold"
    assert datetime.fromisoformat(answer["hold_until"]) == until


@pytest.mark.parametrize("action", ["partner.fly", "fly", "large_payment", "partner.sign_in"])
def test_an_action_that_is_not_in_the_catalogue_or_not_the_partners_is_denied(shop: Shop, action: str) -> None:
    response = shop.decide_on(action=action)
    assert response.status_code == 200
    assert (response.json()["outcome"], response.json()["reasons"][0]["code"]) == ("deny", "unknown_action")
    assert str(latest().pk) == response.json()["decision_id"]


def test_a_registered_action_that_left_the_catalogue_is_denied(shop: Shop) -> None:
    type(shop.partner).objects.update(decision_actions=["partner.gone"])
    assert shop.decide_on(action="gone").json()["reasons"][0]["code"] == "unknown_action"


def test_the_prefix_may_be_given(shop: Shop) -> None:
    assert shop.decide_on(action="partner.payment").json()["outcome"] == "allow"


ENDS: dict[str, tuple[Callable[[Shop, Actor], Any], str]] = {
    "consent": (lambda shop, by: consent_flows.withdraw(Consent.objects.get(), by=by, at=clock.now()), "unknown_token"),
    "consent, the token still there": (lambda shop, by: Consent.objects.update(ended_at=clock.now()), "consent_ended"),
    "session": (lambda shop, by: sessions.end(Session.objects.get(), by=by, at=clock.now()), "unknown_token"),
    "session, the token still there": (
        lambda shop, by: Session.objects.update(ended_at=clock.now(), end_reason="ended_by_owner"),
        "session_ended",
    ),
    "account": (lambda shop, by: User.objects.update(is_active=False), "account_closed"),
    "another token": (lambda shop, by: setattr(shop, "token", "x" * 43), "unknown_token"),
}


@pytest.mark.parametrize("cause", ENDS)
def test_whatever_the_token_rests_on_must_stand(shop: Shop, by: Actor, cause: str) -> None:
    end, code = ENDS[cause]
    end(shop, by)
    answer = shop.decide_on().json()
    assert (answer["outcome"], answer["reasons"][0]["code"]) == ("deny", code)


def test_offline_access_outlives_a_sign_out_and_buys_nothing(shop: Shop, by: Actor) -> None:
    shop.token = shop.tokens("openid offline_access")["access_token"]
    sessions.end(Session.objects.get(), by=by, at=clock.now(), reason=sessions.SIGNED_OUT)
    assert shop.userinfo(shop.token).status_code == 200
    assert shop.decide_on().json()["reasons"][0]["code"] == "session_over"


def test_an_expired_token_is_unknown(shop: Shop) -> None:
    with time_machine.travel(clock.now() + timedelta(seconds=300)):
        assert shop.decide_on().json()["reasons"][0]["code"] == "unknown_token"


def test_a_token_of_others_is_for_the_resource_that_it_was_made_for_only(shop: Shop) -> None:
    other = open_shop(shop.browser, name="Other")
    mine, other.token = other.token, shop.token
    assert other.decide_on().json()["reasons"][0]["code"] == "unknown_token"
    assert latest().about is None
    assert mine != other.token
    gateway = open_shop(shop.browser, name="Gateway", profile=Profile.SERVICE)
    gateway.token = shop.token
    assert gateway.decide_on().json()["reasons"][0]["code"] == "unknown_token"
    url = serve(gateway, shop)
    assert gateway.decide_on().json()["reasons"][0]["code"] == "unknown_token"
    gateway.token = shop.tokens("openid", resource=url)["access_token"]
    assert gateway.decide_on().json()["outcome"] == "allow"
    assert gateway.decide_on(channel="gateway").json()["outcome"] == "allow"


def test_only_a_resource_server_is_a_gateway(shop: Shop) -> None:
    for channel in ("gateway", "mobile"):
        assert shop.decide_on(channel=channel).json()["reasons"][0]["code"] == "wrong_door"


def test_what_the_resource_is_stays_with_the_partner(shop: Shop) -> None:
    secret = {"type": "sentinel-kind", "id": "Sentinel Nameson, Oslo \u00e5"}
    assert shop.redeem_approval(shop.approval(resource=secret), resource=secret).status_code == 200
    kept = [*DecisionEntry.objects.values(), *AuditEntry.objects.values(), *Approval.objects.values()]
    assert "entinel" not in str(kept)


# --- who asks


def test_a_partner_proves_who_it_is_and_was_registered(shop: Shop, client: Client) -> None:
    body = shop.question()
    wrong = {"HTTP_AUTHORIZATION": shop.basic("wrong")}
    for response in (
        client.post("/api/decisions", body, "application/json"),
        shop.send("/api/decisions", body, **wrong),
    ):
        assert response.status_code == 401
        assert response["WWW-Authenticate"].startswith("Basic")
    plain = Walk(*register("Plain"))
    refused = client.post("/api/decisions", body, "application/json", HTTP_AUTHORIZATION=plain.basic())
    assert (refused.status_code, refused.json()["error"]) == (403, "not_registered")


def test_who_asks_too_often_waits(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    running = limits.current()
    tight = replace(running, approvals=replace(running.approvals, questions_per_minute=2))
    monkeypatch.setattr(limits, "current", lambda: tight)
    approval = shop.approval()
    assert shop.redeem_approval(approval).status_code == 200
    refused = shop.decide_on()
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert refused.json()["error"] == "too_many_requests"
    assert open_shop(shop.browser, name="Other").decide_on().status_code == 200


# --- bad input

BAD_MEMBERS: list[dict[str, Any]] = [
    {"amount": -1},
    {"amount": 12.5},
    {"amount": 1.0},
    {"amount": "1250"},
    {"amount": True},
    {"amount": 2**53},
    {"amount": 10**400},
    {"amount": [1]},
    {"amount": None},
    {"currency": None},
    {"currency": "eur"},
    {"currency": "EURO"},
    {"currency": "\u20ac\u20ac\u20ac"},
    {"currency": ""},
    {"action": ""},
    {"action": "Payment"},
    {"action": "partner.partner.payment"},
    {"action": "payment\n"},
    {"action": "sign in"},
    {"action": None},
    {"action": 7},
    {"token": None},
    {"token": ""},
    {"token": "x" * 256},
    {"token": "x\x00"},
    {"channel": "web"},
    {"channel": "pigeon"},
    {"resource": "order"},
    {"resource": {"type": "order"}},
    {"resource": {"type": "order", "id": ""}},
    {"resource": {"type": "order", "id": "x" * 201}},
    {"resource": {"type": "order", "id": "\ud800"}},
    {"resource": {"type": "an order", "id": "1"}},
    {"resource": {"type": "order", "id": "1", "more": 1}},
    {"ammount": 5},
]


def test_a_bad_member_is_named_and_nothing_is_decided(shop: Shop) -> None:
    before = DecisionEntry.objects.count()
    for change in BAD_MEMBERS:
        response = shop.decide_on(**change)
        assert response.status_code == 400, change
        assert set(response.json()) == {"error", "error_description"}
        assert next(iter(change)) in response.json()["error_description"] or None in change.values()
        assert "<" not in response.json()["error_description"]
    assert DecisionEntry.objects.count() == before


NO_OBJECTS: list[tuple[str | bytes, str]] = [
    (" ", "invalid_json"),
    ("{", "invalid_json"),
    ("[]", "invalid_type"),
    ("null", "invalid_type"),
    ('"x"', "invalid_type"),
    ('{"action":"payment","amount":NaN,"currency":"EUR","token":"x"}', "invalid_json"),
    ('{"action":"payment","amount":Infinity,"currency":"EUR","token":"x"}', "invalid_json"),
    ('{"action":"payment","amount":' + "9" * 5000 + ',"currency":"EUR","token":"x"}', "invalid_json"),
    ('{"action":"payment","action":"payment","token":"x"}', "duplicate_member"),
    ('{"resource":{"type":"a","type":"b","id":"c"},"action":"payment","token":"x"}', "duplicate_member"),
    ("[" * 16_000, "invalid_json"),
    ('{"a":' * 3_000, "invalid_json"),
    (b"\xff\xfe{}", "invalid_json"),
    (b"\xef\xbb\xbf{}", "invalid_json"),
    (b'{"token":"\x00"}', "invalid_json"),
]


def test_what_is_no_json_object_is_refused(shop: Shop) -> None:
    for path in ("/api/decisions", "/api/approvals/redeem", "/access/v1/evaluation"):
        for body, code in NO_OBJECTS:
            response = shop.send(path, body)
            assert (response.status_code, response.json()["error"]) == (400, code), body[:60]


def test_a_number_beyond_all_numbers_is_none(shop: Shop) -> None:
    response = shop.send("/api/decisions", '{"action":"payment","amount":1e999,"currency":"EUR","token":"x"}')
    assert (response.status_code, response.json()["error"]) == (400, "invalid_type")


def test_large_bodies_other_types_and_methods(shop: Shop) -> None:
    for size in (20_000, 100_000, 300_000):
        response = shop.send("/api/decisions", '{"token":"' + "x" * size + '"}')
        assert (response.status_code, response.json()["error"]) == (413, "body_too_large")
    headers: dict[str, Any] = {"HTTP_AUTHORIZATION": shop.basic()}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json-patch+json", ""):
        response = shop.machine.generic("POST", "/api/decisions", json.dumps(shop.question()), kind, **headers)
        assert (response.status_code, response.json()["error"]) == (415, "unsupported_media_type")
    with_charset = "application/json; charset=utf-8"
    response = shop.machine.generic("POST", "/api/decisions", json.dumps(shop.question()), with_charset, **headers)
    assert response.status_code == 200
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        response = shop.machine.generic(method, "/api/decisions", **headers)
        assert (response.status_code, response["Allow"]) == (405, "POST")


def test_what_a_question_costs(shop: Shop, django_assert_num_queries: Any) -> None:
    # Partner; token with all it rests on and what was said; factors held; decision; approval; event. Two more are the
    # test's savepoint.
    with django_assert_num_queries(8):
        shop.decide_on()
