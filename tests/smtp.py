"""A real mail server for tests: it takes what it is sent, or answers, waits and hangs as it is told."""

import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import cast

Script = Callable[[str], str | None]
"""Asked at each command (``EHLO``, ``RCPT TO:<…>``, ``.`` for the end of a message): another answer, or None."""

_USUAL = {"DATA": "354 go on", "QUIT": "221 bye"}


class Sink(socketserver.ThreadingTCPServer):
    """One server, on a free port of this machine."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.port = int(self.server_address[1])
        self.taken: list[bytes] = []
        self.visits = 0
        self.says: Script = lambda _command: None

    def hang(self, at: str) -> threading.Event:
        """From now on say nothing at this command, until the event that is returned is set."""
        goes_on = threading.Event()

        def script(command: str) -> None:
            if command.startswith(at):
                goes_on.wait(60)

        self.says = script
        return goes_on


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        sink = cast("Sink", self.server)
        sink.visits += 1
        with contextlib.suppress(OSError):
            self._answer(sink, "HELLO", "220 sink")
            while line := self.rfile.readline():
                command = line.decode().strip()
                verb = command.split(" ")[0].upper()
                self._answer(sink, command, _USUAL.get(verb, "250 ok"))
                if verb == "QUIT":
                    return
                if verb == "DATA":
                    self._take(sink)

    def _take(self, sink: Sink) -> None:
        message = b"".join(iter(self.rfile.readline, b".\r\n"))
        answer = sink.says(".") or "250 taken"
        if answer.startswith("250"):
            sink.taken.append(message)
        self.wfile.write(f"{answer}\r\n".encode())

    def _answer(self, sink: Sink, command: str, usual: str) -> None:
        self.wfile.write(f"{sink.says(command.upper()) or usual}\r\n".encode())


@contextlib.contextmanager
def running() -> Iterator[Sink]:
    """A server for the time of a test."""
    with Sink() as sink:
        thread = threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()
