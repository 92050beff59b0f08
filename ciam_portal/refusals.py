"""What a refusal looks like on a page: the reason in plain words, what to wait for, and how to contest it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ciam_portal.core import clock, explain, gate, reference
from ciam_portal.core.audit import why
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.errors import OnHold, Refused, TooMany
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.words import sentence, span


def page(request: HttpRequest, error: Refused) -> HttpResponse:
    """The page that fits: try again later (429), not now, or no."""
    if isinstance(error, TooMany):
        return later(request, error.retry_after, explanation=sentence(error.reason))
    if isinstance(error, OnHold):
        return on_hold(request, error.reason, error.until, error.decision)
    context = {"explanation": sentence(error.reason), "reference": reference.of(error.decision)}
    return render(request, "refused.html", context | _explained(_own(request, error.decision)), status=403)


def later(request: HttpRequest, seconds: int, *, explanation: str = "", signing_in: bool = False) -> HttpResponse:
    """Asked too often: when it may be tried again, as it stands now."""
    context = {"wait": span(seconds), "explanation": explanation, "signing_in": signing_in}
    response = render(request, "429.html", context, status=TooMany.status)
    response["Retry-After"] = str(seconds)
    return response


def on_hold(request: HttpRequest, reason: StrEnum, until: datetime | None, decision: UUID | None) -> HttpResponse:
    """Not now: what to wait for, and how to contest it."""
    zone = getattr(request.user, "zone", None)  # nobody who is signed in: UTC
    found = _own(request, decision)
    context = {
        "explanation": sentence(reason),
        "until": until,
        "zone": zone,
        "reference": reference.of(decision),
        "quarantine": reason == gate.Reason.QUARANTINE,
        "other_browser": _knows_another(request),
        "suspended": reason == gate.Reason.SUSPENDED,
        # another channel settles moderate risk, and no more than that
        "recognizable": Medium.SMS.is_there
        and reason == gate.Reason.ON_HOLD
        and found is not None
        and found.risk == Risk.MODERATE,
    }
    return render(request, "on_hold.html", context | _explained(found), status=403)


def _knows_another(request: HttpRequest) -> bool:
    """Whether whoever is signed in has another browser left that is known to their account by now."""
    session = getattr(request, "portal_session", None)
    if session is None or not request.user.is_authenticated:
        return False
    return request.user.knows_a_browser(clock.now(), besides=session.device_id)


def _own(request: HttpRequest, decision: UUID | None) -> DecisionEntry | None:
    """The decision, for the customer whom it is about, signed in, and for nobody else."""
    return why.own(decision, request.user.pk if request.user.is_authenticated else None)


def _explained(found: DecisionEntry | None) -> dict[str, object]:
    """Why, and whether it can be contested."""
    if found is None or not found.action:
        return {}
    return {"because": explain.for_customer(found), "contest": found.pk}
