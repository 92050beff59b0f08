"""For whom somebody may act in an app: what it needs to let them choose, and to exchange for a token."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from ciam_portal.oauth import subject_tokens
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.scopes import DELEGATIONS
from ciam_portal.oauth.subjects import subject
from ciam_portal.oauth.views import for_machines
from consent.exchange import facts
from consent.exchange.facts import Open
from consent.ledger.shapes import Party, Way
from consent.release.access import Access
from consent.release.api import bearer
from consent.use import facts as use
from consent.use import flows as leaving
from consent.use.shapes import To


@for_machines("GET", "HEAD")
@bearer(DELEGATIONS)
def delegations(request: HttpRequest, access: Access) -> HttpResponse:
    """Each customer of the app for whom its reader may act, as the app knows them, with a token that says so."""
    found = facts.open_to(access)
    to = To(Party(access.partner.pk), Way.DELEGATION, actor=access.customer.pk)
    people = {each.delegation.pk: each.person for each in found}
    told = leaving.release_each(people, use.of_scopes(("openid",)), to, at=access.at)
    listed = [_described(each, access) for each in found if told[each.delegation.pk].names]
    return JsonResponse({"delegations": listed})


def _described(found: Open, access: Access) -> dict[str, Any]:
    app: Partner = access.partner
    row = found.delegation
    token, seconds = subject_tokens.make(app, row.owner_id, access.customer.pk, access.at)
    return {
        "sub": subject(app, row.owner_id),
        "subject_token": token,
        "subject_token_type": subject_tokens.TYPE,
        "expires_in": seconds,
        "scope": " ".join(found.scopes),
        "actions": sorted(set(row.actions) & set(app.decision_actions)),
        "ends_at": row.ends_at.isoformat(),
    }
