"""People I act for: invitations, requests, and what I may do for whom. Each of them I end with one click."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.account.views import allow_mail_of
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import sentence
from consent.delegation import facts, flows, forms, lines
from consent.delegation.policy import Reason
from consent.delegation.shapes import LIVE, Asked, State
from consent.delegation.views import pressed, second_step
from consent.models import Delegation, DelegationRequest

_MOST, _LIST = 100, "consent:acts_for"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All of it on one page."""
    me, at = customer_of(request), clock.now()
    rows = [lines.listed(row, me, {}, at) for row in facts.with_people(Delegation.objects.to(me.pk))[:_MOST]]
    invitations = facts.with_people(Delegation.objects.offered(facts.mailboxes(me), at))[:_MOST]
    words = {
        "live": [each for each in rows if each["row"].state in LIVE and at < each["row"].ends_at],
        "former": [each for each in rows if each["row"].state not in LIVE or at >= each["row"].ends_at],
        "invitations": [lines.listed(row, me, {}, at) for row in invitations],
        "asked": [lines.asked(each, me) for each in DelegationRequest.objects.by(me.pk)[:_MOST]],
        "has_second_step": facts.has_second_step(me),
    }
    return render(request, "consent/delegation/acts_for.html", words)


@resumable(lazy("Accept to act for somebody"))
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """Who invites, and to what; a button says yes, another no."""
    me, at, by = customer_of(request), clock.now(), Actor.from_request(request)
    row = facts.with_people(Delegation.objects.filter(pk=delegation_id)).first()
    if row is None or row.mailbox not in facts.mailboxes(me):
        return render(request, "consent/delegation/not_for_you.html", status=404)
    if row.state != State.OFFERED or row.expires_at is None or at >= row.expires_at:
        return render(request, "consent/delegation/answered.html", {"back": "consent:acts_for"}, status=410)
    if request.POST.get("do") == "refuse":
        flows.refuse(row, me, by=by, at=at)
        messages.success(request, _("You said no. We have told them."))
        return redirect("consent:acts_for")
    why_not, has_second_step = "", facts.has_second_step(me)
    if request.method == "POST" and not has_second_step:  # the gate would ask for what they cannot show
        why_not = sentence(Reason.NO_SECOND_STEP)
    elif request.method == "POST":
        try:
            flows.accept(row, me, session_of(request), by=by, at=at)
        except Refused as refused:
            if not isinstance(refused.reason, Reason):
                raise
            why_not = sentence(refused.reason)
        else:
            messages.success(request, _("You can act for them from now on."))
            return redirect("consent:acts_for")
    words = {
        "each": lines.listed(row, me, {}, at),
        "reason": row.reason,
        "why_not": why_not,
        "has_second_step": has_second_step,
    }
    return render(request, "consent/delegation/invitation.html", words, status=409 if why_not else 200)


@resumable(lazy("Ask to act for somebody"), forms.Ask, "email", "actions", "scopes", "reason")
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Whom, and for what."""
    if not facts.has_second_step(customer_of(request)):
        why = _("Nobody acts for somebody else with a password alone.")
        return second_step.first(request, back=_LIST, label=_("People I act for"), why=why)
    return _ask(request, forms.Ask(request.POST or None))


@sensitive(Action.ACCEPT_DELEGATION)
def _ask(request: HttpRequest, form: forms.Ask) -> HttpResponse:
    me, at = customer_of(request), clock.now()
    if form.is_valid():
        allow_mail_of(me)
        try:
            wish, address = form.wish(at), form.cleaned_data["email"]
            with clock.even():
                flows.ask(me, session_of(request), address, wish, by=Actor.from_request(request), at=at)
        except Refused as refused:
            if not isinstance(refused.reason, Reason):
                raise
            form.add_error(None, sentence(refused.reason))
        else:
            messages.success(request, _("We have asked them by mail. Nothing happens until they say yes."))
            return redirect("consent:acts_for")
    words = {"form": form, "days": limits.current().delegation.request_days}
    return render(request, "consent/delegation/ask.html", words, status=409 if form.non_field_errors() else 200)


@require_POST
def withdraw(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Take a request back."""
    found = get_object_or_404(DelegationRequest.objects.by(customer_of(request).pk), pk=request_id)
    by, is_so = Actor.from_request(request), found.state == Asked.WITHDRAWN
    done = _("Your request is taken back.")
    return pressed.answer(request, lambda: flows.withdraw(found, by=by, at=clock.now()), done, back=_LIST, is_so=is_so)


@require_POST
def end(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """No more, at once."""
    row = get_object_or_404(Delegation.objects.to(customer_of(request).pk), pk=delegation_id)
    by, is_so = Actor.from_request(request), row.state == State.ENDED
    done = _("Ended. You can no longer act for them.")
    return pressed.answer(request, lambda: flows.end(row, by=by, at=clock.now()), done, back=_LIST, is_so=is_so)
