"""Two guardians: inviting the second one, answering, leaving, and asking that one be removed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.account.views import allow_mail_of
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.mailbox import spelled_out
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from consent.delegation import facts as delegations
from consent.delegation.shapes import Asked
from consent.family import flows, forms, lines
from consent.family.shapes import PENDING, Asks
from consent.family.views.home import mine, on_page
from consent.models import FamilyRequest, ParentalResponsibility, Removal


@resumable(lazy("Invite another guardian"), forms.Invite, "email")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.ACCEPT_DELEGATION)
def invite(request: HttpRequest, responsibility_id: UUID) -> HttpResponse:
    """Who shall answer for the child too."""
    found, me, form = mine(request, responsibility_id), customer_of(request), forms.Invite(request.POST or None)
    if form.is_valid():
        allow_mail_of(me)
        try:
            address, by = form.cleaned_data["email"], Actor.from_request(request)
            flows.invite(found.child.dependant, me, session_of(request), address, by=by, at=clock.now())
        except Refused as refused:
            on_page(form, refused)
        else:
            messages.success(request, _("We have invited them by mail. Nothing happens until they say yes."))
            return redirect("consent:family")
    words = {"form": form, "found": found, "days": limits.current().family.request_days}
    return render(request, "consent/family/invite.html", words, status=409 if form.non_field_errors() else 200)


@resumable(lazy("Answer for a child"), forms.Join, "says_responsible", "says_adult")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Who invites, and to what; a form says yes, a button no."""
    me, at, by = customer_of(request), clock.now(), Actor.from_request(request)
    asked = FamilyRequest.objects.select_related("asker", "child").filter(pk=request_id, kind=Asks.INVITE).first()
    if asked is None or asked.mailbox not in delegations.mailboxes(me):
        return render(request, "consent/delegation/not_for_you.html", status=404)
    if asked.state != Asked.OPEN or at >= asked.expires_at:
        return render(request, "consent/delegation/answered.html", {"back": "consent:family"}, status=410)
    if request.POST.get("do") == "refuse":
        flows.decline(asked, me, by=by, at=at)
        messages.success(request, _("You said no. We have told them."))
        return redirect("consent:family")
    form = forms.Join(request.POST if request.method == "POST" else None)
    has_second_step = delegations.has_second_step(me)
    if has_second_step and form.is_valid():
        try:
            said = form.cleaned_data
            adult, responsible = said["says_adult"], said["says_responsible"]
            flows.join(asked, me, session_of(request), adult=adult, responsible=responsible, by=by, at=at)
        except Refused as refused:
            on_page(form, refused)
        else:
            messages.success(request, _("From now on you answer for the child too."))
            return redirect("consent:family")
    words = {
        "form": form,
        "who": spelled_out(asked.asker.email),
        "until": me.local(asked.expires_at),
        "has_second_step": has_second_step,
    }
    return render(request, "consent/family/join.html", words, status=409 if form.non_field_errors() else 200)


@resumable(lazy("Agree to what the other guardian asked"))
@require_POST
def agree(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Both of them want it now."""
    asked, by = _asked(request, request_id), Actor.from_request(request)
    flows.agree(asked, customer_of(request), session_of(request), by=by, at=clock.now())
    messages.success(request, _("You agreed. It holds from now on."))
    return redirect("consent:family")


@require_POST
def refuse(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """No, or not any more."""
    flows.refuse(_asked(request, request_id), customer_of(request), by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("Nothing was changed. We have told them."))
    return redirect("consent:family")


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, responsibility_id: UUID) -> HttpResponse:
    """No longer answering for a child: what it means, and a button."""
    found, me, at = mine(request, responsibility_id), customer_of(request), clock.now()
    if request.method == "POST":
        flows.leave(found, me, by=Actor.from_request(request), at=at)
        messages.success(request, _("You no longer answer for the child."))
        return redirect("consent:family")
    return render(request, "consent/family/leave.html", {"each": lines.answered_for(found, me, at)})


@resumable(lazy("Ask that another guardian be removed"))
@require_http_methods(["GET", "HEAD", "POST"])
def ask_removal(request: HttpRequest, responsibility_id: UUID) -> HttpResponse:
    """That the other one be removed: what happens then, and a button."""
    found, me, at = mine(request, responsibility_id), customer_of(request), clock.now()
    if request.method == "POST":
        by, here = Actor.from_request(request), session_of(request)
        flows.removal.ask(found.child.dependant, me, here, by=by, at=at)
        messages.success(request, _("Asked. The other guardian is told, and our staff decide after some days."))
        return redirect("consent:family")
    words = {"each": lines.answered_for(found, me, at), "days": limits.current().family.cooling_off_days}
    return render(request, "consent/family/removal.html", words)


@require_POST
def answer_removal(request: HttpRequest, removal_id: UUID) -> HttpResponse:
    """Whoever asked takes it back; whoever shall go does not agree."""
    me, by, at = customer_of(request), Actor.from_request(request), clock.now()
    mine = Removal.objects.filter(state__in=PENDING)
    found = get_object_or_404(mine.filter(asker=me) | mine.filter(guardian=me), pk=removal_id)
    verb = flows.removal.withdraw if found.asker_id == me.pk else flows.removal.object_to
    verb(found, me, by=by, at=at)
    messages.success(request, _("Saved. We have told the other guardian."))
    return redirect("consent:family")


def _asked(request: HttpRequest, key: UUID) -> FamilyRequest:
    """What was asked about a child for whom whoever is signed in answers. Raises Http404."""
    children = ParentalResponsibility.objects.live().filter(guardian=customer_of(request)).values("child")
    return get_object_or_404(FamilyRequest.objects.filter(child__in=children), pk=key)
