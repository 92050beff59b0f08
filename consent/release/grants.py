"""What a partner asks to become of its grant (Grant Management for OAuth 2.0). The connection is the grant.

There is one with each app: a fresh one takes the place of the former, one that is merged into holds the sum, one that
is replaced holds what is asked and allowed now, and nothing else.
"""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse

from ciam_portal.core import clock
from ciam_portal.core.errors import Refused
from ciam_portal.oauth.authorization import AuthorizationRequest, GrantAction
from ciam_portal.oauth.models import Partner, Resource
from ciam_portal.oauth.scopes import GRANT_QUERY, GRANT_REVOKE, SCOPES, claims_of
from ciam_portal.oauth.views import for_machines, problem
from consent.details import facts as details
from consent.models import Consent
from consent.permission import flows
from consent.records import facts as records
from consent.release.access import acting
from consent.release.api import own
from consent.release.visits import Visit

INVALID = "invalid_grant_id"


def managed(visit: Visit, consent: Consent | None, allows: Collection[str]) -> Visit:
    """The visit, asking for what its grant is to be. Raises Answer: no such grant of this app and this customer."""
    asked = visit.asked
    if asked.grant_id and (consent is None or str(consent.pk) != asked.grant_id):
        raise asked.refused(INVALID, "there is no such grant of this customer's for this app")
    if asked.grant_action is not GrantAction.MERGE:
        return visit
    wanted = {*asked.scopes, *(allows if consent is None else set(allows) & set(consent.scopes))}
    return replace(visit, asked=replace(asked, scopes=tuple(name for name in SCOPES if name in wanted)))


def given_up(asked: AuthorizationRequest, allows: Collection[str]) -> tuple[str, ...]:
    """What the app is allowed now, scopes and resources, and would not be any more."""
    if asked.grant_action is not GrantAction.REPLACE:
        return ()
    known = (*SCOPES, *sorted(set(allows) - SCOPES.keys()))
    return tuple(name for name in known if name in allows and name not in {*asked.covers, *asked.resources})


def takes_away(asked: AuthorizationRequest, allows: Collection[str]) -> bool:
    """Whether the customer must see the page although nothing new is asked."""
    return asked.grant_action is GrantAction.CREATE or bool(given_up(asked, allows))


@for_machines("GET", "HEAD", "DELETE")
def grant(request: HttpRequest, grant_id: str) -> HttpResponse:
    """One grant of the app that asks: what it holds, or its end (sections 6.4 and 6.5)."""
    return (_revoke if request.method == "DELETE" else _query)(request, grant_id=grant_id)


@own(GRANT_QUERY)
def _query(_request: HttpRequest, partner: Partner, *, grant_id: str) -> HttpResponse:
    found = _of(partner, grant_id)
    if found is None:
        return _unknown()
    counted = records.counted(found, clock.now()) & set(found.scopes)
    scopes = [name for name in SCOPES if name in counted]
    said = [{"scope": " ".join(scopes)}] if scopes else []
    for each in Resource.objects.filter(url__in=found.resources).order_by("url"):
        opened = " ".join(name for name in scopes if name in each.scopes)
        said.append({"scope": opened, "resources": [each.url]})  # type: ignore[dict-item]  # a list, as the draft has it
    approved = details.outstanding(found, clock.now())
    answer = {
        "scopes": said,
        "claims": sorted(claims_of(scopes)),
        "authorization_details": [each.said for each in approved],
        "created_at": int(found.given_at.timestamp()),
        "updated_at": int(found.changed_at.timestamp()),
    }
    return JsonResponse(answer)


@own(GRANT_REVOKE)
def _revoke(_request: HttpRequest, partner: Partner, *, grant_id: str) -> HttpResponse:
    found = _of(partner, grant_id)
    try:
        if found is not None:
            flows.withdraw(found, by=acting(partner), at=clock.now())
            return HttpResponse(status=204)
    except Refused:  # its customer was first
        pass
    return _unknown()


def _of(partner: Partner, grant_id: str) -> Consent | None:
    try:
        key = UUID(grant_id)
    except ValueError:
        return None
    return Consent.objects.live().filter(pk=key, partner=partner).first()


def _unknown() -> HttpResponse:
    return problem(INVALID, "this app has no such grant", 404)
