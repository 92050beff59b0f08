"""The pages of someone who forgot the password."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.account.forms import NewPassword
from accounts.account.policy import Reason
from accounts.budgets import bucket
from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.headless import answers
from accounts.headless.shapes import ADDRESS, Address
from accounts.headless.views import reading
from accounts.lock.policy import is_ajar
from accounts.models import User
from accounts.sessions import signing
from accounts.sign_in import onward
from accounts.step_up import facts
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence
from recovery.case import forms
from recovery.reset import flows
from recovery.reset.proofs import RESET_PASSWORD


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link. One answer for everyone."""
    form = forms.Forgotten(request.POST or None)
    if not form.is_valid():
        return render(request, "recovery/reset/forgotten.html", {"form": form})
    _ask(request, form.cleaned_data["email"])
    return redirect("recovery:sent")


@reading(ADDRESS)
def from_app(request: HttpRequest, sent: Address) -> HttpResponse:
    """The same for the business's own app."""
    form = forms.Forgotten(sent)
    if not form.is_valid():
        return answers.invalid(form)
    _ask(request, form.cleaned_data["email"])
    return answers.done(request)


def _ask(request: HttpRequest, email: str) -> None:
    with clock.even():
        browser = signing.browser_of(request, email)
        flows.ask_reset(email, browser, by=Actor.from_request(request), at=clock.now())


@login_not_required
@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The same page for everyone."""
    return render(request, "recovery/reset/sent.html")


@login_not_required
@sensitive_post_parameters()
@link_page(RESET_PASSWORD)
def new_password(request: HttpRequest, link: Opened[User]) -> HttpResponse:
    """Choose the new password."""
    at = clock.now()
    bucket.reads_mail(request, link.customer.email, at)
    form = NewPassword(request.POST or None, customer=link.customer)
    if not form.is_valid():
        return render(request, "recovery/reset/new_password.html", {"form": form})
    by, browser = Actor.from_request(request), signing.browser_of(request)
    try:
        customer = flows.reset_password(link.secret, form.cleaned_data["password"], browser, by=by, at=at)
    except Refused as refused:
        if refused.reason is not Reason.SAME_PASSWORD:
            raise
        form.add_error("password", sentence(refused.reason))
        return render(request, "recovery/reset/new_password.html", {"form": form})
    waits = onward.target(request)
    request.session.flush()
    onward.remember(request, waits)
    bucket.reads_mail(request, customer.email, at)  # and may sign in with the new password, whatever others try
    customer.refresh_from_db()
    lock = facts.lock_of(customer)
    return render(request, "recovery/reset/done.html", {"lock": lock, "ajar": lock is not None and is_ajar(lock)})
