"""How connections are served (``deploy/gunicorn.conf.py`` names the class). The speaker of gunicorn."""

import select
import socket
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

_STAYS_MILLISECONDS = 5
_HESITATES = 0.0005  # seconds for each connection that it answers already


class Worker(ThreadWorker):
    """Threads as the library's, which stay with whoever asks again at once.

    After each answer the library gives a connection back to the thread that watches all of them, which takes as long as
    to find out whether a token stands. What a request may be, and how it is read, is the library's alone.
    """

    def accept(self, listener: socket.socket) -> None:
        """The more it does, the later it takes another: one process with all connections has one core."""
        time.sleep(_HESITATES * min(self._answering(), self.cfg.threads))
        super().accept(listener)

    def handle(self, conn: Any) -> Any:  # noqa: ANN401  (gunicorn is untyped)
        """One request, and those that follow it at once, as long as there is a thread for others."""
        goes_on = super().handle(conn)
        while goes_on is True and self.alive and self._answering() < self.cfg.threads and _asks_again(conn):
            goes_on = super().handle(conn)
        return goes_on

    def handle_request(self, req: Any, conn: Any) -> Any:  # noqa: ANN401  (as above)
        """Head and body of an answer in one packet."""
        own, conn.sock = conn.sock, _Joining(conn.sock)
        try:
            goes_on = super().handle_request(req, conn)
            conn.sock.flush()
        finally:
            conn.sock = own
        return goes_on

    def _answering(self) -> int:
        """How many connections have a thread, or wait for one."""
        return int(self.nr_conns - len(self.keepalived_conns) - len(self.pending_conns))


class _Joining:
    """A connection of which the first that is sent, the head of an answer, waits for what follows it at once."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._head = sock, b""
        self._is_first = True

    def sendall(self, data: bytes) -> None:
        """Send it, or keep it until the next."""
        if self._is_first:
            self._head, self._is_first = data, False
        else:
            head, self._head = self._head, b""
            self._sock.sendall(head + data)

    def flush(self) -> None:
        """Send what waits."""
        if self._head:
            self.sendall(b"")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever else a socket does)
        self.flush()
        return getattr(self._sock, name)


def _asks_again(conn: Any) -> bool:  # noqa: ANN401  (as above)
    if conn.parser.unreader.buf.getvalue():
        return False  # it has been read already, and the library knows where
    waiting = select.poll()
    waiting.register(conn.sock, select.POLLIN)
    return bool(waiting.poll(_STAYS_MILLISECONDS))
