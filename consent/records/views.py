"""Privacy choices: what data is used for, on what that rests, who gets it; yes and no with the same one click."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.sessions.signing import customer_of
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence
from ciam_portal.oauth import scopes
from consent.models import Consent
from consent.permission import flows as connections
from consent.purposes import facts as purposes
from consent.purposes.shipped import OF_SCOPES
from consent.records import flows, forms, lines, marks
from consent.records.policy import Reason, Says

_PAGE = 50


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every purpose, with what was said of it."""
    return _page(request)


@require_POST
def answer(request: HttpRequest, key: str) -> HttpResponse:
    """Yes or no. The text that was read is the one that counts: another one is shown first."""
    at, customer = clock.now(), customer_of(request)
    now = purposes.active(at).get(key)
    form = forms.Answer(request.POST, optional=now.optional if now else ())
    if now is None or not form.is_valid():
        return _page(request, Reason.NOT_CURRENT)
    said = form.cleaned_data
    read = marks.version(said["read"], key, customer)
    try:
        flows.answer(
            customer, key, Says(said["says"]), read, ticked=said["with_"], by=Actor.from_request(request), at=at
        )
    except Refused as refused:
        if refused.reason is not Reason.NOT_CURRENT:
            raise
        return _page(request, Reason.NOT_CURRENT)
    messages.success(request, _("Saved. It takes effect at once."))
    return redirect("consent:choices")


@require_POST
def take_back(request: HttpRequest, key: str, consent_id: UUID) -> HttpResponse:
    """An app gets no more of what is for this purpose."""
    consent = get_object_or_404(Consent.objects.of(customer_of(request).pk), pk=consent_id)
    if key not in OF_SCOPES.values():
        raise Http404
    removed = tuple(scope.name for scope in scopes.described(consent.scopes) if OF_SCOPES[scope.name] == key)
    if removed and consent.ended_at is None:  # not: pressed twice, or disconnected in another tab
        connections.narrow(consent, removed, by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("Saved. %(app)s no longer sees that.") % {"app": consent.partner.name})
    return redirect("consent:choices")


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """All that was said, latest first."""
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004  (a column's)
    found = lines.history(customer_of(request).pk, before=before, most=_PAGE + 1)
    more = found[_PAGE - 1].number if len(found) > _PAGE else None
    return render(request, "consent/records/history.html", {"lines": found[:_PAGE], "more": more})


def _page(request: HttpRequest, refused: Reason | None = None) -> HttpResponse:
    at, customer = clock.now(), customer_of(request)
    if refused:
        purposes.forget()
    active = purposes.active(at)
    context = {
        **lines.own(customer.pk, at),
        "by_apps": lines.of_apps(customer.pk, at),
        "read": marks.shown({key: str(now.version) for key, now in active.items()}, customer),
        "refused": sentence(refused) if refused else "",
    }
    return render(request, "consent/records/choices.html", context, status=409 if refused else 200)
