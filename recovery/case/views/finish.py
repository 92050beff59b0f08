"""The last pages of a recovery: finish it, or stop it."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.account.policy import Reason as AccountReason
from accounts.budgets import bucket
from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.factors import verifier as factors
from accounts.factors.forms import PasskeyMessage
from accounts.factors.policy import Reason as FactorReason
from accounts.factors.restore import NewApp, NewPasskey
from accounts.factors.verifier import Ceremony
from accounts.factors.views import new_codes
from accounts.factors.views.passkeys import name_of
from accounts.sessions import signing
from accounts.sign_in import onward
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import OnHold, Refused
from ciam_portal.core.words import sentence
from recovery.case import facts, forms
from recovery.case.flows import finish, renewal, wait
from recovery.case.policy import cases
from recovery.case.policy.states import State
from recovery.case.proofs import STOP_RECOVERY
from recovery.case.views import attempt
from recovery.case.views.case import span
from recovery.models import Case

_SEED = "recovery_seed"
_DONE = "recovered"
_APP, _PASSKEY = "app", "passkey"
_NOT_ADDED = {
    FactorReason.WRONG_NEW_CODE,
    FactorReason.KNOWN_PASSKEY,
    cases.Reason.FACTOR_NEEDED,
    AccountReason.SAME_PASSWORD,
}


@sensitive_post_parameters()
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def complete(request: HttpRequest) -> HttpResponse:
    """A new password and, where nothing else is left, a new factor. Asked again where it takes effect.

    The form acts on the recovery that its page was shown for, whatever was begun in another tab since.
    """
    case, at = attempt.case_here(request), clock.now()
    if case is None or not wait.is_ready(case, at):
        is_done = case is not None and case.state == State.COMPLETED
        return redirect("recovery:recovered" if is_done else "recovery:case")
    elsewhere = attempt.moved_on(request, "recovery:finish") if request.method == "POST" else None
    if elsewhere is not None:
        return elsewhere
    new = _new(request) if finish.needs_factor(case) else ""
    seed = factors.pending_seed(request.session, _SEED, f"recovery app:{case.pk}") if new == _APP else b""
    form = forms.Finish(request.POST or None, customer=case.customer, with_app=new == _APP)
    try:
        if form.is_valid() and _finished(request, case, form, _made(request, case, form, new, seed), at):
            waits = onward.target(request)
            request.session.flush()
            onward.remember(request, waits)
            bucket.reads_mail(request, case.customer.email, at)
            request.session[_DONE] = codes.new_token()
            new_codes.keep(_place(request), _new_codes(request, case, at), at, new=new)
            return redirect("recovery:recovered")
    except OnHold as held:
        if held.reason is not cases.Reason.COOLING_OFF:
            raise
        return _longer(request, case, held, at)
    context = {
        "here": attempt.here(request, "recovery:finish"),
        "form": form,
        "new": new,
        "picture": factors.seed_as_picture(seed, case.customer) if seed else "",
        "secret": factors.seed_in_groups(seed) if seed else "",
    }
    return render(request, "recovery/case/finish.html", context)


@login_not_required
@never_cache
@require_safe
def recovered(request: HttpRequest) -> HttpResponse:
    """What comes next, with new backup codes if there are any: for a few minutes, in this browser's session only."""
    found = new_codes.find(_place(request))
    return render(request, "recovery/case/recovered.html", found) if found else redirect("recovery:case")


def _place(request: HttpRequest) -> str:
    return f"recovered:{request.session.get(_DONE, '')}"


@sensitive_variables()
def _new_codes(request: HttpRequest, case: Case, at: datetime) -> list[str]:
    """New backup codes for whoever has just used one up; none for anybody else."""
    case.refresh_from_db()
    return renewal.renew(case, by=Actor.stranger(request), at=at) if renewal.is_due(case, at) else []


def _new(request: HttpRequest) -> str:
    """The kind of factor that is to be added; an app works without JavaScript."""
    wanted = request.POST.get("way") or request.GET.get("way")
    return _PASSKEY if wanted == _PASSKEY else _APP


@sensitive_variables("seed", "form")
def _made(request: HttpRequest, case: Case, form: forms.Finish, new: str, seed: bytes) -> NewApp | NewPasskey | None:
    """What the form brings of the new factor."""
    if new == _APP:
        return NewApp(seed, form.cleaned_data["code"])
    message = PasskeyMessage(request.POST)
    if new != _PASSKEY or not message.is_valid():
        return None
    sent = message.cleaned_data
    answer = factors.take_answer(request, sent, Ceremony.RESTORE, case.customer, bound_to=str(case.pk))
    return NewPasskey(answer, name_of(request)) if answer else None


def _longer(request: HttpRequest, case: Case, held: OnHold, at: datetime) -> HttpResponse:
    """Something about this browser is unusual by now: until when it waits for that."""
    left = span(held.until - at) if held.until and held.until > at else ""
    until = case.customer.local(held.until) if held.until else ""
    context = {"case": case, "until": until, "left": left, "longer": True}
    return render(request, "recovery/case/case.html", context, status=403)


@sensitive_variables("form", "new")
def _finished(
    request: HttpRequest, case: Case, form: forms.Finish, new: NewApp | NewPasskey | None, at: datetime
) -> bool:
    key, browser, by = attempt.key_here(request), signing.browser_of(request), Actor.stranger(request)
    try:
        finish.complete(case, key, form.cleaned_data["password"], new, browser, by=by, at=at)
    except Refused as refused:
        if refused.reason not in _NOT_ADDED:
            raise
        if refused.reason is AccountReason.SAME_PASSWORD:
            form.add_error("password", sentence(refused.reason))
        elif isinstance(new, NewApp):
            form.add_error(
                "code", _("This code is not right. Wait for the next one; your phone must show the right time.")
            )
        elif refused.reason is FactorReason.KNOWN_PASSKEY:
            form.add_error(None, sentence(refused.reason))
        else:
            form.add_error(None, _("The passkey was not made, or it took too long. Nothing was changed."))
        return False
    return True


@login_not_required
@never_cache
@require_POST
def begin_passkey(request: HttpRequest) -> JsonResponse:
    """Options for the browser's dialog, for this recovery and once it can be finished."""
    case = attempt.case_here(request)
    if case is None or not wait.is_ready(case, clock.now()) or not finish.needs_factor(case):
        return JsonResponse({"error": "over"}, status=409)
    return JsonResponse(factors.begin_adding(request, case.customer, Ceremony.RESTORE, bound_to=str(case.pk)))


@login_not_required
@link_page(STOP_RECOVERY)
def stop(request: HttpRequest, link: Opened[Case]) -> HttpResponse:
    """Says what stopping does; a button stops. Nobody is signed in by it."""
    if request.method != "POST":
        return render(request, "recovery/case/stop.html")
    wait.cancel(link.secret, by=Actor.stranger(request), at=clock.now())
    return render(request, "recovery/case/stopped.html")


@require_POST
def stop_here(request: HttpRequest) -> HttpResponse:
    """The button on every page of a session that is signed in."""
    customer = signing.customer_of(request)
    case = facts.live_case(customer.pk)
    if case is not None:
        wait.cancel_here(case, by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("The recovery is stopped. Nothing was changed."))
    return redirect("accounts:security")
