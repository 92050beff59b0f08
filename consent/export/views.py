"""Download my data: ask for a copy, see how far it is, take it away."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from consent.export import flows, tasks
from consent.export.policy import State
from consent.models import Export

_LOOK_AGAIN_SECONDS = 5


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Where the latest copy stands. While one is being made, a script looks again."""
    customer, at = customer_of(request), clock.now()
    export = Export.objects.of(customer.pk).first()
    words: dict[str, Any] = {"export": export, "days": limits.current().rights.export_days}
    if export is not None:
        words |= {
            "state": _state(export, at),
            "asked": customer.local(export.asked_at),
            "until": customer.local(export.expires_at),
            "look_again": _LOOK_AGAIN_SECONDS,
        }
    return render(request, "consent/export/index.html", words)


@resumable(lazy("Ask for a copy of your data"))
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """One copy, please."""
    by, at = Actor.from_request(request), clock.now()
    export = flows.ask(customer_of(request), session_of(request), by=by, at=at)
    if settings.NUDGE_WORKERS:
        tasks.nudge(export.pk)
    return redirect("consent:export")


@resumable(lazy("Download a copy of your data"))
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """The file itself, to its owner who has just shown that it is them. Its address alone opens nothing."""
    export = get_object_or_404(Export.objects.filter(customer=customer_of(request)), pk=export_id)
    if request.method != "POST":
        return redirect("consent:export")
    export = flows.take(export, session_of(request), by=Actor.from_request(request), at=clock.now())
    response = StreamingHttpResponse(_bytes(export), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="my-data-{export.asked_at:%Y-%m-%d}.zip"'
    response["Content-Length"] = str(export.size)
    return response  # type: ignore[return-value]  # an answer, part by part


def _bytes(export: Export) -> Iterator[bytes]:
    """Part by part: no page's memory grows with it."""
    parts = export.parts.filter(attempt=export.attempts).order_by("number")
    for key in list(parts.values_list("pk", flat=True)):
        yield parts.get(pk=key).opened()


def _state(export: Export, at: datetime) -> str:
    """As the page says it: what was ready once may be over."""
    is_over = export.state == State.READY and at >= export.expires_at
    return "over" if is_over or export.state == State.REPLACED else export.state
