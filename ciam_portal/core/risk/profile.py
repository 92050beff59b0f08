"""What we remember of one customer: a bounded number of values, whose weight fades by half every few weeks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Self

from ciam_portal.core.risk.parameters import DAY, DEFAULT, Circumstances, Parameters
from ciam_portal.core.risk.visit import DECIDED, NETWORK, WITHIN, Feature, Visit

Former = Mapping[tuple[Feature, str], str]
"""Names that values of features had before, and the names that they have today."""
NOTHING: Mapping[str, Any] = MappingProxyType({})
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """One remembered value: its faded weight when the profile last learned, and when it was last shown."""

    weight: float
    last: int


@dataclass(frozen=True, slots=True)
class Habit:
    """How readily this customer changes one feature: faded exposure that passed without a change, and faded changes."""

    exposure: float = 0.0
    changes: float = 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """One customer's history, faded to the instant of the last sign-in that taught."""

    weight: float = 0.0
    """Faded number of sign-ins."""
    last: int = 0
    """Second of the Unix era of the latest sign-in that taught; 0 for none."""
    values: Mapping[Feature, Mapping[str, Seen]] = field(default_factory=dict)
    habits: Mapping[Feature, Habit] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Self:
        """Nothing is known yet."""
        return cls()

    @property
    def is_empty(self) -> bool:
        """Has nothing been learned?"""
        return not self.last

    def seen(self, feature: Feature, value: str) -> Seen | None:
        """What is remembered of one value."""
        return self.values.get(feature, NOTHING).get(value)

    def gap(self, at: datetime) -> float:
        """Seconds since the last sign-in that taught; never negative, whatever the clocks say."""
        return max(0.0, at.timestamp() - self.last)

    def fading(self, at: datetime, parameters: Parameters = DEFAULT) -> float:
        """The factor by which weights have faded since."""
        return float(0.5 ** (self.gap(at) / DAY / parameters.half_life))

    def elsewhere(self, visit: Visit, at: datetime) -> float | None:
        """Seconds since the last sign-in that taught, if it came from another country than this visit."""
        countries: Mapping[str, Seen] = self.values.get(Feature.COUNTRY, NOTHING)
        if not countries or not visit.country:
            return None
        latest = max(countries, key=lambda name: countries[name].last)
        return None if latest == visit.country else self.gap(at)

    def is_abroad(self, visit: Visit) -> bool | None:
        """Are country and network both new to this customer? None: nothing of either is remembered, or shown."""
        if not all(self.values.get(each) and visit.value(each) for each in NETWORK):
            return None
        return all(self.seen(each, visit.value(each)) is None for each in NETWORK)

    def has_device(self, visit: Visit) -> bool | None:
        """Did it come with a key of this customer's devices? None: no key of theirs is known."""
        return self.seen(Feature.DEVICE, visit.device) is not None if self.values.get(Feature.DEVICE) else None

    def asked(
        self, visit: Visit, at: datetime, parameters: Parameters = DEFAULT
    ) -> Iterator[tuple[Feature, bool, float]]:
        """The features worth asking about, whether the value is new, and how much there was to change.

        Left out is what the visit or the history does not have, and what lies within a coarser value that is itself
        new: a new network's address says nothing more. A device key missing from a visit counts as new.
        """
        fresh: set[Feature] = set()
        gap, device = self.gap(at), self.has_device(visit)
        for feature in Feature:
            kept, value = self.values.get(feature), visit.value(feature)
            if not kept or not (value or feature is Feature.DEVICE):
                continue
            if feature in DECIDED and not fresh.isdisjoint(WITHIN[feature]):
                fresh.add(feature)
                continue
            is_new = value not in kept
            circumstances = Circumstances(device, not fresh.isdisjoint(NETWORK), Feature.SYSTEM in fresh)
            if is_new:
                fresh.add(feature)
            yield feature, is_new, parameters.changes[feature].exposure(gap, self.weight, circumstances)

    def learn(self, visit: Visit, at: datetime, parameters: Parameters = DEFAULT) -> "Profile":
        """The profile after one more genuine sign-in. Constant time: everything kept is bounded."""
        fading = self.fading(at, parameters)
        now = max(self.last, int(at.timestamp()))
        habits = {
            feature: Habit(_rounded(habit.exposure * fading), _rounded(habit.changes * fading))
            for feature, habit in self.habits.items()
        }
        for feature, is_new, exposure in () if self.is_empty else self.asked(visit, at, parameters):
            before = habits.get(feature, Habit())
            habits[feature] = (
                Habit(before.exposure, _rounded(before.changes + 1.0))
                if is_new
                else Habit(_rounded(before.exposure + exposure), before.changes)
            )
        values = {feature: self._kept(feature, visit.value(feature), fading, now, parameters) for feature in Feature}
        return Profile(
            _rounded(self.weight * fading + 1.0), now, {name: kept for name, kept in values.items() if kept}, habits
        )

    def _kept(self, feature: Feature, value: str, fading: float, now: int, parameters: Parameters) -> dict[str, Seen]:
        oldest = now - parameters.horizon * DAY
        kept = {
            name: Seen(_rounded(seen.weight * fading), seen.last)
            for name, seen in self.values.get(feature, NOTHING).items()
            if seen.last >= oldest
        }
        if value:
            before = kept.get(value)
            kept[value] = Seen(_rounded(1.0 + (before.weight if before else 0.0)), now)
        if len(kept) > parameters.kept:
            least = min((name for name in kept if name != value), key=lambda name: (kept[name].weight, kept[name].last))
            del kept[least]
        return kept

    def renamed(self, former: Former) -> "Profile":
        """The same, with these values under the names that they have today; what was shown under both is added up."""
        known = {key: now for key, now in former.items() if self.seen(*key)}
        if not known:
            return self
        values = {feature: dict(kept) for feature, kept in self.values.items()}
        for (feature, name), now in known.items():
            old, new = values[feature].pop(name), values[feature].get(now)
            values[feature][now] = Seen(_rounded(old.weight + new.weight), max(old.last, new.last)) if new else old
        return replace(self, values=values)

    def to_json(self) -> dict[str, Any]:
        """A small plain dictionary, for one column."""
        if self.is_empty:
            return {}
        return {
            "w": self.weight,
            "t": self.last,
            "v": {
                feature.value: {name: [seen.weight, seen.last] for name, seen in kept.items()}
                for feature, kept in self.values.items()
            },
            "h": {feature.value: [habit.exposure, habit.changes] for feature, habit in self.habits.items()},
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The profile that ``to_json`` wrote."""
        if not content:
            return cls()
        return cls(
            content["w"],
            content["t"],
            {
                Feature(feature): {name: Seen(*pair) for name, pair in kept.items()}
                for feature, kept in content["v"].items()
            },
            {Feature(feature): Habit(*pair) for feature, pair in content["h"].items()},
        )


def _rounded(weight: float) -> float:
    return round(weight, DIGITS)
