"""No door says whether an address has an account: the same answer, after as much work, and no mail on the way.

One line for each door at which somebody names an address. Where the paths behind a door differ, its answers are evened
out; everywhere else they take as many statements. What that comes to in time is measured (``tests/bench/enumeration``).
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.passwords.hashers import Argon2id
from accounts.sign_in.adapter import password_of_nobody
from consent.business.models import Business
from tests import factories
from tests.accounts.headless.app import App
from tests.consent.delegation.conftest import PAY, SEE, Party, party
from tests.consent.family.conftest import added
from tests.oauth.walk import register
from tests.recovery.steps import Person

__all__ = ["party"]
pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = "known@example.com", "nobody@example.com"
PASSWORD = "an otter reads the tide table"
OFFER = {"actions": [PAY, SEE], "scopes": ["profile"], "amount_each": "50", "days": "90", "amount_month": "80.00",
         "currency": "EUR", "times_day": "3", "reason": "Bills"}  # fmt: skip


def stranger() -> Client:
    return Client(REMOTE_ADDR="198.51.100.20")


def app() -> App:
    """With a nonce, so that one request is all of it."""
    made = App(source="198.51.100.20")
    made.get("config")
    return made


def starting() -> Person:
    return Person(stranger())


def recovering(email: str) -> Person:
    person = starting()
    person.start(email)
    return person


@dataclass(frozen=True)
class Door:
    """``ask``: what somebody does there who names this address. ``even``: in how many beats its answers come."""

    make: Callable[[], Any]
    ask: Callable[[Any, str], Any]
    even: int = 0


def form(path: str, field: str, **more: Any) -> Callable[[Any, str], Any]:
    return lambda who, email: who.post(path, {field: email} | more)


def by_app(path: str, **more: Any) -> Callable[[Any, str], Any]:
    return lambda who, email: who.post(path, email=email, **more)


STRANGERS = {
    "sign-up": Door(stranger, form("/sign-up/", "email", password1=PASSWORD), even=3),
    "sign-in": Door(stranger, form("/sign-in/", "login", password=PASSWORD)),
    "passkey": Door(stranger, form("/sign-in/passkey/begin/", "login")),
    "reset": Door(stranger, form("/forgotten-password/", "email"), even=1),
    "recovery": Door(starting, lambda who, email: who.start(email), even=1),
    "app: sign-up": Door(app, by_app("auth/signup", password=PASSWORD), even=3),
    "app: sign-in": Door(app, by_app("auth/login", password=PASSWORD)),
    "app: reset": Door(app, by_app("auth/password/request"), even=1),
    "app: passkey": Door(app, lambda who, _email: who.get("auth/webauthn/login")),
}


def plain(answer: Any, email: str) -> tuple[Any, ...]:
    """All of an answer but what is of this request alone: tokens, references, the address that was typed."""
    own = re.compile(r"[A-Za-z0-9_=.+/-]{32,}|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z0-9]{4}-[A-Z0-9]{4}")
    where = re.sub(r"=[\w-]{20,}", "=~", answer.headers.get("Location", ""))
    said = [own.sub("~", text.replace(email, "@")) for text in (where, answer.text)]
    return answer.status_code, sorted(answer.cookies), {name.title() for name in answer.headers}, *said


@dataclass(frozen=True)
class Work:
    """What an answer took. A hash that is made takes another time than one that is compared with."""

    statements: int
    hashes: list[str]
    slept: tuple[float, ...]


def at(door: Door, who: Any, email: str, patch: pytest.MonkeyPatch) -> tuple[tuple[Any, ...], Work]:
    slept: list[float] = []
    hashes: list[str] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            hashes.append(name)
            return call(*args)

        return run

    with patch.context() as watched, transaction.atomic(), CaptureQueriesContext(connection) as made:
        watched.setattr(settings, "EVEN_SECONDS", 60.0)
        watched.setattr(time, "sleep", lambda seconds: slept.append(round(seconds, -1)))
        for name in ("encode", "verify"):
            watched.setattr(Argon2id, name, counted(name, getattr(Argon2id, name)))
        answer = plain(door.ask(who, email), email)
        transaction.set_rollback(True)
    return answer, Work(len(made.captured_queries), hashes, tuple(slept))


def same(door: Door, makes: tuple[Any, Any], patch: pytest.MonkeyPatch) -> None:
    password_of_nobody()  # once in each process
    (known, some), (unknown, other) = at(door, makes[0], KNOWN, patch), at(door, makes[1], UNKNOWN, patch)
    assert known == unknown
    assert some.hashes == other.hashes
    assert some.slept == other.slept == ((60.0 * door.even,) if door.even else ())
    assert door.even or some.statements == other.statements
    assert not mail.outbox


@pytest.mark.control("v5.0.0-6.3.8")
@pytest.mark.parametrize("name", STRANGERS)
def test_at_the_doors_of_strangers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.customer(KNOWN)
    door = STRANGERS[name]
    same(door, (door.make(), door.make()), monkeypatch)


@pytest.mark.parametrize("name", ["sign-in", "app: sign-in"])
def test_who_has_no_password(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.customer(KNOWN, password=None)
    door = STRANGERS[name]
    same(door, (door.make(), door.make()), monkeypatch)


@pytest.mark.control("v5.0.0-6.3.8")
@pytest.mark.parametrize("way", ["another code", "a wrong code"])
def test_in_a_recovery(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.customer(KNOWN)
    asks = {"another code": lambda who, _: who.send("sms"), "a wrong code": lambda who, _: who.show("mail", "00000000")}
    same(Door(starting, asks[way], even=1), (recovering(KNOWN), recovering(UNKNOWN)), monkeypatch)


def test_a_name_that_an_app_hints_at(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.customer(KNOWN)
    partner, _secret = register()
    query = {"client_id": partner.client_id, "response_type": "code", "scope": "openid", "redirect_uri": "x"}
    door = Door(stranger, lambda who, email: who.get("/oauth/authorize/", query | {"login_hint": email}, follow=True))
    same(door, (stranger(), stranger()), monkeypatch)


@pytest.mark.parametrize(
    "name", ["email", "delegation", "request", "business", "family", "contact", "successor", "recovery address"]
)
def test_whoever_is_signed_in_names_somebody_else(
    name: str, party: Callable[..., Party], monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.customer(KNOWN)
    ada = party("ada@example.com")
    asks: dict[str, Callable[[], Callable[[Any, str], Any]]] = {
        "email": lambda: form("/security/email/", "email"),
        "delegation": lambda: form("/acting-for-me/invite/pay_bills/", "email", **OFFER),
        "request": lambda: form("/people-i-act-for/ask/", "email", actions=[SEE]),
        "business": lambda: form(business(ada), "email", role="books"),
        "family": lambda: form(f"/family/{added(ada).pk}/invite/", "email"),
        "contact": lambda: form("/security/recovery/contacts/add/", "email", name="Kim"),
        "successor": lambda: form("/security/successor/name/", "email"),
        "recovery address": lambda: form("/security/recovery/add/mail/", "email"),
    }
    door = Door(lambda: ada.client, asks[name](), even=int(name in {"email", "request"}))
    ada.client.get("/profile/")
    same(door, (ada.client, ada.client), monkeypatch)


def business(owner: Party) -> str:
    owner.client.post("/businesses/new/", {"name": "Acme"})
    return f"/businesses/{Business.objects.get().pk}/invite/"
