"""How connections are served (``deploy/gunicorn.conf.py`` names the class). The speaker of gunicorn."""

import select
import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

_STAYS_MILLISECONDS = 5
_CORK: int | None = getattr(socket, "TCP_CORK", None)  # Linux has it
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
        """Head and body of an answer in one packet; whoever asks first whether to send a body is told at once."""
        if _CORK is None or conn.sock.family == socket.AF_UNIX or any(name == "EXPECT" for name, _ in req.headers):
            return super().handle_request(req, conn)
        conn.sock.setsockopt(socket.IPPROTO_TCP, _CORK, 1)
        try:
            return super().handle_request(req, conn)
        finally:
            with suppress(OSError):  # it may be closed
                conn.sock.setsockopt(socket.IPPROTO_TCP, _CORK, 0)

    def _answering(self) -> int:
        """How many connections have a thread, or wait for one."""
        return int(self.nr_conns - len(self.keepalived_conns) - len(self.pending_conns))


def _asks_again(conn: Any) -> bool:  # noqa: ANN401  (as above)
    if conn.parser.unreader.buf.getvalue():
        return False  # it has been read already, and the library knows where
    waiting = select.poll()
    waiting.register(conn.sock, select.POLLIN)
    return bool(waiting.poll(_STAYS_MILLISECONDS))
