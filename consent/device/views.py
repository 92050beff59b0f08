"""The customer types the code that a device shows, compares it, and says yes or no (RFC 8628 section 3.3)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.sessions.signing import customer_of, session_of
from ciam_portal.core import clock, words
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.words import sentence
from ciam_portal.oauth import scopes
from ciam_portal.oauth.authorization import AuthorizationRequest
from consent.device import flows, forms
from consent.device.api import place_of
from consent.device.policy import State
from consent.models import Consent, DeviceCode
from consent.permission import asking
from consent.purposes.shipped import OF_SCOPES
from consent.records import facts as records
from consent.records import marks
from consent.records.policy import Reason
from consent.release.visits import Visit, check_before_asking


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Type the code. No link carries it: whoever was sent one does not have the device before them."""
    form = forms.UserCode(request.POST if request.method == "POST" else None)
    if form.is_valid():
        by, at = Actor.from_request(request), clock.now()
        found = flows.type_code(session_of(request), form.cleaned_data["code"], by=by, at=at)
        if found is not None:
            request.session[_key(found.pk)] = form.cleaned_data["code"].strip().upper()
            return redirect("consent:device_answer", found.pk)
        form.add_error("code", _("No device shows this code, or no longer. Look again; after five minutes it changes."))
    return render(request, "consent/device/enter.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, code_id: UUID) -> HttpResponse:
    """What the device is and wants, beside its code; yes or no, once. Only for the session that typed the code."""
    session, at = session_of(request), clock.now()
    mine = DeviceCode.objects.select_related("partner").filter(pk=code_id, session=session, state=State.WAITING)
    found = mine.filter(expires_at__gt=at, partner__is_enabled=True).first()
    if found is None:
        return render(request, "consent/device/over.html", status=410)
    asked = AuthorizationRequest(found.partner.client_id, "", tuple(found.scopes), None, "", "")
    visit = Visit(request, found.partner, asked, customer_of(request), session, at)
    if request.method == "POST":
        return _settle(request, visit, found)
    consent = Consent.objects.between(visit.customer.pk, found.partner_id).live().first()
    check_before_asking(visit, records.offered(asked.scopes, at), consent)
    return render(request, "consent/device/answer.html", _words(request, found, consent))


def _settle(request: HttpRequest, visit: Visit, found: DeviceCode) -> HttpResponse:
    wanted, read = set(request.POST.getlist("scope")), marks.read(request.POST.get("read", ""), visit.customer)
    shown = [name for name in found.scopes if OF_SCOPES.get(name) in read]
    ticked = tuple(scope.name for scope in scopes.described(shown) if scope.required or scope.name in wanted)
    allows = request.POST.get("decision") == "allow"
    try:
        if allows and (ticked or not read):
            flows.allow(found, visit.session, ticked, read, by=visit.by, at=visit.at)
        else:
            flows.refuse(found, visit.session, by=visit.by, at=visit.at)
    except (ProveMore, OnHold):
        return redirect("consent:device_answer", found.pk)  # there the customer reads why, and what to do
    except Refused as refused:
        if refused.reason is not Reason.NOT_CURRENT:
            raise
        messages.warning(request, sentence(refused.reason))
        return redirect("consent:device_answer", found.pk)
    request.session.pop(_key(found.pk), None)
    return render(request, "consent/device/done.html", {"partner": found.partner, "allowed": bool(allows and ticked)})


def _words(request: HttpRequest, found: DeviceCode, consent: Consent | None) -> dict[str, Any]:
    customer, at = customer_of(request), clock.now()
    counted = records.connected(customer.pk, found.partner_id, consent.declined, at) if consent else records.NOTHING
    spoken = records.spoken(found.scopes, at)
    here = place_of(request)
    return {
        "partner": found.partner,
        "code": request.session.get(_key(found.pk), ""),
        "place": words.place(found.network, found.country),
        "asked_at": found.asked_at,
        "elsewhere": (found.network, found.country) != (here.network, here.country),
        "abroad": found.country != here.country,
        **asking.by_purpose(spoken, customer, counted.standing, at),
        "read": marks.shown(records.texts(spoken), customer),
    }


def _key(code: UUID) -> str:
    return f"user_code:{code}"
