"""What is answered again, but not with the same: a token of its own each time, and a proof of the key each time."""

import gc
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, transaction
from django.test import Client
from redis.exceptions import ConnectionError as Away

from accounts.budgets import counter as budget
from accounts.models import Session, User
from accounts.trust import policy as trust
from ciam_portal import repeats
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry, Tallies, Tally
from ciam_portal.core.policy import limits
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.models import AccessToken, Partner
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.scopes import GRANT_QUERY
from consent.release import pace
from consent.release.flows import partners
from tests.ciam_portal.test_repeats import Asking, again, statements, still  # noqa: F401  (fixtures)
from tests.oauth.keyed import Keyed, new_key
from tests.oauth.walk import Walk, answer, register

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("again", "still")]
Said = tuple[str, dict[str, str], bytes]


class Service(Asking):
    """A partner's own server, which asks for tokens for itself."""

    def __init__(self) -> None:
        super().__init__(Walk(*register("Service", profile=Profile.SERVICE)), token="")

    def asks(self, **headers: str) -> Said:
        form = b"grant_type=client_credentials"
        return self.ask("POST", "/oauth/token/", form, **{"AUTHORIZATION": self.walk.basic()} | headers)


@pytest.fixture
def service() -> Service:
    service = Service()
    for _ in range(3):  # the first of its day is kept whole; the second is like it, and noted
        assert service.asks()[0] == "200 OK"
    return service


def test_each_token_is_its_own_stands_and_is_counted(service: Service) -> None:
    AccessToken.objects.all().delete()
    asked = [statements(service.asks) for _ in range(3)]
    assert [made for _said, made in asked] == [2, 2, 2]  # is all as it was; and the token with its count
    said = [json.loads(said[2]) for said, _made in asked]
    first, *others = [each | {"access_token": ""} for each in said]
    assert first in others
    assert len({each["access_token"] for each in said}) == 3 == AccessToken.objects.count()
    assert all(int(headers["Content-Length"]) == len(body) for (_status, headers, body), _made in asked)
    for each in said:
        told = service.ask("POST", "/oauth/introspect/", f"token={each['access_token']}".encode(),
                           AUTHORIZATION=service.walk.basic())  # fmt: skip
        assert json.loads(told[2])["active"] is True
    entry = AuditEntry.objects.get(name="oauth.partner_authorized")
    assert entry.stands_for == Tally.objects.get(pk=entry.pk).times == 6


def _revoked() -> None:
    for each in Credential.objects.all():
        each.end(each.made_at)


CHANGES: dict[str, Callable[[], object]] = {
    "the partner is off": lambda: Partner.objects.update(is_enabled=False),
    "its secret is revoked": _revoked,
    "it may not ask for this": lambda: Partner.objects.update(authorization_grant_type="authorization-code"),
    "it is of another kind": lambda: Partner.objects.update(profile=Profile.FAPI2),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.control("v5.0.0-10.4.14")
def test_no_token_is_made_for_who_may_have_none_any_more(service: Service, change: Callable[[], object]) -> None:
    had = AccessToken.objects.count()
    change()
    assert service.asks()[0].startswith("4")
    assert AccessToken.objects.count() == had


def test_what_it_may_ask_for_no_more_is_not_given(service: Service) -> None:
    form = f"grant_type=client_credentials&scope={GRANT_QUERY}".encode()
    for allowed, status, scope in (([GRANT_QUERY], "200 OK", GRANT_QUERY), ([], "400 Bad Request", None)):
        Partner.objects.update(scopes_allowed=allowed)
        said = [service.ask("POST", "/oauth/token/", form, AUTHORIZATION=service.walk.basic()) for _ in range(4)]
        assert {(each[0], json.loads(each[2]).get("scope")) for each in said} == {(status, scope)}
    assert AccessToken.objects.filter(scope=GRANT_QUERY).count() == 4


def test_one_too_many_is_told_when_to_come_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "too_many", lambda _partner: 7)
    status, headers, _body = service.asks()
    assert (status.split()[0], headers["Retry-After"]) == ("429", "7")


def test_the_first_of_a_day_is_kept_whole_whoever_answers(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    had = AccessToken.objects.count()
    assert [service.asks()[0] for _ in range(2)] == ["200 OK"] * 2
    entries = AuditEntry.objects.filter(name="oauth.partner_authorized").order_by("at")
    assert [entry.stands_for for entry in entries] == [3, 2]
    assert AccessToken.objects.count() == had + 2


def test_what_is_not_counted_is_not_handed_out(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise DatabaseError

    had = AccessToken.objects.count()
    monkeypatch.setattr(Tallies, "again", broken)
    monkeypatch.setattr(Tallies, "add", broken)
    assert service.asks()[0].startswith("5")
    assert AccessToken.objects.count() == had


def test_without_the_cache_there_is_none(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> int:
        raise Away

    monkeypatch.setattr(pace, "_AHEAD", budget.Ahead("partner", seconds=60))
    monkeypatch.setattr(budget, "count", away)
    had = AccessToken.objects.count()
    assert service.asks()[0].startswith("503")
    assert AccessToken.objects.count() == had


def test_it_is_stored_and_said_as_by_the_whole_path(service: Service) -> None:
    own = {"id", "token_checksum", "created", "updated", "expires"}
    rows = list(AccessToken.objects.order_by("created").values())
    assert len({str({name: value for name, value in row.items() if name not in own}) for row in rows}) == 1
    lives = [row["expires"] - row["created"] for row in rows]
    assert max(lives) - min(lives) < timedelta(seconds=1)
    whole = Service.__new__(Service)
    whole.__dict__ |= service.__dict__ | {"portal": service.portal._application}
    said = [asking.asks() for asking in (service, whole)]
    assert len({each[1].pop("X-Request-ID") for each in said}) == 2
    bodies = [body.replace(json.loads(body)["access_token"].encode(), b"") for *_, body in said]
    assert (said[0][:2], bodies[0]) == (said[1][:2], bodies[1])


def test_it_is_for_what_it_was_asked_for(service: Service) -> None:
    where = f"{configured.PUBLIC_URL}/api/activity"
    form = f"grant_type=client_credentials&resource={where}".encode()
    for _ in range(4):
        assert service.ask("POST", "/oauth/token/", form, AUTHORIZATION=service.walk.basic())[0] == "200 OK"
    assert AccessToken.objects.filter(resource=[where]).count() == 4


def test_one_policy_decides_a_repeated_answer(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    was = limits.current()
    shorter = replace(was, version="other", oauth=replace(was.oauth, access_token_seconds=60))
    several = iter([was])
    monkeypatch.setattr(limits, "_ask", lambda: next(several, shorter))
    (_status, headers, body), made = statements(service.asks)
    assert made == 2
    assert json.loads(body)["expires_in"] == was.oauth.access_token_seconds
    assert len(body) == int(headers["Content-Length"])


def test_who_signs_is_asked_for_a_new_signature_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keyed = Keyed(profile=Profile.SERVICE)
    asking = Asking(keyed, token="")
    monkeypatch.setattr(partners, "authorize_again", lambda *_, **__: pytest.fail("made again"))
    form = "&".join(f"{name}={value}" for name, value in ({"grant_type": "client_credentials"} | keyed.proof()).items())
    said = [asking.ask("POST", "/oauth/token/", form.encode())[0].split()[0] for _ in range(4)]
    assert said == ["200", "401", "401", "401"]


# --- a token that is bound to a key


class Bank(Asking):
    """It holds a token that is bound to its key, and proves that with each request."""

    def __init__(self, browser: Client) -> None:
        self.keyed = keyed = Keyed(browser)
        code = answer(keyed.decide(keyed.open(keyed.push().json()["request_uri"])))["code"]
        super().__init__(keyed, token=keyed.redeem(code).json()["access_token"])

    def proof(self, **changed: Any) -> str:
        return self.keyed.possession("GET", "/api/profile", changed.pop("token", self.token), **changed)

    def asks(self, proof: str | None = None, **headers: str) -> Said:
        return self.ask(
            "GET", "/api/profile", AUTHORIZATION=f"DPoP {self.token}", DPOP=proof or self.proof(), **headers
        )


@pytest.fixture
def bank(customer: User, sign_in: Callable[..., Client]) -> Bank:
    bank = Bank(sign_in(customer))
    for _ in range(3):
        assert bank.asks()[0] == "200 OK"
    return bank


def test_with_another_proof_by_the_same_key_it_is_the_same(bank: Bank, again: Counter[Any]) -> None:  # noqa: F811
    before, counted = bank.asks(), sum(again.values())
    told, asked = statements(bank.asks)
    assert asked == 1
    ids = [each[1].pop("X-Request-ID") for each in (before, told)]
    assert before == told
    assert told[1]["DPoP-Nonce"]
    assert len(set(ids)) == 2
    assert sum(again.values()) > counted


def test_of_the_request_nothing_is_kept_but_what_is_proven(bank: Bank) -> None:
    """Its headers can be long, and there can be thousands."""
    (kept,) = (each for each in bank.portal._known.values() if isinstance(each, repeats.Answer))
    gc.collect()
    reached: list[Any] = [*kept.grounds.asks, *kept.grounds.uses]
    for _ in range(3):
        reached = gc.get_referents(*reached)
        assert not any(isinstance(each, WSGIRequest) for each in reached)


WRONG: dict[str, Callable[[Bank], str]] = {
    "by another key": lambda bank: bank.proof(key=new_key()),
    "for another token": lambda bank: bank.proof(token="other"),
    "for another method": lambda bank: bank.proof(htm="POST"),
    "for another address": lambda bank: bank.proof(htu="https://other.example/api/profile"),
    "of long ago": lambda bank: bank.proof(iat=1),
    "without a nonce": lambda bank: bank.proof(nonce=""),
    "with a nonce that is none of ours": lambda bank: bank.proof(nonce="é"),
    "without a name": lambda bank: bank.proof(jti=""),
    "with half a letter for a name": lambda bank: bank.proof(jti="\ud800"),
    "two at once": lambda bank: f"{bank.proof()},{bank.proof()}",
    "nothing": lambda _: "x",
    "no token at all": lambda bank: bank.proof(typ="JWT"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.control("RFC9449-11.1")
def test_a_wrong_proof_opens_nothing_a_moment_after_a_right_one(bank: Bank, wrong: Callable[[Bank], str]) -> None:
    assert bank.asks(wrong(bank))[0] == "401 Unauthorized"
    assert bank.asks()[0] == "200 OK"


@pytest.mark.control("RFC9449-11.1")
def test_a_proof_counts_once_whoever_answers(bank: Bank) -> None:
    for repeated_first in (True, False):
        if not repeated_first:
            bank.portal._known.clear()
        proof = bank.proof()
        assert bank.asks(proof)[0] == "200 OK"
        assert [bank.asks(proof)[0] for _ in range(3)] == ["401 Unauthorized"] * 3


def test_no_proof_and_a_plain_token_open_nothing(bank: Bank) -> None:
    assert bank.ask("GET", "/api/profile", AUTHORIZATION=f"DPoP {bank.token}")[0] == "401 Unauthorized"
    for proof in ({}, {"DPOP": bank.proof()}):
        for _ in range(3):
            assert bank.ask("GET", "/api/profile", AUTHORIZATION=f"Bearer {bank.token}", **proof)[0].startswith("401")


def test_what_is_ended_is_ended_at_once_with_the_best_proof(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[Callable[[], object]] = [
        lambda: AccessToken.objects.update(jkt="x" * 43),
        lambda: Session.objects.update(ended_at=clock.now()),
        lambda: AccessToken.objects.all().delete(),
    ]
    for end in ends:
        with transaction.atomic():
            assert bank.asks()[0] == "200 OK"
            end()
            assert bank.asks()[0] == "401 Unauthorized"
            transaction.set_rollback(True)
        bank.portal = repeats.Repeating(bank.portal._application)
        for _ in range(3):
            bank.asks()
    now = limits.current()
    monkeypatch.setattr(limits, "current", lambda: replace(now, version="other"))
    assert statements(bank.asks)[1] > 1


@pytest.mark.control("v5.0.0-2.4.1")
def test_one_too_many_about_a_new_account_is_that_and_no_wrong_proof(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "api_most", lambda *_args: 4)  # three were made
    assert [bank.asks(bank.proof(key=new_key()))[0][:3] for _ in range(3)] == ["401"] * 3  # these count for nobody
    assert [bank.asks()[0][:3] for _ in range(3)] == ["200", "429", "429"]
