"""A sign-in that is held: the right password, and too much that is unusual. The truth, and what helps."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.activity import policy
from accounts.activity.flows import dispute as flows
from accounts.models import Device, Dispute, User
from accounts.sign_in.stages import ProofStage, forget, pending
from ciam_portal.core import clock, gate, reference
from ciam_portal.core.audit import why
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_held(request: HttpRequest) -> HttpResponse:
    """The right password, and too much that is unusual: why it waits, what helps, and the help desk."""
    stage = pending(request)
    if stage is None or not stage.held:
        return redirect("accounts:prove_sign_in")
    at, by, customer = clock.now(), Actor.from_request(request), stage.customer
    decision = why.own(stage.held, customer.pk)
    if over := _over(stage, at):
        forget(request)
        messages.info(request, over)
        return redirect("account_login")
    if request.method == "POST" and decision is not None:
        _contest(customer, decision, by=by, at=at)
        return render(request, "accounts/activity/contested.html", {"reference": reference.of(decision.pk)})
    context = {
        "explanation": sentence(gate.Reason.SIGN_IN_HELD),
        "reference": reference.of(UUID(str(stage.held))),
        "until": stage.held_until,
        "zone": customer.zone,
        "has_browser": Device.objects.live(at).filter(customer=customer, known_at__lte=at).exists(),
    }
    return render(request, "accounts/sign_in/sign_in_held.html", context, status=403)


def _over(stage: ProofStage, at: datetime) -> str:
    """What has come that this sign-in waited for, in a sentence; nothing while it waits."""
    if stage.held_until is not None and at >= stage.held_until:
        return _("You can come in from this browser now. Please sign in again.")
    closed = Dispute.objects.filter(customer=stage.customer, decision=stage.held or None, state=Dispute.State.CLOSED)
    return _("Our help desk has answered you by mail. Please sign in again.") if closed.exists() else ""


def _contest(customer: User, decision: DecisionEntry, *, by: Actor, at: datetime) -> None:
    try:
        flows.contest(customer, decision, by=by, at=at)
    except Refused as refused:
        if refused.reason is not policy.Reason.ALREADY_ASKED:
            raise
