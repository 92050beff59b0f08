"""Every number of the risk model, with its unit and where it comes from. The version is the hash of the content."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType

from ciam_portal.core.risk.visit import Feature

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else a sign-in showed, so far as it makes further changes likelier."""

    device: bool | None
    """Did it come with a device key of this customer? None: no key of theirs is known."""
    moved: bool = False
    """Is the network or the country new?"""
    switched: bool = False
    """Is the system new?"""


@dataclass(frozen=True, slots=True)
class Change:
    """How readily genuine customers show a new value of one feature.

    The odds of a change are a rate times an exposure. The exposure is ``still + daily x min(days since the last
    sign-in, cap)``, times ``1 + young / history`` (who is hardly known has more left to show), times ``kept`` if the
    customer brought a device key we know, ``lost`` if they did not though they have one, times ``moved`` and
    ``switched`` in a new network and with a new system. The rate is learned as changes over the exposure that passed
    without a change: from ``rate`` (worth ``Parameters.trust`` units of exposure) towards the population's, and from
    there, after ``patience`` expected changes, towards the customer's own.
    """

    rate: float
    """Odds of a change per unit of exposure, before anything was learned. Tuned on synthetic logs, as all here."""
    patience: float = 1.0
    """Expected changes after which a customer's own rate weighs as much as everybody's. Small: people differ much."""
    still: float = 1.0
    """Exposure of a sign-in however soon it follows the last."""
    daily: float = 0.0
    """Further exposure per day since the last sign-in."""
    cap: float = 60.0
    """Days after which the exposure grows no further."""
    young: float = 0.0
    """Sign-ins remembered at which the exposure is twice that of a long history."""
    kept: float = 1.0
    """Factor of the exposure when a known device key came with it."""
    lost: float = 1.0
    """Factor of the exposure when a known device key was missing."""
    moved: float = 1.0
    """Factor of the exposure when the network is new."""
    switched: float = 1.0
    """Factor of the exposure when the system is new."""

    def exposure(self, gap: float, history: float, circumstances: Circumstances) -> float:
        """How much there was to change in ``gap`` seconds, for a customer of so many sign-ins."""
        days = min(max(gap, 0.0) / DAY, self.cap)
        found = (self.still + self.daily * days) * (1.0 + self.young / max(history, 1.0))
        if circumstances.device is not None:
            found *= self.kept if circumstances.device else self.lost
        if circumstances.moved:
            found *= self.moved
        return found * self.switched if circumstances.switched else found


def _changes() -> Mapping[str, Change]:
    client = {"kept": 0.02, "lost": 8.0}
    return MappingProxyType(
        {
            Feature.DEVICE.value: Change(rate=0.1, patience=0.4, daily=0.02, cap=120.0, young=1.0),
            Feature.COUNTRY.value: Change(rate=0.008, patience=1.0),
            Feature.ASN.value: Change(rate=0.04, patience=0.7, young=4.0),
            Feature.PREFIX.value: Change(rate=0.2, patience=1.0, daily=0.2, cap=90.0, young=1.0),
            Feature.ADDRESS.value: Change(rate=0.2, patience=1.0, daily=0.2, cap=90.0, young=1.0),
            Feature.SYSTEM.value: Change(rate=0.013, patience=0.6, young=4.0, moved=2.0, **client),
            Feature.KIND.value: Change(rate=0.001, patience=0.3, young=2.0, moved=2.0, switched=600.0, **client),
            Feature.BROWSER.value: Change(rate=0.01, patience=0.3, young=1.0, moved=1.5, switched=600.0, **client),
            Feature.AGENT.value: Change(rate=0.05, patience=1.5, still=0.2, daily=1.0, cap=90.0, lost=2.0),
        }
    )


@dataclass(frozen=True, slots=True)
class Attackers:
    """How often, among attacks, each kind of attacker is met: the prior of the mixture. They add up to one."""

    naive: float = 0.32
    """Knows the password alone: looks like anybody."""
    vpn: float = 0.32
    """Also appears in the customer's country."""
    targeted: float = 0.18
    """Also uses the customer's network operator, system and browser; not their address."""
    hosted: float = 0.08
    """Works in bulk from places where customers are rare: any country, any network, equally likely."""
    relayed: float = 0.10
    """The same, but shows the customer's system and browser, as phishing relays do."""


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
    stranger: float = 0.05
    """How much the comparison with a mere stranger weighs beside the mixture. The mixture soon takes whoever looks
    alike for a targeted attacker, and then makes little of further likeness; this keeps some of it."""
    changes: Mapping[str, Change] = field(default_factory=_changes)
    """Per feature, how readily customers change."""
    trust: float = 50.0
    """Units of exposure that the default rates count against the population's."""
    stolen: float = 0.003
    """Share of attackers who bring the customer's own device key."""
    slip: float = 0.05
    """Share of attackers who fail at what they imitate, or succeed by chance at what they do not."""
    smoothing: float = 0.5
    """Weight of a value that nobody has shown yet."""
    limit: float = 12.0
    """No part is larger than this, in nats."""
    equations: int = 6
    """Raised whenever the arithmetic of ``model`` or ``evidence`` changes, or how findings count, so that the version
    changes too. 2: what strangers can cause asks a known device for more, and neither makes it wait nor stays. 3: it
    asks a known device only for what its customer can give at once. 4: risk alone turns no sign-in away. 5:
    whatever waits for time alone says until when. 6: what is never delegated is refused to delegates by name."""
    version: str = field(init=False, default="")
    """The first 16 hex digits of the SHA-256 of every number here."""

    def __post_init__(self) -> None:
        """Hash the content once."""
        content = {
            name: getattr(self, name) for name in self.__dataclass_fields__ if name not in {"changes", "version"}
        }
        content["attackers"] = asdict(self.attackers)
        content["changes"] = {name: asdict(change) for name, change in sorted(self.changes.items())}
        text = json.dumps(content, sort_keys=True)
        object.__setattr__(self, "version", hashlib.sha256(text.encode()).hexdigest()[:16])


DEFAULT = Parameters()
FORMER: Mapping[str, int] = MappingProxyType(
    {"1d05973e9c4bb613": 1, "0cfd3ac44773daed": 2, "5587a24c036e693d": 3, "cea97e2319be3ff5": 4, "8f5ab4cc2845e781": 5}
)
"""The equations of versions before this one, so that what was decided under them can be decided again."""

Steps = tuple[tuple[float, float], ...]
"""Pairs of a bound and the points that reaching it gives; the most points count."""

HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class SignUpPoints:
    """The points of what a sign-up shows (``sign_up``); the policy says which sum challenges, holds and refuses."""

    from_address: Steps = ((6, 1.0), (12, 2.0), (50, 3.0))
    """Mailboxes signed up from one address in the window; a family reaches a few, a school or a carrier many."""
    from_network: Steps = ((30, 1.0), (120, 2.0))
    """The same from one network (/24, /48)."""
    from_asn: Steps = ((500, 0.5), (2000, 1.0))
    """The same from one operator (AS): a large one reaches it on a good day, so it tips no scale by itself."""
    at_domain: Steps = ((10, 1.0), (40, 2.0))
    """The same with one mail domain that is no large provider's: a catch-all domain makes any number of addresses."""
    spellings: Steps = ((2, 1.0), (4, 2.0), (10, 3.0))
    """Spellings of one mailbox: two are a person with a plan, ten are a program."""
    failures_from_address: Steps = ((40, 2.0),)
    """Failed sign-ins from the address."""
    accounts_from_address: Steps = ((5, 1.0), (20, 2.0))
    """Different accounts tried from the address."""
    crowded: float = 2.0
    """Points of a network that has used up what one network may ask for."""
    uncounted: float = 2.0
    """Points while the counters do not answer: what is not known counts against, and nobody is shut out for it."""
    shared_most: float = 3.0
    """All of the above together weigh no more."""
    on_device: Steps = ((2, 2.0), (3, 8.0))
    """Accounts opened lately in this browser: a couple shares one, and programs that keep their cookies show more."""
    disposable: float = 3.0
    """Points of a mail domain for addresses that are thrown away: the lists name genuine ones too."""
    no_mail: float = 2.5
    """Points of a mail domain that takes no mail: nothing would arrive."""
    blocklisted: float = 3.0
    """Points of a listed address: about one genuine visit in sixteen comes from one."""
    absurd: float = 2.0
    """Points of a user agent that no browser sends."""
    trapped: float = 4.0
    """Points of the field that nobody sees: programs fill it in, and once in a while so does a password manager."""
    hurried: float = 1.0
    """Points of a form that was filled in faster than people type: password managers are as fast."""
    hurried_seconds: float = 2.0
    """What is faster than people type."""
    unseen: float = 1.0
    """Points of an answer to no form of ours."""


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
    """Seconds since a change of email address or phone; by itself no reason to ask again from a known device."""
    breached: float = 2.0
    """Points of a password known from a breach."""
    blocklisted: float = 3.0
    """Points of a listed address; 6.4 % of genuine sign-ins come from one, so alone it only warrants a question."""
    elsewhere: float = 4.0
    """Points of a device key seen in another browser or system than it was given to."""
    key_abroad: float = 2.0
    """Points of a known device key in a country and a network that are both new: a traveller is asked once for each."""
    absurd: float = 2.0
    """Points of a user agent that no browser sends."""
    device_fresh: float = 1 * DAY
    """Seconds during which a device counts as only just known."""
    after_change: Steps = ((72 * HOUR, 2.0), (24 * HOUR, 4.0))
    """Seconds since recovery or change of contact, for a device that is not known."""
    sign_up: SignUpPoints = SignUpPoints()
    """The points of a sign-up."""
    moderate: float = 2.0
    """Points from which a finding alone means moderate risk."""
    high: float = 4.0
    """Points from which a finding alone means high risk."""
    severe: float = 10.0
    """Points from which a finding alone means severe risk: none does. What strangers can cause (failures, a crowd in
    the same network: ``rules.STRANGERS``) may ask for more at the door; from a known device it makes nothing wait, and
    it is no part of the risk that a session carries on."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores, in nats, from which risk is moderate, high and severe. An operator calibrates them to history.

    On synthetic logs with device keys about 8 %, 2 % and 0.3 % of genuine sign-ins reach them.
    """

    moderate: float = 0.0
    """From here on the evidence speaks for an attacker rather than for the customer."""
    high: float = 3.5
    """Some thirty times likelier from an attacker."""
    severe: float = 6.5
    """Some six hundred times likelier from an attacker."""


LIMITS = RuleLimits()
THRESHOLDS = Thresholds()
