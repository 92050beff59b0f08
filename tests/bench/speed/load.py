"""Requests over HTTP on this machine, for some seconds, over a few connections; and what they cost all processes."""

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests a second, milliseconds at two percentiles, and CPU milliseconds of all processes for each request."""

    rate: float
    p50: float
    p95: float
    cpu: float


Ask = Callable[[Callable[[bytes], bytes]], bool]
"""One request and its answer; False: there is no more to ask."""


def run(port: int, askers: list[Ask], pids: Callable[[], Iterator[int]], seconds: float) -> Measured:
    """All of them at once."""
    taken: list[float] = []
    end = time.monotonic() + seconds

    def work(ask: Ask) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            own, going = [], True
            while going and time.monotonic() < end:
                began = time.perf_counter()
                going = ask(lambda request: _exchange(line, request))
                own.append(time.perf_counter() - began)
            taken.extend(own)

    before, began = cpu(pids()), time.monotonic()
    threads = [threading.Thread(target=work, args=(ask,)) for ask in askers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    passed, spent = time.monotonic() - began, cpu(pids()) - before
    taken.sort()
    return Measured(
        len(taken) / passed, taken[len(taken) // 2] * 1000, taken[int(len(taken) * 0.95)] * 1000,
        spent * 1000 / len(taken),
    )  # fmt: skip


def _exchange(line: socket.socket, request: bytes) -> bytes:
    line.sendall(request)
    answer = line.recv(65536)
    while b"\r\n\r\n" not in answer:
        answer += line.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    length = int(found[1]) if found else 0
    while len(body) < length:
        body += line.recv(65536)
    if head[9:12] not in {b"200", b"204"}:
        raise RuntimeError(answer.decode())
    return body


def cpu(pids: Iterator[int]) -> float:
    """Seconds of CPU that these processes have used, and their children that have ended."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / _TICK


def below(*roots: int) -> Iterator[int]:
    """These processes, and all that they have started."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
            except OSError:
                continue
            children.setdefault(int(stat[1]), []).append(int(folder.name))
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, [])
