"""Your identity: what you have shown, what it is good for, how to show more, and how to take it back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import IdentityCheck, IdentityEvidence
from accounts.proofing import facts, policy, providers
from accounts.proofing.flows import checks
from accounts.proofing.flows import evidence as flows
from accounts.proofing.providers import ATTENDED, PROVIDERS
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.identity import Identity
from ciam_portal.core.words import sentence

_INDEX = "accounts:identity"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All of it, on one page."""
    me, at = customer_of(request), clock.now()
    known = facts.held(me)
    rows = IdentityEvidence.objects.there(at).filter(customer=me).order_by("-given_at")
    live = {check.provider: check for check in IdentityCheck.objects.live(at).filter(customer=me)}
    words = {
        "known": known,
        "is_shown": policy.level(known, at) is Identity.DOCUMENT,
        "is_due": policy.is_due(known, limits.current(), at),
        "evidence": [_shown(row) for row in rows],
        "ways": [{"provider": each, "check": live.get(each.code)} for each in providers.offered(at)],
        "attended": live.get(ATTENDED.code),
        "rules": limits.current().proofing,
    }
    return render(request, "accounts/proofing/index.html", words)


@resumable(lazy("Show who you are"))
@require_POST
def start(request: HttpRequest, provider: str) -> HttpResponse:
    """Begin."""
    try:
        _check, begun = checks.start(
            customer_of(request), session_of(request), provider, by=Actor.from_request(request), at=clock.now()
        )
    except (ProveMore, OnHold):
        raise
    except Refused as refused:
        return _said(request, refused)
    if not begun.url:
        messages.success(request, _("You have a reference now. How to go on stands below."))
        return redirect(_INDEX)
    words = {"url": begun.url, "provider": PROVIDERS[provider], "rules": limits.current().proofing}
    return render(request, "accounts/proofing/onward.html", words)


@require_POST
def stop(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """Not going on."""
    check = get_object_or_404(IdentityCheck, pk=check_id, customer=customer_of(request))
    try:
        checks.stop(check, by=Actor.from_request(request), at=clock.now())
    except Refused as refused:
        return _said(request, refused)
    messages.success(request, _("Stopped. Nothing of it was kept."))
    return redirect(_INDEX)


@resumable(lazy("Remove what you have shown"))
@require_POST
def remove(request: HttpRequest, evidence_id: UUID) -> HttpResponse:
    """It is gone at once."""
    evidence = get_object_or_404(IdentityEvidence, pk=evidence_id, customer=customer_of(request))
    flows.remove(evidence, session_of(request), by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("Removed. We have told all your addresses."))
    return redirect(_INDEX)


def _said(request: HttpRequest, refused: Refused) -> HttpResponse:
    """What is refused here is said on the page; anything else is everybody's way."""
    if not isinstance(refused.reason, policy.Reason):
        raise refused
    messages.error(request, sentence(refused.reason))
    return redirect(_INDEX)


def _shown(row: IdentityEvidence) -> dict[str, Any]:
    return {"row": row, "person": facts.person(row), "way": PROVIDERS[row.provider].title}
