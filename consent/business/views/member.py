"""Businesses I belong to: creating one, answering an invitation, and leaving."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import sentence
from consent.business import facts, flows, forms, lines
from consent.business.models import BusinessMember
from consent.business.policy import Reason
from consent.business.shapes import Stands
from consent.delegation import facts as delegations
from consent.delegation.views import second_step

_MOST = 100


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All of them, and invitations."""
    me, at = customer_of(request), clock.now()
    rows = list(facts.mine(me)[:_MOST])
    invitations = BusinessMember.objects.invited(delegations.mailboxes(me), at).select_related("business__account")
    words = {
        "rows": [
            {"row": row, "name": row.business.account.name, "leaves": row.business.account.erase_at} for row in rows
        ],
        "invitations": [
            {"row": row, "until": me.local(row.expires_at)} for row in invitations[:_MOST] if row.expires_at
        ],
        "has_second_step": delegations.has_second_step(me),
    }
    return render(request, "consent/business/index.html", words)


@resumable(lazy("Create a business"), forms.Name, "name")
@require_http_methods(["GET", "HEAD", "POST"])
def found(request: HttpRequest) -> HttpResponse:
    """What it means, and what it is called."""
    if not delegations.has_second_step(customer_of(request)):
        why = _("Nobody belongs to a business with a password alone.")
        return second_step.first(request, back="consent:businesses", label=_("Businesses"), why=why)
    return _found(request, forms.Name(request.POST or None))


@sensitive(Action.CREATE_DELEGATION)
def _found(request: HttpRequest, form: forms.Name) -> HttpResponse:
    if form.is_valid():
        me, by, at = customer_of(request), Actor.from_request(request), clock.now()
        try:
            made = flows.found(me, session_of(request), form.cleaned_data["name"], by=by, at=at)
        except Refused as refused:
            if not isinstance(refused.reason, Reason):
                raise
            form.add_error(None, sentence(refused.reason))
        else:
            messages.success(request, _("Created. You are its first owner."))
            return redirect("consent:business", made.pk)
    return render(
        request, "consent/business/found.html", {"form": form}, status=409 if form.non_field_errors() else 200
    )


@resumable(lazy("Join a business"))
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Which business, and what they could do for it; a button says yes, another no."""
    me, at, by = customer_of(request), clock.now(), Actor.from_request(request)
    row = BusinessMember.objects.filter(pk=member_id).select_related("business__account").first()
    if row is None or row.mailbox not in delegations.mailboxes(me):
        return render(request, "consent/delegation/not_for_you.html", status=404)
    if row.stands != Stands.INVITED or row.expires_at is None or at >= row.expires_at:
        return render(request, "consent/delegation/answered.html", {"back": "consent:businesses"}, status=410)
    if request.POST.get("do") == "refuse":
        flows.refuse(row, me, by=by, at=at)
        messages.success(request, _("You said no. We have told them."))
        return redirect("consent:businesses")
    why_not, has_second_step = "", delegations.has_second_step(me)
    if request.method == "POST" and not has_second_step:  # the gate would ask for what they cannot show
        why_not = sentence(Reason.NO_SECOND_STEP)
    elif request.method == "POST":
        try:
            flows.join(row, me, session_of(request), by=by, at=at)
        except Refused as refused:
            if not isinstance(refused.reason, Reason):
                raise
            why_not = sentence(refused.reason)
        else:
            messages.success(request, _("You are a member from now on."))
            return redirect("consent:business", row.business_id)
    terms = lines.terms(row.business_id, row.role, limits.current())
    words = {
        "row": row,
        "name": row.business.account.name,
        "role": lines.named([row], row.business).get(row.role, ""),
        "each": lines.said(terms) if terms is not None else {},
        "until": me.local(row.expires_at),
        "why_not": why_not,
        "has_second_step": has_second_step,
    }
    return render(request, "consent/business/invitation.html", words, status=409 if why_not else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, business_id: UUID) -> HttpResponse:
    """What leaving means; of an owner, whether they go or only look after it no more."""
    me, at, by = customer_of(request), clock.now(), Actor.from_request(request)
    row = facts.membership(business_id, me.pk)
    if row is None:
        raise Http404
    others, why_not = facts.others(row.business, me), ""
    if request.method == "POST":
        verb = flows.step_down if request.POST.get("do") == "step_down" else flows.leave
        try:
            verb(row.business, me, by=by, at=at)
        except Refused as refused:
            if not isinstance(refused.reason, Reason):
                raise
            why_not = sentence(refused.reason)
        else:
            messages.success(request, _("Done. All owners are told."))
            return redirect("consent:businesses")
    words = {"row": row, "name": row.business.account.name, "others": others, "why_not": why_not}
    return render(request, "consent/business/leave.html", words, status=409 if why_not else 200)


@require_POST
def object_to(request: HttpRequest, business_id: UUID, removal_id: UUID) -> HttpResponse:
    """I am to be an owner no more, and do not agree."""
    row = facts.membership(business_id, customer_of(request).pk)
    removal = facts.removal(business_id, removal_id) if row is not None else None
    if removal is None:
        raise Http404
    flows.object_to(removal, by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("You object. Two people of our help desk will look at it, and nothing changes before."))
    return redirect("consent:business", business_id)
