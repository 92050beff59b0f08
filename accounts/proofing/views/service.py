"""Where an outside service tells us what it has seen, by a signed statement; its browser comes back after that."""

import logging
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.models import IdentityCheck
from accounts.proofing.flows import checks
from accounts.proofing.providers import SERVICE
from accounts.proofing.shapes import Shown, Why
from accounts.proofing.verifier import statement, trust
from accounts.proofing.verifier.jose import NotGood
from accounts.proofing.views import answering
from ciam_portal.core import clock, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import vault
from ciam_portal.core.errors import Refused

log = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@never_cache
@require_POST
def callback(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """Its statement about this very check: forged, replayed, late or about somebody else, it is refused."""
    check, by = answering.waiting(check_id, SERVICE.code), Actor.stranger(request)
    if check is None:
        return answering.no(400)
    try:
        shown = _read(check, request.POST.get("statement", ""))
        if shown is not None:
            return answering.taken(check, shown, by)
        checks.fail(check, Why.SERVICE_SAID_NO, by=by, at=clock.now())
    except NotGood as error:
        log.warning("a statement of an identity service does not hold: %s", error.code)
        return answering.no(400)
    except Refused:  # another answer was first
        return answering.no(400)
    return answering.yes({"redirect_uri": links.absolute(checks.PAGE)})


def _read(check: IdentityCheck, text: str) -> Shown | None:
    service, at = trust.service(), clock.now()
    if service is None:
        raise NotGood("no_service")
    kept = statement.Kept.of(vault.unseal(check.sealed, check.context).decode())
    return statement.read(text, service, kept, reference=str(check.pk), audience=settings.PUBLIC_URL, at=at)
