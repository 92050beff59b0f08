"""Where a wallet fetches our request and posts its answer (OpenID4VP 1.0), and where its browser comes back."""

import logging
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.models import IdentityCheck
from accounts.proofing import policy
from accounts.proofing.flows import answers, checks
from accounts.proofing.providers import WALLET
from accounts.proofing.shapes import Shown, Why
from accounts.proofing.verifier import presentation
from accounts.proofing.verifier.jose import NotGood
from accounts.sessions.signing import customer_of, session_of
from ciam_portal.core import clock, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import vault
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence

log = logging.getLogger(__name__)
_BACK, _RESPONSE = "accounts:identity_back", "accounts:identity_wallet_response"


@login_not_required
@never_cache
@require_safe
def request_object(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """The request, signed, while nobody has answered it."""
    check, at = _open(check_id), clock.now()
    if check is None:
        return _no(404)
    try:
        uri = links.absolute(_RESPONSE, str(check.pk))
        text = presentation.request(_kept(check), uri, check.expires_at, at)
    except NotGood as error:
        log.error("no wallet can be asked: %s", error.code)  # noqa: TRY400  (it says it all)
        return _no(404)
    return HttpResponse(text, content_type="application/oauth-authz-req+jwt")


@csrf_exempt
@login_not_required
@never_cache
@require_POST
def response(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """The answer: encrypted, or an error in plain. Whatever is wrong with it, the wallet learns no more than that."""
    check, by, at = _open(check_id), Actor.stranger(request), clock.now()
    if check is None:
        return _no(400)
    if set(request.POST) == {"response"} and len(request.POST.getlist("response")) == 1:
        return _answered(check, request.POST["response"], by)
    kept = _kept(check)
    if "error" in request.POST and "vp_token" not in request.POST and kept.is_state(request.POST.get("state")):
        checks.fail(check, Why.REFUSED_BY_PERSON, by=by, at=at)
        return _yes({"redirect_uri": links.absolute("accounts:identity")})
    return _no(400)


def _answered(check: IdentityCheck, text: str, by: Actor) -> HttpResponse:
    at, kept = clock.now(), _kept(check)
    try:
        shown = presentation.answer(text, kept, at)
        return taken(check, shown, by)
    except NotGood as error:
        log.warning("an answer of a wallet does not hold: %s", error.code)
        return _no(400)
    except Refused:  # somebody else's answer was first
        return _no(400)


def taken(check: IdentityCheck, shown: Shown, by: Actor) -> HttpResponse:
    """What holds is kept, and whoever answered sends the browser back here. Raises Refused."""
    code = answers.take(check, shown, by=by, at=clock.now())
    back = f"{links.absolute(_BACK, str(check.pk))}?{urlencode({'response_code': code})}"
    return _yes({"redirect_uri": back})


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


def _open(check_id: UUID) -> IdentityCheck | None:
    """One that waits for a wallet's answer."""
    rows = IdentityCheck.objects.live(clock.now()).filter(provider=WALLET.code, state="started")
    return rows.select_related("customer").filter(pk=check_id).first()


def _kept(check: IdentityCheck) -> presentation.Kept:
    return presentation.Kept.of(vault.unseal(check.sealed, check.context).decode())


def _yes(said: dict[str, str]) -> JsonResponse:
    return JsonResponse(said)


def _no(status: int) -> JsonResponse:
    return JsonResponse({"error": "invalid_request"}, status=status)
