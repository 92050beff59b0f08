"""What a customer sees of a restriction by staff, and how they disagree. Whoever is suspended sees no page."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from accounts.activity import policy
from accounts.models import Dispute, Restriction, User
from accounts.restrictions import flows
from accounts.restrictions.policy import RestrictionKind, WhyRestrict, told
from accounts.sessions.signing import customer_of
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence


def shown(customer: User, at: datetime) -> dict[str, Any] | None:
    """The step-up that holds now, in the customer's words; None if there is none, which costs no statement."""
    if customer.step_up_until is None or at >= customer.step_up_until:
        return None
    row = Restriction.objects.open().filter(customer=customer, kind=RestrictionKind.STEP_UP).first()
    if row is None:
        return None
    return {
        "id": row.pk,
        "until": customer.local(row.ends_at),
        "reason": sentence(told(WhyRestrict(row.reason), row.kind)),
        "reviewed": row.reviewed_at is not None,
        "asked": Dispute.objects.filter(decision=row.decision).exists(),
    }


@require_POST
def contest(request: HttpRequest, restriction_id: UUID) -> HttpResponse:
    """Ask the help desk to look at it."""
    customer = customer_of(request)
    found = get_object_or_404(Restriction.objects.filter(customer=customer), pk=restriction_id)
    try:
        flows.contest(customer, found, by=Actor.from_request(request), at=clock.now())
    except Refused as refused:
        if refused.reason is not policy.Reason.ALREADY_ASKED:
            raise
    return render(request, "accounts/activity/contested.html", {"decision": found.decision})
