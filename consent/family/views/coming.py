"""Coming of age: a guardian has the link sent, and the young person gets a sign-in of their own."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.account.forms import NewPassword
from accounts.account.policy import Reason as NotTaken
from accounts.account.views import allow_mail_of
from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import sentence
from consent.delegation.shapes import Kind
from consent.family import flows, forms
from consent.family.proofs import CLAIM
from consent.family.views.home import on_page
from consent.models import Delegation, Dependant, ParentalResponsibility


@resumable(lazy("Send a young person the way to their own sign-in"), forms.Invite, "email")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.ACCEPT_DELEGATION)
def hand_over(request: HttpRequest, responsibility_id: UUID) -> HttpResponse:
    """To which address of theirs. The same is said whether or not anybody has an account with it."""
    me, form = customer_of(request), forms.Invite(request.POST or None)
    answered = ParentalResponsibility.objects
    found = get_object_or_404(answered.live().by(me.pk) | answered.to_hand_over(me.pk), pk=responsibility_id)
    if form.is_valid():
        allow_mail_of(me)
        try:
            address, by = form.cleaned_data["email"], Actor.from_request(request)
            flows.coming.hand_over(found, me, session_of(request), address, by=by, at=clock.now())
        except Refused as refused:
            on_page(form, refused)
        else:
            messages.success(request, _("We have sent a link to that address. Only whoever reads it can use it."))
            return redirect("consent:family")
    words = {"form": form, "found": found, "hours": limits.current().family.claim_hours}
    return render(request, "consent/family/hand_over.html", words, status=409 if form.non_field_errors() else 200)


@login_not_required
@sensitive_post_parameters()
@link_page(CLAIM)
def claim(request: HttpRequest, link: Opened[Dependant]) -> HttpResponse:
    """The young person chooses a password. Nobody is signed in by it."""
    form = NewPassword(request.POST or None, customer=link.customer)
    if form.is_valid():
        try:
            by = Actor.stranger(request)
            flows.coming.claim(link.secret, form.cleaned_data["password"], by=by, at=clock.now())
        except Refused as refused:
            if refused.reason is not NotTaken.ADDRESS_TAKEN:
                raise
            form.add_error(None, sentence(refused.reason))
        else:
            return render(request, "consent/family/claimed.html")
    words = {"form": form, "name": link.customer.name}
    return render(request, "consent/family/claim.html", words, status=409 if form.non_field_errors() else 200)


@require_POST
def confirm(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """The young person lets a guardian go on for another year."""
    mine = Delegation.objects.filter(owner=customer_of(request), kind=Kind.GUARDIAN)
    row = get_object_or_404(mine, pk=delegation_id)
    flows.coming.renew(row, by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("They may go on to act for you."))
    return redirect("consent:family")
