"""The OpenAPI document is valid, and true: answers of every status that it names are held against it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from redis.exceptions import ConnectionError as CacheAway

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.decisions import openapi, questions
from ciam_portal.decisions.shapes import Malformed
from ciam_portal.oauth import scopes
from tests.decisions.conftest import Shop, open_shop

pytestmark = pytest.mark.django_db
POSTS = {"/api/decisions": "Question", "/api/approvals/redeem": "Redemption", "/access/v1/evaluation": "Evaluation"}


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    response = client.get("/api/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def schema(document: dict[str, Any], part: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(part | {"components": document["components"]}, format_checker=FormatChecker())


class Held:
    """Holds answers against the document, and remembers which of its promises were seen kept."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.seen: set[tuple[str, str, str]] = set()

    def against(self, path: str, response: Any, method: str = "post") -> Any:
        promised = self.document["paths"][path][method]["responses"]
        status = str(response.status_code)
        assert status in promised, (path, status, response.content)
        assert response["Content-Type"] == "application/json"
        part = promised[status]
        schema(self.document, part["content"]["application/json"]["schema"]).validate(response.json())
        for header in part.get("headers", {}):
            assert header in response, (path, status, header)
        self.seen.add((path, method, status))
        return response

    def unseen(self) -> set[tuple[str, str, str]]:
        paths = self.document["paths"].items()
        return {
            (path, method, status) for path, item in paths for method, op in item.items() for status in op["responses"]
        } - self.seen


def test_the_document_is_openapi(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


@pytest.fixture
def held(document: dict[str, Any]) -> Iterator[Held]:
    yield (found := Held(document))
    assert not found.unseen()


def test_every_status_it_names_is_answered_as_it_says(
    held: Held, customer: User, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop(sign_in(customer, Method.PASSWORD, Method.TOTP))
    shop.token = shop.tokens("openid profile email phone activity")["access_token"]
    plain = open_shop(shop.browser, name="Plain", decision_actions=())
    subject = shop.userinfo(shop.token).json()["sub"]
    good: dict[str, Callable[[], Any]] = {
        "/api/decisions": shop.decide_on,
        "/api/approvals/redeem": lambda: shop.redeem_approval(shop.approval()),
        "/access/v1/evaluation": lambda: shop.evaluate(subject),
    }
    for path, call in good.items():
        held.against(path, call())
        held.against(path, shop.send(path, "{}"))
        held.against(path, shop.send(path, "{}", HTTP_AUTHORIZATION=shop.basic("wrong")))
        held.against(path, plain.send(path, "{}"))
        held.against(path, shop.machine.get(path))
        held.against(path, shop.send(path, "x" * 20_000))
        held.against(path, shop.machine.post(path, {"a": "b"}, HTTP_AUTHORIZATION=shop.basic()))
    for path in ("/api/profile", "/api/activity"):
        held.against(path, shop.get(path, shop.token), "get")
        held.against(path, shop.machine.get(path, {"access_token": "x"}), "get")
        held.against(path, shop.machine.get(path), "get")
        held.against(path, shop.machine.post(path), "get")
    yesterday = clock.now() - timedelta(days=1)
    Session.objects.update(risk=Risk.MODERATE, challenged_at=yesterday, level_at=yesterday)
    assert held.against("/api/decisions", shop.decide_on()).json()["outcome"] == "step_up"
    held.against("/access/v1/evaluation", shop.evaluate(subject))
    held.against("/api/activity", shop.get("/api/activity", shop.token), "get")
    Session.objects.update(risk=Risk.LOW, challenged_at=clock.now(), level_at=clock.now())
    used = shop.approval()
    for _ in range(2):
        held.against("/api/approvals/redeem", shop.redeem_approval(used))  # 200, 409
    held.against("/api/approvals/redeem", shop.redeem_approval("unknown"))
    late, lost = shop.approval(), shop.approval()
    with time_machine.travel(clock.now() + timedelta(seconds=121)):
        held.against("/api/approvals/redeem", shop.redeem_approval(late))
    Session.objects.update(risk=Risk.SEVERE)
    held.against("/api/approvals/redeem", shop.redeem_approval(lost))
    assert held.against("/api/decisions", shop.decide_on()).json()["outcome"] == "deny"
    for path in ("/api/profile", "/api/activity"):
        held.against(path, shop.get(path, shop.token), "get")
    running = limits.current()
    tight = replace(running, approvals=replace(running.approvals, questions_per_minute=0))
    monkeypatch.setattr(limits, "current", lambda: tight)
    for path in POSTS:
        shop.send(path, "{}")
        held.against(path, shop.send(path, "{}"))

    def away(*args: object, **kwargs: object) -> None:
        raise CacheAway

    monkeypatch.setattr(cache, "add", away)
    for path in POSTS:
        held.against(path, shop.send(path, "{}"))


def test_every_row_for_the_use_of_a_scope_names_one_that_exists() -> None:
    running = limits.load()
    scopes.check(running)
    wrong = replace(running, actions=running.actions | {"use_scope.phnoe": running.actions["use_scope.activity"]})
    with pytest.raises(limits.UnsafePolicy, match=r"use_scope\.phnoe"):
        scopes.check(wrong)


# --- no input breaks it

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def near(table: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Objects that look like this schema, with some members right, some wrong, some missing."""
    if table["type"] != "object":
        right = {
            "integer": st.integers(0, 2**53 - 1),
            "string": st.sampled_from(["payment", "EUR", "api", "order", "1"]),
        }
        return right[table["type"]] | _json
    parts = {name: near(part) for name, part in table["properties"].items()}
    return st.fixed_dictionaries({}, optional=parts) | st.fixed_dictionaries(parts) | _json


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_body_is_answered_with_a_server_error(shop: Shop, data: st.DataObject) -> None:
    held = Held(openapi.document())
    path = data.draw(st.sampled_from(sorted(POSTS)))
    body = data.draw(near(held.document["components"]["schemas"][POSTS[path]]) | st.binary(max_size=60))
    cache.clear()
    sent = body if isinstance(body, bytes) else json.dumps(body)
    if not sent:
        return
    response = held.against(path, shop.send(path, sent))
    assert response.status_code < 500


FORMS = {"Question": questions.question, "Redemption": questions.redemption, "Evaluation": questions.evaluation}


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_is_read_is_what_the_document_describes(data: st.DataObject) -> None:
    """The tables that read a request and their JSON Schema agree about every object."""
    document = openapi.document()
    name = data.draw(st.sampled_from(sorted(FORMS)))
    table = document["components"]["schemas"][name]
    body = data.draw(near(table))
    described = schema(document, table).is_valid(body)
    try:
        FORMS[name](body)
    except Malformed:
        # Two things are refused that a schema cannot say: characters that cannot be printed, and 1.0 as a number.
        assert not described or any(isinstance(leaf, float) or not str(leaf).isprintable() for leaf in _leaves(body))
    else:
        assert described


def _leaves(body: object) -> Iterator[object]:
    match body:
        case list():
            for item in body:
                yield from _leaves(item)
        case dict():
            for item in body.values():
                yield from _leaves(item)
        case _:
            yield body


@example(amount=1.0)
@example(amount=-0.0)
@given(amount=st.floats())
def test_no_float_is_an_amount(amount: float) -> None:
    with pytest.raises(Malformed):
        questions.question({"action": "payment", "token": "x", "amount": amount, "currency": "EUR"})
