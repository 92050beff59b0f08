"""Every number of the risk model, with its unit and where it comes from. The version is the hash of the content."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType

from ciam_portal.risk.visit import Feature

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Change:
    """How readily genuine customers show a new value of one feature.

    The hazard of a change is a rate times an exposure: ``still + daily x min(days since the last sign-in, cap)``, times
    ``kept`` if the customer brought a device key we know, ``lost`` if they did not though they have one. The rate is
    learned: from ``rate`` (counted as ``trust`` units of exposure) to the population's, and from there, after
    ``patience`` units of hazard, to the customer's own.
    """

    rate: float
    """Changes per unit of exposure, before anything was learned. Tuned on synthetic logs."""
    patience: float = 1.0
    """How much hazard outweighs the population's rate; a gamma prior's shape. Small: customers differ much."""
    still: float = 1.0
    """Exposure of a sign-in however soon it follows the last."""
    daily: float = 0.0
    """Further exposure per day since the last sign-in."""
    cap: float = 30.0
    """Days after which the exposure grows no further."""
    kept: float = 1.0
    """Factor of the exposure when a known device key came with it."""
    lost: float = 1.0
    """Factor of the exposure when a known device key was missing."""

    def exposure(self, gap: float, *, device: bool | None) -> float:
        """How much there was to change in ``gap`` seconds; ``device``: was the key known (None: never had one)?"""
        days = min(max(gap, 0.0) / DAY, self.cap)
        factor = 1.0 if device is None else self.kept if device else self.lost
        return (self.still + self.daily * days) * factor


def _changes() -> Mapping[str, Change]:
    return MappingProxyType(
        {
            Feature.DEVICE.value: Change(rate=0.08, patience=0.5),
            Feature.COUNTRY.value: Change(rate=0.01, patience=0.5),
            Feature.ASN.value: Change(rate=0.08, patience=0.7, still=1.0, daily=0.05),
            Feature.PREFIX.value: Change(rate=0.15, patience=0.7, still=1.0, daily=0.05),
            Feature.ADDRESS.value: Change(rate=0.2, patience=0.7, still=1.0, daily=0.1),
            Feature.SYSTEM.value: Change(rate=0.06, patience=0.6, kept=0.1, lost=2.0),
            Feature.KIND.value: Change(rate=0.03, patience=0.6, kept=0.1, lost=2.0),
            Feature.BROWSER.value: Change(rate=0.04, patience=0.6, kept=0.1, lost=2.0),
            Feature.AGENT.value: Change(rate=0.2, patience=1.0, still=0.5, daily=0.1),
        }
    )


@dataclass(frozen=True, slots=True)
class Attackers:
    """How often, among attacks, each kind of attacker is met: the prior of the mixture. They add up to one."""

    naive: float = 0.25
    """Knows the password alone: looks like anybody."""
    vpn: float = 0.20
    """Also appears in the customer's country."""
    targeted: float = 0.45
    """Also uses the customer's network operator, system and browser; not their address."""
    hosted: float = 0.10
    """Works in bulk from places where customers are rare: any country, any network, equally likely."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """All of the model's numbers."""

    half_life: float = 45.0
    """Days until what was learned weighs half; after six months it weighs a sixteenth (TOPS 2022: older history is
    of little use)."""
    horizon: float = 183.0
    """Days after which a value not seen again is forgotten altogether."""
    kept: int = 16
    """Values kept per feature of one customer (8 entries gave a stable setup in the literature)."""
    attackers: Attackers = field(default_factory=Attackers)
    """The mixture of attackers."""
    changes: Mapping[str, Change] = field(default_factory=_changes)
    """Per feature, how readily customers change."""
    trust: float = 50.0
    """Units of exposure that the default rates count against the population's."""
    stolen: float = 0.003
    """Share of attackers who bring the customer's own device key."""
    slip: float = 0.02
    """Share of attackers who fail at what they imitate, or succeed by chance at what they do not."""
    smoothing: float = 0.5
    """Weight of a value that nobody has shown yet."""
    limit: float = 12.0
    """No part is larger than this, in nats."""

    @property
    def version(self) -> str:
        """The first 16 hex digits of the SHA-256 of every number here."""
        content = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "changes"}
        content["attackers"] = asdict(self.attackers)
        content["changes"] = {name: asdict(change) for name, change in sorted(self.changes.items())}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


DEFAULT = Parameters()

Steps = tuple[tuple[float, float], ...]
"""Pairs of a bound and the points that reaching it gives; the most points count."""

HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class RuleLimits:
    """The numbers of the rules. Points compare with nats: about what a score of as much would say."""

    failures_on_account: Steps = ((3, 1.0), (6, 2.0), (10, 4.0))
    """Failed attempts on one account in the window (keycloak-adaptive-authn grades 3, 6, 10 and 15)."""
    failures_from_address: Steps = ((10, 2.0), (40, 4.0))
    """Failed attempts from one address in the window."""
    accounts_from_address: Steps = ((5, 2.0), (20, 4.0))
    """Different accounts that failed from one address in the window; a shared address (CGNAT) easily reaches a few."""
    sources_on_account: Steps = ((3, 2.0), (5, 4.0))
    """Different addresses failing on one account in the window."""
    burst_least: int = 2
    """Newcomers from one network below which nothing is a burst."""
    burst_floor: float = 0.02
    """Newcomers per window that any network may bring."""
    burst_points: float = 3.0
    """Surprise, in nats, below which nothing is a burst."""
    burst_most: float = 8.0
    """A burst gives no more points than this."""
    travel: Steps = ((4 * HOUR, 2.0), (1 * HOUR, 4.0))
    """Seconds since a success in another country."""
    dormant: Steps = ((180 * DAY, 1.0), (365 * DAY, 2.0))
    """Seconds without use."""
    young: Steps = ((1 * HOUR, 1.0),)
    """Seconds since the account was opened."""
    recovered: Steps = ((72 * HOUR, 1.0), (24 * HOUR, 2.0))
    """Seconds since recovery."""
    contact: Steps = ((72 * HOUR, 1.0), (24 * HOUR, 1.5))
    """Seconds since a change of e-mail address or phone; by itself no reason to ask again from a known device."""
    breached: float = 2.0
    """Points of a password known from a breach."""
    blocklisted: float = 3.0
    """Points of a listed address; 6.4 % of genuine sign-ins come from one, so alone it only warrants a question."""
    elsewhere: float = 4.0
    """Points of a device key seen in another browser or system than it was given to."""
    absurd: float = 2.0
    """Points of a user agent that no browser sends."""
    device_fresh: float = 1 * DAY
    """Seconds during which a device counts as only just known."""
    after_change: Steps = ((72 * HOUR, 2.0), (24 * HOUR, 4.0))
    """Seconds since recovery or change of contact, for a device that is not known."""
    moderate: float = 2.0
    """Points from which a finding alone means moderate risk."""
    high: float = 4.0
    """Points from which a finding alone means high risk."""
    severe: float = 10.0
    """Points from which a finding alone means severe risk: none does. What many share (an address, a network) or what
    strangers can cause (failures) may ask the customer for more, and never shuts them out."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores, in nats, from which risk is moderate, high and severe. An operator calibrates them to history."""

    moderate: float = 0.0
    high: float = 3.0
    severe: float = 6.0


LIMITS = RuleLimits()
THRESHOLDS = Thresholds()
