"""One id for each request, on every log line and audit row it causes."""

from contextvars import ContextVar

current: ContextVar[str] = ContextVar("request_id", default="-")
