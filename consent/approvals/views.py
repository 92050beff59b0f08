"""Approvals: what agents ask, and the customer's answer. Yes takes what each thing needs; no takes nothing."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence
from consent.approvals import flows, forms, lines
from consent.approvals.policy import Reason
from consent.approvals.shapes import State
from consent.models import ApprovalRequest

_MOST = 50


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What waits, and what was asked before."""
    rows = lines.listed(customer_of(request), clock.now(), _MOST)
    waiting = [each for each in rows if each["waits"]]
    words = {"waiting": waiting, "former": [each for each in rows if not each["waits"]]}
    return render(request, "consent/approvals/index.html", words)


@require_safe
def detail(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """What exactly is asked, by whom and why, with both answers; or what became of it."""
    row, owner, at = _mine(request, asked_id), customer_of(request), clock.now()
    waits = row.state == State.WAITING and at < row.expires_at
    template = "consent/approvals/answer.html" if waits else "consent/approvals/over.html"
    (line,) = lines.named([row], owner, at)
    return render(request, template, lines.shown(row, owner) | {"line": line})


def _what(request: HttpRequest, asked_id: UUID) -> str:
    return lines.in_short(_mine(request, asked_id))


@resumable(_what, forms.Ticked, "detail")
@require_POST
def approve(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Yes: to just this, once."""
    row, form = _mine(request, asked_id), forms.Ticked(request.POST)
    ticked = tuple(form.cleaned_data["detail"]) if form.is_valid() else ()
    try:
        flows.approve(row, session_of(request), ticked, by=Actor.from_request(request), at=clock.now())
    except Refused as refused:
        if refused.reason not in {Reason.NOTHING, Reason.OVER, Reason.CHANGED}:
            raise
        messages.warning(request, sentence(refused.reason))
        return redirect("consent:approval", row.pk)
    messages.success(request, _("Approved. It can be done once, exactly as you read it."))
    return redirect("consent:approval", row.pk)


@require_POST
def refuse(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """No, at once."""
    row = _mine(request, asked_id)
    try:
        paused = flows.refuse(row, by=Actor.from_request(request), at=clock.now())
    except Refused as refused:
        if refused.reason is not Reason.OVER:
            raise
        messages.warning(request, sentence(refused.reason))
        return redirect("consent:approval", row.pk)
    if paused:
        words = _("Refused. It asked again and again, so we have paused it: it does nothing until you let it go on.")
        messages.success(request, words)
        return redirect("consent:delegations")
    messages.success(request, _("Refused. Nothing is done, and the program was told so."))
    return redirect("consent:approval", row.pk)


def _mine(request: HttpRequest, key: UUID) -> ApprovalRequest:
    return get_object_or_404(ApprovalRequest.objects.of(customer_of(request).pk), pk=key)
