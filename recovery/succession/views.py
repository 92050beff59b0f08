"""Whom I name for the day on which I cannot look after things; whom I am named by; and stopping it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.account.views import allow_mail_of
from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.factors import bound
from accounts.models import User
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import sentence
from recovery.models import Succession, Successor
from recovery.succession import facts, flows, forms
from recovery.succession.policy import Reason
from recovery.succession.proofs import STOP_SUCCESSION
from recovery.succession.shapes import Kind, Stands, State

_STATES = {
    State.OPEN: lazy("Our help desk looks at it"),
    State.PROPOSED: lazy("Our help desk looks at it"),
    State.WAITS: lazy("Waits"),
    State.GRANTED: lazy("Begun"),
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Mine, what runs about me, and those who named me."""
    me, mine = customer_of(request), facts.of(customer_of(request).pk)
    named = Successor.objects.there().filter(person=me).select_related("customer").order_by("-named_at")
    asked = Successor.objects.filter(stands=Stands.INVITED, mailbox__in=facts.mailboxes(me), expires_at__gt=clock.now())
    words = {
        "mine": mine,
        "may": [text for value, text in forms.MAY if mine is not None and value in mine.may],
        "case": Succession.objects.stoppable().filter(customer=me).first(),
        "named": [_named(row, me) for row in named],
        "asked": [{"row": row, "who": row.customer.called} for row in asked.select_related("customer")],
        "rules": limits.current().succession,
    }
    return render(request, "recovery/succession/index.html", words)


@resumable(lazy("Name a successor"), forms.Name, "email", "may")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.CHANGE_RECOVERY_ADDRESS)
def name(request: HttpRequest) -> HttpResponse:
    """Whom, and for what."""
    form = forms.Name(request.POST or None)
    if form.is_valid():
        me, by, at = customer_of(request), Actor.from_request(request), clock.now()
        allow_mail_of(me)
        try:
            flows.name(me, session_of(request), form.cleaned_data["email"], form.things(), by=by, at=at)
        except Refused as refused:
            if not isinstance(refused.reason, Reason):
                raise
            form.add_error(None, sentence(refused.reason))
        else:
            messages.success(request, _("We have asked them by mail, and told all your addresses."))
            return redirect("recovery:successor")
    words = {"form": form, "rules": limits.current().succession}
    return render(request, "recovery/succession/name.html", words, status=409 if form.non_field_errors() else 200)


@require_POST
def remove(request: HttpRequest, successor_id: UUID) -> HttpResponse:
    """I name them no more; or I do not want to be one any more."""
    me = customer_of(request)
    row = get_object_or_404(Successor.objects.there(), pk=successor_id)
    if me.pk not in {row.customer_id, row.person_id}:
        raise Http404
    flows.remove(row, by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("Done. Everybody whom it is about is told."))
    return redirect("recovery:successor")


@resumable(lazy("Agree to be a successor"))
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, successor_id: UUID) -> HttpResponse:
    """Who asks, and what it means; a button says yes, another no."""
    me, at, by = customer_of(request), clock.now(), Actor.from_request(request)
    row = Successor.objects.filter(pk=successor_id).select_related("customer", "person").first()
    if row is None or row.mailbox not in facts.mailboxes(me):
        raise Http404
    if row.stands != Stands.INVITED or at >= row.expires_at:
        messages.info(request, sentence(Reason.NOT_OPEN))
        return redirect("recovery:successor")
    why_not = ""
    if request.POST.get("do") == "decline":
        flows.decline(row, me, by=by, at=at)
        messages.success(request, _("You said no. We have told them."))
        return redirect("recovery:successor")
    if request.method == "POST" and not bound.second_factors(me):
        why_not = sentence(Reason.NO_SECOND_STEP)
    elif request.method == "POST":
        flows.accept(row, me, session_of(request), by=by, at=at)
        messages.success(request, _("Thank you. We have told them."))
        return redirect("recovery:successor")
    words = {
        "row": row,
        "who": row.customer.called,
        "until": me.local(row.expires_at),
        "may": [text for value, text in forms.MAY if value in row.may],
        "why_not": why_not,
        "rules": limits.current().succession,
    }
    return render(request, "recovery/succession/invitation.html", words, status=409 if why_not else 200)


@resumable(lazy("Say that somebody cannot look after things"), forms.Open, "kind")
@require_http_methods(["GET", "HEAD", "POST"])
def open_case(request: HttpRequest, successor_id: UUID) -> HttpResponse:
    """What has happened to whoever named me, and what comes of saying so."""
    me, by, at = customer_of(request), Actor.from_request(request), clock.now()
    rows = Successor.objects.filter(person=me, stands=Stands.ACCEPTED).select_related("customer", "person")
    row, form = get_object_or_404(rows, pk=successor_id), forms.Open(request.POST or None)
    if form.is_valid():
        try:
            flows.open_case(row, me, session_of(request), Kind(form.cleaned_data["kind"]), by=by, at=at)
        except (ProveMore, OnHold):
            raise
        except Refused as refused:
            if not isinstance(refused.reason, Reason):
                raise
            form.add_error(None, sentence(refused.reason))
        else:
            messages.success(request, _("We have noted it. Our help desk writes to you about what it has to see."))
            return redirect("recovery:successor")
    words = {"row": row, "who": row.customer.called, "form": form, "rules": limits.current().succession}
    return render(request, "recovery/succession/open.html", words, status=409 if form.non_field_errors() else 200)


@require_POST
def stop_here(request: HttpRequest) -> HttpResponse:
    """I am here."""
    flows.stop_here(customer_of(request), by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("Stopped. Your successor can do nothing, and is told."))
    return redirect("recovery:successor")


@login_not_required
@link_page(STOP_SUCCESSION)
def stop(request: HttpRequest, link: Opened[Succession]) -> HttpResponse:
    """From a message of ours: what is stopped; a button stops it. Nobody is signed in by it."""
    if request.method != "POST":
        return render(request, "recovery/succession/stop.html", {"person": link.about.successor.shown})
    flows.stop_by_link(link.secret, by=Actor.stranger(request), at=clock.now())
    return render(request, "recovery/succession/stopped.html")


def _named(row: Successor, me: User) -> dict[str, Any]:
    case = row.cases.filter(state__in=list(_STATES)).first()
    return {
        "row": row,
        "who": row.customer.called,
        "state": _STATES[State(case.state)] if case is not None else "",
        "until": me.local(case.ready_at) if case is not None and case.ready_at and case.state == State.WAITS else "",
    }
