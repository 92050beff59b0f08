"""Recovery contacts under Security, and the pages of whoever was asked to be one, who need not have an account."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.account.views import allow_mail_of
from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.mailbox import spelled_out
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import sentence
from recovery.case import forms
from recovery.contacts.flows import contacts as flows
from recovery.contacts.flows import vouch
from recovery.contacts.policy import Reason
from recovery.contacts.proofs import CONTACT_ASK, CONTACT_INVITE
from recovery.models import Contact


@resumable(lazy("Ask somebody to be your recovery contact"), forms.NewContact, "name", "email")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.CHANGE_RECOVERY_ADDRESS)
def add(request: HttpRequest) -> HttpResponse:
    """Say who; they are asked by mail."""
    form = forms.NewContact(request.POST or None)
    if form.is_valid():
        by, customer = Actor.from_request(request), customer_of(request)
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
    hours = limits.current().recovery.contact_invite_hours
    return render(request, "recovery/contacts/contact_add.html", {"form": form, "hours": hours})


@resumable(lazy("Remove a recovery contact"))
@require_POST
@sensitive(Action.CHANGE_RECOVERY_ADDRESS)
def remove(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """One of the customer's own; anybody else's does not exist."""
    customer = customer_of(request)
    contact = get_object_or_404(Contact.objects.kept().filter(customer=customer), pk=contact_id)
    flows.remove(customer, session_of(request), contact, by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("The recovery contact is removed. We have told them and all your addresses."))
    return redirect("recovery:addresses")


@login_not_required
@link_page(CONTACT_INVITE)
def invitation(request: HttpRequest, link: Opened[Contact]) -> HttpResponse:
    """Says what a recovery contact does and sees; a button says yes, another no."""
    rules, said = limits.current().recovery, request.POST.get("do")
    context = {"who": spelled_out(link.customer.email), "hours": rules.address_rest_hours}
    if said not in {"accept", "decline"}:
        return render(request, "recovery/contacts/contact_invitation.html", context)
    flows.answer(link.secret, accept=said == "accept", by=Actor.stranger(request), at=clock.now())
    return render(request, "recovery/contacts/contact_answered.html", context | {"accepted": said == "accept"})


@sensitive_variables("code")
@login_not_required
@link_page(CONTACT_ASK)
def help_them(request: HttpRequest, link: Opened[Contact]) -> HttpResponse:
    """Says that a call comes first; a button shows the code, once."""
    context: dict[str, str | int] = {"who": spelled_out(link.customer.email)}
    form = forms.Spoken(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "recovery/contacts/contact_help.html", context | {"form": form})
    code = vouch.show_code(link.secret, by=Actor.stranger(request), at=clock.now())
    context |= {"code": f"{code[:4]} {code[4:]}", "hours": limits.current().recovery.contact_code_hours}
    return render(request, "recovery/contacts/contact_code.html", context)
