"""What is usual for a customer: read before a sign-in is assessed, taught by each that succeeded.

One statement reads and one teaches; two more if another sign-in of the same customer taught in between. No more,
however long the history. Values are pseudonyms before they leave this module.
"""

import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from accounts.baseline import population as counts
from accounts.models import Profile as ProfileRow
from ciam_portal.core import network
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.core.risk import population
from ciam_portal.core.risk.evidence import Evidence, gather
from ciam_portal.core.risk.parameters import DEFAULT, Parameters
from ciam_portal.core.risk.profile import Former, Profile
from ciam_portal.core.risk.signals import Past
from ciam_portal.core.risk.visit import Feature, Visit

log = logging.getLogger(__name__)

# Scoring that is late is scoring that failed: the customer waits no longer than this for it. One message to the
# database and one answer: savepoint, time limit and question travel together.
_READ = """
SAVEPOINT history_read;
SET LOCAL statement_timeout = '250ms';
SELECT feature, value, weight, NULL::text, NULL FROM accounts_populationcount
  WHERE feature = ANY (string_to_array(%s, E'\\x1f'))
UNION ALL
SELECT feature, value, weight, NULL::text, NULL FROM accounts_populationcount
  JOIN unnest(string_to_array(%s, E'\\x1f'), string_to_array(%s, E'\\x1f')) AS wanted (feature, value)
  USING (feature, value)
UNION ALL
SELECT '', '', 0, data::text, xmin::text || ctid::text FROM accounts_profile WHERE customer_id = %s;
SET LOCAL statement_timeout TO DEFAULT;
RELEASE SAVEPOINT history_read
"""
_BACK = "ROLLBACK TO SAVEPOINT history_read; RELEASE SAVEPOINT history_read"
_ANSWER = 2  # results before the one that holds rows
_LOCK = "SELECT data::text FROM accounts_profile WHERE customer_id = %s FOR UPDATE"
_CHANGE = """
UPDATE accounts_profile SET data = %s, updated_at = %s WHERE customer_id = %s AND xmin::text || ctid::text = %s
"""
_KEEP = """
INSERT INTO accounts_profile (customer_id, data, updated_at) VALUES (%s, %s, %s)
ON CONFLICT (customer_id) DO UPDATE SET data = EXCLUDED.data, updated_at = EXCLUDED.updated_at
"""
_BETWEEN = "\x1f"  # in no pseudonym or code; one text travels faster than a list
hidden = codes.hidden


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


def visit_of(seen: Seen) -> Visit:
    """The same, as pseudonyms and short codes."""
    asn = str(seen.asn) if seen.asn is not None else ""
    shown = {feature.value: hidden(feature, value) for feature, value in _in_clear(seen).items()}
    return Visit(asn=asn, country=seen.country, kind=seen.kind, **shown)


def former_of(seen: Seen) -> Former:
    """Under what the same was kept by keys that are being rotated out, and what stands for it today."""
    shown = _in_clear(seen).items()
    return {
        (feature, former): hidden(feature, value)
        for feature, value in shown
        for former in codes.once_hidden(feature, value)
    }


def _in_clear(seen: Seen) -> dict[Feature, str]:
    known = seen.address != network.UNKNOWN
    return {
        Feature.ADDRESS: network.source(seen.address) if known else "",
        Feature.PREFIX: network.prefix(seen.address) if known else "",
        Feature.AGENT: seen.agent,
        Feature.BROWSER: seen.browser,
        Feature.SYSTEM: seen.system,
        Feature.DEVICE: seen.device,
    }


@dataclass(frozen=True, slots=True)
class Remembered:
    """A customer's profile as it was read, and which version of its row that was ("" if there was none).

    ``former``: what was shown, by the names that it had under keys being rotated out; the profile has today's.
    """

    profile: Profile
    version: str
    former: Former = field(default_factory=dict)


Row = tuple[str, str, float, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Compared:
    """A visit beside what is known."""

    evidence: Evidence
    remembered: Remembered
    past: Past


class Sums:
    """The few rows that every reading wants. A job changes them every few minutes: a minute's age does no harm."""

    names = _BETWEEN.join(counts.KEPT)
    fresh_for = timedelta(seconds=60)

    def __init__(self) -> None:
        self._kept: tuple[datetime, dict[population.Key, float]] | None = None

    def at(self, at: datetime) -> Mapping[population.Key, float] | None:
        """The rows as this process last read them, if that was only just."""
        kept = self._kept
        return kept[1] if kept and timedelta(0) <= at - kept[0] < self.fresh_for else None

    def keep(self, found: Mapping[population.Key, float], at: datetime) -> None:
        """Remember those among the rows found."""
        self._kept = at, {key: weight for key, weight in found.items() if key[0] in counts.KEPT}

    def clear(self) -> None:
        """Forget them."""
        self._kept = None


SUMS = Sums()


def read(customer: UUID, visit: Visit, at: datetime, former: Former | None = None) -> Compared | None:
    """How this visit compares with the customer's history and with everybody's; None if that cannot be said now."""
    sums, former = SUMS.at(at), former or {}
    keys = [*former, *(key for key in population.keys_of(visit) if key[0] not in counts.KEPT)]
    rows = _rows(customer, "" if sums else SUMS.names, keys)
    if rows is None:
        log.warning("a sign-in is assessed without its history: it could not be read in time")
        return None
    found = {(feature, value): weight for feature, value, weight, data, _ in rows if data is None}
    for (feature, name), now in former.items():
        found[feature, now] = found.get((feature, now), 0.0) + found.pop((feature, name), 0.0)
    if sums:
        found |= sums
    else:
        SUMS.keep(found, at)
    data, version = next(((data, version) for *_, data, version in rows if data), ("{}", ""))
    try:
        profile = Profile.from_json(json.loads(data)).renamed(former)
    except (ValueError, KeyError, TypeError):
        log.exception("a profile cannot be read")
        return None
    rarity = population.rarity(visit, found)
    evidence = gather(profile, rarity, visit, at, _parameters())
    return Compared(evidence, Remembered(profile, version or "", former), Past.of(profile, rarity, visit, at))


def _rows(customer: UUID, sums: str, keys: Collection[population.Key]) -> list[Row] | None:
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        try:
            wanted = (_BETWEEN.join(part) for part in zip(*keys, strict=True))
            cursor.execute(_READ, [sums, *wanted, customer])
        except DatabaseError:
            cursor.execute(_BACK)
            return None
        for _ in range(_ANSWER):
            cursor.nextset()
        return list(cursor.fetchall())


def _parameters() -> Parameters:
    return _with_horizon(limits.current().risk.history_days)


@cache
def _with_horizon(days: int) -> Parameters:
    return replace(DEFAULT, horizon=float(days))


def learn(customer: UUID, visit: Visit, at: datetime, remembered: Remembered | None = None) -> None:
    """One more genuine sign-in. Call inside the transaction in which the session begins.

    With what ``read`` found a while ago it takes one statement, unless the profile has changed meanwhile.
    """
    with connection.cursor() as cursor:
        if remembered and remembered.version:
            data = _taught(remembered.profile, visit, at)
            cursor.execute(_CHANGE, [data, at, customer, remembered.version])
            if cursor.rowcount:
                return
        cursor.execute(_LOCK, [customer])
        row = cursor.fetchone()
        profile = Profile.from_json(json.loads(row[0])) if row else Profile.empty()
        profile = profile.renamed(remembered.former) if remembered else profile
        cursor.execute(_KEEP, [customer, _taught(profile, visit, at), at])


def _taught(profile: Profile, visit: Visit, at: datetime) -> str:
    return json.dumps(profile.learn(visit, at, _parameters()).to_json(), separators=(",", ":"))


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
