"""What the help desk asks of its customer: an answer in a live session; and the link that it never sees."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import signing
from accounts.decorators import resumable
from accounts.factors import Outcome
from accounts.flows import sign_in
from accounts.forms.factors import Password
from accounts.models import User
from accounts.signing import session_of
from accounts.views.prove import check_password, words_for
from ciam_portal import clock, codes, links
from ciam_portal.audit.actor import Actor
from ciam_portal.errors import Refused
from ciam_portal.policy.assurance import Level, Method
from recovery import facts
from recovery.flows import evidence, release
from recovery.flows.show import Attempt
from recovery.models import Case
from recovery.policy import cases as policy
from recovery.policy import desk
from recovery.views import attempt as attempts


@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """Is it you who is on the phone? A page with two buttons; nothing changes by looking."""
    case = facts.live_case(cast("User", request.user).pk)
    return _asked(request, case, Password())


@resumable(lazy("Say that you are on the phone with our help desk"))
@sensitive_post_parameters("password")
@require_POST
def answer_yes(request: HttpRequest) -> HttpResponse:
    """It is; to be shown once more by what the customer still has: the password, if that is all that is left."""
    case, form = facts.live_case(cast("User", request.user).pk), Password(request.POST)
    if case is None or facts.asked_in(case, session_of(request), clock.now()) is None:
        return _asked(request, None, form)
    if facts.level_left(case) is Level.AAL1 and not _password_shown(request, form):
        return _asked(request, case, form)
    try:
        evidence.answer_yes(case, session_of(request), by=Actor.from_request(request), at=clock.now())
    except Refused as refused:
        if not isinstance(refused.reason, (desk.Reason, policy.Reason)):
            raise
        return _asked(request, None, form)
    messages.success(request, _("Thank you. Please go on with your call."))
    return redirect("accounts:security")


def _asked(request: HttpRequest, case: Case | None, form: Password) -> HttpResponse:
    if case is None or facts.asked_in(case, session_of(request), clock.now()) is None:
        return render(request, "recovery/asked.html", status=410)
    by_password = facts.level_left(case) is Level.AAL1
    return render(request, "recovery/asked.html", {"asked": True, "form": form if by_password else None})


def _password_shown(request: HttpRequest, form: Password) -> bool:
    """The password once more, in this session: counted and recorded like anywhere else."""
    by, at = Actor.from_request(request), clock.now()
    if not form.is_valid():
        return False
    checked = check_password(request, form.cleaned_data["password"], by=by, at=at)
    if checked.outcome is not Outcome.RIGHT:
        form.add_error("password", words_for(Method.PASSWORD, checked, at))
        return False
    request.portal_session = sign_in.step_up(session_of(request), Method.PASSWORD, by=by, at=at)  # type: ignore[attr-defined]
    signing.rotate(request)
    return True


@require_POST
def answer_no(request: HttpRequest) -> HttpResponse:
    """It is not: it stops at once."""
    case = facts.live_case(cast("User", request.user).pk)
    if case is not None:
        evidence.answer_no(case, by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("The recovery is stopped. Nothing was changed."))
    return redirect("accounts:security")


@login_not_required
@links.page(release.Purpose)
def claim(request: HttpRequest, secret: str) -> HttpResponse:
    """Says what the button does; the button makes this browser the one that can finish. Nobody is signed in by it."""
    at = clock.now()
    if not release.can_claim(secret, at):
        return render(request, "recovery/claim_dead.html", status=410)
    if request.method != "POST":
        return render(request, "recovery/claim.html")
    key = codes.new_token()
    try:
        case = release.claim(secret, key, by=attempts.actor(request), at=at)
    except Refused as refused:
        if not isinstance(refused.reason, policy.Reason):
            raise
        return render(request, "recovery/claim_dead.html", status=410)
    made = Attempt(case.customer.email, key, tuple(Method(name) for name in case.lost))
    return attempts.keep(redirect("recovery:finish"), made)
