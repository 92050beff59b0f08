"""The database engine (``settings.DATABASES``): whoever waits for a page does not wait for a server that says nothing.

A server's own limit (``statement_timeout``) ends what takes too long, and a network's what is cut off. Neither ends a
wait for a server that stands still while its machine keeps the connection.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg.pq import TransactionStatus

from ciam_portal.core import request_id

_GREETING_SECONDS = 2.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Connections of this kind, to the same PostgreSQL."""

    _is_greeting = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """One that gives up on a silent server, while a request is answered."""
        connection: Connection[Any] = super().get_new_connection(conn_params)
        connection.wait = partial(self._wait, connection, connection.wait)  # type: ignore[method-assign]
        return connection

    def is_usable(self) -> bool:
        """Whether the server still answers on this connection; that takes no time."""
        self._is_greeting = True
        try:
            return bool(super().is_usable())
        finally:
            self._is_greeting = False

    def _wait(self, connection: Connection[Any], wait: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (as psycopg's)
        if not request_id.is_answering():
            return wait(*args, **kwargs)
        patience = _GREETING_SECONDS if self._is_greeting else settings.DATABASE_PATIENCE_SECONDS
        try:
            return wait(*args, **{"timeout": patience} | kwargs)
        except OperationalError:
            if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
                connection.pgconn.finish()  # nobody knows what the server would answer next
            raise
