"""Showing, signed in, that one holds the recovery phone as well as the mailbox."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.sessions.signing import customer_of, session_of
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.core.words import masked
from recovery.case import forms
from recovery.recognize import flows


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def recognize(request: HttpRequest) -> HttpResponse:
    """Ask for a code, and type it. Nothing else is done here: afterwards, the customer does what had to wait."""
    customer, session, at = customer_of(request), session_of(request), clock.now()
    phone, by = flows.phone_of(customer, at), Actor.from_request(request)
    typed = "code" in request.POST
    form = forms.SmsCode(request.POST if typed else None)
    if request.method == "POST" and phone is not None and not typed:
        if flows.ask(customer, session, phone, by=by, at=at):
            messages.success(request, _("We have sent you a code."))
        else:
            messages.warning(request, _("There were several wrong codes. Please wait a while, then try again."))
        return redirect("recovery:recognize")
    if typed and phone is not None and form.is_valid():
        if flows.answer(customer, session, form.cleaned_data["code"], by=by, at=at):
            messages.success(request, _("Thank you. Please do now what had to wait; it works for a few minutes."))
            return redirect("accounts:security")
        form.add_error("code", _("This code is not right, or it is too old. You can ask for a new one."))
    context = {
        "form": form,
        "phone": masked(phone.address) if phone else "",
        "minutes": limits.current().proof.code_minutes,
        "hours": limits.current().recovery.address_rest_hours,
    }
    return render(request, "recovery/recognize/recognize.html", context)
