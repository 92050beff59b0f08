"""What the help desk asks of its customer: an answer in a live session; and the link that it never sees."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy.assurance import Method
from recovery.case import facts
from recovery.case.flows.show import Attempt
from recovery.case.policy import cases as policy
from recovery.case.views import attempt as attempts
from recovery.desk import policy as desk
from recovery.desk.flows import evidence, release
from recovery.desk.proofs import FINISH_RECOVERY
from recovery.models import Case


@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """Is it you who is on the phone? A page with two buttons; nothing changes by looking."""
    case = facts.live_case(customer_of(request).pk)
    return _asked(request, case)


@resumable(lazy("Say that you are on the phone with our help desk"))
@require_POST
def answer_yes(request: HttpRequest) -> HttpResponse:
    """It is; to be shown once more by a second step that the customer still has."""
    case = facts.live_case(customer_of(request).pk)
    if case is None:
        return _asked(request, None)
    try:
        evidence.answer_yes(case, session_of(request), by=Actor.from_request(request), at=clock.now())
    except Refused as refused:
        if not isinstance(refused.reason, (desk.Reason, policy.Reason)):
            raise
        return _asked(request, None)
    messages.success(request, _("Thank you. Please go on with your call."))
    return redirect("accounts:security")


def _asked(request: HttpRequest, case: Case | None) -> HttpResponse:
    asked = case is not None and facts.asked_in(case, session_of(request), clock.now()) is not None
    return render(request, "recovery/desk/asked.html", {"asked": asked}, status=200 if asked else 410)


@require_POST
def answer_no(request: HttpRequest) -> HttpResponse:
    """It is not: it stops at once."""
    case = facts.live_case(customer_of(request).pk)
    if case is not None:
        evidence.answer_no(case, by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("The recovery is stopped. Nothing was changed."))
    return redirect("accounts:security")


@login_not_required
@link_page(FINISH_RECOVERY)
def claim(request: HttpRequest, link: Opened[Case]) -> HttpResponse:
    """Says what the button does; the button makes this browser the one that can finish. Nobody is signed in by it."""
    if request.method != "POST":
        return render(request, "recovery/desk/claim.html")
    key = codes.new_token()
    case = release.claim(link.secret, key, by=Actor.stranger(request), at=clock.now())
    made = Attempt(case.customer.email, key, tuple(Method(name) for name in case.lost))
    return attempts.keep(redirect("recovery:finish"), made)
