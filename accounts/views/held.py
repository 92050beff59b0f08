"""A sign-in that is held: the right password, and too much that is unusual. The truth, and what helps."""

from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import facts
from accounts.flows import dispute as flows
from accounts.models import Device, User
from accounts.policy import dispute as policy
from accounts.stages import pending
from ciam_portal import clock, gate
from ciam_portal.audit import why
from ciam_portal.audit.actor import Actor
from ciam_portal.audit.models import DecisionEntry
from ciam_portal.errors import Refused
from ciam_portal.words import sentence


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
    if request.method == "POST" and decision is not None:
        _contest(customer, decision, by=by, at=at)
        return render(request, "accounts/contested.html", {"decision": decision.pk})
    vouched = facts.vouched_until(customer)
    words = {
        "again": bool((vouched and at < vouched) or (stage.held_until and stage.held_until <= at)),
        "explanation": sentence(gate.Reason.SIGN_IN_HELD),
        "decision": stage.held,
        "until": stage.held_until,
        "zone": customer.zone,
        "has_browser": Device.objects.live(at).filter(customer=customer, known_at__lte=at).exists(),
    }
    return render(request, "accounts/sign_in_held.html", words, status=403)


def _contest(customer: User, decision: DecisionEntry, *, by: Actor, at: datetime) -> None:
    try:
        flows.contest(customer, decision, by=by, at=at)
    except Refused as refused:
        if refused.reason is not policy.Reason.ALREADY_ASKED:
            raise
