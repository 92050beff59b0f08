"""A partner hears that a session is over (OpenID Connect Back-Channel Logout 1.0)."""

import http.server
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import time_machine
from django.test import Client

from accounts.lock.flows import locks
from accounts.models import Session, User
from accounts.sessions import flows as sessions
from accounts.sessions.tasks import tell_of_ends
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.outbox import tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth import backchannel, id_tokens, jwts, keys, partners
from ciam_portal.oauth.models import Participant, Partner
from tests import factories
from tests.oauth.walk import CALLBACK, Walk, payload, register

pytestmark = pytest.mark.django_db


class Hearing:
    """A partner's server, and what it heard."""

    def __init__(self) -> None:
        self.status, self.heard = 200, list[str]()
        hearing = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                hearing.heard += parse_qs(body)["logout_token"]
                self.send_response(hearing.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/bye"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hearing() -> Iterator[Hearing]:
    running = Hearing()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def walk(hearing: Hearing, customer: User, sign_in: Callable[..., Client]) -> Walk:
    return Walk(*register(backchannel_logout_uri=hearing.url), sign_in(customer))


def delivered() -> list[str]:
    for row in Notice.objects.filter(channel=backchannel.CHANNEL, state=Notice.State.WAITING):
        tasks.deliver_to_machine(notice=str(row.pk))
    rows = Notice.objects.filter(channel=backchannel.CHANNEL).order_by("created_at")
    return list(rows.values_list("state", flat=True))


def end_it(walk: Walk, customer: User) -> None:
    by = Actor.system()
    sessions.end(Session.objects.filter(customer=customer).latest("started_at"), by=by, at=clock.now())


@pytest.mark.control("OIDC-BCL-2.4")
def test_what_it_hears(walk: Walk, customer: User, hearing: Hearing, settings: Any) -> None:
    id_token = walk.tokens("openid")["id_token"]
    told = payload(id_token)
    end_it(walk, customer)
    assert delivered() == ["sent"]
    (token,) = hearing.heard
    claims = jwts.read(token, keys.named, algorithms=("ES256",), kinds=("logout+jwt",))
    assert claims is not None
    assert claims.keys() == {"iss", "sub", "aud", "iat", "exp", "jti", "events", "sid"}
    assert (claims["iss"], claims["aud"]) == (settings.PUBLIC_URL, walk.partner.client_id)
    assert (claims["sub"], claims["sid"]) == (told["sub"], told["sid"])
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert claims["exp"] - claims["iat"] == 120
    assert id_tokens.read_hint(token) is None  # a logout token is no ID token,
    assert jwts.read(id_token, keys.named, algorithms=("ES256",), kinds=("logout+jwt",)) is None  # nor the reverse


@pytest.mark.parametrize("cause", ["sign out", "end others", "lock", "idle", "absolute"])
def test_every_cause_is_told_once(
    walk: Walk, customer: User, hearing: Hearing, cause: str, sign_in: Callable[..., Client]
) -> None:
    walk.tokens("openid")
    at = clock.now()
    if cause == "sign out":
        walk.browser.post("/sign-out/")
    elif cause == "end others":
        sign_in(customer, on=Client()).post("/sessions/end-others/")
    elif cause == "lock":
        locks.lock(customer, by=Actor.system(), at=at)
    with time_machine.travel(at + {"idle": timedelta(hours=2), "absolute": timedelta(days=2)}.get(cause, timedelta())):
        tell_of_ends()
        tell_of_ends()
        assert delivered() == ["sent"]
    assert len(hearing.heard) == 1


def test_a_session_that_goes_on_is_not_told(walk: Walk) -> None:
    walk.tokens("openid")
    assert tell_of_ends() == 0
    assert delivered() == []


def test_partners_that_cannot_hear_hold_up_nobody(walk: Walk, hearing: Hearing) -> None:
    deaf = Walk(*register("Deaf", backchannel_logout_uri=hearing.url), walk.browser)
    deaf.tokens("openid")
    partners.switch(deaf.partner, by=Actor.system(), at=clock.now(), on=False)
    other = factories.customer("other@example.com")
    browser = Client()
    factories.signed_in(browser, other, (Method.PASSWORD,))
    Walk(walk.partner, walk.secret, browser).tokens("openid")
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        assert sessions.tell_of_those_that_ran_out(clock.now(), 1) == 1
        assert sessions.tell_of_those_that_ran_out(clock.now(), 1) == 0


def test_one_session_of_two(walk: Walk, customer: User, hearing: Hearing, sign_in: Callable[..., Client]) -> None:
    first = payload(walk.tokens("openid")["id_token"])
    again = Walk(walk.partner, walk.secret, sign_in(customer, on=Client()))
    second = payload(again.tokens("openid")["id_token"])
    assert first["sid"] != second["sid"]
    end_it(again, customer)
    delivered()
    assert [payload(token)["sid"] for token in hearing.heard] == [second["sid"]]


def test_the_same_session_at_refresh_and_at_another_partner(walk: Walk, hearing: Hearing) -> None:
    first = walk.tokens("openid offline_access")
    fresh = walk.refresh(first["refresh_token"]).json()
    assert payload(first["id_token"])["sid"] == payload(fresh["id_token"])["sid"]
    other = Walk(*register("Other", backchannel_logout_uri=hearing.url), walk.browser)
    assert payload(other.tokens("openid")["id_token"])["sid"] != payload(first["id_token"])["sid"]
    for _ in range(2):  # those that are like others of their day
        fresh = walk.refresh(fresh["refresh_token"]).json()
        assert payload(fresh["id_token"])["sid"] == payload(first["id_token"])["sid"]
    quiet = Walk(*register("Quiet"), walk.browser)
    assert "sid" not in payload(quiet.tokens("openid")["id_token"])


def test_who_wants_to_hear_from_now_on_takes_part_from_its_next_refresh_on(walk: Walk, hearing: Hearing) -> None:
    late = Walk(*register("Late"), walk.browser)
    told = late.tokens("openid offline_access")
    for _ in range(3):
        told = late.refresh(told["refresh_token"]).json()
    assert not Participant.objects.exists()
    Partner.objects.filter(pk=late.partner.pk).update(backchannel_logout_uri=hearing.url)
    sids = set[str]()
    for _ in range(2):
        told = late.refresh(told["refresh_token"]).json()
        sids.add(payload(told["id_token"])["sid"])
    assert sids == {Participant.objects.get().pk.hex}


@pytest.mark.parametrize(
    ("status", "state"), [(204, "sent"), (200, "sent"), (302, "waiting"), (500, "waiting"), (503, "waiting"),
                          (429, "waiting"), (400, "refused"), (404, "refused")]
)  # fmt: skip
def test_what_its_answer_means(walk: Walk, customer: User, hearing: Hearing, status: int, state: str) -> None:
    walk.tokens("openid")
    hearing.status = status
    end_it(walk, customer)
    assert delivered() == [state]


def test_a_partner_that_was_away_hears_it_later_and_the_token_is_young(
    walk: Walk, customer: User, hearing: Hearing
) -> None:
    walk.tokens("openid")
    Partner.objects.update(backchannel_logout_uri="http://127.0.0.1:9/bye")
    end_it(walk, customer)
    assert delivered() == ["waiting"]
    Partner.objects.update(backchannel_logout_uri=hearing.url)
    later = clock.now() + timedelta(seconds=60)
    with time_machine.travel(later, tick=True):
        tasks.sweep()
        assert delivered() == ["sent"]
    assert payload(hearing.heard[0])["iat"] >= int(later.timestamp())


def test_a_partner_switched_off_hears_nothing(walk: Walk, customer: User, hearing: Hearing) -> None:
    walk.tokens("openid")
    partners.switch(walk.partner, by=Actor.system(), at=clock.now(), on=False)
    end_it(walk, customer)
    assert (delivered(), hearing.heard) == ([], [])


@pytest.mark.parametrize("uri", ["http://shop.example/bye", "https://user@shop.example/", "javascript:x"])
def test_addresses_that_are_not_taken(uri: str) -> None:
    with pytest.raises(partners.Unacceptable):
        register("Odd", redirect_uris=(CALLBACK,), backchannel_logout_uri=uri)
