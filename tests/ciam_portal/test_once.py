"""Two presses of one button act once, and both get the answer of the first."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from threading import Event
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.core.cache.backends.redis import RedisCache
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from redis.exceptions import RedisError

from accounts.models import User
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from ciam_portal.once import Once
from tests import factories
from tests.accounts.staff import world
from tests.accounts.staff.people import Member
from tests.oauth import walk
from tests.undone import undone

SESSION, CSRF = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME
FORM = "application/x-www-form-urlencoded"
BODY = {"csrfmiddlewaretoken": "a" * 64, "amount": "7"}


def sent(body: dict[str, str] = BODY, path: str = "/pay/", **cookies: Any) -> HttpRequest:
    """A press of the button, by a browser with these cookies."""
    request = RequestFactory().post(path, urlencode(body), FORM)
    request.COOKIES.update({SESSION: "s1", CSRF: "c1"} | cookies)
    return request


def store() -> Any:
    """The client behind the cache of this thread."""
    return caches["default"]._cache  # type: ignore[attr-defined]


def press(view: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """In a thread, which has connections of its own."""
    try:
        return Once(view)(sent())
    finally:
        for pool in store()._pools.values():
            pool.disconnect()


class Counted:
    """Answers with the number of the call, and a new session key, as a sign-in does."""

    def __init__(self, status: int = 302) -> None:
        self.calls, self.status = 0, status

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.calls += 1
        response = HttpResponse(f"call {self.calls}", status=self.status, headers={"Location": "/there/"})
        response.set_cookie(SESSION, "s2", httponly=True, samesite="Lax", max_age=60)
        return response


def test_the_second_press_gets_the_same_answer_with_its_cookies() -> None:
    view = Counted()
    first, second = (Once(view)(sent()) for _ in range(2))
    assert view.calls == 1
    for part in ("status_code", "content", "headers"):
        assert getattr(first, part) == getattr(second, part)
    assert second.cookies[SESSION].OutputString() == first.cookies[SESSION].OutputString()


def test_also_when_the_first_answers_cookie_has_already_arrived() -> None:
    view = Counted()
    Once(view)(sent())
    with_cookie: dict[str, Any] = {SESSION: "s2"}
    assert Once(view)(sent(**with_cookie)).content == b"call 1"


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/pay/?to=somebody"},
        {"body": BODY | {"amount": "8"}},
        {"body": BODY | {"csrfmiddlewaretoken": "b" * 64}},
        {SESSION: "another browser's"},
        {CSRF: "another browser's"},
    ],
    ids=str,
)
def test_anything_else_is_another_press(other: dict[str, Any]) -> None:
    view = Counted()
    Once(view)(sent())
    assert Once(view)(sent(**other)).content == b"call 2"


def test_a_press_while_the_first_is_being_answered_waits_for_it() -> None:
    begun, go = Event(), Event()

    def slow(request: HttpRequest) -> HttpResponse:
        begun.set()
        assert go.wait(10)
        return HttpResponse("done")

    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(press, slow)
        assert begun.wait(10)
        others = [pool.submit(press, Counted()) for _ in range(4)]
        go.set()
        assert {each.result().content for each in (first, *others)} == {b"done"}


def test_patience_ends_with_a_page_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ciam_portal.once.PATIENCE_SECONDS", 0.0)
    begun, go = Event(), Event()

    def slow(request: HttpRequest) -> HttpResponse:
        begun.set()
        go.wait(10)
        return HttpResponse("done")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(press, slow)
        assert begun.wait(10)
        answer = Once(slow)(sent())
        go.set()
    assert answer.status_code == 409
    assert "still working" in answer.text


@pytest.mark.parametrize("status", [500, 503])
def test_what_failed_is_tried_again(status: int) -> None:
    view = Counted(status)
    assert [Once(view)(sent()).content for _ in range(2)] == [b"call 1", b"call 2"]


def test_what_raised_is_tried_again() -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Once(broken)(sent())
    assert Once(Counted())(sent()).content == b"call 1"


def test_no_answer_is_readable_in_the_cache() -> None:
    Once(Counted())(sent())
    found = [cache.get(key.decode().split(":", 2)[2]) for key in store().get_client().scan_iter("*once:*")]
    assert found
    for secret in ("call 1", "session", "SameSite"):
        assert secret not in str([answer["sealed"] for answer in found])
    assert all(set(answer) == {"from", "sealed"} for answer in found)


def test_a_press_that_a_hung_cache_wrote_down_later_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    add, asked = RedisCache.add, []

    def late(*args: Any, **named: Any) -> None:
        asked.append(partial(add, *args, **named))
        raise RedisError

    monkeypatch.setattr("ciam_portal.once._ASKED_SECONDS", 1)
    with monkeypatch.context() as patch:
        patch.setattr(RedisCache, "add", late)
        assert Once(Counted())(sent()).content == b"call 1"
    (goes_on,) = asked
    goes_on()
    assert Once(Counted())(sent()).content == b"call 1"


def test_without_the_cache_it_is_answered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: object, **_named: object) -> None:
        raise RedisError

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.add", away)
    assert Once(Counted())(sent()).content == b"call 1"


class Forms(HTMLParser):
    """The forms of a page, each filled in as somebody in a hurry does, and the links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.links: list[str] = []
        self._form: dict[str, str] | None = None
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what can be followed, typed into or pressed."""
        has = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(has.get("href", ""))
        elif tag == "form" and has.get("method", "").lower() == "post":
            self._form = {}
            self.forms.append((has.get("action", ""), self._form))
        elif self._form is not None:
            self._field(tag, has)

    def handle_endtag(self, tag: str) -> None:
        """The form is over."""
        if tag == "form":
            self._form = None

    def _field(self, tag: str, has: dict[str, str]) -> None:
        assert self._form is not None
        name, kind = has.get("name", ""), has.get("type", "text")
        if tag == "select":
            self._select = name
        elif tag == "option" and has.get("value"):
            self._form[self._select] = has["value"]
        elif tag == "textarea":
            self._form[name] = "as asked on the phone"
        elif name and tag in {"input", "button"}:
            typed = {"password": factories.PASSWORD, "email": "somebody.new@example.com", "text": "12345678"}
            self._form.setdefault(name, has.get("value") or typed.get(kind, "on"))


def pages(client: Client, *starts: str) -> Iterator[tuple[str, Forms]]:
    """Every page that is reached from these by its links."""
    waiting, seen = list(starts), set()
    while waiting:
        path = waiting.pop(0)
        shape = urlsplit(path).path
        if shape in seen or not path.startswith("/") or path.startswith(("/static/", "/oauth/logout")):
            continue
        seen.add(shape)
        answer = client.get(path)
        if answer.status_code == 302:
            waiting.append(answer["Location"])
        elif answer.get("Content-Type", "").startswith("text/html") and not answer.streaming:
            found = Forms(answer.text)
            waiting += [urljoin(path, link) for link in found.links]
            yield path, found


def presses_twice(client: Client, path: str, number: int) -> str:
    """Press the button of this form of the page twice, then once more with what the first answer set."""
    action, fields = Forms(client.get(path).text).forms[number]
    before = SimpleCookie(client.cookies)
    answers, traces = [], []
    for cookies in (before, before, None):
        if cookies is not None:
            client.cookies = SimpleCookie(cookies)
        answers.append(client.post(urljoin(path, action), urlencode(fields), FORM))
        traces.append(AuditEntry.objects.count())
    first, *others = answers
    if first.streaming:  # a file that is taken twice is two exports
        return action
    for other in others:
        assert (other.status_code, other.content, other.get("Location")) == (
            first.status_code, first.content, first.get("Location"),
        ), action  # fmt: skip
    assert traces[0] == traces[1] == traces[2], action
    return f"{action or path}"


def every_button(client: Client, *starts: str) -> set[str]:
    """Press each button of each page twice, as if none of the others had been pressed; what many pages have, once."""
    found = {
        (urlsplit(urljoin(path, action)).path, *fields): (path, number)
        for path, page in pages(client, *starts)
        for number, (action, fields) in enumerate(page.forms)
    }
    cookies, done = SimpleCookie(client.cookies), set()
    for path, number in found.values():
        client.cookies = SimpleCookie(cookies)
        with undone():
            done.add(urlsplit(presses_twice(client, path, number)).path)
    return done


@pytest.mark.django_db
def test_every_button_of_strangers() -> None:
    done = every_button(Client(enforce_csrf_checks=True), "/", "/recover/", "/forgotten-password/")
    assert {"/sign-in/", "/sign-up/", "/forgotten-password/", "/recover/"} <= done


@pytest.mark.django_db
def test_every_button_of_customers(customer: User) -> None:
    partner, _secret = walk.register()
    client = Client(enforce_csrf_checks=True)
    factories.signed_in(Client(), customer, (Method.PASSWORD,))
    factories.signed_in(client, customer, (Method.PASSWORD, Method.TOTP))
    done = every_button(client, "/", walk.Walk(partner, "", client).ask().wsgi_request.get_full_path())
    for path in ("/profile/", "/security/password/", "/sign-out/", "/sessions/end-others/", "/security/lock/"):
        assert path in done
    assert len(done) > 12


@pytest.mark.django_db
def test_every_button_of_staff(customer: User) -> None:
    made = world.make(customer)
    boss = Member(*Role)
    boss.client.handler.enforce_csrf_checks = True
    done = every_button(boss.client, *(path for _name, path in made.addresses()))
    assert len(done) > 10
