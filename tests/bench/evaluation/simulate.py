"""Attackers put into a log as it streams by: each fake copies what real sign-ins showed.

The protocol is the replication's. A victim is chosen at a real success; the fake follows 2 to 72 h later, at a time of
day at which customers sign in. The naive kind copies a stranger's sign-in of the hour before; the VPN kind one of the
same hour from the country the victim mostly uses; the targeted kind takes over the victim's network, agent and device
type, with an address new to the victim that somebody else used in that network. None has the victim's device key.
"""

import heapq
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ciam_portal.core.risk.profile import Profile
from ciam_portal.core.risk.visit import Feature
from tests.bench.evaluation.rows import Row

KINDS = ("naive", "vpn", "targeted")
HOUR, DAY = 3_600.0, 86_400.0
SOONEST, LATEST = 2 * HOUR, 72 * HOUR
MATCHED = (Feature.COUNTRY, Feature.ASN, Feature.AGENT, Feature.KIND)
KEPT_PER_NETWORK = 60
TIMES_OF_DAY = 2_000
TRIES = 20


@dataclass(frozen=True, slots=True)
class Fake:
    """One injected sign-in."""

    kind: str
    row: Row
    matches: tuple[bool, ...]
    """Of country, network, agent and device type: had the victim shown them before?"""


@dataclass(slots=True)
class Simulator:
    """Chooses victims and makes fakes. Memory: the last hour, a few addresses per network, and the victims."""

    dice: random.Random
    share: float
    """Chance that a success makes its customer a victim."""
    start: float = 0.0
    """Second before which nobody is a victim."""
    hour: deque[Row] = field(default_factory=deque)
    networks: dict[str, deque[tuple[str, str, str]]] = field(default_factory=dict)
    times: deque[float] = field(default_factory=lambda: deque(maxlen=TIMES_OF_DAY))
    waiting: list[tuple[float, str]] = field(default_factory=list)
    victims: dict[str, Row] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def learn(self, row: Row) -> None:
        """Take in a genuine success: a donor, and perhaps a victim."""
        self.hour.append(row)
        while self.hour[0].second < row.second - HOUR:
            self.hour.popleft()
        self.networks.setdefault(row.asn, deque(maxlen=KEPT_PER_NETWORK)).append((row.user, row.address, row.country))
        self.times.append(row.second % DAY)
        if row.user in self.victims:
            self.victims[row.user] = row
        elif row.second >= self.start and row.user not in self.done and self.dice.random() < self.share:
            self.victims[row.user] = row
            heapq.heappush(self.waiting, (self._later(row.second), row.user))

    def due(self, now: float) -> Iterator[tuple[float, str]]:
        """When, and who, is attacked before ``now``."""
        while self.waiting and self.waiting[0][0] <= now:
            yield heapq.heappop(self.waiting)

    def fakes(self, second: float, user: str, profile: Profile) -> Iterator[Fake]:
        """The attacks on one victim: of each kind for which a donor is found."""
        last = self.victims.pop(user)
        self.done.add(user)
        strangers = [row for row in self.hour if row.user != user and second - HOUR <= row.second < second]
        countries = profile.values.get(Feature.COUNTRY, {})
        home = max(countries, key=lambda name: countries[name].weight, default=last.country)
        compatriots = [row for row in strangers if row.country == home]
        copies = {
            "naive": self.dice.choice(strangers) if strangers else None,
            "vpn": self.dice.choice(compatriots) if compatriots else None,
            "targeted": self._targeted(last, profile),
        }
        for kind, copied in copies.items():
            if copied is None:
                continue
            row = replace(
                copied, user=user, second=second, success=True, attack=False, takeover=True, rtt=None,
                device=f"fake-{kind}-{user}" if copied.device else "",
            )  # fmt: skip
            visit = row.visit
            yield Fake(kind, row, tuple(profile.seen(each, visit.value(each)) is not None for each in MATCHED))

    def _later(self, second: float) -> float:
        midnight = second // DAY * DAY
        for _ in range(TRIES):
            due = midnight + self.dice.randrange(4) * DAY + self.dice.choice(self.times) + self.dice.random()
            if SOONEST <= due - second <= LATEST:
                return due
        return second + self.dice.uniform(SOONEST, LATEST)

    def _targeted(self, last: Row, profile: Profile) -> Row | None:
        donors = self.networks[last.asn]
        for _ in range(TRIES):
            user, address, country = self.dice.choice(donors)
            if user != last.user and profile.seen(Feature.ADDRESS, address) is None:
                return replace(last, address=address, country=country)
        return None
