"""The family's pages: for whom somebody answers, a child more, and what a guardian allows for a child."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import sensitive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Deny
from ciam_portal.core.words import sentence
from consent.acting.decorators import Acting, acting
from consent.acting.views import words
from consent.delegation import facts as delegations
from consent.family import facts, flows, forms, lines, policy
from consent.family.policy import Reason
from consent.models import ParentalResponsibility
from consent.purposes import facts as purposes
from consent.records import forms as answers
from consent.records import lines as choices
from consent.records import marks
from consent.records.flows import Saying
from consent.records.policy import Reason as NotSaid
from consent.records.policy import Says


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """For whom this person answers."""
    me, at = customer_of(request), clock.now()
    found = ParentalResponsibility.objects.live().by(me.pk)
    context = {
        "children": [lines.answered_for(each, me, at) for each in found],
        "has_second_step": delegations.has_second_step(me),
    }
    return render(request, "consent/family/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A child more. What is typed is kept nowhere until it is added, not even while a second step is asked for."""
    if not delegations.has_second_step(customer_of(request)):
        return render(request, "consent/family/second_step.html")
    return _add(request)


@sensitive(Action.ACCEPT_DELEGATION)
def _add(request: HttpRequest) -> HttpResponse:
    me = customer_of(request)
    form = forms.Add(request.POST or None, zone=me.zone.key, initial={"timezone": me.zone.key})
    if form.is_valid():
        try:
            by = Actor.from_request(request)
            flows.add(me, session_of(request), form.wish(), by=by, at=clock.now())
        except Refused as refused:
            if not isinstance(refused.reason, Reason):
                raise
            form.add_error(None, sentence(refused.reason))
        else:
            messages.success(request, _("Added. You can act for the child, and say how its data is used."))
            return redirect("consent:family")
    status = 409 if form.non_field_errors() else 200
    return render(request, "consent/family/add.html", {"form": form}, status=status)


@require_safe
@acting()
def consents(request: HttpRequest, now: Acting) -> HttpResponse:
    """What a child's data is used for, and what of it a guardian says yes or no to."""
    return _consents(request, now)


@require_http_methods(["POST"])
@acting()
def consent(request: HttpRequest, now: Acting) -> HttpResponse:
    """Yes or no, for the child, to the text that was read."""
    key = request.POST.get("purpose", "")
    active = purposes.active(now.at).get(key)
    form = answers.Answer(request.POST, optional=active.optional if active else ())
    if active is None or not form.is_valid():
        return _consents(request, now, sentence(NotSaid.NOT_CURRENT))
    said = form.cleaned_data
    read = marks.version(said["read"], key, now.row.owner)
    try:
        flows.answer(now.row, Saying(key, Says(said["says"]), read, said["with_"]), by=now.by, at=now.at)
    except Refused as refused:
        if not isinstance(refused.reason, Reason | NotSaid):
            raise
        return _consents(request, now, sentence(refused.reason))
    messages.success(request, _("Saved for the child. It takes effect at once."))
    return redirect("consent:acting_choices", now.row.pk)


def _consents(request: HttpRequest, now: Acting, refused: str = "") -> HttpResponse:
    asked = facts.consenting(now.row, now.at)
    allowed = policy.may_consent(asked, limits=limits.current(), at=now.at)
    if refused:
        purposes.forget()
    versions = {key: str(each.version) for key, each in purposes.active(now.at).items()}
    context: dict[str, Any] = {
        **words(now.row, customer_of(request), now.at),
        **choices.own(now.row.owner_id, now.at),
        "read": marks.shown(versions, now.row.owner),
        "refused": refused,
        "why_not": sentence(allowed.reason) if isinstance(allowed, Deny) else "",
    }
    return render(request, "consent/family/choices.html", context, status=409 if refused else 200)
