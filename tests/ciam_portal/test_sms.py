"""Text messages: a gateway over HTTP, and an installation that has none."""

import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.outbox import channels, tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Deny
from recovery.addresses.policy import AddressFacts, Reason, may_add
from recovery.case.policy.evidence import Way
from recovery.news.notices import CodeToRecognize
from recovery.recognize import flows as recognize
from tests import factories
from tests.conftest import NOON
from tests.recovery import steps
from tests.stack.valkey import free_port

PHONE = "+4722855050"


class Gateway(ThreadingHTTPServer):
    """A real server that answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.asked = 200, list[dict[str, Any]]()
        self.answers = threading.Event()
        self.answers.set()


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append({"path": self.path, "headers": dict(self.headers), "body": body})
        self.server.answers.wait(5)
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    with Gateway() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.SMS_CARRIER = "ciam_portal.core.outbox.channels.SmsGateway"
        settings.SMS_URL = f"http://127.0.0.1:{server.server_address[1]}/v1/messages"
        settings.SMS_AUTHORIZATION = "Bearer sesame"
        settings.SMS_BODY = {"messages": [{"to": "{to}", "body": "{text}", "ref": "id-{key}"}], "flash": False}
        yield server
        server.shutdown()


def send(text: str = "Your code: 1") -> None:
    channels.carrier().send("k1", PHONE, text)


def test_it_is_asked_in_its_own_words(gateway: Gateway) -> None:
    send('{key} "said" {to}')
    (asked,) = gateway.asked
    assert asked["path"] == "/v1/messages"
    words = {"to": PHONE, "body": '{key} "said" {to}', "ref": "id-k1"}  # what a message says is no template
    assert asked["body"] == {"messages": [words], "flash": False}
    assert asked["headers"]["Authorization"] == "Bearer sesame"
    assert asked["headers"]["Idempotency-Key"] == "k1"


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (200, None), (201, None), (202, None), (204, None),
        (301, channels.NotNow), (302, channels.NotNow), (307, channels.NotNow),
        (400, channels.Undeliverable), (401, channels.NotNow), (402, channels.NotNow), (403, channels.NotNow),
        (404, channels.NotNow), (409, channels.NotNow), (410, channels.Undeliverable), (422, channels.Undeliverable),
        (429, channels.NotNow), (500, channels.Unreachable), (503, channels.Unreachable),
    ],
)  # fmt: skip
def test_what_it_answers_means(gateway: Gateway, status: int, trouble: type[Exception] | None) -> None:
    gateway.status = status
    if trouble is None:
        send()
    else:
        with pytest.raises(trouble, match=f"^HTTP {status}$"):
            send()
    assert len(gateway.asked) == 1  # no redirect is followed


def test_one_that_hangs_or_is_gone_is_unreachable(
    gateway: Gateway, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "_SMS_SECONDS", 0.2)
    gateway.answers.clear()
    with pytest.raises(channels.Unreachable, match="ReadTimeout"):
        send()
    gateway.answers.set()
    settings.SMS_URL = f"http://127.0.0.1:{free_port()}/"
    with pytest.raises(channels.Unreachable, match="Connect"):
        send()


@pytest.mark.django_db
def test_the_outbox_keeps_what_it_does_not_take(customer: User, gateway: Gateway) -> None:
    def told() -> Notice:
        tell(customer, CodeToRecognize(code="1"), to=[PHONE], channel=Medium.SMS, at=clock.now())
        notice = Notice.objects.latest("created_at")
        tasks.deliver(notice=str(notice.pk))
        notice.refresh_from_db()
        return notice

    assert told().state == Notice.State.SENT
    gateway.status = 422
    refused = told()
    assert (refused.state, refused.trouble) == (Notice.State.REFUSED, "HTTP 422")
    gateway.status = 503
    waiting = told()
    assert (waiting.state, waiting.trouble) == (Notice.State.WAITING, "HTTP 503")
    assert {asked["headers"]["Idempotency-Key"] for asked in gateway.asked} >= {str(refused.pk), str(waiting.pk)}


def test_files_are_for_their_owner_alone(settings: Any, tmp_path: Path) -> None:
    settings.SMS_DIR = str(tmp_path / "sms")
    channels.SmsFiles().send("k1", PHONE, "one")
    channels.SmsFiles().send("k1", PHONE, "another")
    (file,) = (tmp_path / "sms").iterdir()
    assert file.read_text() == f"To: {PHONE}\n\nanother\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.django_db
class TestWithoutACarrier:
    """Nothing goes by text message, and nothing offers it."""

    @pytest.fixture(autouse=True)
    def _nobody(self, settings: Any) -> None:
        settings.SMS_CARRIER = ""

    def test_a_proven_phone_restores_nothing_and_hears_of_nothing(self, customer: User) -> None:
        steps.with_phone(customer)
        at = clock.now()
        assert recognize.phone_of(customer, at) is None
        tell(customer, CodeToRecognize(code="1"), to=[PHONE], channel=Medium.SMS, at=at)
        assert factories.outbox() == []

    def test_no_page_offers_it(self, client: Client, customer: User) -> None:
        steps.with_phone(customer)
        factories.signed_in(client, customer, (Method.PASSWORD,))
        page = client.get("/security/recovery/").text
        assert "No codes can be sent to phones here" in page
        assert "Add a phone number" not in page
        assert "Add an email address" in page
        assert "recovery phone" not in client.get("/").text
        stranger = steps.Person(Client())
        assert "text message" not in stranger.start(customer.email).text

    @pytest.mark.parametrize("post", [False, True])
    def test_nor_is_it_there_for_whoever_knows_the_address(self, client: Client, customer: User, post: bool) -> None:
        factories.signed_in(client, customer, (Method.PASSWORD, Method.EMAIL_CODE))
        add = client.post if post else client.get
        page = add("/security/recovery/add/sms/", {"phone": PHONE})
        assert page.status_code in {302, 404}  # one that must prove more first reads no more than that
        stranger = steps.Person(Client())
        stranger.start(customer.email)
        sent = len(factories.outbox())
        stranger.send(Way.SMS.value)
        assert all(mail.to != PHONE for mail in factories.outbox()[sent:])

    def test_the_policy_says_so(self) -> None:
        rules = limits.current()
        facts = AddressFacts(kept=0, is_known=False, is_carried=False)
        assert may_add(facts, limits=rules, at=NOON) == Deny(Reason.NOT_CARRIED)
        assert may_add(AddressFacts(kept=0, is_known=False), limits=rules, at=NOON) == Allow()
