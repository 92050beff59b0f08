"""AuthZEN 1.0: every valid request has its decision; what we cannot decide is false, with a reason."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from tests.decisions.conftest import Shop

pytestmark = pytest.mark.django_db
EVALUATIONS = "/access/v1/evaluations"
ALICE = {"type": "user", "id": "alice@example.com"}
READ = {"name": "can_read"}
BOOK = {"type": "book", "id": "123"}


def test_the_subject_of_an_evaluation_is_the_tokens(shop: Shop) -> None:
    """AuthZEN 1.0: the same code path."""
    subject = shop.userinfo(shop.token).json()["sub"]
    allowed = shop.evaluate(subject).json()
    assert allowed["decision"] is True
    assert shop.redeem_approval(allowed["context"]["approval"]).status_code == 200
    denied = shop.evaluate("somebody").json()
    assert denied["decision"] is False
    assert denied["context"]["reason_admin"] == {"en": "other_subject"}
    more = shop.evaluate(subject, amount=50_000).json()
    assert more["decision"] is False
    assert more["context"]["step_up"]["acr_values"] == "aal2"
    assert DecisionEntry.objects.get(pk=more["context"]["id"]).answer == "step_up"


def test_authzen_metadata_leads_to_the_endpoints(client: Client, settings: Any) -> None:
    told = client.get("/.well-known/authzen-configuration").json()
    assert told["policy_decision_point"] == settings.PUBLIC_URL
    assert told["access_evaluation_endpoint"] == f"{settings.PUBLIC_URL}/access/v1/evaluation"
    assert told["access_evaluations_endpoint"] == f"{settings.PUBLIC_URL}/access/v1/evaluations"


@pytest.mark.parametrize(("sent", "is_echoed"), [("abc-123", True), ("x" * 65, False), ("a b", False)])
def test_authzens_callers_get_their_own_request_id_back(shop: Shop, sent: str, is_echoed: bool) -> None:
    shop.machine.defaults["HTTP_X_REQUEST_ID"] = sent
    assert (shop.evaluate("x")["X-Request-ID"] == sent) is is_echoed
    assert shop.decide_on()["X-Request-ID"] != sent
    assert sent not in set(DecisionEntry.objects.values_list("request_id", flat=True))


# --- every valid request is answered

VALID: list[tuple[dict[str, Any], str]] = [
    ({}, "missing_member"),
    ({"context": {}}, "missing_member"),
    ({"context": {"time": "1985-10-26T01:22-07:00", "token": None}}, "invalid_type"),
    ({"context": {"token": "x" * 256}}, "invalid_length"),
    ({"context": {"token": "x", "amount": 12.5, "currency": "EUR"}}, "invalid_type"),
    ({"context": {"token": "x", "amount": -1, "currency": "EUR"}}, "out_of_range"),
    ({"context": {"token": "x", "amount": 1}}, "missing_member"),
    ({"context": {"token": "x", "channel": "web"}}, "invalid_value"),
    ({"context": {"token": "x"}, "action": {"name": "extend-loan", "properties": {"period": "2W"}}}, "invalid_value"),
    ({"context": {"token": "x"}, "resource": {"type": "a book", "id": "1"}}, "invalid_value"),
    ({"context": {"token": "x"}, "resource": {"type": "book", "id": ""}}, "invalid_length"),
    ({"subject": {"type": "", "id": "", "properties": {"department": "Sales"}}, "more": [1]}, "missing_member"),
]


@pytest.mark.parametrize(("change", "code"), VALID, ids=lambda part: str(part)[:60])
def test_what_we_could_not_be_asked_is_false_and_says_why(shop: Shop, change: dict[str, Any], code: str) -> None:
    before = DecisionEntry.objects.count()
    response = shop.send("/access/v1/evaluation", {"subject": ALICE, "action": READ, "resource": BOOK} | change)
    assert response.status_code == 200
    answer = response.json()
    assert answer["decision"] is False
    error = answer["context"].pop("error")
    assert (answer["context"], error["status"], error["code"]) == ({}, 400, code)
    assert error["message"].endswith(".")
    assert DecisionEntry.objects.count() == before


def test_members_that_are_not_ours_change_nothing(shop: Shop) -> None:
    subject = shop.userinfo(shop.token).json()["sub"]
    more = {"properties": {"department": "Sales"}, "x": None}
    asked = shop.asking(subject, action="fly", resource=7, time="1985-10-26T01:22-07:00")
    body = {"x": 1} | {name: part | more if name != "context" else part for name, part in asked.items()}
    answer = shop.send("/access/v1/evaluation", body).json()
    assert answer["decision"] is True
    assert shop.redeem_approval(answer["context"]["approval"]).status_code == 200


def test_a_list_that_is_too_long_is_told_how_long_it_may_be(shop: Shop) -> None:
    response = shop.send(EVALUATIONS, {"evaluations": [{}] * 51})
    assert response.json()["error_description"] == "evaluations must have at most 50 items, not 51."


@pytest.mark.parametrize("subject", ["", "\ud800", "x" * 5000, "a\x00b"])
def test_a_subject_that_is_nobody_is_denied(shop: Shop, subject: str) -> None:
    answer = shop.evaluate(subject).json()
    assert (answer["decision"], answer["context"]["reason_admin"]) == (False, {"en": "other_subject"})


@pytest.mark.parametrize("action", ["can_read", "fly", "partner.fly"])
def test_an_action_that_is_not_the_partners_is_denied_on_record(shop: Shop, action: str) -> None:
    body = shop.asking("somebody") | {"action": {"name": action}}
    answer = shop.send("/access/v1/evaluation", body).json()
    assert (answer["decision"], answer["context"]["reason_admin"]) == (False, {"en": "unknown_action"})
    assert DecisionEntry.objects.get(pk=answer["context"]["id"]).answer == "deny"


@pytest.mark.parametrize(
    "change",
    [
        {"subject": None},
        {"subject": {"type": "user"}},
        {"subject": {"type": "user", "id": 7}},
        {"action": {}},
        {"action": "can_read"},
        {"resource": {"id": "123"}},
        {"context": None},
        {"context": []},
    ],
    ids=str,
)
def test_what_is_no_request_of_authzen_is_refused(shop: Shop, change: dict[str, Any]) -> None:
    response = shop.send("/access/v1/evaluation", shop.asking("x") | change)
    assert response.status_code == 400
    assert next(iter(change)) in response.json()["error_description"]


# --- several at once


def several(shop: Shop, *parts: dict[str, Any], **beside: Any) -> list[dict[str, Any]]:
    response = shop.send(EVALUATIONS, {"evaluations": list(parts)} | beside)
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == {"evaluations"}
    found: list[dict[str, Any]] = answer["evaluations"]
    return found


def test_each_of_several_has_its_own_answer_in_order(shop: Shop) -> None:
    asked = shop.asking(shop.userinfo(shop.token).json()["sub"])
    parts: list[dict[str, Any]] = [
        {},
        {"action": {"name": "fly"}},
        {"context": asked["context"] | {"amount": 50_000}},
        {"subject": 7},
        {"context": {}},
        {"resource": {"type": "order", "id": "1002"}},
    ]
    answers = several(shop, *parts, **asked)
    assert [answer["decision"] for answer in answers] == [True, False, False, False, False, True]
    assert answers[1]["context"]["reason_admin"] == {"en": "unknown_action"}
    assert answers[2]["context"]["outcome"] == "step_up"
    assert [answers[place]["context"]["error"]["code"] for place in (3, 4)] == ["invalid_type", "missing_member"]
    approval = answers[5]["context"]["approval"]
    assert shop.redeem_approval(approval, resource={"type": "order", "id": "1002"}).status_code == 200


def test_each_may_say_all_of_it_itself(shop: Shop) -> None:
    subject = shop.userinfo(shop.token).json()["sub"]
    answers = several(shop, shop.asking(subject), shop.asking("somebody"))
    assert [answer["decision"] for answer in answers] == [True, False]


@pytest.mark.parametrize(
    ("semantic", "answered"),
    [
        ("execute_all", [False, True, False, True]),
        ("deny_on_first_deny", [False]),
        ("permit_on_first_permit", [False, True]),
    ],
)
def test_the_caller_says_when_to_stop(shop: Shop, semantic: str, answered: list[bool]) -> None:
    asked = shop.asking(shop.userinfo(shop.token).json()["sub"])
    before = DecisionEntry.objects.filter(action="partner.payment").count()
    parts: list[dict[str, Any]] = [{"context": {}}, {}, {"context": {}}, {}]
    answers = several(shop, *parts, options={"evaluations_semantic": semantic, "x": 1}, **asked)
    assert [answer["decision"] for answer in answers] == answered
    assert DecisionEntry.objects.filter(action="partner.payment").count() - before == answered.count(True)


@pytest.mark.parametrize("rest", [{}, {"evaluations": []}])
def test_without_a_list_it_is_one_question(shop: Shop, rest: dict[str, Any]) -> None:
    subject = shop.userinfo(shop.token).json()["sub"]
    assert shop.send(EVALUATIONS, shop.asking(subject) | rest).json()["decision"] is True


@pytest.mark.parametrize(
    "body",
    [
        {"evaluations": {}},
        {"evaluations": [7]},
        {"evaluations": [{}] * 51},
        {"options": {"evaluations_semantic": "any"}},
        {"options": 7},
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_list_that_is_none_is_refused(shop: Shop, body: dict[str, Any]) -> None:
    response = shop.send(EVALUATIONS, shop.asking("x") | body)
    assert response.status_code == 400
    assert next(iter(body)) in response.json()["error_description"]


def test_each_counts_as_a_question(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    running = limits.current()
    tight = replace(running, approvals=replace(running.approvals, questions_per_minute=2))
    monkeypatch.setattr(limits, "current", lambda: tight)
    asked = shop.asking(shop.userinfo(shop.token).json()["sub"])
    answers = several(shop, {}, {}, {}, **asked)
    assert [answer["decision"] for answer in answers] == [True, True, False]
    assert answers[2]["context"]["error"]["status"] == 429
    assert shop.send(EVALUATIONS, asked).status_code == 429
