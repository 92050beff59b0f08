"""The machine path answers byte for byte what Django's whole stack answers, to each case of the protocol's tables."""

import itertools
import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.client import ClientHandler

from accounts.models import User
from ciam_portal import machines
from ciam_portal.core import clock
from ciam_portal.core.crypto import codes
from ciam_portal.oauth import jwts
from ciam_portal.oauth.profiles import Profile
from consent.models import Consent
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db
HOST = configured.PUBLIC_URL.removeprefix("http://")
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def handler() -> machines.Machines:
    return machines.Machines()


class Both:
    """Asks twice, through all of Django and by the machine path, each time as if nothing had been asked."""

    def __init__(self, handler: machines.Machines, patch: pytest.MonkeyPatch) -> None:
        self.django, self.machines = Client(HTTP_HOST=HOST), Client(HTTP_HOST=HOST)
        self.machines.handler = self.known = _Machine(handler)
        self.patch, self.taken = patch, 0

    def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Any:
        answer: Any = None
        found, now = [], clock.now()
        self.patch.setattr(clock, "now", lambda: now)
        self.patch.setattr(jwts, "sign", lambda claims, *_: json.dumps(claims))  # ECDSA signs no two times alike
        for client in (self.django, self.machines):
            cache.clear()
            numbers = itertools.count(1)
            self.patch.setattr(codes, "new_token", lambda numbers=numbers: f"{next(numbers):043d}")
            self.patch.setattr(codes, "new_id", lambda numbers=numbers: uuid.UUID(int=next(numbers) << 80 | 7 << 76))
            with transaction.atomic():
                answer = client.generic(method, path, body, headers.pop("type", FORM) if "type" in headers else FORM,
                                        headers=headers)  # fmt: skip
                transaction.set_rollback(True)
            names = {name: value for name, value in answer.items() if name != "X-Request-ID"}
            found.append((answer.status_code, list(names.items()), answer.content))
        assert found[0] == found[1]
        self.taken = self.known.taken
        return answer


class _Machine(ClientHandler):
    def __init__(self, handler: machines.Machines) -> None:
        super().__init__(enforce_csrf_checks=False)
        self.known, self.taken = handler, 0

    def get_response(self, request: Any) -> Any:
        if not self.known.knows(request.environ):
            return super().get_response(request)
        self.taken += 1
        return self.known.get_response(request)


@pytest.fixture
def both(handler: machines.Machines, monkeypatch: pytest.MonkeyPatch) -> Both:
    return Both(handler, monkeypatch)


@pytest.fixture
def held(customer: User, sign_in: Callable[..., Client]) -> tuple[Walk, dict[str, Any]]:
    walk = Walk(*register(), sign_in(customer))
    return walk, walk.tokens("openid profile email phone offline_access")


Case = tuple[str, str, str, dict[str, str]]


def cases(walk: Walk, tokens: dict[str, Any]) -> Iterator[Case]:
    yield from used(walk, tokens)
    yield from asked_about(walk, tokens)


def used(walk: Walk, tokens: dict[str, Any]) -> Iterator[Case]:
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    proves, shows = {"Authorization": walk.basic()}, {"Authorization": f"Bearer {access}"}
    for path in ("/oauth/userinfo/", "/api/profile", "/api/activity"):
        for headers in (
            shows, {}, proves, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer"},
            {"Authorization": f"bearer  {access}"},
            {"Authorization": f"DPoP {access}"}, {"Authorization": f"Bearer {refresh}"}, shows | {"DPoP": "x.y.z"},
            shows | {"Origin": "https://shop.example"}, shows | {"Accept-Language": "de"},
            shows | {"X-Request-ID": "abc"},
            shows | {"X-Forwarded-For": "203.0.113.9"},
        ):  # fmt: skip
            yield "GET", path, "", headers
        for method in ("HEAD", "POST", "PUT", "OPTIONS", "DELETE"):
            yield method, path, "", shows
        for query in ("?access_token=x", "?x=%00", "?x=%ff", "?" + "x" * 9000):
            yield "GET", path + query, "", shows


def asked_about(walk: Walk, tokens: dict[str, Any]) -> Iterator[Case]:
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    proves, nobody = {"Authorization": walk.basic()}, {"Authorization": walk.basic("wrong")}
    shows = {"Authorization": f"Bearer {access}"}
    for token in (access, refresh, tokens["id_token"], "wrong", "", "%00", access + "&token=" + access, "x" * 9000):
        for headers in (proves, nobody, {}, shows):
            yield "POST", "/oauth/introspect/", f"token={token}", headers
    yield "POST", "/oauth/introspect/", f"token={access}", proves | {"Accept": "application/token-introspection+jwt"}
    yield "GET", "/oauth/introspect/", "", proves
    for form in (
        f"grant_type=refresh_token&refresh_token={refresh}",
        f"grant_type=refresh_token&refresh_token={refresh}&scope=openid",
        f"grant_type=refresh_token&refresh_token={refresh}&scope=openid+activity", "grant_type=refresh_token",
        f"grant_type=refresh_token&refresh_token={access}", "grant_type=refresh_token&refresh_token=wrong", "",
        "grant_type=",
        "grant_type=password&username=a&password=b", "grant_type=client_credentials", "grant_type=a&grant_type=b",
        "grant_type=authorization_code&code=wrong&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback",
        "grant_type=%00",
        f"grant_type=refresh_token&refresh_token={refresh}&client_id=other", "grant_type=" + "x" * 9000,
    ):  # fmt: skip
        for headers in (proves, nobody, {}, proves | {"Origin": "https://shop.example"}, proves | {"DPoP": "x"}):
            yield "POST", "/oauth/token/", form, headers
    yield "GET", "/oauth/token/", "", proves
    for path in ("/api/decisions", "/api/approvals/redeem", "/access/v1/evaluation", "/access/v1/evaluations"):
        for headers in (proves, nobody, {}):
            yield "POST", path, "{}", headers
    for headers in ({}, {"X-Gateway-Key": "wrong"}, {"Cookie": "gateway=x; other=y"}):
        yield "GET", "/gateway/check", "", headers
        yield "GET", "/gateway/check/forward", "", headers


def test_both_answer_alike(both: Both, held: tuple[Walk, dict[str, Any]]) -> None:
    asked = 0
    for method, path, body, headers in cases(*held):
        both.ask(method, path, body, **headers)
        asked += 1
    assert both.taken == asked > 150


def test_a_partner_for_itself_too(both: Both) -> None:
    service = Walk(*register("Service", profile=Profile.SERVICE))
    granted = both.ask("POST", "/oauth/token/", "grant_type=client_credentials", Authorization=service.basic())
    assert granted.status_code == 200
    both.ask("POST", "/oauth/token/", "grant_type=client_credentials&scope=profile", Authorization=service.basic())


def test_and_where_consent_or_session_have_ended(both: Both, held: tuple[Walk, dict[str, Any]]) -> None:
    walk, tokens = held
    Consent.objects.update(scopes=["openid"])
    assert both.ask("GET", "/oauth/userinfo/", Authorization=f"Bearer {tokens['access_token']}").status_code == 200
    User.objects.update(is_active=False)
    shows = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert both.ask("GET", "/api/profile", **shows).status_code == 401
    state = both.ask("POST", "/oauth/introspect/", f"token={tokens['access_token']}", Authorization=walk.basic())
    assert state.json() == {"active": False}


@pytest.mark.parametrize(
    "environ",
    [{"PATH_INFO": "/oauth/token"}, {"PATH_INFO": "/sign-in/"}, {"HTTP_HOST": "other.example.com"},
    {"HTTP_COOKIE": "session=x"},
     {"SCRIPT_NAME": "/x"}, {"PATH_INFO": "/gateway/check", "HTTP_COOKIE": "session=x"}, {"PATH_INFO": ""}],
)  # fmt: skip
def test_what_it_does_not_know_is_djangos(handler: machines.Machines, environ: dict[str, str]) -> None:
    usual = {"PATH_INFO": "/api/profile", "HTTP_HOST": HOST}
    assert handler.knows(usual)
    assert not handler.knows(usual | environ)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
def test_no_answer_after_a_withdrawal_is_from_before_it(
    handler: machines.Machines, customer: User, sign_in: Callable[..., Client]
) -> None:
    """Nothing keeps what a token opened: whoever asks after the withdrawal has committed is refused, at once."""
    walk = Walk(*register(), sign_in(customer))
    token = walk.tokens("openid profile")["access_token"]
    client = Client(HTTP_HOST=HOST)
    client.handler = _Machine(handler)
    over: list[bool] = []

    def ask(_: int) -> tuple[bool, int]:
        try:
            was_over = bool(over)
            return was_over, client.get("/api/profile", headers={"Authorization": f"Bearer {token}"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as several:
        first = list(several.map(ask, range(8)))
        racing = [several.submit(ask, number) for number in range(40)]
        walk.browser.post(f"/connected-apps/{Consent.objects.get().pk}/withdraw/")
        over.append(True)
        racing += [several.submit(ask, number) for number in range(8)]
        found = [each.result() for each in racing]
    assert {status for _over, status in first} == {200}
    assert {status for was_over, status in found if was_over} == {401}
