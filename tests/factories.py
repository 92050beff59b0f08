"""One factory for each thing, with traits for the states worth a name."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client

from accounts.baseline.history import Seen
from accounts.customer import addresses
from accounts.models import Session, User
from accounts.sessions import agents
from accounts.sign_in import flows
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.sessions import SessionStore
from consent.permission import flows as connections
from consent.records import facts as records

PASSWORD = "correct horse battery staple"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def customer(email: str = "", *, proven: bool = True, password: str | None = PASSWORD, **fields: Any) -> User:
    """A customer with a password and one address."""
    email = email or f"c{codes.new_token()[:12].lower().replace('_', 'x').replace('-', 'y')}@example.com"
    made = User(email=email, **fields)
    made.set_password(password)
    made.save()
    addresses.add(made, email, proven=proven)
    return made


def signed_in(client: Client, who: User, methods: tuple[Method, ...], at: datetime | None = None) -> Session:
    """Give this client a session of the customer, proven by these methods."""
    store: SessionBase = SessionStore()
    store[SESSION_KEY] = str(who.pk)
    store[BACKEND_SESSION_KEY] = "accounts.sign_in.adapter.Backend"
    store[HASH_SESSION_KEY] = who.get_session_auth_hash()
    store.create()
    key = str(store.session_key)
    at, by = at or clock.now(), Actor(ActorKind.CUSTOMER, who.pk, Channel.WEB)
    seen = Seen(address="127.0.0.1", browser="Firefox", system="Linux")
    cookie = flows.remember_first(who, flows.Browser("", "", seen), by=by, at=at)
    browser = flows.Browser(cookie, SessionStore.row_key(key), seen)
    entered = flows.begin(who, flows.Admitted(methods, Risk.LOW), browser, by=by, at=at)
    if entered.session.device is not None:
        entered.session.device.received(at)  # as the browser's next request would say
    store["portal_session"] = str(entered.session.pk)
    store.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    client.cookies[settings.DEVICE_COOKIE_NAME] = entered.cookie
    client.defaults["HTTP_USER_AGENT"] = FIREFOX
    return entered.session


def at_home(client: Client, who: User, *, agent: str = "") -> None:
    """This client is the browser in which the customer proved their address: known from the start."""
    family, system = agents.families(agent)
    seen = Seen(address="127.0.0.1", browser=family, system=system)
    by = Actor(ActorKind.CUSTOMER, who.pk, Channel.WEB)
    client.cookies[settings.DEVICE_COOKIE_NAME] = flows.remember_first(
        who, flows.Browser("", "", seen), by=by, at=clock.now()
    )


def pass_challenge(client: Client) -> Any:
    """An unusual sign-in is paused in this client: type the code that was mailed for it."""
    return client.post("/sign-in/prove/", {"way": "email_code", "code": outbox()[-1].words["code"]})


@dataclass(frozen=True, slots=True)
class Message:
    """One message in the outbox, opened."""

    kind: str
    to: str
    words: dict[str, Any]


def outbox() -> list[Message]:
    """The messages waiting, oldest first."""
    found = []
    for row in Notice.objects.filter(state=Notice.State.WAITING).order_by("created_at", "pk"):
        content = json.loads(vault.unseal(row.sealed, f"notice:{row.pk}"))
        found.append(Message(row.kind, content["to"], content["words"]))
    return found


def answered(*names: str, **more: Any) -> connections.Answered:
    """A customer's yes to these permissions of an app, on a page that says of their purposes what holds now."""
    read = records.texts(records.spoken(names, clock.now()))
    return connections.Answered(**({"shown": names, "ticked": names, "read": read} | more))


def decisions(customer: User) -> list[DecisionEntry]:
    """What was decided about the customer, oldest first."""
    return list(DecisionEntry.objects.filter(about=customer.pk).order_by("at", "pk"))
