"""A partner replaces what it proves itself with, by itself: no person need remember that it ends.

It shows a credential that lives, and reaches its own and nothing else. Everything is a POST, as keys sign forms only.
"""

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse

from ciam_portal.core import clock, request_id
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence
from ciam_portal.oauth import backend, partners
from ciam_portal.oauth.credentials import flows
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.views import for_machines, problem

_NOT_PROVEN = "say who you are, and prove it"


@for_machines("POST")
def credentials(request: HttpRequest) -> HttpResponse:
    """What there is, without any secret; ``shown`` is the one that this request was proven with."""
    partner = backend.authenticated(request)
    return problem("invalid_client", _NOT_PROVEN, 401) if partner is None else _all(partner)


@for_machines("POST")
def replace(request: HttpRequest) -> HttpResponse:
    """Another secret, or the keys of ``jwks`` or ``jwks_uri``; the former works on for a while, and then ends."""
    partner = backend.authenticated(request)
    if partner is None:
        return problem("invalid_client", _NOT_PROVEN, 401)
    try:
        shown = flows.Shown(_document(request.POST.get("jwks", "")), request.POST.get("jwks_uri", ""))
        partners.check_shown(shown, Environment(partner.environment))
        made, secret = flows.replace(partner, shown, by=_by(partner), at=clock.now())
    except partners.Unacceptable as error:
        return problem("invalid_request", str(error))
    except Refused as refused:
        return problem(refused.reason, sentence(refused.reason), 409)
    return JsonResponse(_said(made, partner) | ({"client_secret": secret} if secret else {}), status=201)


@for_machines("POST")
def end(request: HttpRequest) -> HttpResponse:
    """One of two (``credential``, its id) ends now."""
    partner = backend.authenticated(request)
    if partner is None:
        return problem("invalid_client", _NOT_PROVEN, 401)
    try:
        own = partner.credentials.filter(pk=UUID(request.POST.get("credential", ""))).first()
    except ValueError:
        own = None
    if own is None:
        return problem("invalid_request", "credential is the id of one of yours")
    try:
        flows.end(own, by=_by(partner), at=clock.now())
    except Refused as refused:
        return problem(refused.reason, sentence(refused.reason), 409)
    return _all(partner)


def _all(partner: Partner) -> HttpResponse:
    rows = partner.credentials.live(clock.now()).order_by("made_at")
    return JsonResponse({"credentials": [_said(each, partner) for each in rows]})


def _said(each: Credential, partner: Partner) -> dict[str, Any]:
    return {
        "id": str(each.pk),
        "kind": each.kind,
        "made_at": each.made_at.isoformat(),
        "expires_at": each.expires_at.isoformat(),
        "used_at": each.used_at and each.used_at.isoformat(),
        "shown": partner.shown is not None and partner.shown.pk == each.pk,
    }


def _document(text: str) -> dict[str, Any] | None:
    """Raises Unacceptable for what is no JSON object."""
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        found = text
    if not isinstance(found, dict | None):
        raise partners.Unacceptable('jwks is {"keys": [...]}.')
    return found


def _by(partner: Partner) -> Actor:
    return Actor(ActorKind.PARTNER, partner.pk, Channel.API, request_id=request_id.current.get().strip("-"))
