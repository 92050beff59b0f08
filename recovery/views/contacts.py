"""Recovery contacts under Security, and the pages of whoever was asked to be one, who need not have an account."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import proofs
from accounts.decorators import resumable, sensitive
from accounts.models import User
from accounts.signing import session_of
from accounts.views.account import allow_mail_of
from ciam_portal import clock, links
from ciam_portal.audit.actor import Actor
from ciam_portal.errors import Refused
from ciam_portal.mailbox import reader, spelled_out
from ciam_portal.policy import limits
from ciam_portal.policy.catalogue import Action
from ciam_portal.words import sentence
from recovery import contacts, forms
from recovery.flows import contacts as flows
from recovery.flows import vouch
from recovery.models import Contact
from recovery.policy.contacts import Reason
from recovery.views import attempt as attempts


def listed(customer: User, at: datetime) -> dict[str, Any]:
    """What the settings page says of contacts: each with how far it has come, and whether there is room for more."""
    mine, open_invitations = contacts.own(customer), contacts.waiting(customer, at)
    kept = list(Contact.objects.kept().filter(customer=customer).order_by("invited_at"))
    rows = []
    for contact in kept:
        if reader(contact.address) in mine:
            state = "own"
        elif contact.usable_from is None:
            state = "waits" if str(contact.pk) in open_invitations else "expired"
        else:
            state = "rests" if at < contact.usable_from else "helps"
        until = customer.local(contact.usable_from) if contact.usable_from else ""
        rows.append({"contact": contact, "state": state, "until": until})
    return {"contacts": rows, "room_for_contacts": len(kept) < limits.running().recovery.contacts}


@resumable(lazy("Ask somebody to be your recovery contact"), forms.NewContact, "name", "email")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.CHANGE_RECOVERY_ADDRESS)
def add(request: HttpRequest) -> HttpResponse:
    """Say who; they are asked by mail."""
    form = forms.NewContact(request.POST or None)
    if form.is_valid():
        by, customer = Actor.from_request(request), cast("User", request.user)
        allow_mail_of(customer)
        name, address = form.cleaned_data["name"], form.cleaned_data["email"]
        try:
            flows.invite(customer, session_of(request), name, address, by=by, at=clock.now())
        except Refused as refused:
            if not isinstance(refused.reason, Reason):
                raise
            form.add_error(None, sentence(refused.reason))
        else:
            messages.success(request, _("We have asked them by mail, and told all your addresses."))
            return redirect("recovery:addresses")
    hours = limits.running().recovery.contact_invite_hours
    return render(request, "recovery/contact_add.html", {"form": form, "hours": hours})


@resumable(lazy("Remove a recovery contact"))
@require_POST
@sensitive(Action.CHANGE_RECOVERY_ADDRESS)
def remove(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """One of the customer's own; anybody else's does not exist."""
    customer = cast("User", request.user)
    contact = get_object_or_404(Contact.objects.kept().filter(customer=customer), pk=contact_id)
    flows.remove(customer, session_of(request), contact, by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("The recovery contact is removed. We have told them and all your addresses."))
    return redirect("recovery:addresses")


@login_not_required
@links.page(flows.INVITE)
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Says what a recovery contact does and sees; a button says yes, another no."""
    at = clock.now()
    proof = proofs.find_link(secret, flows.INVITE)
    if proof is None or not flows.is_open(proof, at):
        return _dead(request)
    rules, said = limits.running().recovery, request.POST.get("do")
    words = {"who": spelled_out(proof.customer.email), "hours": rules.address_rest_hours}
    if said not in {"accept", "decline"}:
        return render(request, "recovery/contact_invitation.html", words)
    try:
        flows.answer(secret, accept=said == "accept", by=attempts.actor(request), at=at)
    except Refused as refused:
        if refused.reason is not Reason.LINK_DEAD:
            raise
        return _dead(request)
    return render(request, "recovery/contact_answered.html", words | {"accepted": said == "accept"})


@sensitive_variables("code")
@login_not_required
@links.page(vouch.ASK)
def help_them(request: HttpRequest, secret: str) -> HttpResponse:
    """Says that a call comes first; a button shows the code, once."""
    at = clock.now()
    proof = proofs.find_link(secret, vouch.ASK)
    if proof is None or not vouch.is_open(proof, at):
        return _dead(request)
    words, form = (
        {"who": spelled_out(proof.customer.email)},
        forms.Spoken(request.POST if request.method == "POST" else None),
    )
    if not form.is_valid():
        return render(request, "recovery/contact_help.html", words | {"form": form})
    try:
        code = vouch.show_code(secret, by=attempts.actor(request), at=at)
    except Refused as refused:
        if refused.reason is not Reason.LINK_DEAD:
            raise
        return _dead(request)
    hours = limits.running().recovery.contact_code_hours
    return render(request, "recovery/contact_code.html", words | {"code": f"{code[:4]} {code[4:]}", "hours": hours})


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "recovery/contact_dead.html", status=410)
