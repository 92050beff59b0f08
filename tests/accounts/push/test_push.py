"""Notices in a browser: switched on in a session, read by that browser alone, and ended with the session."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.core.management import call_command
from django.test import Client

from accounts.account.notices import PasswordChanged
from accounts.lock.flows import everywhere
from accounts.models import PushSubscription, Session, User
from accounts.push import encryption, flows
from accounts.push.shapes import Endpoint
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import rings, vault
from ciam_portal.core.crypto.models import Key
from ciam_portal.core.outbox import tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from tests import factories
from tests.accounts.push.service import Browser, PushService, running, vapid
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
ENDPOINT = "https://push.example.com/send/1"


@pytest.fixture(autouse=True)
def _keys(settings: Any) -> None:
    settings.VAPID_KEYS = [os.urandom(32)]


@pytest.fixture(autouse=True)
def _by_day() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def service() -> Iterator[PushService]:
    with running() as found:
        yield found


@pytest.fixture
def home(customer: User, sign_in: Callable[..., Client]) -> Client:
    return sign_in(customer)


def switch_on(client: Client, endpoint: str = ENDPOINT) -> Browser:
    browser = Browser(endpoint)
    assert client.post("/notifications/", {"subscription": browser.subscription}).status_code == 302
    return browser


def change(customer: User) -> None:
    """Something happens that everybody hears of who is to hear of it."""
    everywhere.announce(customer, PasswordChanged(), at=clock.now())


def pushed() -> list[Notice]:
    return list(Notice.objects.filter(channel="push"))


def deliver() -> Notice:
    (row,) = pushed()
    tasks.deliver_to_machine(notice=str(row.pk))
    row.refresh_from_db()
    return row


def test_only_the_browser_reads_it_and_nothing_of_anybody_stands_in_it(
    home: Client, customer: User, service: PushService
) -> None:
    browser = switch_on(home, f"{service.origin}/send/1")
    change(customer)
    assert deliver().state == Notice.State.SENT
    ((headers, body),) = service.asked
    said = browser.read(body)
    assert said == {
        "title": configured.PORTAL_NAME,
        "body": "Something in your account has changed. Was it you?",
        "path": "/activity/",
    }
    assert b"account" not in body
    assert (headers["content-encoding"], headers["urgency"], headers["ttl"]) == ("aes128gcm", "high", str(10 * 3600))
    claims, key = vapid(headers["authorization"])
    assert key == encryption.public(configured.VAPID_KEYS[0])
    assert claims["aud"] == "http://localhost"
    assert claims["sub"] == f"mailto:{configured.HELP_DESK.email}"
    assert claims["exp"] == NOON.timestamp() + 3600


def test_a_change_is_told_once_to_each_browser_that_shows_notices(home: Client, customer: User) -> None:
    switch_on(home)
    other = Client()
    factories.signed_in(other, customer, (Method.PASSWORD,))
    switch_on(other, "https://push.example.com/send/2")
    factories.signed_in(Client(), customer, (Method.PASSWORD,))
    change(customer)
    assert [row.kind for row in pushed()] == ["push:push.example.com"] * 2


@pytest.mark.parametrize("ended", ["signed out", "by the customer elsewhere", "everywhere", "its time"])
def test_it_ends_with_the_session(home: Client, customer: User, by: Actor, ended: str) -> None:
    switch_on(home)
    change(customer)
    session = Session.objects.get()
    if ended == "signed out":
        home.post("/sign-out/")
    elif ended == "by the customer elsewhere":
        sessions.end(session, by=by, at=clock.now())
    elif ended == "everywhere":
        sessions.end_all(customer, by=by, at=clock.now())
    with time_machine.travel(session.expires_at if ended == "its time" else clock.now(), tick=False):
        change(customer)
        assert deliver().state == Notice.State.REFUSED


def test_an_idle_session_is_still_told(home: Client, customer: User, service: PushService) -> None:
    switch_on(home, f"{service.origin}/send/1")
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        change(customer)
        assert deliver().state == Notice.State.SENT


def test_at_night_where_the_customer_is_nothing_comes_unless_they_said_so(
    home: Client, customer: User, service: PushService
) -> None:
    customer.timezone = "Asia/Tokyo"  # 21:00 there
    customer.save()
    switch_on(home, f"{service.origin}/send/1")
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        change(customer)
        assert deliver().state == Notice.State.REFUSED
        Notice.objects.filter(channel="push").delete()
        PushSubscription.objects.update(at_night=True)
        change(customer)
        assert deliver().state == Notice.State.SENT


def test_nights_are_chosen_on_the_page(home: Client) -> None:
    switch_on(home)
    assert "At night, from 22:00 to 7:00, none is shown" in home.get("/notifications/").text
    for said, chosen in (({"at_night": "on"}, True), ({}, False)):
        assert home.post("/notifications/nights/", said)["Location"] == "/notifications/"
        assert PushSubscription.objects.get().at_night is chosen


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_its_service_does_not_know_is_forgotten(
    home: Client, customer: User, service: PushService, status: int
) -> None:
    switch_on(home, f"{service.origin}/send/1")
    change(customer)
    service.status = status
    assert deliver().state == Notice.State.REFUSED
    assert not PushSubscription.objects.exists()
    assert AuditEntry.objects.get(name="push.switched_off").data["why"] == "gone"
    change(customer)
    assert len(pushed()) == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [(200, "sent"), (202, "sent"), (301, "waiting"), (400, "refused"), (403, "refused"), (413, "refused"),
     (429, "waiting"), (500, "waiting"), (503, "waiting")],
)  # fmt: skip
def test_what_its_service_answers_means(
    home: Client, customer: User, service: PushService, status: int, state: str
) -> None:
    switch_on(home, f"{service.origin}/send/1")
    change(customer)
    service.status = status
    assert deliver().state == state
    assert len(service.asked) == 1  # no redirect is followed
    assert PushSubscription.objects.exists()


@pytest.mark.control("v5.0.0-1.3.6")
@pytest.mark.parametrize(
    "inside", ["https://10.0.0.1/x", "https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/"]
)
def test_the_own_network_is_never_asked(home: Client, customer: User, inside: str) -> None:
    switch_on(home, inside)
    change(customer)
    row = deliver()
    assert row.state == Notice.State.WAITING
    assert row.trouble.startswith("did not answer")


def test_a_former_key_still_signs_for_those_that_know_it(
    home: Client, customer: User, service: PushService, settings: Any
) -> None:
    switch_on(home, f"{service.origin}/send/1")
    former = settings.VAPID_KEYS[0]
    settings.VAPID_KEYS = [os.urandom(32), former]
    change(customer)
    assert deliver().state == Notice.State.SENT
    assert vapid(service.asked[0][0]["authorization"])[1] == encryption.public(former)
    settings.VAPID_KEYS = [os.urandom(32)]
    Notice.objects.filter(channel="push").delete()
    change(customer)
    assert deliver().state == Notice.State.REFUSED


def test_without_a_key_nothing_is_said_of_it_and_no_key_is_missed(home: Client, customer: User, settings: Any) -> None:
    switch_on(home)
    Key.objects.note("VAPID_KEYS", NOON)
    assert "/notifications/" in home.get("/security/").text
    settings.VAPID_KEYS = []
    change(customer)
    assert pushed() == []
    assert "/notifications/" not in home.get("/security/").text
    for path in ("/notifications/", "/notifications/worker.js"):
        assert home.get(path).status_code == 404
    for path in ("/notifications/", "/notifications/test/", "/notifications/nights/"):
        assert home.post(path, {"subscription": Browser(ENDPOINT).subscription}).status_code == 404
    assert "VAPID_KEYS" not in {key.ring for key in Key.objects.missing()} | set(Key.objects.unnoted())


def test_a_key_that_is_gone_while_another_is_there_is_missed(settings: Any) -> None:
    Key.objects.note("VAPID_KEYS", NOON)
    (name,) = rings.names("VAPID_KEYS")
    settings.VAPID_KEYS = [os.urandom(32)]
    assert [key.name for key in Key.objects.missing() if key.ring == "VAPID_KEYS"] == [name]


def test_a_key_is_made_and_shown_by_its_public_half(capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    call_command("push", "new")
    assert len(capsys.readouterr().out.strip()) == 43
    call_command("push", "show")
    assert encryption.public(settings.VAPID_KEYS[0]) in capsys.readouterr().out
    settings.VAPID_KEYS = []
    call_command("push", "show")
    assert "VAPID_KEYS is not set" in capsys.readouterr().out


def test_the_test_message_comes_at_any_hour_and_not_without_end(home: Client, service: PushService) -> None:
    browser = switch_on(home, f"{service.origin}/send/1")
    with time_machine.travel(NOON.replace(hour=3), tick=False):
        assert home.post("/notifications/test/")["Location"] == "/notifications/"
        assert deliver().state == Notice.State.SENT
        assert browser.read(service.asked[0][1])["path"] == "/notifications/"
        for _ in range(limits.current().notices.push_tests_per_hour - 1):
            home.post("/notifications/test/")
        assert home.post("/notifications/test/").status_code == 429


def test_switched_on_again_or_by_somebody_else_in_the_same_browser_there_is_one(home: Client) -> None:
    switch_on(home)
    switch_on(home)
    other = Client()
    theirs = factories.signed_in(other, factories.customer(), (Method.PASSWORD,))
    switch_on(other)
    row = PushSubscription.objects.get()
    assert json.loads(vault.unseal(row.sealed, row.context))["url"] == ENDPOINT
    assert row.session == theirs
    assert "Switch on in this browser" in home.get("/notifications/").text


def test_it_is_switched_off_here_or_from_elsewhere_by_its_owner_alone(home: Client, customer: User) -> None:
    switch_on(home)
    path = f"/notifications/{PushSubscription.objects.get().pk}/off/"
    stranger, elsewhere = Client(), Client()
    factories.signed_in(stranger, factories.customer(), (Method.PASSWORD,))
    stranger.post(path)
    assert PushSubscription.objects.exists()
    factories.signed_in(elsewhere, customer, (Method.PASSWORD,))
    assert "Other browsers that show notices" in elsewhere.get("/notifications/").text
    for _ in range(2):  # pressed twice
        assert elsewhere.post(path)["Location"] == "/notifications/"
    assert not PushSubscription.objects.exists()
    assert "Notices were switched off in a browser" in home.get("/activity/").text


GOOD = json.loads(Browser(ENDPOINT).subscription)


@pytest.mark.parametrize(
    "said",
    [
        "", "{", "[]", "null", '"x"', json.dumps(GOOD | {"endpoint": 7}), json.dumps(GOOD | {"keys": {}}),
        json.dumps(GOOD | {"endpoint": "https://user@push.example.com/"}),
        json.dumps(GOOD | {"endpoint": "http://push.example.com/"}),
        json.dumps(GOOD | {"endpoint": "https://push.example.com:port/"}),
        json.dumps(GOOD | {"endpoint": "javascript:alert(1)"}),
        json.dumps(GOOD | {"endpoint": "https://push.example.com/" + "x" * 2000}),
        json.dumps(GOOD | {"keys": GOOD["keys"] | {"auth": "c2hvcnQ"}}),
        json.dumps(GOOD | {"keys": GOOD["keys"] | {"auth": "ü"}}),
        json.dumps(GOOD | {"keys": GOOD["keys"] | {"p256dh": "BA" + "A" * 85}}),
        json.dumps(GOOD | {"keys": GOOD["keys"] | {"p256dh": "!"}}),
        "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_subscription_is_refused_with_a_sentence(home: Client, said: str) -> None:
    answer = home.post("/notifications/", {"subscription": said})
    assert answer.status_code == 200
    assert "error-summary" in answer.text
    assert not PushSubscription.objects.exists()


def test_in_production_only_the_port_of_tls_is_asked(home: Client, settings: Any) -> None:
    settings.PRODUCTION = True
    browser = Browser("https://push.example.com:8443/x")
    home.post("/notifications/", {"subscription": browser.subscription})
    assert not PushSubscription.objects.exists()


def test_a_session_that_has_just_ended_switches_nothing_on(home: Client, by: Actor) -> None:
    session = Session.objects.get()
    sessions.end(session, by=by, at=clock.now())
    said = json.loads(Browser(ENDPOINT).subscription)
    with pytest.raises(Session.DoesNotExist):
        flows.switch_on(session, Endpoint(said["endpoint"], **said["keys"]), by=by, at=clock.now())


def test_the_worker_is_served_where_it_has_to_do_with_its_page_only(client: Client) -> None:
    answer = client.get("/notifications/worker.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert "Service-Worker-Allowed" not in answer
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert "notificationclick" in answer.text
