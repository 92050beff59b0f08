"""What only shows when many sign-ins are looked at together, and what changed in a session since it began."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q

from accounts.baseline import population
from accounts.budgets import velocity
from accounts.models import Session
from accounts.watch.policy import crowds
from ciam_portal.core.policy.decision import Finding
from ciam_portal.core.risk import rules
from ciam_portal.core.risk.evidence import Evidence
from ciam_portal.core.risk.parameters import LIMITS
from ciam_portal.core.risk.population import NEWCOMERS
from ciam_portal.core.risk.signals import HOURS, Signals
from ciam_portal.core.risk.visit import WITHIN, Feature

MOST = 5_000
"""Sessions looked at closely in one run, latest first."""
SHARED = (Feature.ASN, Feature.PREFIX, Feature.AGENT, Feature.DEVICE)
"""What a crowd may share."""


def _is_new(feature: Feature) -> str:
    """``Evidence.is_new`` as the database asks it of a stored decision's evidence."""
    terms = (f"coalesce((seen->'{each}'->>'new')::boolean, false)" for each in (feature, *WITHIN[feature]))
    return f"({' OR '.join(terms)})"


# A row for each value that several customers showed: how many of them, how many of these as newcomers to it, and, for
# user agents, how many came with nothing that they had used before.
_SHARED = f"""
WITH recent AS (
    SELECT session.customer_id, session.visit, decision.inputs->1->'evidence' AS seen
    FROM accounts_session AS session LEFT JOIN audit_decisionentry AS decision ON decision.id = session.decision
    WHERE session.started_at > %s AND session.started_at <= %s
), shown AS (
    SELECT recent.customer_id, feature.name AS feature, visit->>feature.name AS value,
           CASE feature.name {" ".join(f"WHEN '{each}' THEN {_is_new(each)}" for each in SHARED)} END AS is_new,
           {_is_new(Feature.AGENT)} AND {_is_new(Feature.PREFIX)}
               AND coalesce((seen->'device'->>'new')::boolean, true) AS all_new
    FROM recent, unnest(ARRAY[{", ".join(f"'{each}'" for each in SHARED)}]) AS feature (name)
    WHERE visit->>feature.name <> ''
)
SELECT feature, value, count(DISTINCT customer_id), count(DISTINCT customer_id) FILTER (WHERE is_new),
       count(DISTINCT customer_id) FILTER (WHERE all_new)
FROM shown GROUP BY feature, value HAVING count(DISTINCT customer_id) > 1 OR feature = 'agent'
"""  # noqa: S608  (names of ours)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many customers who share one value all of a sudden."""

    finding: Finding
    accounts: int


Crowds = Mapping[tuple[Feature, str], Crowd]
Found = Mapping[UUID, tuple[Finding, ...]]


def crowds_since(start: datetime, at: datetime) -> Crowds:
    """Every value that more customers share than is usual."""
    rows: defaultdict[Feature, list[tuple[str, int, int, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, [start, at])
        for feature, *row in cursor.fetchall():
            rows[Feature(feature)].append((str(row[0]), row[1], row[2], row[3]))
    found: dict[tuple[Feature, str], Crowd] = {}
    hours = (at - start) / timedelta(hours=1)
    for feature in NEWCOMERS:
        several = [(value, new) for value, _, new, _ in rows[feature] if new >= LIMITS.burst_least]
        usual = population.usual_newcomers(feature, [value for value, _ in several], hours)
        least = LIMITS.burst_floor * hours / HOURS
        for value, new in several:
            expected = usual[value]
            if expected is not None:  # nobody knows what is usual before a day of newcomers has been counted
                _note(found, feature, value, crowds.newcomers(feature, new, max(least, expected)), new)
    known = sum(all_of - new for _, all_of, _, new in rows[Feature.AGENT])
    strange = sum(new for *_, new in rows[Feature.AGENT])
    for value, all_of, _, new in rows[Feature.AGENT]:
        share = (all_of - new + 0.5) / (known + 1.0)
        _note(found, Feature.AGENT, value, crowds.one_agent(new, share * strange), new)
    for value, all_of, _, _ in rows[Feature.DEVICE]:
        _note(found, Feature.DEVICE, value, crowds.one_device(all_of), all_of)
    return found


def _note(
    found: dict[tuple[Feature, str], Crowd], feature: Feature, value: str, finding: Finding | None, n: int
) -> None:
    if finding is not None:
        found[feature, value] = Crowd(finding, n)


def open_sessions(start: datetime, at: datetime) -> list[Session]:
    """The sessions that may have to be reassessed: those begun since, and older ones that have moved."""
    moved = (~Q(network_now="") & ~Q(network_now=F("network"))) | (~Q(browser_now="") & ~Q(browser_now=F("browser")))
    live = Session.objects.filter(ended_at__isnull=True, expires_at__gt=at, started_at__lte=at)
    return list(live.filter(Q(started_at__gt=start) | moved).select_related("device").order_by("-started_at")[:MOST])


def findings_of(sessions: Iterable[Session], crowded: Crowds) -> Found:
    """What there is to say about each session; those about which there is nothing are left out.

    What neighbours of its address do is not said about a session: any stranger behind that address can bring it about.
    """
    rows = list(sessions)
    evidence = population.evidence_of(row.decision for row in rows)
    found: dict[UUID, tuple[Finding, ...]] = {}
    for row in rows:
        seen = evidence.get(row.decision) if row.decision else None
        several = [
            crowd.finding
            for feature in SHARED
            if (crowd := crowded.get((feature, str(row.visit.get(feature.value, ""))))) is not None
            and _belongs(row, seen, feature)
        ]
        moved = crowds.moved(
            network=bool(row.network_now) and row.network_now != row.network,
            browser=bool(row.browser_now) and row.browser_now != row.browser,
        )
        several += [moved] if moved else []
        if several:
            found[row.pk] = tuple(several)
    return found


def _belongs(row: Session, seen: Evidence | None, feature: Feature) -> bool:
    """Whether this sign-in is part of a crowd that shares the feature.

    Whoever was there before is not; nor is one from a browser that was known, whatever crowd strangers make around it.
    """
    if feature is Feature.DEVICE:
        return True
    if seen is None or not seen.is_new(feature) or _came_known(row, seen):
        return False
    return feature is not Feature.AGENT or seen.is_new(Feature.PREFIX)


def _came_known(row: Session, seen: Evidence) -> bool:
    device = row.device
    # One that is known from this very instant became so by the second factor of this sign-in, which relays pass on.
    was_known = device is not None and device.known_at < row.started_at
    return was_known or (seen.device is not None and not seen.device.new)


def attacking(sessions: Iterable[Session], at: datetime) -> dict[str, int]:
    """The numbers of an alert about addresses that attack and from which somebody is signed in; nothing if none does.

    For people to look at: no session is worse for what its address's neighbours do.
    """
    addresses = Counter(str(row.visit.get("address", "")) for row in sessions)
    del addresses[""]
    found = {
        address: each
        for address, each in velocity.pressure(sorted(addresses), at).items()
        if any(finding.points >= LIMITS.high for finding in rules.findings(_signals(each), LIMITS))
    }
    if not found:
        return {}
    return {
        "addresses": len(found),
        "sessions": sum(addresses[address] for address in found),
        "accounts_tried": max(each.accounts for each in found.values()),
    }


def _signals(pressure: velocity.Pressure) -> Signals:
    return Signals(failures_from_address=pressure.failures, accounts_from_address=pressure.accounts)


def numbers_of(crowded: Crowds, feature: Feature) -> dict[str, Any]:
    """The numbers of an alert about crowds of one kind: how many there are, and the largest."""
    mine = [crowd for (kind, _), crowd in crowded.items() if kind is feature]
    return {
        "groups": len(mine),
        "accounts": max((crowd.accounts for crowd in mine), default=0),
        "points": round(max((crowd.finding.points for crowd in mine), default=0.0), 2),
    }
