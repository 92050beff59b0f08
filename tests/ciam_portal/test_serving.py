"""Connections as gunicorn serves them here: who asks again at once keeps its thread, and nobody else waits for that."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from tests.stack.state import CHECKOUT
from tests.stack.valkey import free_port


class Served:
    def __init__(self, bind: str) -> None:
        command = [
            *(sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", bind),
            "tests.ciam_portal.served:application",
        ]
        # Without its settings: the application served here has none.
        env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._bind = bind
        self._server = subprocess.Popen(command, cwd=CHECKOUT, env=env, stderr=subprocess.PIPE)  # noqa: S603  (our own)
        end = time.monotonic() + 30
        while not self._is_there() and time.monotonic() < end:
            time.sleep(0.05)

    def _is_there(self) -> bool:
        with suppress(OSError):
            self.connected().close()
            return True
        return False

    def connected(self) -> socket.socket:
        if not self._bind.startswith("unix:"):
            return socket.create_connection(("127.0.0.1", int(self._bind.rpartition(":")[2])), 20)
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(self._bind.removeprefix("unix:"))
        except OSError:
            made.close()
            raise
        return made

    def stop(self) -> str:
        self._server.terminate()
        _, said = self._server.communicate(timeout=30)
        return said.decode()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    made = Served(f"127.0.0.1:{free_port()}")
    yield made
    assert "Traceback" not in made.stop()


def request(path: str = "/", *headers: str, body: str = "", method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def answer(line: socket.socket) -> dict[str, Any]:
    found = http.client.HTTPResponse(line)
    found.begin()
    said: dict[str, Any] = {"status": found.status} | (json.loads(found.read()) if found.status == 200 else {})
    return said


def test_one_connection_is_asked_again_and_again_at_once_and_after_a_while(served: Served) -> None:
    with served.connected() as line:
        for number in range(6):
            body = f"number {number}"
            line.sendall(request("/some", body=body, method="POST"))
            said = answer(line)
            assert (said["body"], said["REQUEST_METHOD"], said["PATH_INFO"]) == (body, "POST", "/some")
            time.sleep(0.02 if number % 3 == 2 else 0)  # longer than it stays


def test_the_next_question_may_come_with_the_first_or_in_pieces(served: Served) -> None:
    with served.connected() as line, line.makefile("rb") as read:
        line.sendall(request("/1") + request("/2", body="two", method="POST") + request("/3")[:9])
        first, second = answers(read, 2)
        assert (first["PATH_INFO"], second["PATH_INFO"], second["body"]) == ("/1", "/2", "two")
        time.sleep(0.05)
        line.sendall(request("/3")[9:])
        assert answer(line)["PATH_INFO"] == "/3"


def answers(read: BinaryIO, several: int) -> list[dict[str, Any]]:
    """Some that may have come together."""
    found = []
    for _ in range(several):
        length = 0
        while (head := read.readline()) != b"\r\n":
            length = int(head.partition(b":")[2]) if head.lower().startswith(b"content-length:") else length
        found.append(json.loads(read.read(length)))
    return found


def test_an_answer_comes_whole_at_once(served: Served) -> None:
    with served.connected() as line:
        for _ in range(20):
            line.sendall(request())
            assert line.recv(65536).endswith(b"}")


def test_also_if_it_is_a_head_alone(served: Served) -> None:
    with served.connected() as line:
        for _ in range(3):
            line.sendall(request(method="HEAD"))
            began = time.monotonic()
            assert line.recv(65536).endswith(b"\r\n\r\n")
            assert time.monotonic() - began < 0.19


def test_what_comes_in_pieces_is_not_held_back(served: Served) -> None:
    with served.connected() as line:
        line.sendall(request("/in-pieces?400"))
        began = time.monotonic()
        assert line.recv(65536).endswith(b"3\r\none\r\n")
        assert time.monotonic() - began < 0.19
        assert line.recv(65536).startswith(b"3\r\ntwo\r\n")
        assert time.monotonic() - began >= 0.4


def test_whoever_asks_first_whether_to_send_a_body_is_told_at_once(served: Served) -> None:
    with served.connected() as line:
        began = time.monotonic()
        line.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 100 ")
        assert time.monotonic() - began < 0.19  # TCP holds back for a fifth of a second
        line.sendall(b"body")
        assert answer(line)["body"] == "body"


def test_many_who_keep_their_connections_keep_nobody_waiting(served: Served) -> None:
    """More of them than there are threads, all asking one question after the other."""

    def asks(number: int) -> float:
        longest = 0.0
        with served.connected() as line:
            for each in range(15):
                began = time.monotonic()
                line.sendall(request(f"/{number}/{each}"))
                assert answer(line)["PATH_INFO"] == f"/{number}/{each}"
                longest = max(longest, time.monotonic() - began)
        return longest

    with ThreadPoolExecutor(40) as several:
        assert max(several.map(asks, range(40))) < 5


def test_all_processes_take_their_part(served: Served) -> None:
    def held(_: int) -> int:
        with served.connected() as line:
            line.sendall(request("/?300"))
            return int(answer(line)["process"])

    with ThreadPoolExecutor(6) as several:  # the last of them may still be about to start
        assert any(len(set(several.map(held, range(6)))) == 3 for _ in range(10))


def test_what_a_proxy_would_say_is_left_to_the_portal(served: Served) -> None:
    said = "X-Forwarded-Proto: https", "X-Forwarded-Protocol: ssl", "X-Forwarded-For: 192.0.2.1"
    with served.connected() as line:
        line.sendall(request("/here", *said))
        found = answer(line)
    assert (found["wsgi.url_scheme"], found["HTTP_X_FORWARDED_FOR"]) == ("http", "192.0.2.1")
    with served.connected() as line:
        line.sendall(request("/here", "SCRIPT_NAME: /here", "PATH_INFO: /there", "X_Forwarded_For: 192.0.2.2"))
        found = answer(line)
    assert (found["SCRIPT_NAME"], found["PATH_INFO"], found["HTTP_X_FORWARDED_FOR"]) == ("", "/here", None)


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA : b\r\n\r\n",
    ],
    ids=["length and chunks", "two lengths", "two hosts", "a space before the colon"],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused_also_as_the_second(served: Served, sent: bytes) -> None:
    with served.connected() as line:
        line.sendall(request())
        assert answer(line)["status"] == 200
        line.sendall(sent)
        found = answer(line)
        assert found["status"] == 400
        assert line.recv(1) == b""


def test_a_socket_of_the_machine_too(tmp_path: Path) -> None:
    made = Served(f"unix:{tmp_path}/web")
    with made.connected() as line:
        for _ in range(3):
            line.sendall(request("/some"))
            assert answer(line)["PATH_INFO"] == "/some"
    assert "Traceback" not in made.stop()
