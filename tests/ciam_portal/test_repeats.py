"""What was answered a moment ago is answered again, and never longer than it is true."""

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection, transaction
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Session, User
from accounts.trust import policy as trust
from ciam_portal import machines, repeats
from ciam_portal.core import clock, grounds
from ciam_portal.core.policy import limits
from ciam_portal.oauth.models import AccessToken, Partner
from consent.ledger import counter
from consent.models import Consent, ConsentRecord, Use
from consent.release import pace
from tests.oauth.walk import Walk, register

HOST = configured.PUBLIC_URL.removeprefix("http://")
pytestmark = pytest.mark.django_db


class Asking:
    """A machine at the portal's own door, in this process."""

    def __init__(self, walk: Walk, *, token: str | None = None) -> None:
        self.walk, self.portal = walk, repeats.Repeating(machines.Machines())
        self.token = walk.tokens("openid profile email")["access_token"] if token is None else token

    def ask(self, method: str, path: str, body: bytes = b"", /, **headers: str) -> tuple[str, dict[str, str], bytes]:
        said: list[Any] = []
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "", "SERVER_NAME": "x",
            "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": HOST, "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http", "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
        } | {f"HTTP_{name}": value for name, value in headers.items()}  # fmt: skip
        answered = self.portal(environ, lambda *given: said.extend(given))
        return said[0], dict(said[1]), b"".join(answered)

    def profile(self, **headers: str) -> tuple[str, dict[str, str], bytes]:
        return self.ask("GET", "/api/profile", AUTHORIZATION=f"Bearer {self.token}", **headers)

    def introspect(self, **headers: str) -> tuple[str, dict[str, str], bytes]:
        return self.ask("POST", "/oauth/introspect/", f"token={self.token}".encode(),
                        AUTHORIZATION=self.walk.basic(), **headers)  # fmt: skip

    def userinfo(self, **headers: str) -> tuple[str, dict[str, str], bytes]:
        return self.ask("GET", "/oauth/userinfo/", AUTHORIZATION=f"Bearer {self.token}", **headers)


@pytest.fixture
def asking(customer: User, sign_in: Callable[..., Client]) -> Asking:
    return Asking(Walk(*register(), sign_in(customer)))


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> Counter[Any]:
    """What was counted for later. The connection is the test's own, with its transaction."""
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    found: Counter[Any] = Counter()
    monkeypatch.setattr(counter, "count", lambda lines, _at: found.update(lines))
    return found


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that passes for what is repeated, in its only element."""
    now = [1000.0]
    monkeypatch.setattr(repeats, "monotonic", lambda: now[0])
    return now


def statements(ask: Callable[[], Any]) -> tuple[Any, int]:
    with CaptureQueriesContext(connection) as made:
        found = ask()
    return found, len(made)


@pytest.mark.parametrize("where", ["profile", "userinfo", "introspect"])
def test_from_the_third_time_on_it_takes_one_statement_and_is_the_same_but_for_its_id(
    asking: Asking, still: list[float], again: Counter[Any], where: str
) -> None:
    ask = getattr(asking, where)
    first, second = ask(), ask()
    third, asked = statements(lambda: ask(X_REQUEST_ID="another", TRACEPARENT="00-1"))
    assert asked == 1
    assert first[0] == "200 OK"
    ids = [each[1].pop("X-Request-ID") for each in (first, second, third)]
    assert first == second == third
    assert len(set(ids)) == 3
    assert sum(again.values()) == len(again) == Use.objects.exclude(way="id_token").count() > 0


def test_a_moment_later_all_is_decided_anew(asking: Asking, still: list[float], again: Counter[Any]) -> None:
    for _ in range(3):
        asking.profile()
    still[0] += repeats.SECONDS
    assert statements(asking.profile)[1] > 1
    assert sum(again.values()) == 3  # the third alone: what it opens of three purposes
    still[0] += repeats.SECONDS + 0.1
    assert statements(asking.profile)[1] > 1  # who asks once in a while is noted by nothing


def changes() -> dict[str, Callable[[], object]]:
    at = clock.now
    return {
        "the token is gone": lambda: AccessToken.objects.all().delete(),
        "the session has ended": lambda: Session.objects.update(ended_at=at()),
        "the customer is not active": lambda: User.objects.update(is_active=False),
        "the consent has ended": lambda: Consent.objects.update(ended_at=at()),
        "it covers less": lambda: Consent.objects.update(scopes=["openid"]),
        "an answer is taken back": lambda: ConsentRecord.objects.update(state="withdrawn"),
        "the partner is off": lambda: Partner.objects.update(is_enabled=False),
        "the partner may ask for less": lambda: Partner.objects.update(scopes_allowed=["openid"]),
        "the name is another": lambda: User.objects.update(name="Another"),
        "it is bound to a key": lambda: AccessToken.objects.update(jkt="x" * 43),
    }  # fmt: skip


@pytest.mark.control("v5.0.0-7.4.1")
def test_what_changes_counts_at_once(asking: Asking, still: list[float], again: Counter[Any]) -> None:
    """Each alone, between two askings of the same moment; what is answered then is what somebody new is told."""
    for ask in (asking.profile, asking.introspect):
        for name, change in changes().items():
            with transaction.atomic():
                before = [ask()[2] for _ in range(3)]
                assert statements(ask)[1] == 1, name
                change()
                after, anew = ask()[2], Asking.__new__(Asking)
                anew.__dict__ |= asking.__dict__ | {"portal": repeats.Repeating(machines.Machines())}
                assert after == getattr(anew, ask.__name__)()[2], name
                told = name != "the name is another" or ask == asking.profile
                assert (after not in before) is (told), name
                transaction.set_rollback(True)
            asking.portal = repeats.Repeating(machines.Machines())


@pytest.mark.control("v5.0.0-7.4.1")
def test_a_row_that_was_not_there_counts_at_once(asking: Asking, still: list[float], again: Counter[Any]) -> None:
    for record in ConsentRecord.objects.filter(scopes__overlap=["profile", "email"]):
        ConsentRecord.objects.filter(pk=record.pk).delete()
        before = [asking.profile()[2] for _ in range(3)]
        assert statements(asking.profile)[1] == 1
        record.save(force_insert=True)
        assert asking.profile()[2] not in before, record.purpose


def test_another_policy_decides_at_once(
    asking: Asking, still: list[float], again: Counter[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        asking.profile()
    now = limits.current()
    monkeypatch.setattr(limits, "current", lambda: replace(now, version="other"))
    assert statements(asking.profile)[1] > 1
    assert not again


def test_whoever_asks_too_often_is_told_so(
    asking: Asking, still: list[float], again: Counter[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        asking.introspect()
    monkeypatch.setattr(pace, "too_many", lambda _partner: 7)
    status, headers, _body = asking.introspect()
    assert status.startswith("429")
    assert headers["Retry-After"] == "7"


@pytest.mark.control("v5.0.0-2.4.1")
@pytest.mark.parametrize(("days", "most"), [(0, 4), (365, 99)])
def test_what_is_given_again_counts_where_the_account_is_new(
    asking: Asking, still: list[float], again: Counter[Any], days: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.update(created_at=clock.now() - timedelta(days=days))
    monkeypatch.setattr(trust, "api_most", lambda *_args: 4)
    said = [asking.profile()[0][:3] for _ in range(6)]
    assert said == (["200"] * most + ["429"] * 2)[:6]
    assert {asking.userinfo()[0][:3], asking.introspect()[0][:3]} == ({"429", "200"} if most == 4 else {"200"})
    still[0] += repeats.SECONDS
    assert asking.profile()[0][:3] == said[-1]
    assert sum(again.values()) == 3 * (said.count("200") - 2)  # the purposes of each that was given again


def never(asking: Asking) -> Iterator[Callable[[], Any]]:
    token = asking.token
    yield lambda: asking.ask("GET", "/api/profile", AUTHORIZATION=f"DPoP {token}", DPOP="x.y.z")
    yield lambda: asking.profile(TRANSFER_ENCODING="chunked")
    yield lambda: asking.ask("GET", "/api/profile", AUTHORIZATION="Bearer wrong")
    yield lambda: asking.ask("GET", "/api/profile")
    yield lambda: asking.ask("POST", "/oauth/introspect/", b"token=wrong", AUTHORIZATION=asking.walk.basic())
    yield lambda: asking.ask("POST", "/oauth/introspect/", f"token={token}".encode())
    yield lambda: asking.ask("POST", "/oauth/introspect/", f"token={token}&x={'x' * 9000}".encode(),
                             AUTHORIZATION=asking.walk.basic())  # fmt: skip
    yield lambda: asking.ask("POST", "/oauth/token/", b"grant_type=client_credentials",
                             AUTHORIZATION=asking.walk.basic())  # fmt: skip


@pytest.mark.control("RFC9449-11.1")
def test_what_was_used_up_refused_or_unknown_is_never_repeated(
    asking: Asking, still: list[float], again: Counter[Any]
) -> None:
    for ask in never(asking):
        for _ in range(4):
            ask()
    assert not any(isinstance(each, repeats.Answer) for each in asking.portal._known.values())


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "401 Unauthorized", "302 Found"])
def test_only_a_yes_is_given_again(still: list[float], status: str) -> None:
    """A refusal leaves its trace each time."""
    asked: list[bytes] = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        grounds.may_repeat()
        start(status, [])
        asked.append(environ["wsgi.input"].read())
        return asked[-1:]

    portal = repeats.Repeating(application)
    for _ in range(2):
        portal({"CONTENT_LENGTH": "3", "wsgi.input": io.BytesIO(b"a=b")}, lambda *_: None)
    kept = [each for each in portal._known.values() if isinstance(each, repeats.Answer)]
    assert (asked, len(kept)) == ([b"a=b"] * 2, int(status == "200 OK"))


def test_another_request_is_not_the_same(asking: Asking, still: list[float], again: Counter[Any]) -> None:
    for _ in range(3):
        asking.userinfo()
    for other in ({"ORIGIN": "https://shop.example"}, {"ACCEPT_LANGUAGE": "de"}, {"X_FORWARDED_FOR": "203.0.113.9"}):
        assert statements(partial(asking.userinfo, **other))[1] > 1, other


def test_no_more_is_kept_than_a_process_can_hold(
    asking: Asking, still: list[float], again: Counter[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "_MOST", 2)
    for number in range(5):
        asking.profile(ACCEPT_LANGUAGE=f"x-{number}")
    assert len(asking.portal._known) <= 2


def test_what_is_over_is_forgotten(asking: Asking, still: list[float], again: Counter[Any]) -> None:
    for number in range(3):
        asking.profile(ACCEPT_LANGUAGE=f"x-{number}")
    assert len(asking.portal._known) == 3
    still[0] += repeats._TOGETHER
    asking.userinfo()
    assert len(asking.portal._known) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit", "unhurried")
@pytest.mark.control("v5.0.0-7.4.1")
def test_no_answer_after_a_sign_out_is_from_before_it(customer: User, sign_in: Callable[..., Client]) -> None:
    """Whoever asks after the end has committed is refused, at once; and each use before it stands in the ledger."""
    User.objects.update(created_at=clock.now() - timedelta(days=365))  # of a new account so much is not asked
    asking = Asking(Walk(*register(), sign_in(customer)))
    over: list[bool] = []

    def ask(_: int) -> tuple[bool, str]:
        try:
            was_over = bool(over)
            return was_over, asking.profile()[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as several:
        first = list(several.map(ask, range(40)))
        racing = [several.submit(ask, number) for number in range(100)]
        asking.walk.browser.post(f"/connected-apps/{Consent.objects.get().pk}/withdraw/")
        over.append(True)
        racing += [several.submit(ask, number) for number in range(20)]
        found = [each.result() for each in racing]
    assert {status for _over, status in first} == {"200 OK"}
    assert {status for was_over, status in found if was_over} == {"401 Unauthorized"}
    for timer in [each for each in threading.enumerate() if isinstance(each, threading.Timer)]:
        timer.join()
    told = sum(status == "200 OK" for _over, status in first + found)
    allowed = Use.objects.filter(way="profile", result="allowed").order_by().values_list("purpose")
    for purpose, times in allowed.annotate(Sum("times")):  # of the minutes in which it was
        assert times == told, purpose
