"""What wallets and services have in common: their answer is taken once, and their browser comes back here."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import IdentityCheck
from accounts.proofing import policy
from accounts.proofing.flows import answers
from accounts.proofing.shapes import Shown
from accounts.sessions.signing import customer_of, session_of
from ciam_portal.core import clock, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence

_BACK = "accounts:identity_back"


def waiting(check_id: UUID, provider: str) -> IdentityCheck | None:
    """One that waits for this provider's answer."""
    rows = IdentityCheck.objects.live(clock.now()).filter(provider=provider, state="started")
    return rows.select_related("customer").filter(pk=check_id).first()


def taken(check: IdentityCheck, shown: Shown, by: Actor) -> HttpResponse:
    """What holds is kept, and whoever answered sends the browser back here. Raises Refused."""
    code = answers.take(check, shown, by=by, at=clock.now())
    back = f"{links.absolute(_BACK, str(check.pk))}?{urlencode({'response_code': code})}"
    return yes({"redirect_uri": back})


@never_cache
@require_safe
def back(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """The customer's browser, with the code that it was sent back with: now it counts."""
    check = get_object_or_404(IdentityCheck, pk=check_id, customer=customer_of(request))
    code, session = request.GET.get("response_code", ""), session_of(request)
    try:
        evidence = answers.bring_back(check, code, session, by=Actor.from_request(request), at=clock.now())
    except Refused as refused:
        if not isinstance(refused.reason, policy.Reason):
            raise
        messages.error(request, sentence(refused.reason))
    else:
        said = _("Our staff look at it first.") if evidence.waits else _("Thank you. It is confirmed who you are.")
        messages.success(request, said)
    return redirect("accounts:identity")


def yes(said: dict[str, str]) -> JsonResponse:
    """It was taken."""
    return JsonResponse(said)


def no(status: int) -> JsonResponse:
    """It was not: nobody learns why."""
    return JsonResponse({"error": "invalid_request"}, status=status)
