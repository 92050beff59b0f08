"""The client for services: the README's quick start against a running portal, and no answer that is taken for a yes."""

import json
import re
import tomllib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from ciam_data_use import Answer, NotPermitted, Portal, Refused, Unavailable

from accounts.models import User
from ciam_portal.oauth.models import AccessToken
from consent.models import Use
from consent.records.policy import Says
from tests.consent.data_use.conftest import Service
from tests.house.test_code import ROOT

PUBLISHED = ROOT / "deploy" / "client"
TOKEN = {"access_token": "t", "expires_in": 300, "token_type": "Bearer"}


def quick_start() -> str:
    """The block of code that the README shows to whoever writes a service."""
    found = re.search(r"```python\n(from ciam_data_use import.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found
    return found[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
def test_the_quick_start_of_the_readme_runs(live_server: Any, customer: User, say: Callable[..., object]) -> None:
    service, sent = Service(public_subjects=True), list[str]()
    code, whose = quick_start().replace("https://id.example.com", live_server.url), str(customer.pk)
    assert live_server.url in code
    assert len([line for line in code.splitlines() if line.strip()]) == 5
    given = {"ID": service.partner.client_id, "SECRET": service.secret, "write_to": sent.append}
    exec(code, given)  # noqa: S102  (ours)
    send: Any = given["send_news"]
    with pytest.raises(NotPermitted) as refused:
        send(whose)
    assert refused.value.withheld == {"email": "use_never_asked"}
    say(Says.YES)
    send(whose)
    AccessToken.objects.all().delete()  # ended meanwhile: it gets another one
    send(whose)
    say(Says.NO)
    with pytest.raises(NotPermitted, match="use_withdrawn"):
        send(whose)
    assert sent == [whose] * 2
    assert sum(Use.objects.filter(customer=customer.pk, way="data_use").values_list("times", flat=True)) == 4
    service.let()
    with pytest.raises(Refused, match="insufficient_scope"):
        send(whose)
    many: Any = given["portal"]
    service.let("product_news")
    assert many.ask("product_news", ["name", "email"], [whose, whose, "x"]) == {
        whose: Answer(frozenset(), {"email": "use_withdrawn", "name": "use_withdrawn"}),
        "x": Answer(frozenset(), {"email": "use_unknown_subject", "name": "use_unknown_subject"}),
    }


def test_it_is_typed_and_needs_nothing_else() -> None:
    said = tomllib.loads((PUBLISHED / "pyproject.toml").read_text())
    assert said["project"]["dependencies"] == []
    assert (PUBLISHED / said["tool"]["setuptools"]["packages"][0] / "py.typed").exists()
    names = re.findall(
        r"^(?:from|import) (\w+)", (PUBLISHED / "ciam_data_use" / "__init__.py").read_text(), re.MULTILINE
    )
    assert not {"ciam_portal", "accounts", "consent", "recovery", "django"} & set(names)


# --- what is no answer


def yes(question: dict[str, Any]) -> dict[str, Any]:
    one = {"permitted": question["categories"], "withheld": {}}
    return {"purpose": question["purpose"], "subjects": dict.fromkeys(question["subjects"], one)}


class Fake(Portal):
    """A portal that answers as it is told."""

    def __init__(self, *answers: Any) -> None:
        super().__init__("https://id.example.com", "id", "secret")
        self.answers, self.asked = list(answers), list[Any]()

    def _post(self, path: str, body: bytes, kind: str, authorization: str) -> Any:
        if path == "/oauth/token/":
            return 200, TOKEN, None
        self.asked.append(question := json.loads(body))
        status, said, *wait = self.answers.pop(0)
        return status, said(question) if callable(said) else said, wait[0] if wait else None


def test_what_is_permitted_runs() -> None:
    fake = Fake((200, yes))
    assert fake.uses("news", "email")(lambda customer, more: (customer, more))("c", more=1) == ("c", 1)
    assert fake.asked == [{"purpose": "news", "categories": ["email"], "subjects": ["c"]}]


def changed(**said: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda question: yes(question) | said


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((429, {"error": "too_many_requests"}, 12), Unavailable),
        ((503, {}), Unavailable),
        ((302, {}), Refused),
        ((403, {"error": "not_registered"}), Refused),
        ((200, {}), Unavailable),
        ((200, changed(purpose="other")), Unavailable),
        ((200, changed(subjects={})), Unavailable),
        ((200, changed(subjects=[])), Unavailable),
        ((200, changed(subjects={"d": {"permitted": ["email"], "withheld": {}}})), Unavailable),
        ((200, changed(subjects={"c": {"permitted": ["email", "name"], "withheld": {}}})), Unavailable),
        ((200, changed(subjects={"c": {"permitted": ["email"], "withheld": {"email": "no"}}})), Unavailable),
        ((200, changed(subjects={"c": {"permitted": []}})), Unavailable),
        ((200, changed(subjects={"c": {"permitted": [], "withheld": {"email": "use_refused"}}})), NotPermitted),
    ],
)
def test_nothing_but_a_whole_yes_is_one(answer: Any, error: type[Exception]) -> None:
    ran: list[str] = []
    with pytest.raises(error) as raised:
        Fake(answer).uses("news", "email")(ran.append)("c")
    assert not ran
    assert getattr(raised.value, "retry_after", None) == (12 if answer[0] == 429 else None)


def test_more_than_a_batch_is_asked_in_several() -> None:
    fake = Fake(*[(200, yes)] * 3)
    assert len(fake.ask("news", ["email"], (f"c{number % 20_001}" for number in range(30_000)))) == 20_001
    assert [len(each["subjects"]) for each in fake.asked] == [10_000, 10_000, 1]


def test_a_portal_is_asked_over_https() -> None:
    with pytest.raises(ValueError, match="https"):
        Portal("http://id.example.com")


class _Elsewhere(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(307)
        self.send_header("Location", f"{self.server.where}/")  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


def test_no_redirect_is_followed_and_silence_is_no_answer() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Elsewhere)
    here = f"http://127.0.0.1:{server.server_port}"
    server.where = here  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with pytest.raises(Unavailable, match="did not answer"):
            Portal(here, token=lambda: "t").ask("news", ["email"], ["c"])
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
    with pytest.raises(Unavailable):
        Portal(here, token=lambda: "t").ask("news", ["email"], ["c"])
