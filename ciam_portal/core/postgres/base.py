"""The database engine (``settings.DATABASES``): whoever waits for a page does not wait for a server that says nothing.

A server's own limit (``statement_timeout``) ends what takes too long, and a network's what is cut off. Neither ends a
wait for a server that stands still while its machine keeps the connection.
"""

import re
import time
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import count
from types import SimpleNamespace
from typing import Any, Self

from django.conf import settings
from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError, RawCursor
from psycopg.pq import TransactionStatus
from psycopg.types.datetime import TimestamptzLoader

from ciam_portal.core import request_id

_GREETING_SECONDS = 2.0
_LATELY_SECONDS = 1.0
_MOST = 100  # as many as the driver lets the server keep


@lru_cache(maxsize=1024)
def _numbered(statement: str) -> bytes:
    """The same with PostgreSQL's own names of its values."""
    numbers = count(1)
    return re.sub("%[s%]", lambda mark: f"${next(numbers)}" if mark[0] == "%s" else "%", statement).encode()


class _PreparedCursor(RawCursor[Any]):
    """Sends values beside the statement, so that the same one can be planned once. One for each statement.

    A raw one: the library's other takes every long statement apart anew each time. It is for one statement, because
    then the library remembers of what kinds its values and columns are.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        super().__init__(connection)
        self.adapters.register_loader("timestamptz", TimestamptzLoader)  # Django's own is written in Python

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Self:  # noqa: ANN401  (as psycopg's)
        """The same; what was asked is known after it, for Django's log of statements."""
        super().execute(_numbered(query), params, **kwargs)
        self._query = self._query or SimpleNamespace(query=query.encode())  # type: ignore[assignment]
        return self

    def close(self) -> None:
        """It stays for the next time; what it found does not."""
        if self.pgresult:
            self.pgresult.clear()


class DatabaseWrapper(base.DatabaseWrapper):
    """Connections of this kind, to the same PostgreSQL."""

    _is_greeting = False
    _heard_at = 0.0
    _kept: dict[str, _PreparedCursor]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """One that gives up on a silent server, while a request is answered."""
        connection: Connection[Any] = super().get_new_connection(conn_params)
        connection.prepare_threshold = 0  # only for cursors of ``prepared``: those of the library write values into SQL
        self._kept = {}
        connection.wait = partial(self._wait, connection, connection.wait)  # type: ignore[method-assign]
        return connection

    def prepared(self, statement: str, values: Sequence[Any]) -> Any:  # noqa: ANN401  (Django's wrapper of a cursor)
        """A cursor that has asked this; the server plans it once for this connection, and answers from that plan.

        Read what it found before the same is asked again.
        """
        self.ensure_connection()
        cursor = self._kept.get(statement)
        if cursor is None:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            cursor = self._kept[statement] = _PreparedCursor(self.connection)
        asked = self._prepare_cursor(cursor)  # type: ignore[attr-defined]
        asked.execute(statement, values)
        return asked

    def is_usable(self) -> bool:
        """Whether the server still answers on this connection; that takes no time. Heard of a moment ago, it does."""
        if time.monotonic() - self._heard_at < _LATELY_SECONDS:
            return True
        self._is_greeting = True
        try:
            return bool(super().is_usable())
        finally:
            self._is_greeting = False

    def _wait(self, connection: Connection[Any], wait: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (as psycopg's)
        self._heard_at = 0.0
        if request_id.is_answering():
            patience = _GREETING_SECONDS if self._is_greeting else settings.DATABASE_PATIENCE_SECONDS
            kwargs = {"timeout": patience} | kwargs
        try:
            answer = wait(*args, **kwargs)
        except OperationalError:
            if request_id.is_answering() and connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
                connection.pgconn.finish()  # nobody knows what the server would answer next
            raise
        self._heard_at = time.monotonic()
        return answer
