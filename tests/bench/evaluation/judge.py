"""Judge sign-ins in the order of time, each by what was known just before it, with what decides at the door."""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ciam_portal.core.risk import signals
from ciam_portal.core.risk.assess import Assessment, assess
from ciam_portal.core.risk.evidence import Evidence, deltas_of, gather
from ciam_portal.core.risk.parameters import DAY, DEFAULT, LIMITS, Parameters, RuleLimits
from ciam_portal.core.risk.population import DAYS, Key, Rarity
from ciam_portal.core.risk.profile import Profile
from ciam_portal.core.risk.signals import WINDOW, Pace, Past, Signals
from ciam_portal.core.risk.visit import Visit
from tests.bench.evaluation.rows import Row

NOTHING = Signals()


def rank(found: Assessment) -> float:
    """A number to sort by: score and points together."""
    return (found.score or 0.0) + math.fsum(finding.points for finding in found.findings)


class Store(Protocol):
    """Where profiles and the population are kept."""

    def profile(self, user: str) -> Profile:
        """One customer's profile."""
        ...

    def keep(self, user: str, profile: Profile) -> None:
        """Remember it as it is now."""
        ...

    def counts(self, visit: Visit) -> Rarity:
        """What the population says."""
        ...

    def add(self, deltas: Mapping[Key, float]) -> None:
        """Add to the population's weights."""
        ...


@dataclass(slots=True)
class Hour:
    """What was counted in one window, as the shared cache counts it at the door."""

    failures_on: Counter[str] = field(default_factory=Counter)
    failures_from: Counter[str] = field(default_factory=Counter)
    accounts_from: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    sources_on: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    newcomers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(slots=True)
class Counts:
    """This window and the one before."""

    number: int = 0
    now: Hour = field(default_factory=Hour)
    last: Hour = field(default_factory=Hour)

    def turn(self, second: float) -> None:
        """It is so late now."""
        number = int(second) // WINDOW
        if number != self.number:
            self.last = self.now if number == self.number + 1 else Hour()
            self.number, self.now = number, Hour()

    def failed(self, row: Row) -> None:
        """A wrong password."""
        self.now.failures_on[row.user] += 1
        self.now.failures_from[row.address] += 1
        self.now.accounts_from[row.address].add(row.user)
        self.now.sources_on[row.user].add(row.address)

    def pace(self, row: Row, *, is_newcomer: bool) -> Pace:
        """The counts around an attempt, which is itself one of the newcomers if it is one."""
        both = (self.now, self.last)
        newcomers = set[str]().union(*(hour.newcomers.get(row.asn, ()) for hour in both))
        return Pace(
            failures_on_account=sum(hour.failures_on[row.user] for hour in both),
            failures_from_address=sum(hour.failures_from[row.address] for hour in both),
            accounts_from_address=len(set[str]().union(*(hour.accounts_from.get(row.address, ()) for hour in both))),
            newcomers_from_asn=len(newcomers | {row.user} if is_newcomer else newcomers) if row.asn else None,
            sources_on_account=len(set[str]().union(*(hour.sources_on.get(row.user, ()) for hour in both))),
        )


@dataclass(frozen=True, slots=True)
class Looked:
    """What one row showed, beside what was known."""

    row: Row
    profile: Profile
    evidence: Evidence
    signals: Signals


@dataclass(slots=True)
class Judge:
    """Judges row after row. Bounded by two hours and by what waits to teach; all else is in the store."""

    store: Store
    parameters: Parameters = DEFAULT
    limits: RuleLimits = LIMITS
    learn_after: float = DAY
    """Seconds until a sign-in teaches the population."""
    counts: Counts = field(default_factory=Counts)
    waiting: deque[tuple[float, Visit, Evidence]] = field(default_factory=deque)
    taught_until: float | None = None

    def see(self, row: Row, *, leaves_traces: bool = True) -> Assessment:
        """Judge one row, then learn from it if it teaches. Without traces: as if it had not happened."""
        looked = self.look(row, leaves_traces=leaves_traces)
        if row.teaches and leaves_traces:
            self.learn(looked)
        return assess(looked.evidence, looked.signals, limits=self.limits, parameters=self.parameters)

    def look(self, row: Row, *, leaves_traces: bool = True, known: Signals = NOTHING) -> Looked:
        """What there is to say about one row. ``known``: what a log cannot give (recovery, breached passwords …)."""
        self.counts.turn(row.second)
        self._teach(row.second - self.learn_after)
        visit, profile = row.visit, self.store.profile(row.user)
        is_needed = row.teaches or not profile.is_empty  # half of a log knocks at accounts that do not exist
        rarity = self.store.counts(visit) if is_needed else Rarity(0.0, {})
        evidence = gather(profile, rarity, visit, row.at, self.parameters)
        is_newcomer = row.success and evidence.in_new_network
        if leaves_traces and not row.success:
            self.counts.failed(row)
        if leaves_traces and is_newcomer:
            self.counts.now.newcomers[row.asn].add(row.user)
        pace = self.counts.pace(row, is_newcomer=is_newcomer)
        found = signals.seen(known, evidence, pace, Past.of(profile, rarity, visit, row.at))
        return Looked(row, profile, evidence, found)

    def learn(self, looked: Looked) -> None:
        """A genuine success teaches its customer's profile now, and the population later."""
        row = looked.row
        self.store.keep(row.user, looked.profile.learn(row.visit, row.at, self.parameters))
        self.waiting.append((row.second, row.visit, looked.evidence))

    def _teach(self, until: float) -> None:
        while self.waiting and self.waiting[0][0] <= until:
            second, visit, evidence = self.waiting.popleft()
            before, self.taught_until = self.taught_until, second
            days = 0.0 if before is None else (second - before) / DAY
            self.store.add(deltas_of(visit, self.store.counts(visit), evidence) | {DAYS: days})
