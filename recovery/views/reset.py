"""The pages of someone who forgot the password."""

import time

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import bucket, facts, proofs, signing
from accounts.forms.account import NewPassword
from accounts.policy.account import Reason
from accounts.policy.lock import is_ajar
from ciam_portal import clock, links
from ciam_portal.audit.actor import Actor
from ciam_portal.errors import Refused
from ciam_portal.words import sentence
from recovery import forms
from recovery.flows import reset as flows
from recovery.policy import reset as policy

_EVEN_SECONDS = 0.1  # longer than either path takes, so that the time says nothing


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link. One answer for everyone."""
    form = forms.Forgotten(request.POST or None)
    if not form.is_valid():
        return render(request, "recovery/forgotten.html", {"form": form})
    started, email = time.monotonic(), form.cleaned_data["email"]
    browser = signing.browser_of(request, email)
    flows.ask_reset(email, browser, by=Actor.from_request(request), at=clock.now())
    time.sleep(max(0.0, _EVEN_SECONDS - (time.monotonic() - started)))
    return redirect("recovery:sent")


@login_not_required
@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The same page for everyone."""
    return render(request, "recovery/sent.html")


@login_not_required
@sensitive_post_parameters()
@links.page(flows.Purpose)
def new_password(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose the new password."""
    at = clock.now()
    proof = proofs.find_link(secret, flows.Purpose)
    if proof is None or not flows.is_usable(proof, at):
        return render(request, "recovery/link_dead.html", status=410)
    bucket.reads_mail(request, proof.customer.email, at)
    form = NewPassword(request.POST or None, customer=proof.customer)
    if not form.is_valid():
        return render(request, "recovery/new_password.html", {"form": form})
    by, browser = Actor.from_request(request), signing.browser_of(request)
    try:
        customer = flows.reset_password(secret, form.cleaned_data["password"], browser, by=by, at=at)
    except Refused as refused:
        if refused.reason is Reason.SAME_PASSWORD:
            form.add_error("password", sentence(refused.reason))
            return render(request, "recovery/new_password.html", {"form": form})
        if refused.reason is not policy.Reason.LINK_DEAD:
            raise
        return render(request, "recovery/link_dead.html", status=410)
    request.session.flush()
    bucket.reads_mail(request, customer.email, at)  # and may sign in with the new password, whatever others try
    customer.refresh_from_db()
    lock = facts.lock_of(customer)
    return render(request, "recovery/done.html", {"lock": lock, "ajar": lock is not None and is_ajar(lock)})
