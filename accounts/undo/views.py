"""Locking one's account, and the link in a security mail that takes a change back."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.activity.forms import Undo
from accounts.customer import proofs
from accounts.lock import policy
from accounts.lock.flows import locks
from accounts.lock.views import locked
from accounts.models import Change, Proof, User
from accounts.sessions.signing import customer_of
from accounts.undo import flows
from ciam_portal.core import clock, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow

_PURPOSE = Proof.Purpose.UNDO


@require_http_methods(["GET", "HEAD", "POST"])
def lock(request: HttpRequest) -> HttpResponse:
    """The panic button: says what it does, then does it. No second step: nothing may stand before it."""
    if request.method != "POST":
        return render(request, "accounts/undo/lock.html")
    customer = customer_of(request)
    locks.lock(customer, by=Actor.from_request(request), at=clock.now())
    return locked(request, User.objects.get(pk=customer.pk))


@login_not_required
@links.page(_PURPOSE)
def undo(request: HttpRequest, secret: str) -> HttpResponse:
    """Was it not you? Says what each button does; a button acts. Nobody is signed in by it."""
    proof = proofs.find_link(secret, _PURPOSE)
    change = flows.change_of(proof) if proof else None
    if proof is None or change is None or not _usable(proof, change):
        return render(request, "accounts/undo/undo_dead.html", status=410)
    form = Undo(request.POST or None)
    if not form.is_valid():
        context = {"change": change, "made": proof.customer.local(change.at), "later": flows.later(change)}
        return render(request, "accounts/undo/undo.html", context)
    # Not as whoever may be signed in here: the link speaks for its own customer.
    by = Actor.stranger(request)
    verb = flows.undo_by_link if form.cleaned_data["do"] == "undo" else flows.lock_by_link
    try:
        change = verb(secret, by=by, at=clock.now())
    except Refused as refused:
        if refused.reason is not policy.Reason.UNDO_LINK_DEAD:
            raise
        return render(request, "accounts/undo/undo_dead.html", status=410)
    return locked(request, User.objects.get(pk=proof.customer_id), change)


def _usable(proof: Proof, change: Change) -> bool:
    at = clock.now()
    return isinstance(policy.may_undo(flows.link_facts(proof, change, at), limits=limits.current(), at=at), Allow)
