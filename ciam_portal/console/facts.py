"""How an app fares: what it proves itself with, what becomes of what we tell it, what of its scopes is used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from ciam_portal.core.outbox.models import Notice
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.scopes import SCOPES
from consent.models import Consent

USED_DAYS = 90
_LOOKED_AT = 10_000
_TOLD = ("logout", "signals")


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What we told an app lately, of one kind: what arrived, waits, or was given up."""

    kind: str
    sent: int
    waiting: int
    lost: int
    last_sent: datetime | None
    trouble: str


def deliveries(partner: Partner) -> list[Deliveries]:
    """Of each kind that this app is told at all."""
    found = []
    for kind in _TOLD:
        rows = Notice.objects.filter(kind=f"{kind}:{partner.pk}")
        state = Notice.State
        said = rows.aggregate(
            sent=Count("pk", filter=Q(state=state.SENT)),
            waiting=Count("pk", filter=Q(state=state.WAITING)),
            lost=Count("pk", filter=Q(state__in=[state.REFUSED, state.GIVEN_UP])),
            last_sent=Max("sent_at"),
        )
        if any((said["sent"], said["waiting"], said["lost"])):
            troubled = rows.exclude(trouble="").order_by("-created_at", "-pk").values_list("trouble", flat=True).first()
            found.append(Deliveries(kind, **said, trouble=troubled or ""))
    return found


def unused(partner: Partner, at: datetime) -> list[str]:
    """The scopes that this app may ask customers for, and of which it read nothing lately: more than it needs.

    So many connections are looked at, whatever their number: enough to see what an app really uses.
    """
    since = at - timedelta(days=USED_DAYS)
    rows = Consent.objects.live().filter(partner=partner, last_used_at__gt=since)
    used = set().union(*rows.values_list("scopes", flat=True)[:_LOOKED_AT])
    return sorted((set(partner.scopes_allowed) & set(SCOPES)) - used - {"openid"})
