"""Judge sign-ins in the order of time, each by what was known just before it."""

import math
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ciam_portal.management.evaluation.rows import Row
from ciam_portal.risk.assess import Assessment, assess
from ciam_portal.risk.evidence import Evidence, deltas_of, gather
from ciam_portal.risk.parameters import DAY, DEFAULT, LIMITS, Parameters, RuleLimits
from ciam_portal.risk.population import Key, Rarity
from ciam_portal.risk.profile import Profile
from ciam_portal.risk.signals import Signals
from ciam_portal.risk.visit import Visit

WINDOW = 3600.0
"""Seconds that velocities look back."""
MONTH = 30 * DAY
"""Half-life of what is usual in a network."""


class Store(Protocol):
    """Where profiles and the population are kept."""

    def profile(self, user: str) -> Profile:
        """One customer's profile."""
        ...

    def counts(self, visit: Visit) -> Rarity:
        """What the population says."""
        ...

    def teach(self, user: str, profile: Profile, deltas: Mapping[Key, float]) -> None:
        """Keep what was learned."""
        ...


@dataclass(slots=True)
class Window:
    """The attempts of the last hour, counted as they come and go."""

    rows: "deque[Row]" = field(default_factory=deque)
    failures_on: "Counter[str]" = field(default_factory=Counter)
    failures_from: "Counter[str]" = field(default_factory=Counter)
    tried_from: dict[str, "Counter[str]"] = field(default_factory=dict)
    failed_on_from: dict[str, "Counter[str]"] = field(default_factory=dict)
    newcomers: "deque[tuple[float, str, str]]" = field(default_factory=deque)
    new_in: dict[str, "Counter[str]"] = field(default_factory=dict)
    usual: dict[str, tuple[float, float]] = field(default_factory=dict)

    def forget(self, now: float) -> None:
        """Let go of what is older than the window."""
        while self.rows and self.rows[0].second < now - WINDOW:
            row = self.rows.popleft()
            _less(self.tried_from, row.address, row.user)
            if not row.success:
                _less(self.failed_on_from, row.user, row.address)
                _drop(self.failures_on, row.user)
                _drop(self.failures_from, row.address)
        while self.newcomers and self.newcomers[0][0] < now - WINDOW:
            _second, asn, user = self.newcomers.popleft()
            _less(self.new_in, asn, user)

    def add(self, row: Row, *, is_newcomer: bool) -> None:
        """Take in an attempt, whatever became of it."""
        self.rows.append(row)
        self.tried_from.setdefault(row.address, Counter())[row.user] += 1
        if not row.success:
            self.failures_on[row.user] += 1
            self.failures_from[row.address] += 1
            self.failed_on_from.setdefault(row.user, Counter())[row.address] += 1
        if is_newcomer:
            self.newcomers.append((row.second, row.asn, row.user))
            self.new_in.setdefault(row.asn, Counter())[row.user] += 1

    def welcome(self, row: Row) -> None:
        """Note that newcomers are usual in this network."""
        count, last = self.usual.get(row.asn, (0.0, row.second))
        self.usual[row.asn] = (count * 0.5 ** ((row.second - last) / MONTH) + 1.0, row.second)

    def expected(self, asn: str, now: float) -> float:
        """Newcomers that this network usually brings in one window."""
        count, last = self.usual.get(asn, (0.0, now))
        return float(count * 0.5 ** ((now - last) / MONTH) * math.log(2.0) * WINDOW / MONTH)


@dataclass(slots=True)
class Judge:
    """Judges row after row. Bounded by the window and by the number of networks; all else is in the store."""

    store: Store
    parameters: Parameters = DEFAULT
    limits: RuleLimits = LIMITS
    window: Window = field(default_factory=Window)

    def see(self, row: Row, *, leaves_traces: bool = True) -> Assessment:
        """Judge one row, then learn from it if it teaches. Without traces: as if it had not happened."""
        self.window.forget(row.second)
        visit, at, profile = row.visit, row.at, self.store.profile(row.user)
        is_needed = row.teaches or not profile.is_empty  # half of a log knocks at accounts that do not exist
        rarity = self.store.counts(visit) if is_needed else Rarity(0.0, {})
        evidence = gather(profile, rarity, visit, at, self.parameters)
        is_newcomer = row.success and evidence.in_new_network
        if leaves_traces:
            self.window.add(row, is_newcomer=is_newcomer)
        found = assess(evidence, self.signals(row, profile, evidence), limits=self.limits, parameters=self.parameters)
        if row.teaches and leaves_traces:
            self.store.teach(row.user, profile.learn(visit, at, self.parameters), deltas_of(visit, rarity, evidence))
            if is_newcomer:
                self.window.welcome(row)
        return found

    def signals(self, row: Row, profile: Profile, evidence: Evidence) -> Signals:
        """The facts that a log can give. What it cannot (recovery, breached passwords …) stays absent."""
        window, new_in = self.window, self.window.new_in.get(row.asn)
        is_known = not profile.is_empty
        return Signals(
            seconds_since_last_use=evidence.gap if is_known else None,
            failures_on_account=window.failures_on[row.user],
            failures_from_address=window.failures_from[row.address],
            accounts_from_address=len(window.tried_from.get(row.address, ())),
            accounts_from_asn=len(new_in) if new_in and row.user in new_in else None,
            accounts_from_asn_usual=window.expected(row.asn, row.second),
            sources_on_account=len(window.failed_on_from.get(row.user, ())),
            country_changed_seconds=profile.elsewhere(row.visit, row.at),
        )


def _less(table: dict[str, "Counter[str]"], name: str, item: str) -> None:
    counter = table[name]
    _drop(counter, item)
    if not counter:
        del table[name]


def _drop(counter: "Counter[str]", item: str) -> None:
    counter[item] -= 1
    if counter[item] <= 0:
        del counter[item]
