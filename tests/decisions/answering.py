"""Answers that are held against the OpenAPI document, and what partners' own APIs answer."""

from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from ciam_portal.oauth.profiles import Profile
from tests.oauth.walk import ALL, Walk, register
from tests.signals.receiver import Receiver

NOBODYS = "01890000000070008000000000000000"
SSF, CREDENTIALS = "/ssf/", "/api/partner/credentials"


def schema(document: dict[str, Any], part: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(part | {"components": document["components"]}, format_checker=FormatChecker())


class Held:
    """Holds answers against the document, and remembers which of its promises were seen kept."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.seen: set[tuple[str, str, str]] = set()

    def against(self, path: str, response: Any, method: str = "post") -> Any:
        promised = self.document["paths"][path][method]["responses"]
        status = str(response.status_code)
        assert status in promised, (path, status, response.content)
        part = promised[status]
        if "content" in part:
            assert response["Content-Type"] == "application/json"
            schema(self.document, part["content"]["application/json"]["schema"]).validate(response.json())
        else:
            assert not response.content
        for header in part.get("headers", {}):
            assert header in response, (path, status, header)
        self.seen.add((path, method, status))
        return response

    def unseen(self) -> set[tuple[str, str, str]]:
        paths = self.document["paths"].items()
        return {
            (path, method, status) for path, item in paths for method, op in item.items() for status in op["responses"]
        } - self.seen


_ODD = (("x" * 20_000, "application/json"), ("a=b", "text/plain"))


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    streams = ((path, item) for path, item in document["paths"].items() if path.startswith(SSF))
    return [(path, method, operation) for path, item in streams for method, operation in item.items()]


def hears(held: Held) -> Callable[[], None]:
    """A partner that manages its stream: whatever it is answered while all works. What to ask for anything else."""
    shop = Receiver(scopes=(*ALL, "ssf.read", "ssf.manage", "grant_management_query"))
    other = shop.own_token("grant_management_query").json()["access_token"]
    operations = _operations(held.document)
    subject = {"subject": shop.of_ours(shop.partner)}
    said: dict[str, Any] = {"/ssf/status": {"status": "paused", "reason": "Moving"}, "/ssf/verify": {"state": "x"}}
    said |= dict.fromkeys(("/ssf/subjects/add", "/ssf/subjects/remove"), subject)

    def ask(
        path: str, method: str, operation: dict[str, Any], key: str, by: str = "", query: str = "", **more: Any
    ) -> None:
        where = path.removeprefix(SSF).replace("{stream_id}", key)
        asked: Any = said.get(path, {}) | ({} if (path, method) == ("/ssf/stream", "post") else {"stream_id": key})
        if "requestBody" not in operation:
            asked, where = None, f"{where}?stream_id={key}"
        where += query and query.replace("?", "&" if "?" in where else "?")
        held.against(path, shop.asks(by or method.upper(), where, asked, **more), method)

    def everywhere(key: str = NOBODYS, **more: Any) -> None:
        for path, method, operation in operations:
            ask(path, method, operation, key, **more)

    everywhere()  # 404; and 201
    (made,) = shop.asks("GET", "stream").json()
    for path, method, operation in operations:
        if method != "delete":
            ask(path, method, operation, made["stream_id"])  # 200, 204; and 409
    held.against("/ssf/stream", shop.asks("GET", "stream"), "get")
    for more in ({"token": "over"}, {"token": other}, {"by": "TRACE"}, {"query": "?access_token=x"}):
        everywhere(**more)
    for path, method, operation in operations:
        where = path.replace("{stream_id}", made["stream_id"])
        for body, kind in _ODD if "requestBody" in operation else ():
            sent: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {shop._token}", "data": body, "content_type": kind}
            held.against(path, shop.machine.generic(method.upper(), where, **sent), method)  # 413, 415
    held.against("/ssf/stream", shop.asks("DELETE", f"stream?stream_id={made['stream_id']}"), "delete")
    return everywhere


def replaces(held: Held) -> Callable[[], None]:
    """A partner that replaces its secret: the same."""
    shop = Walk(*register("Till", profile=Profile.SERVICE))

    def ask(verb: str = "", secret: str | None = None, **form: Any) -> Any:
        path = f"{CREDENTIALS}{verb}"
        return held.against(path, shop.post(path, form, HTTP_AUTHORIZATION=shop.basic(secret)))

    for verb in ("", "/replace", "/end"):
        held.against(CREDENTIALS + verb, shop.machine.get(CREDENTIALS + verb))
        ask(verb, "wrong")
        ask(verb, jwks=["x", "x"])
    (only,) = ask().json()["credentials"]
    ask("/end", credential=only["id"])  # 409: the last one
    made = ask("/replace").json()
    ask("/replace")  # 409: there are two
    ask("/end", credential=made["id"])

    def everywhere() -> None:
        for verb in ("", "/replace", "/end"):
            ask(verb)

    return everywhere
