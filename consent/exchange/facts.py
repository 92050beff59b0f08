"""For whom somebody may act in an app at this moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow
from ciam_portal.oauth.models import Partner
from consent.delegation import facts as delegations
from consent.delegation import policy as delegating
from consent.delegation.shapes import Act
from consent.models import Consent, Delegation
from consent.permission import facts, policy
from consent.records import facts as records
from consent.release.access import Access
from consent.use import facts as use
from consent.use.facts import Person

_MOST = 500


@dataclass(frozen=True, slots=True)
class Open:
    """One customer of an app for whom somebody may act in it, and what they may see there."""

    delegation: Delegation
    person: Person
    scopes: tuple[str, ...]


def open_to(access: Access) -> list[Open]:
    """By the delegate's own token. Of those alone who connected the app themselves. Two statements."""
    app, me, at = access.partner, access.customer, access.at
    if not app.delegates:
        return []
    mine = delegations.with_people(Delegation.objects.live().to(me.pk))[:_MOST]
    acting = [row for row in mine if _may(row, app, at)]
    rows = Consent.objects.live().filter(partner=app, customer__in=[row.owner_id for row in acting])
    rows = rows.select_related("customer", "partner")
    said = records.choices(OuterRef("customer"), OuterRef("partner"))
    connected = {each.customer_id: each for each in rows.annotate(said=said)} if acting else {}
    for each in connected.values():
        each.choices = each.said  # type: ignore[attr-defined]  # annotated
    return [
        found for row in acting if (consent := connected.get(row.owner_id)) for found in _open(row, consent, access)
    ]


def _may(row: Delegation, app: Partner, at: datetime) -> bool:
    acting = delegations.of(row, Act(partner=app.pk), at=at)
    return isinstance(delegating.may_act(acting, limits=limits.current(), at=at), Allow)


def _open(row: Delegation, consent: Consent, access: Access) -> Iterator[Open]:
    at, session, needed = access.at, access.token.session, ("openid",)
    if session is None:
        return
    sharing = facts.for_sharing(consent, access.partner, row.owner, session, at, held=consent.scopes, needed=needed)
    if isinstance(policy.may_share(sharing, limits=limits.current(), at=at), Allow):
        granted = {*needed, *row.scopes} & {*needed, *delegating.SCOPES}
        yield Open(row, use.of(consent, row.owner, at), tuple(name for name in sharing.allowed if name in granted))
