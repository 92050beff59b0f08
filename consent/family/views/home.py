"""For whom somebody answers, what guardians may do for a child, and what waits for an answer."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import sentence
from consent.delegation import facts as delegations
from consent.delegation.shapes import Asked
from consent.delegation.views import second_step
from consent.family import flows, forms, lines
from consent.family.policy import Reason
from consent.family.shapes import PENDING, Asks
from consent.models import FamilyRequest, ParentalResponsibility, Removal

_MOST = 50


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """For whom this person answers, who answers for them, and what waits."""
    me, at = customer_of(request), clock.now()
    found = ParentalResponsibility.objects.live().by(me.pk)
    children = [each.child_id for each in found]
    waiting = FamilyRequest.objects.filter(Q(child__in=children), state=Asked.OPEN, expires_at__gt=at)
    removals = Removal.objects.filter(Q(asker=me) | Q(guardian=me), state__in=PENDING).select_related("child")
    invited = FamilyRequest.objects.filter(
        kind=Asks.INVITE, state=Asked.OPEN, expires_at__gt=at, mailbox__in=delegations.mailboxes(me)
    )
    context = {
        "children": [lines.answered_for(each, me, at) for each in found],
        "waiting": [lines.asked(each, me, at) for each in waiting.select_related("child")[:_MOST]],
        "removals": [lines.removal(each, me) for each in removals],
        "invited": invited[:_MOST],
        "former": ParentalResponsibility.objects.to_hand_over(me.pk)[:_MOST],
        "guardians": [lines.guardian(each, me, at) for each in ParentalResponsibility.objects.live().of(me.pk)],
    }
    return render(request, "consent/family/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A child more. What is typed is kept nowhere until it is added, not even while a second step is asked for."""
    if not delegations.has_second_step(customer_of(request)):
        why = _("Nobody answers for a child with a password alone.")
        return second_step.first(request, back="consent:family", label=_("Family"), why=why)
    return _add(request)


@sensitive(Action.ACCEPT_DELEGATION)
def _add(request: HttpRequest) -> HttpResponse:
    me = customer_of(request)
    form = forms.Add(request.POST or None, zone=me.zone.key, initial={"timezone": me.zone.key})
    if form.is_valid():
        try:
            flows.add(me, session_of(request), form.wish(), by=Actor.from_request(request), at=clock.now())
        except Refused as refused:
            on_page(form, refused)
        else:
            messages.success(request, _("Added. You can act for the child, and say how its data is used."))
            return redirect("consent:family")
    return render(request, "consent/family/add.html", {"form": form}, status=409 if form.non_field_errors() else 200)


@require_safe
def child(request: HttpRequest, responsibility_id: UUID) -> HttpResponse:
    """One child: what its guardians may do, and who they are."""
    found, me, at = mine(request, responsibility_id), customer_of(request), clock.now()
    context = {"each": lines.answered_for(found, me, at), "powers": lines.powers(found)}
    return render(request, "consent/family/child.html", context)


@require_POST
def less(request: HttpRequest, responsibility_id: UUID) -> HttpResponse:
    """One thing that guardians can do no longer, at once."""
    found, me = mine(request, responsibility_id), customer_of(request)
    action = request.POST.get("action", "")
    flows.limit(found.child.dependant, me, action, by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("Saved. It takes effect at once, for every guardian."))
    return redirect("consent:family_child", found.pk)


@resumable(lazy("Allow guardians to do more for a child"), forms.Power, "action")
@require_POST
def more(request: HttpRequest, responsibility_id: UUID) -> HttpResponse:
    """One thing more, once the other guardian agrees."""
    found, me, form = mine(request, responsibility_id), customer_of(request), forms.Power(request.POST)
    action = form.cleaned_data["action"] if form.is_valid() else ""
    by, here = Actor.from_request(request), session_of(request)
    done = flows.widen(found.child.dependant, me, here, action, by=by, at=clock.now())
    waits = _("The other guardian is asked first. Until they agree, it stays as it is.")
    messages.success(request, _("Saved. It takes effect at once, for every guardian.") if done else waits)
    return redirect("consent:family_child", found.pk)


def mine(request: HttpRequest, key: UUID) -> ParentalResponsibility:
    """Somebody for whom whoever is signed in answers. Raises Http404."""
    return get_object_or_404(ParentalResponsibility.objects.live().by(customer_of(request).pk), pk=key)


def on_page(form: Any, refused: Refused) -> None:  # noqa: ANN401  (a form)
    """Why not, beside what was typed. Whatever leads elsewhere (proving more, waiting) does."""
    if not isinstance(refused.reason, Reason):
        raise refused
    form.add_error(None, sentence(refused.reason))
