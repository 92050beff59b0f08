"""Where a wallet fetches our request and posts its answer (OpenID4VP 1.0), and where its browser comes back."""

import logging
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.models import IdentityCheck
from accounts.proofing.flows import checks
from accounts.proofing.providers import WALLET
from accounts.proofing.shapes import Why
from accounts.proofing.verifier import presentation
from accounts.proofing.verifier.jose import NotGood
from accounts.proofing.views import answering
from ciam_portal.core import clock, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import vault
from ciam_portal.core.errors import Refused

log = logging.getLogger(__name__)
_BACK, _RESPONSE = "accounts:identity_back", "accounts:identity_wallet_response"


@login_not_required
@never_cache
@require_safe
def request_object(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """The request, signed, while nobody has answered it."""
    check, at = answering.waiting(check_id, WALLET.code), clock.now()
    if check is None:
        return answering.no(404)
    try:
        uri = links.absolute(_RESPONSE, str(check.pk))
        text = presentation.request(_kept(check), uri, check.expires_at, at)
    except NotGood as error:
        log.error("no wallet can be asked: %s", error.code)  # noqa: TRY400  (it says it all)
        return answering.no(404)
    return HttpResponse(text, content_type="application/oauth-authz-req+jwt")


@csrf_exempt
@login_not_required
@never_cache
@require_POST
def response(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """The answer: encrypted, or an error in plain. Whatever is wrong with it, the wallet learns no more than that."""
    check, by, at = answering.waiting(check_id, WALLET.code), Actor.stranger(request), clock.now()
    if check is None:
        return answering.no(400)
    if set(request.POST) == {"response"} and len(request.POST.getlist("response")) == 1:
        return _answered(check, request.POST["response"], by)
    kept = _kept(check)
    if "error" in request.POST and "vp_token" not in request.POST and kept.is_state(request.POST.get("state")):
        checks.fail(check, Why.REFUSED_BY_PERSON, by=by, at=at)
        return answering.yes({"redirect_uri": links.absolute("accounts:identity")})
    return answering.no(400)


def _answered(check: IdentityCheck, text: str, by: Actor) -> HttpResponse:
    at, kept = clock.now(), _kept(check)
    try:
        shown = presentation.answer(text, kept, at)
        return answering.taken(check, shown, by)
    except NotGood as error:
        log.warning("an answer of a wallet does not hold: %s", error.code)
        return answering.no(400)
    except Refused:  # somebody else's answer was first
        return answering.no(400)


def _kept(check: IdentityCheck) -> presentation.Kept:
    return presentation.Kept.of(vault.unseal(check.sealed, check.context).decode())
