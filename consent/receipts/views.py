"""A customer's receipts, to read, print and keep; and what anybody needs to verify one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.sessions.signing import customer_of
from ciam_portal.core.audit.tree import proofs
from ciam_portal.core.words import choices
from ciam_portal.oauth import keys
from ciam_portal.oauth.signing.models import Use
from ciam_portal.oauth.views import for_machines, published
from consent.models import Consent, PurposeVersion, Receipt
from consent.purposes.models import canonical
from consent.receipts import verifier
from consent.receipts.lines import Line
from consent.records.lines import STATES

_A_PAGE = 50
_DIGITS = 9  # of a receipt's number; whatever is longer is none


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All receipts of this customer, newest first."""
    return _listed(request, Receipt.objects.of(customer_of(request).pk))


@require_safe
def of_app(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """Those of one connection of an app."""
    consent = get_object_or_404(Consent.objects.of(customer_of(request).pk), pk=consent_id)
    return _listed(
        request, Receipt.objects.of(customer_of(request).pk).of_app(consent.pk), about=consent.partner.name, app=consent
    )


@require_safe
def of_purpose(request: HttpRequest, key: str) -> HttpResponse:
    """Those of one purpose of our own."""
    found = Receipt.objects.of(customer_of(request).pk).of_purpose(key)
    newest = get_object_or_404(found[:1])
    return _listed(request, found, about=Line.of(newest).title)


@require_safe
def detail(request: HttpRequest, receipt_id: UUID) -> HttpResponse:
    """One receipt: what was agreed, in plain words; on paper too."""
    row = get_object_or_404(Receipt.objects.of(customer_of(request).pk), pk=receipt_id)
    return render(request, "consent/receipts/detail.html", {"line": Line.of(row)})


@require_safe
def download(request: HttpRequest, receipt_id: UUID) -> HttpResponse:
    """One receipt as the file that can be verified."""
    row = get_object_or_404(Receipt.objects.of(customer_of(request).pk), pk=receipt_id)
    return _file(f"consent-receipt-{row.number}.json", row.text)


@require_safe
def download_all(request: HttpRequest) -> HttpResponse:
    """All of them in one file, oldest first, so that their chain can be verified too."""
    texts = Receipt.objects.of(customer_of(request).pk).order_by("number").values_list("text", flat=True)
    return _file("consent-receipts.json", *texts)


@require_safe
def proof(request: HttpRequest, receipt_id: UUID) -> HttpResponse:
    """That it stands in the audit's tree, signed: it was not made up later, nor is it taken out unseen."""
    row = get_object_or_404(Receipt.objects.of(customer_of(request).pk), pk=receipt_id)
    try:
        text = proofs.of(row.pk)
    except proofs.NotYet:
        messages.info(request, _("It is not in our log yet. That takes some seconds: please try again."))
        return redirect("consent:receipt", row.pk)
    except proofs.NoProof:
        messages.error(request, _("Our log does not fit this receipt. Please tell our help desk."))
        return redirect("consent:receipt", row.pk)
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="consent-receipt-{row.number}.tlog-proof"'
    return response


@login_not_required
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """A page on which anybody can verify a receipt in their browser, without sending it."""
    words = [*STATES.items(), *choices(verifier.Wrong)]
    return render(request, "consent/receipts/verify.html", {"words": words})


@for_machines("GET", "HEAD")
def published_keys(request: HttpRequest) -> HttpResponse:
    """The keys that verify receipts (RFC 7517), those that sign no more too."""
    return published(keys.public_set(Use.RECEIPTS))


@login_not_required
@cache_control(public=True, max_age=3600)
@require_safe
def notice(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """The text that was agreed to, in all its languages, byte for byte as a receipt's digest has it."""
    version = get_object_or_404(PurposeVersion, pk=version_id, approved_at__isnull=False)
    return HttpResponse(canonical(version.texts), content_type="application/json; charset=utf-8")


def _listed(request: HttpRequest, found: Any, **more: Any) -> HttpResponse:  # noqa: ANN401  (a queryset, words)
    before = request.GET.get("before", "")
    before = before if before.isascii() and before.isdigit() and len(before) <= _DIGITS else ""
    rows = list((found.filter(number__lt=int(before)) if before else found)[: _A_PAGE + 1])
    context = {
        "lines": [Line.of(row) for row in rows[:_A_PAGE]],
        "older": rows[_A_PAGE - 1].number if len(rows) > _A_PAGE else None,
        "first": not before,
    }
    return render(request, "consent/receipts/index.html", context | more)


def _file(name: str, *texts: str) -> HttpResponse:
    response = HttpResponse(verifier.file_of(*texts), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
