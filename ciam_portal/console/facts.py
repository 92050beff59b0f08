"""How an app fares: what it proves itself with, what becomes of what we tell it, what of its scopes is used.

Of an agent also: how many it acts for, how many of these grants it does not use, and how often it was refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from ciam_portal.core.audit.actor import ActorKind
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.outbox.models import Notice
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import AGENTS
from ciam_portal.oauth.scopes import SCOPES
from consent.models import Consent, DelegatedUse, Delegation

USED_DAYS = 90
_LOOKED_AT = 10_000
_TOLD = ("logout", "signals")
LATELY_DAYS = 30
_OFTEN = 5
_MOST_AGENTS = 500


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


@dataclass(frozen=True, slots=True)
class Acting:
    """How an agent fares lately. ``unused``: grants by which it has not acted for so long, or never."""

    agent: Partner
    grants: int
    unused: int
    last_act: datetime | None
    done: int
    refused: int
    networks: int

    @property
    def often(self) -> bool:
        """Whether it is refused more often than it does what it is let do."""
        return self.refused >= _OFTEN and self.refused > self.done


def agents(at: datetime) -> list[Acting]:
    """Every agent that is there, those that are refused most first. Four statements."""
    since, found = at - timedelta(days=LATELY_DAYS), Partner.objects.filter(profile__in=AGENTS, retired_at=None)
    rows = found.select_related("owner").prefetch_related("credentials").order_by("name")[:_MOST_AGENTS]
    idle = Q(used_at=None, made_at__lt=since) | Q(used_at__lt=since)
    grants = Delegation.objects.live().filter(agent__in=found, ends_at__gt=at).values("agent").order_by()
    sums = grants.annotate(all=Count("pk"), idle=Count("pk", filter=idle), last=Max("used_at"))
    rows_of = sums.values_list("agent", "all", "idle", "last")
    granted = {key: (every, unused, last) for key, every, unused, last in rows_of}
    uses = DelegatedUse.objects.filter(delegation__agent__in=found, at__gt=since).values("delegation__agent")
    done = dict(uses.order_by().annotate(times=Count("pk")).values_list("delegation__agent", "times"))
    answers = DecisionEntry.objects.filter(at__gt=since, actor__in=found.values("pk"), actor_kind=ActorKind.PARTNER)
    refusals = answers.exclude(answer="allow").values("actor").order_by().annotate(times=Count("pk"))
    refused = dict(refusals.values_list("actor", "times"))
    told = [
        Acting(agent, *granted.get(agent.pk, (0, 0, None)), done.get(agent.pk, 0), refused.get(agent.pk, 0),
               networks(agent, at))
        for agent in rows
    ]  # fmt: skip
    return sorted(told, key=lambda each: (-each.often, -each.refused, each.agent.name))


def networks(partner: Partner, at: datetime) -> int:
    """The most that one secret or key of it was seen from."""
    return max((len(each.networks) for each in partner.credentials.all() if each.is_live(at)), default=0)


def unused(partner: Partner, at: datetime) -> list[str]:
    """The scopes that this app may ask customers for, and of which it read nothing lately: more than it needs.

    So many connections are looked at, whatever their number: enough to see what an app really uses.
    """
    since = at - timedelta(days=USED_DAYS)
    rows = Consent.objects.live().filter(partner=partner, last_used_at__gt=since)
    used = set().union(*rows.values_list("scopes", flat=True)[:_LOOKED_AT])
    return sorted((set(partner.scopes_allowed) & set(SCOPES)) - used - {"openid"})
