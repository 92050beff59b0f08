"""The numbers a score is made of, and nothing else: kept with each decision, they give the same score for ever."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from ciam_portal.core.risk.parameters import DEFAULT, Parameters
from ciam_portal.core.risk.population import CHANGES, DISTINCT, EXPOSURE, NEWCOMERS, TOTAL, Key, Rarity
from ciam_portal.core.risk.profile import NOTHING, Habit, Profile
from ciam_portal.core.risk.visit import WITHIN, Feature, Visit, within


@dataclass(frozen=True, slots=True)
class Term:
    """What is known about the value of one feature."""

    new: bool
    """Has this customer not shown it before?"""
    share: float
    """Its share of what this customer showed, 0 to 1 (0 if new)."""
    exposure: float
    """How much there was to change this time."""
    own_exposure: float
    """The customer's exposure so far that passed without a change, faded."""
    own_changes: float
    """The customer's changes so far, faded."""
    all_exposure: float
    """Everybody's exposure that passed without a change."""
    all_changes: float
    """Everybody's changes."""
    weight: float
    """Sign-ins of others with this value."""
    within: float
    """Sign-ins of others with the coarser value that it lies in."""
    distinct: float
    """Different values of this feature that anybody has shown."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One visit against one history, in numbers. A feature that could not be asked about is None."""

    history: float = 0.0
    """Faded number of sign-ins remembered; 0: nobody to compare with."""
    gap: float = 0.0
    """Seconds since the last of them."""
    device: Term | None = None
    country: Term | None = None
    asn: Term | None = None
    prefix: Term | None = None
    address: Term | None = None
    system: Term | None = None
    kind: Term | None = None
    browser: Term | None = None
    agent: Term | None = None

    @property
    def in_new_network(self) -> bool:
        """Is the network new to this customer, or its country? Such sign-ins make a burst (see ``rules.burst``)."""
        return self.is_new(Feature.ASN)

    def is_new(self, feature: Feature) -> bool:
        """Is the value of this feature new to this customer? Whatever lies within a coarser value that is, is too.

        The one rule for who is a newcomer: at the door, in the jobs that look again, in what is usual, in evaluations.
        """
        terms = (self.term(each) for each in (feature, *WITHIN[feature]))
        return any(term is not None and term.new for term in terms)

    def term(self, feature: Feature) -> Term | None:
        """What is known about one feature."""
        found: Term | None = getattr(self, feature)
        return found

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary; absent features are left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The evidence that ``to_json`` wrote, exactly."""
        read: dict[str, Any] = {
            name: Term(**value) if isinstance(value, dict) else value for name, value in content.items()
        }
        return cls(**read)


def gather(profile: Profile, rarity: Rarity, visit: Visit, at: datetime, parameters: Parameters = DEFAULT) -> Evidence:
    """Compare a visit with what is remembered of this customer and of everybody."""
    if profile.is_empty:
        return Evidence()
    fading = profile.fading(at, parameters)

    def others(feature: Feature | None) -> float:
        if feature is None:
            return max(0.0, rarity.total - profile.weight * fading)
        seen = profile.seen(feature, visit.value(feature))
        return max(0.0, rarity.of(feature).weight - (seen.weight * fading if seen else 0.0))

    terms: dict[str, Any] = {}
    for feature, is_new, exposure in profile.asked(visit, at, parameters):
        habit, common = profile.habits.get(feature, Habit()), rarity.of(feature)
        kept = profile.values.get(feature, NOTHING)
        seen = kept.get(visit.value(feature))
        terms[feature.value] = Term(
            new=is_new,
            share=seen.weight / sum(each.weight for each in kept.values()) if seen and seen.weight else 0.0,
            exposure=exposure,
            own_exposure=habit.exposure * fading,
            own_changes=habit.changes * fading,
            all_exposure=common.exposure,
            all_changes=common.changes,
            weight=others(feature),
            within=others(within(feature, visit)),
            distinct=common.distinct,
        )
    return Evidence(history=profile.weight * fading, gap=profile.gap(at), **terms)


def deltas_of(visit: Visit, rarity: Rarity, evidence: Evidence) -> dict[Key, float]:
    """What one sign-in that teaches adds to the population's table; ``evidence`` is what it was judged by."""
    deltas: dict[Key, float] = {TOTAL: 1.0}
    for feature in Feature:
        value, term = visit.value(feature), evidence.term(feature)
        if value:
            deltas[feature.value, value] = 1.0
            if not rarity.of(feature).weight:
                deltas[DISTINCT, feature.value] = 1.0
        if term is not None:
            deltas[(CHANGES if term.new else EXPOSURE), feature.value] = 1.0 if term.new else term.exposure
    for feature, name in NEWCOMERS.items():
        if visit.value(feature) and evidence.is_new(feature):
            deltas[name, visit.value(feature)] = 1.0
    return deltas
