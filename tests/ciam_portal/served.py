"""What ``test_serving`` has served: it says what of a request reaches an application, and from which process."""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_TOLD = ("REQUEST_METHOD", "PATH_INFO", "SCRIPT_NAME", "wsgi.url_scheme", "HTTP_X_FORWARDED_FOR")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers after as many milliseconds as the query says; at ``/in-pieces`` in two, so long one after the other."""
    if environ["PATH_INFO"] == "/in-pieces":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return pieces(int(environ["QUERY_STRING"]) / 1000)
    time.sleep(int(environ["QUERY_STRING"] or 0) / 1000)
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    said = {name: environ.get(name) for name in _TOLD} | {"body": body.decode(), "process": os.getpid()}
    answer = json.dumps(said).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


def pieces(seconds: float) -> Iterator[bytes]:
    yield b"one"
    time.sleep(seconds)
    yield b"two"
