"""An agent hears that its customer has answered (OpenID CIBA, ping): through the outbox, never to an address inside."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from ciam_portal.core.outbox import tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.oauth import partners
from ciam_portal.oauth.profiles import Profile
from consent.approvals import flows
from consent.approvals.tasks import sweep
from consent.models import ApprovalRequest
from tests.oauth.asking import Asking, after
from tests.oauth.keyed import key_set, new_key
from tests.oauth.walk import register

pytestmark = pytest.mark.django_db
TOKEN = {"client_notification_token": "agent-7.known~only/to+us="}


class Hearing:
    """An agent's server, and what it heard."""

    def __init__(self) -> None:
        self.status, self.heard = 204, list[tuple[str, dict[str, Any]]]()
        hearing = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hearing.heard.append((self.headers["Authorization"], body))
                self.send_response(hearing.status)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/told"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hearing() -> Iterator[Hearing]:
    running = Hearing()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def world(hearing: Hearing, sign_in: Callable[..., Client]) -> Asking:
    return Asking(sign_in, notification_endpoint=hearing.url)


def delivered() -> list[str]:
    for row in Notice.objects.filter(channel=flows.CHANNEL, state=Notice.State.WAITING):
        tasks.deliver_to_machine(notice=str(row.pk))
    return list(Notice.objects.filter(channel=flows.CHANNEL).order_by("pk").values_list("state", flat=True))


def test_it_is_told_once_of_each_answer_and_of_none(world: Asking, hearing: Hearing) -> None:
    assert world.start().json()["error"] == "invalid_request"  # without what it is told with
    assert world.start(client_notification_token="a b").json()["error"] == "invalid_request"
    asked = world.asks(**TOKEN)
    assert asked not in json.dumps(list(ApprovalRequest.objects.values()), default=str)
    assert delivered() == []
    world.approve()
    assert delivered() == ["sent"]
    assert hearing.heard == [(f"Bearer {TOKEN['client_notification_token']}", {"auth_req_id": asked})]
    assert world.row.ping == ""
    assert world.poll(asked).status_code == 200
    refused = world.asks(**TOKEN)
    world.refuse()
    lapsed = world.asks(**TOKEN)
    with after(301):
        assert sweep() == 1
        assert sweep() == 0
        assert delivered() == ["sent"] * 3
        assert world.error(lapsed) == "expired_token"
    assert [body["auth_req_id"] for _bearer, body in hearing.heard] == [asked, refused, lapsed]


def test_what_it_answers_decides_whether_it_is_told_again(world: Asking, hearing: Hearing) -> None:
    for status, state in ((302, "refused"), (400, "refused"), (500, "waiting"), (429, "waiting")):
        hearing.status = status
        world.asks(**TOKEN)
        world.approve()
        assert delivered()[-1] == state, status
        Notice.objects.all().delete()
        world.row.delete()
    assert len(hearing.heard) == 4  # no redirect was followed


def test_nothing_inside_is_ever_asked(world: Asking, hearing: Hearing, settings: Any) -> None:
    world.asks(**TOKEN)
    world.approve()
    settings.PRODUCTION = True  # where this machine is inside
    assert delivered() == ["waiting"]
    assert hearing.heard == []
    world.switch(notification_endpoint="")
    Notice.objects.update(due_at=world.row.asked_at)
    assert delivered() == ["refused"]


def test_where_an_agent_may_be_told() -> None:
    words: dict[str, Any] = {"profile": Profile.AGENT, "maker": "Robots Ltd", "scopes": ("profile",)}
    words |= {"jwks": key_set(new_key()), "notification_endpoint": "https://agent.example/told"}
    assert register("Helper", **words)[0].notification_endpoint
    for wrong in ({"notification_endpoint": "http://agent.example/"}, {"profile": Profile.STANDARD, "maker": ""}):
        with pytest.raises(partners.Unacceptable):
            register("Helper", **(words | wrong))
