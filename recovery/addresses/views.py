"""Under Security: the other addresses that a customer can get back in with."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.account.views import allow_mail_of
from accounts.factors.forms import MailCode
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up import facts
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import sentence
from recovery.addresses import facts as address_facts
from recovery.addresses import flows
from recovery.addresses.policy import Reason
from recovery.case import forms
from recovery.contacts import facts as contacts
from recovery.models import RecoveryAddress

_ADDING = "recovery_address"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list, and the two ways to add one."""
    customer, at = customer_of(request), clock.now()
    kept = RecoveryAddress.objects.kept().filter(customer=customer).order_by("proven_at")
    rows = [
        (item, customer.local(item.usable_from) if at < item.usable_from else "", address_facts.is_still(item))
        for item in kept
    ]
    hours = limits.current().recovery.address_rest_hours
    by, change = Actor.from_request(request), Action.CHANGE_RECOVERY_ADDRESS
    held = facts.held(customer, session_of(request), change, by=by, at=at)
    context = {"rows": rows, "hours": hours, "held": held.get(change), **contacts.listed(customer, at)}
    return render(request, "recovery/addresses/addresses.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.CHANGE_RECOVERY_ADDRESS)
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """Say the address; a code goes to it."""
    if not Medium(kind).is_there:
        raise Http404
    form: forms.RecoveryMail | forms.RecoveryPhone
    form = forms.RecoveryPhone(request.POST or None) if kind == Medium.SMS else forms.RecoveryMail(request.POST or None)
    if form.is_valid():
        by, customer = Actor.from_request(request), customer_of(request)
        allow_mail_of(customer)
        address = next(iter(form.cleaned_data.values()))
        try:
            flows.ask_address(customer, session_of(request), Medium(kind), address, by=by, at=clock.now())
        except Refused as refused:
            if not isinstance(refused.reason, Reason):
                raise
            form.add_error(None, sentence(refused.reason))
        else:
            request.session[_ADDING] = [kind, address]
            return redirect("recovery:confirm_address")
    return render(request, "recovery/addresses/address_add.html", {"form": form, "kind": kind})


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.CHANGE_RECOVERY_ADDRESS)
def confirm(request: HttpRequest) -> HttpResponse:
    """Type the code that went to the address."""
    kind, address = request.session.get(_ADDING, ("", ""))
    if not kind:
        return redirect("recovery:addresses")
    form = MailCode(request.POST or None) if kind == Medium.MAIL else forms.SmsCode(request.POST or None)
    if form.is_valid():
        by, customer, at = Actor.from_request(request), customer_of(request), clock.now()
        code = form.cleaned_data["code"]
        if flows.add_address(customer, session_of(request), Medium(kind), address, code, by=by, at=at):
            request.session.pop(_ADDING, None)
            messages.success(request, _("The address is confirmed. We have told all your addresses about it."))
            return redirect("recovery:addresses")
        form.add_error("code", _("This code is not right, or it is too old. You can ask for a new one."))
    context = {
        "form": form,
        "address": mailbox.shown(address),
        "kind": kind,
        "minutes": limits.current().proof.code_minutes,
    }
    return render(request, "recovery/addresses/address_confirm.html", context)


@resumable(lazy("Remove a recovery address"))
@require_POST
@sensitive(Action.CHANGE_RECOVERY_ADDRESS)
def remove(request: HttpRequest, address_id: UUID) -> HttpResponse:
    """One of the customer's own; anybody else's does not exist."""
    customer = customer_of(request)
    item = get_object_or_404(RecoveryAddress.objects.kept().filter(customer=customer), pk=address_id)
    flows.remove_address(customer, session_of(request), item, by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("The recovery address is removed."))
    return redirect("recovery:addresses")
