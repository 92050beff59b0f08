"""One id for each request, on every log line and audit row it causes; and where it came from, for what was refused."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.core.signals import request_finished

_NONE = "-"
current: ContextVar[str] = ContextVar("request_id", default=_NONE)
# Works out the pseudonym of the address that the request came from; outside of a request there is none.
source: ContextVar[Callable[[], str]] = ContextVar("request_source", default=lambda: "")
# The browser that sent the request and where it is, as people say it; nothing for staff, partners and jobs.
visitor: ContextVar[Callable[[], str]] = ContextVar("request_visitor", default=lambda: "")


def is_answering() -> bool:
    """Whether somebody waits for what is done here."""
    return current.get() != _NONE


def _over(**_sent: Any) -> None:  # noqa: ANN401  (a signal's)
    """Only now: Django logs how a request was answered when all middleware is done with it."""
    current.set(_NONE)


request_finished.connect(_over)
