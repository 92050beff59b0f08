"""A partner that hears of its customers: its server, the stream that it manages, and what it was told."""

import http.server
import json
import threading
from typing import Any

from django.conf import settings
from django.test import Client

from ciam_portal.core.outbox import tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.oauth import jwts, keys
from ciam_portal.oauth.subjects import subject
from ciam_portal.signals import flows, meanings, sets
from tests.oauth.walk import ALL, Walk, register

POLL, PUSH = "urn:ietf:rfc:8936", "urn:ietf:rfc:8935"


def read(token: str) -> dict[str, Any]:
    claims = jwts.read(token, keys.named, algorithms=("ES256",), kinds=(sets.KIND,))
    assert claims is not None
    return claims


def kinds(claims: list[dict[str, Any]]) -> list[str]:
    """The last words of the events' types, sorted."""
    return sorted(name.rpartition("/")[2] for each in claims for name in each["events"])


class Receiver(Walk):
    def __init__(self, browser: Client | None = None, name: str = "Shop", **said: Any) -> None:
        super().__init__(*register(name, **({"scopes": (*ALL, "ssf.read", "ssf.manage")} | said)), browser)
        self.stream: dict[str, Any] = {}
        self._token = ""

    def own_token(self, scope: str = "ssf.read ssf.manage") -> Any:
        return self.post("/oauth/token/", {"grant_type": "client_credentials", "scope": scope})

    def asks(self, method: str, path: str, said: Any = None, *, token: str = "", **more: Any) -> Any:
        if not self._token:
            self._token = self.own_token().json()["access_token"]
        sent: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {token or self._token}"} | more
        sent |= {} if said is None else {"data": json.dumps(said), "content_type": "application/json"}
        return self.machine.generic(method, f"/ssf/{path}", **sent)

    def create(self, **said: Any) -> dict[str, Any]:
        answer = self.asks("POST", "stream", said)
        assert answer.status_code == 201, answer.content
        self.stream = answer.json()
        return self.stream

    def of_ours(self, customer: Any) -> dict[str, str]:
        return {"format": "iss_sub", "iss": settings.PUBLIC_URL, "sub": subject(self.partner, customer.pk)}

    def wants(self, customer: Any) -> None:
        said = {"stream_id": self.stream["stream_id"], "subject": self.of_ours(customer)}
        assert self.asks("POST", "subjects/add", said).status_code == 200

    def status(self, status: str, **more: Any) -> Any:
        return self.asks("POST", "status", {"stream_id": self.stream["stream_id"], "status": status} | more)

    def polls(self, **said: Any) -> dict[str, Any]:
        path = self.stream["delivery"]["endpoint_url"].split("/ssf/")[1]
        answer = self.asks("POST", path, said)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def takes(self) -> list[dict[str, Any]]:
        """All that waits, acknowledged."""
        told = self.polls()["sets"]
        self.polls(maxEvents=0, ack=list(told))
        return [read(token) for token in told.values()]


class Hearing:
    """Its server, for pushed signals."""

    def __init__(self) -> None:
        self.status, self.taken, self.headers = 202, list[str](), list[Any]()
        hearing = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                hearing.headers.append(dict(self.headers))
                if hearing.status == 202:
                    hearing.taken.append(body)
                self.send_response(hearing.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/signals"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def heard(self) -> list[dict[str, Any]]:
        """What it took, in order."""
        return [read(each) for each in self.taken]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def delivered() -> list[str]:
    """Hand over what waits in the outbox for partners' streams; where all of it stands."""
    rows = Notice.objects.filter(channel=flows.CHANNEL)
    for row in rows.filter(state=Notice.State.WAITING).order_by("created_at"):
        tasks.deliver_to_machine(notice=str(row.pk))
    return list(rows.order_by("created_at").values_list("state", flat=True))


ALL_KINDS = sorted(each.rpartition("/")[2] for each in meanings.SUPPORTED)
