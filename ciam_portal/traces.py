"""What was forbidden leaves a trace: by whom, and where it came from, as the pseudonym that limits and sessions keep.

A refusal inside a flow is recorded there. Here is the rest: a page that is not theirs, a number of something that is
somebody else's, a wrong key of a partner, a form from elsewhere, one too many. Strangers can cause these at will, so
those of one kind, source and person are merged: the first of an hour leaves a row, then the tenth, the hundredth.
"""

import logging
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import ClassVar
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from accounts.budgets import counter as budget
from ciam_portal.core import clock, network
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import ProveMore, Refused, TooMany
from ciam_portal.core.policy import limits

log = logging.getLogger(__name__)

_HOUR = 3600


class TraceKind(StrEnum):
    """What was tried."""

    NONE = ""  # nothing that leaves a trace here
    PAGE = "page"
    STAFF_SITE = "staff_site"
    SOMEBODY_ELSES = "somebody_elses"
    CREDENTIAL = "credential"
    CSRF = "csrf"
    REFUSED = "refused"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Forbidden(AuditEvent):
    """Something was tried that may not be; so many times this hour, from this source, by this person."""

    name: ClassVar[str] = "access.forbidden"
    sourced: ClassVar[bool] = True
    kind: TraceKind
    times: int


def kind_of(request: HttpRequest, response: HttpResponse) -> TraceKind:
    """What an answer says of its request; whoever answers may have said so already, as ``request.forbidden``."""
    said: TraceKind | None = getattr(request, "forbidden", None)
    if said is not None:
        return said
    match response.status_code:
        case HTTPStatus.FORBIDDEN:
            return TraceKind.PAGE
        case HTTPStatus.TOO_MANY_REQUESTS:
            return TraceKind.TOO_MANY
        case HTTPStatus.UNAUTHORIZED if "Authorization" in request.headers or request.method == "POST":
            return TraceKind.CREDENTIAL
        case HTTPStatus.NOT_FOUND if _names_something(request):
            return TraceKind.SOMEBODY_ELSES
    return TraceKind.NONE


def kind_of_refusal(error: Refused) -> TraceKind:
    """What a refusal is; nothing if a flow has recorded it, or if more proof leads on."""
    if error.recorded or isinstance(error, ProveMore):
        return TraceKind.NONE
    return TraceKind.TOO_MANY if isinstance(error, TooMany) else TraceKind.REFUSED


def _names_something(request: HttpRequest) -> bool:
    """Whether the address of a page that exists names one thing by its number."""
    match = request.resolver_match
    return match is not None and any(
        isinstance(value, UUID) or key == "object_id" for key, value in match.kwargs.items()
    )


def forbidden(request: HttpRequest, kind: TraceKind) -> None:
    """Leave the trace. An error page must not fail: without cache or database it is a line in the log."""
    user = getattr(request, "user", None)
    who = str(user.pk) if user is not None and user.is_authenticated else ""
    try:
        times = budget.count("forbidden", f"{kind} {network.pseudonym(request)} {who}", seconds=_HOUR)
        if not _is_kept(times):
            return
        rows, most = budget.count("traces", "", seconds=_HOUR), limits.current().staff.traces_per_hour
        if rows <= most or _is_kept(rows):
            here = request.resolver_match is not None and request.resolver_match.app_name == "admin"
            is_staff = here and bool(getattr(user, "is_staff", False))
            by = Actor.from_request(request, Channel.HELP_DESK if is_staff else None)
            record(Forbidden(kind, times), about=None, by=by, at=clock.now())
    except (RedisError, OSError, DatabaseError):
        log.warning("what was forbidden could not be recorded: %s", kind)


def _is_kept(times: int) -> bool:
    """The first, the tenth, the hundredth."""
    return str(times).strip("0") == "1"
