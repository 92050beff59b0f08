"""Connected apps: what each may see, when it last did; taking back a part, or all."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.oauth import scopes
from ciam_portal.oauth.models import Partner, Resource
from consent.details import facts as details
from consent.models import Consent
from consent.permission import facts, flows, forms

_MOST = 200


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every app that is connected now."""
    found = Consent.objects.of(_me(request)).live()[:_MOST]
    rows = [{"consent": consent, "scopes": scopes.described(consent.scopes)} for consent in found]
    answers_for_some = Partner.objects.filter(owner=_me(request)).exists()
    return render(request, "consent/permission/index.html", {"rows": rows, "answers_for_some": answers_for_some})


@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """One app: what it may see, in words and values; untick to take back."""
    consent = get_object_or_404(Consent.objects.of(_me(request)), pk=consent_id)
    if consent.ended_at is not None:
        return _over(request)
    optional = [scope for scope in scopes.described(consent.scopes) if not scope.required]
    form = forms.Narrow(request.POST if request.method == "POST" else None, scopes=optional)
    if form.is_valid():
        removed = tuple(scope.name for scope in optional if scope.name not in form.cleaned_data["keep"])
        if removed:
            flows.narrow(consent, removed, by=Actor.from_request(request), at=clock.now())
            messages.success(request, _("Saved. %(app)s no longer sees that.") % {"app": consent.partner.name})
        return redirect("consent:detail", consent.pk)
    words = _words(request, consent) | {"details": details.listed(consent)}
    return render(request, "consent/permission/detail.html", words | {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """Say what disconnecting does, then do it."""
    consent = get_object_or_404(Consent.objects.of(_me(request)), pk=consent_id)
    if consent.ended_at is not None:
        return _over(request)
    if request.method == "POST":
        flows.withdraw(consent, by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("%(app)s is disconnected.") % {"app": consent.partner.name})
        return redirect("consent:index")
    return render(request, "consent/permission/withdraw.html", _words(request, consent))


def _words(request: HttpRequest, consent: Consent) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"scope": scope, "value": facts.shown(request.user, scope.name, clock.now())}  # type: ignore[arg-type]  # signed in
        for scope in scopes.described(consent.scopes)
    ]
    return {
        "consent": consent,
        "places": Resource.objects.filter(url__in=consent.resources).order_by("name"),
        "needed": [row for row in rows if row["scope"].required],
        "optional": [row for row in rows if not row["scope"].required],
    }


def _over(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("That app is disconnected already."))
    return redirect("consent:index")


def _me(request: HttpRequest) -> UUID:
    return request.user.pk  # type: ignore[return-value]  # signed in: the middleware saw to it
