"""What is usual for a customer: read before a sign-in is weighed, taught by each that succeeded.

One statement reads, two teach; no more, however long the history. Values are pseudonyms before they leave this module.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from accounts import velocity
from accounts.models import Profile as ProfileRow
from accounts.watch import population as counts
from ciam_portal import codes, network
from ciam_portal.policy import limits
from ciam_portal.risk import population
from ciam_portal.risk.evidence import Evidence, gather
from ciam_portal.risk.parameters import DEFAULT, Parameters
from ciam_portal.risk.profile import Profile
from ciam_portal.risk.visit import Feature, Visit

# Scoring that is late is scoring that failed: the customer waits no longer than this for it.
_READ = """
SET LOCAL statement_timeout = '250ms';
SELECT feature, value, weight, NULL::jsonb FROM accounts_populationcount
  JOIN unnest(%s::text[], %s::text[]) AS wanted (feature, value) USING (feature, value)
UNION ALL
SELECT '', '', 0, data FROM accounts_profile WHERE customer_id = %s;
SET LOCAL statement_timeout TO DEFAULT
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one request showed, in clear. Lives as long as the request. "" is absent."""

    address: str = network.UNKNOWN
    country: str = ""
    asn: int | None = None
    agent: str = ""
    browser: str = ""
    system: str = ""
    kind: str = ""
    device: str = ""  # the key of this customer's own live device


def hidden(what: str, value: str) -> str:
    """The pseudonym of a value that may not be written down; nothing for nothing."""
    return codes.pseudonym(value, f"visit:{what}") if value else ""


def visit_of(seen: Seen) -> Visit:
    """The same, as pseudonyms and short codes."""
    known = seen.address != network.UNKNOWN
    return Visit(
        address=hidden("address", seen.address) if known else "",
        prefix=hidden("prefix", network.prefix(seen.address)) if known else "",
        asn=str(seen.asn) if seen.asn is not None else "",
        country=seen.country,
        agent=hidden("agent", seen.agent),
        browser=hidden("browser", seen.browser),
        system=hidden("system", seen.system),
        kind=seen.kind,
        device=hidden("device", seen.device),
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """A visit beside what is known. ``other_country_at``: the last success, if it was in another country.

    ``usual_newcomers``: customers who come from this network (AS) for their first time, in as long as velocity counts.
    """

    evidence: Evidence
    other_country_at: datetime | None = None
    usual_newcomers: float | None = None


def read(customer: UUID, visit: Visit, at: datetime) -> Compared | None:
    """How this visit compares with the customer's history and with everybody's; None if that cannot be said now."""
    newcomers = (counts.NEWCOMERS[Feature.ASN], visit.asn)
    keys = (*population.keys_of(visit), newcomers, counts.DAYS)
    found: dict[population.Key, float] = {}
    profile = Profile.empty()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_READ, [[key[0] for key in keys], [key[1] for key in keys], customer])
            cursor.nextset()
            for feature, value, weight, data in cursor.fetchall():
                if data is None:
                    found[feature, value] = weight
                else:
                    profile = Profile.from_json(json.loads(data) if isinstance(data, str) else data)
    except (DatabaseError, ValueError, KeyError, TypeError):
        return None
    evidence = gather(profile, population.rarity(visit, found), visit, at, _parameters())
    usual = counts.usual(found, newcomers, velocity.HOURS)
    return Compared(evidence, _elsewhere(profile, visit), usual)


def _elsewhere(profile: Profile, visit: Visit) -> datetime | None:
    countries = profile.values.get(Feature.COUNTRY, {})
    if not visit.country or not countries:
        return None
    latest = max(countries, key=lambda name: countries[name].last)
    return None if latest == visit.country else datetime.fromtimestamp(countries[latest].last, UTC)


def _parameters() -> Parameters:
    return replace(DEFAULT, horizon=float(limits.running().risk.history_days))


def learn(customer: UUID, visit: Visit, at: datetime) -> None:
    """One more genuine sign-in. Call inside the transaction in which the session begins."""
    row = ProfileRow.objects.select_for_update().filter(pk=customer).first()
    profile = (Profile.from_json(row.data) if row else Profile.empty()).learn(visit, at, _parameters())
    ProfileRow.objects.bulk_create(
        [ProfileRow(customer_id=customer, data=profile.to_json(), updated_at=at)],
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=["data", "updated_at"],
    )


def forget(customer: UUID, visit: Visit, features: Collection[Feature], shown_at: datetime) -> int:
    """Drop what one sign-in showed of these features from the profile, unless it was shown again since. How many.

    A device key goes in any case. Counts that have faded cannot be taken back; nor can what the population learned,
    which is why it learns late.
    """
    row = ProfileRow.objects.select_for_update().filter(pk=customer).first()
    if row is None:
        return 0
    profile = Profile.from_json(row.data)
    values = {feature: dict(kept) for feature, kept in profile.values.items()}
    gone = 0
    for feature in features:
        seen = values.get(feature, {}).get(visit.value(feature))
        if seen is not None and (feature is Feature.DEVICE or seen.last <= shown_at.timestamp()):
            del values[feature][visit.value(feature)]
            gone += 1
    row.data = replace(profile, values={feature: kept for feature, kept in values.items() if kept}).to_json()
    row.save(update_fields=["data"])
    return gone
