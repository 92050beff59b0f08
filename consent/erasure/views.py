"""Deleting one's account: what it means, asking for it, and keeping it after all."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.lock.views import locked
from accounts.models import User
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up import facts as accounts_facts
from accounts.step_up.decorators import resumable
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from consent.erasure import facts, flows, forms, policy
from consent.erasure.models import Deletion
from consent.erasure.proofs import KEEP


@resumable(lazy("Delete your account"))
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """What it means, for everybody to read; the button asks for the strongest proof, and signs out everywhere."""
    customer, here, by, at = customer_of(request), session_of(request), Actor.from_request(request), clock.now()
    if request.method != "POST":
        held = accounts_facts.held(customer, here, Action.DELETE_ACCOUNT, by=by, at=at)
        context = facts.meant(customer, at) | {
            "until": customer.local(policy.due_at(at, limits.current())),
            "waits": held.get(Action.DELETE_ACCOUNT, ""),
            "rules": limits.current(),
        }
        return render(request, "consent/erasure/delete.html", context)
    deletion = flows.ask(customer, here, by=by, at=at)
    context = {
        "until": customer.local(deletion.due_at),
        "held": facts.held(customer, at),
        "email": customer.shown_email,
    }
    logout(request)  # its session has ended
    request.portal_session = None  # type: ignore[attr-defined]
    return render(request, "consent/erasure/asked.html", context)


@require_safe
def leaving(request: HttpRequest) -> HttpResponse:
    """The one page of an account that is about to be deleted: when, and that it can be kept."""
    customer, at = customer_of(request), clock.now()
    deletion = Deletion.objects.of(customer.pk)
    if deletion is None:
        return redirect("home")
    context = {
        "until": customer.local(deletion.due_at),
        "asked": customer.local(deletion.asked_at),
        "is_due": at >= deletion.due_at,
        "held": facts.held(customer, at, than=deletion.due_at),
    }
    return render(request, "consent/erasure/leaving.html", context)


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """The owner is signed in and keeps it. Pressed twice, it is kept."""
    customer = customer_of(request)
    if customer.erase_at is not None:
        flows.keep(customer, by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("Your account is kept. Apps may ask you to sign in again."))
    return redirect("home")


@login_not_required
@link_page(KEEP)
def keep_account(request: HttpRequest, link: Opened[Deletion]) -> HttpResponse:
    """The link in a message: says what each button does; a button acts. Nobody is signed in by it."""
    form = forms.Keep(request.POST or None)
    if not form.is_valid():
        context = {
            "until": link.customer.local(link.about.due_at),
            "asked": link.customer.local(link.about.asked_at),
        }
        return render(request, "consent/erasure/keep.html", context)
    # Not as whoever may be signed in here: the link speaks for its own customer.
    by, at = Actor.stranger(request), clock.now()
    if form.cleaned_data["do"] == "lock":
        customer = flows.lock_by_link(link.secret, by=by, at=at)
        return locked(request, User.objects.get(pk=customer.pk))
    flows.keep_by_link(link.secret, by=by, at=at)
    return render(request, "consent/erasure/kept.html")
