"""One id for each request, on every log line and audit row it causes; and where it came from, for what was refused."""

from collections.abc import Callable
from contextvars import ContextVar

current: ContextVar[str] = ContextVar("request_id", default="-")
# Works out the pseudonym of the address that the request came from; outside of a request there is none.
source: ContextVar[Callable[[], str]] = ContextVar("request_source", default=lambda: "")
