"""The OpenAPI document is valid, and true: answers of every status that it names are held against it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError, validators
from openapi_spec_validator import validate
from redis.exceptions import ConnectionError as CacheAway

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.cache import Cache
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.decisions import questions
from ciam_portal.oauth import scopes, tokens
from ciam_portal.oauth.bodies import Malformed, read
from ciam_portal.oauth.credentials import known
from ciam_portal.oauth.models import Partner
from consent.data_use import shapes
from consent.release import pace
from tests.consent.data_use.conftest import PATH as DATA_USE
from tests.consent.data_use.conftest import Service
from tests.decisions.answering import Held, hears, replaces
from tests.decisions.conftest import Shop, open_shop

pytestmark = pytest.mark.django_db
POSTS: dict[str, Callable[[object], object]] = {
    "/api/decisions": questions.question,
    "/api/approvals/redeem": questions.redemption,
    "/access/v1/evaluation": questions.evaluation,
    "/access/v1/evaluations": questions.evaluations,
    DATA_USE: partial(read, shapes.ASKED),
}
READ = ("/api/profile", "/api/activity", "/api/delegations")
DECIDING = sorted(POSTS.keys() - {DATA_USE})


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    response = client.get("/api/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def test_the_document_is_openapi(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


@pytest.fixture
def held(document: dict[str, Any]) -> Iterator[Held]:
    yield (found := Held(document))
    assert not found.unseen()


def uses_data(held: Held, subject: str) -> tuple[Service, str]:
    """A service, and its token, after all that it is answered while everything works."""
    service = Service()
    use, token = partial(held.against, DATA_USE), service.token()
    assert use(service.asks(subject, "x")).json()["subjects"].keys() == {subject, "x"}
    use(service.asks())
    use(service.asks("x", token="over"))
    Partner.objects.filter(pk=service.partner.pk).update(data_purposes=[])
    use(service.asks("x"))
    use(service.machine.get(DATA_USE))
    service.let("product_news")
    use(service.send("x" * 2**21))
    use(service.machine.post(DATA_USE, {"a": "b"}, HTTP_AUTHORIZATION=f"Bearer {token}"))
    return service, token


def decides(held: Held, shop: Shop, plain: Shop, subject: str) -> None:
    """All that who asks for decisions is answered while everything works."""
    several = {"evaluations": [shop.asking(subject), {}]}
    good: dict[str, Callable[[], Any]] = {
        "/api/decisions": shop.decide_on,
        "/api/approvals/redeem": lambda: shop.redeem_approval(shop.approval()),
        "/access/v1/evaluation": lambda: shop.evaluate(subject),
        "/access/v1/evaluations": lambda: shop.send("/access/v1/evaluations", several),
    }
    for path, call in good.items():
        held.against(path, call())
        held.against(path, shop.send(path, "[]"))
        held.against(path, shop.send(path, "{}"))
        held.against(path, shop.send(path, "{}", HTTP_AUTHORIZATION=shop.basic("wrong")))
        held.against(path, plain.send(path, "{}"))
        held.against(path, shop.machine.get(path))
        held.against(path, shop.send(path, "x" * 20_000))
        held.against(path, shop.machine.post(path, {"a": "b"}, HTTP_AUTHORIZATION=shop.basic()))


def test_every_status_it_names_is_answered_as_it_says(
    held: Held, customer: User, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop(sign_in(customer, Method.PASSWORD, Method.TOTP))
    shop.token = shop.tokens("openid profile email phone activity delegations")["access_token"]
    plain = open_shop(shop.browser, name="Plain", decision_actions=())
    subject = shop.userinfo(shop.token).json()["sub"]
    decides(held, shop, plain, subject)
    for path in READ:
        held.against(path, shop.get(path, shop.token), "get")
        held.against(path, shop.machine.get(path, {"access_token": "x"}), "get")
        held.against(path, shop.machine.get(path), "get")
        held.against(path, shop.machine.post(path), "get")
    service, token = uses_data(held, subject)
    streams, credentials = hears(held), replaces(held)
    yesterday = clock.now() - timedelta(days=1)
    Session.objects.update(risk=Risk.MODERATE, challenged_at=yesterday, level_at=yesterday)
    assert held.against("/api/decisions", shop.decide_on()).json()["outcome"] == "step_up"
    held.against("/access/v1/evaluation", shop.evaluate(subject))
    held.against("/api/activity", shop.get("/api/activity", shop.token), "get")
    Session.objects.update(risk=Risk.LOW, challenged_at=clock.now(), level_at=clock.now())
    with monkeypatch.context() as new:
        new.setattr(pace, "calls", lambda _access: SimpleNamespace(too_many=lambda: 7))
        for path in READ:
            held.against(path, shop.get(path, shop.token), "get")
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
    for path in READ:
        held.against(path, shop.get(path, shop.token), "get")
    running = limits.current()
    tight = replace(running, approvals=replace(running.approvals, questions_per_minute=0))
    tight = replace(tight, consent=replace(running.consent, uses_per_minute=0))
    tight = replace(tight, signals=replace(running.signals, requests_per_minute=0))

    def counted() -> None:
        for path in DECIDING:
            shop.send(path, "{}")
            held.against(path, shop.send(path, "{}"))
        held.against(DATA_USE, service.asks("x", token=token))
        streams()

    monkeypatch.setattr(limits, "current", lambda: tight)
    counted()

    def away(*args: object, **kwargs: object) -> None:
        raise CacheAway

    monkeypatch.setattr(Cache, "count", away)
    counted()
    monkeypatch.setattr(known, "partner_of", away)
    monkeypatch.setattr(tokens, "access_of", away)
    credentials()
    for path in READ:
        held.against(path, shop.get(path, shop.token), "get")


def test_every_row_for_the_use_of_a_scope_names_one_that_exists() -> None:
    running = limits.load()
    scopes.check(running)
    wrong = replace(running, actions=running.actions | {"use_scope.phnoe": running.actions["use_scope.activity"]})
    with pytest.raises(limits.UnsafePolicy, match=r"use_scope\.phnoe"):
        scopes.check(wrong)


# --- no input breaks it


def _pattern(validator: Any, pattern: str, instance: object, schema: object) -> Iterator[ValidationError]:
    """As ECMA 262 reads it, which JSON Schema asks for: the end is the very end, not a line's."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError(f"{instance!r} does not match {pattern}")


def _is_whole(checker: object, instance: object) -> bool:
    """JSON Schema takes 1.0 for an integer. The document asks for a number that is written without a point."""
    return isinstance(instance, int) and not isinstance(instance, bool)


Exact = validators.extend(
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def requested(document: dict[str, Any], path: str) -> dict[str, Any]:
    """What the document says of a request's body."""
    found: dict[str, Any] = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return found


def near(document: dict[str, Any], part: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that look like this schema: right, at the edge, wrong; of objects, members missing or too many."""
    found: st.SearchStrategy[Any] = st.nothing()
    match part:
        case {"$ref": str(name)}:
            found = near(document, document["components"]["schemas"][name.rpartition("/")[2]])
        case {"type": "integer", "minimum": int(least), "maximum": int(most)}:
            found = st.integers(least, most) | st.sampled_from([least, most, least - 1, most + 1, 1.0, 12.5])
        case {"enum": list(choices)}:
            found = st.sampled_from(choices)
        case {"type": "string", "pattern": str(pattern), "maxLength": int(most)}:
            right = st.from_regex(pattern)
            long = right.map(lambda text: (text * most)[:most])
            found = right | long | long.map(lambda text: text + text[-1:])
        case {"type": "string"}:
            found = st.text()
        case {"type": "array", "items": dict(item), "maxItems": int(most), "uniqueItems": True}:
            few = st.lists(near(document, item), max_size=3)
            many = st.sampled_from([most, most + 1]).map(lambda count: [f"s{number}" for number in range(count)])
            found = few | few.map(lambda items: items * 2) | many
        case {"type": "array", "items": dict(item), "maxItems": int(most)}:
            few = st.lists(near(document, item), max_size=3)
            found = few | few.map(lambda items: (items * most)[:most]) | few.map(lambda items: items * (most + 1))
        case {"properties": dict(properties)}:
            parts = {name: near(document, inner) for name, inner in properties.items()}
            needed = {name: parts[name] for name in part.get("required", ())}
            others = {name: inner for name, inner in parts.items() if name not in needed}
            whole = st.fixed_dictionaries(needed, optional=others)
            more = st.builds(dict.__or__, whole, st.fixed_dictionaries({"x": _json}))
            found = whole | st.fixed_dictionaries(parts) | more
    return found | _json


@pytest.fixture
def service(db: None) -> Service:
    return Service()


@pytest.fixture
def bodies(document: dict[str, Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {path: near(document, requested(document, path)) for path in sorted(POSTS)}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_body_is_answered_with_a_server_error(
    shop: Shop,
    service: Service,
    document: dict[str, Any],
    bodies: dict[str, st.SearchStrategy[Any]],
    data: st.DataObject,
) -> None:
    held = Held(document)
    path = data.draw(st.sampled_from(sorted(POSTS)))
    body = data.draw(bodies[path] | st.binary(max_size=60))
    cache.clear()
    sent = body if isinstance(body, bytes) else json.dumps(body)
    if not sent:
        return
    response = held.against(path, service.send(sent) if path == DATA_USE else shop.send(path, sent))
    assert response.status_code < 500


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_read_is_what_the_document_describes(
    document: dict[str, Any], bodies: dict[str, st.SearchStrategy[Any]], data: st.DataObject
) -> None:
    """What a request is checked against and what the document says of it agree about every JSON value."""
    path = data.draw(st.sampled_from(sorted(POSTS)))
    body = data.draw(bodies[path])
    described = Exact(requested(document, path) | {"components": document["components"]}).is_valid(body)
    try:
        POSTS[path](body)
    except Malformed:
        assert not described
    else:
        assert described


@example(amount=1.0)
@example(amount=-0.0)
@given(amount=st.floats())
def test_no_float_is_an_amount(amount: float) -> None:
    with pytest.raises(Malformed):
        questions.question({"action": "payment", "token": "x", "amount": amount, "currency": "EUR"})
