"""Locking one's account, and the link in a security mail that takes a change back."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.activity.forms import Undo
from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.lock.flows import locks
from accounts.lock.proofs import UNDO
from accounts.lock.views import locked
from accounts.models import Change, User
from accounts.sessions.signing import customer_of
from accounts.undo import flows
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor


@require_http_methods(["GET", "HEAD", "POST"])
def lock(request: HttpRequest) -> HttpResponse:
    """The panic button: says what it does, then does it. No second step: nothing may stand before it."""
    if request.method != "POST":
        return render(request, "accounts/undo/lock.html")
    customer = customer_of(request)
    locks.lock(customer, by=Actor.from_request(request), at=clock.now())
    return locked(request, User.objects.get(pk=customer.pk))


@login_not_required
@link_page(UNDO)
def undo(request: HttpRequest, link: Opened[Change]) -> HttpResponse:
    """Was it not you? Says what each button does; a button acts. Nobody is signed in by it."""
    change, form = link.about, Undo(request.POST or None)
    if not form.is_valid():
        context = {"change": change, "made": link.customer.local(change.at), "later": flows.later(change)}
        return render(request, "accounts/undo/undo.html", context)
    # Not as whoever may be signed in here: the link speaks for its own customer.
    verb = flows.undo_by_link if form.cleaned_data["do"] == "undo" else flows.lock_by_link
    change = verb(link.secret, by=Actor.stranger(request), at=clock.now())
    return locked(request, User.objects.get(pk=link.customer.pk), change)
