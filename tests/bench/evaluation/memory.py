"""Profiles and population in memory: for logs that fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ciam_portal.core.risk.population import Key, Rarity, keys_of, rarity
from ciam_portal.core.risk.profile import Profile
from ciam_portal.core.risk.visit import Visit


@dataclass(slots=True)
class Memory:
    """A store without a file."""

    profiles: dict[str, Profile] = field(default_factory=dict)
    weights: dict[Key, float] = field(default_factory=dict)

    def profile(self, user: str) -> Profile:
        """One customer's profile."""
        return self.profiles.get(user) or Profile.empty()

    def counts(self, visit: Visit) -> Rarity:
        """What the population says."""
        return rarity(visit, {key: self.weights[key] for key in keys_of(visit) if key in self.weights})

    def keep(self, user: str, profile: Profile) -> None:
        """Remember a profile as it is now."""
        self.profiles[user] = profile

    def add(self, deltas: Mapping[Key, float]) -> None:
        """Add to the population's weights."""
        for key, delta in deltas.items():
            self.weights[key] = self.weights.get(key, 0.0) + delta
