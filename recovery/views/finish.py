"""The last pages of a recovery: finish it, or stop it."""

from datetime import datetime
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import factors, signing
from accounts.flows.restore import NewApp
from accounts.models import User
from accounts.policy.factors import Reason as FactorReason
from accounts.views.entry import hidden_secret, hide_secret
from ciam_portal import clock, vault
from ciam_portal.audit.actor import Actor
from ciam_portal.errors import OnHold, Refused
from recovery import facts, forms
from recovery.flows import finish, wait
from recovery.models import Case
from recovery.policy import cases as policy
from recovery.views import attempt as attempts

_SEED = "recovery_seed"


@sensitive_post_parameters()
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def complete(request: HttpRequest) -> HttpResponse:
    """A new password and, where nothing else is left, a new authenticator app. Asked again where it takes effect."""
    case, at = attempts.case_here(request), clock.now()
    if case is None or not wait.is_ready(case, at):
        return redirect("recovery:case")
    with_app = finish.needs_factor(case)
    seed = _pending_seed(request, case) if with_app else b""
    form = forms.Finish(request.POST or None, customer=case.customer, with_app=with_app)
    try:
        if form.is_valid() and _finished(request, case, form, seed, at):
            request.session.flush()
            return render(request, "recovery/recovered.html", {"with_app": with_app})
    except OnHold as held:
        return _longer(request, case, held, at)
    words = {
        "form": form,
        "with_app": with_app,
        "picture": factors.seed_as_picture(seed, case.customer) if with_app else "",
        "secret": factors.seed_in_groups(seed) if with_app else "",
    }
    return render(request, "recovery/finish.html", words)


def _longer(request: HttpRequest, case: Case, held: OnHold, at: datetime) -> HttpResponse:
    """Something about this browser is unusual by now: until when it waits for that."""
    left = held.until - at if held.until else None
    until = case.customer.local(held.until) if held.until else ""
    words = {"case": case, "until": until, "left": left, "longer": True}
    return render(request, "recovery/case.html", words, status=403)


@sensitive_variables("seed", "form", "new")
def _finished(request: HttpRequest, case: Case, form: forms.Finish, seed: bytes, at: datetime) -> bool:
    new = NewApp(seed, form.cleaned_data["code"]) if seed else None
    key, browser, by = attempts.key_here(request), signing.browser_of(request), attempts.actor(request)
    try:
        finish.complete(case, key, form.cleaned_data["password"], new, browser, by=by, at=at)
    except Refused as refused:
        if refused.reason is not FactorReason.WRONG_NEW_CODE:
            raise
        form.add_error("code", _("This code is not right. Wait for the next one; the phone's clock must be exact."))
        return False
    return True


@sensitive_variables("seed")
def _pending_seed(request: HttpRequest, case: Case) -> bytes:
    """The seed being offered, the same for every reload of the page; sealed, for the session's row is no vault."""
    context = f"recovery app:{case.pk}"
    try:
        return vault.unseal(str(request.session[_SEED]), context)
    except (KeyError, vault.CannotOpen):
        seed = factors.new_seed()
        request.session[_SEED] = vault.seal(seed, context)
        return seed


@login_not_required
@never_cache
@require_safe
def open_stop(request: HttpRequest, secret: str) -> HttpResponse:
    """The link in our messages. Nothing changes: mail scanners open links too."""
    return hide_secret(request, secret, wait.Purpose.STOP_RECOVERY, "recovery:stop")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest) -> HttpResponse:
    """Says what stopping does; a button stops. Nobody is signed in by it."""
    secret, at = hidden_secret(request, wait.Purpose.STOP_RECOVERY), clock.now()
    if not wait.can_stop(secret, at):
        return render(request, "recovery/stop_dead.html", status=410)
    if request.method != "POST":
        return render(request, "recovery/stop.html")
    try:
        wait.cancel(secret, by=attempts.actor(request), at=at)
    except Refused as refused:
        if refused.reason not in {policy.Reason.LINK_DEAD, policy.Reason.NOT_POSSIBLE}:
            raise
        return render(request, "recovery/stop_dead.html", status=410)
    request.session.pop(f"link:{wait.Purpose.STOP_RECOVERY}", None)
    return render(request, "recovery/stopped.html")


@require_POST
def stop_here(request: HttpRequest) -> HttpResponse:
    """The button on every page of a session that is signed in."""
    customer = cast("User", request.user)
    case = facts.live_case(customer.pk)
    if case is not None:
        wait.cancel_here(case, by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("The recovery is stopped. Nothing was changed."))
    return redirect("accounts:security")
