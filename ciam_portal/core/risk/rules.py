"""One small function for each rule-like worry: facts in, a finding or nothing out.

Each rule is monotone: a worse fact never gives fewer points. Absent facts give no finding; that something is unknown is
for the policy to assess.
"""

import math
from collections.abc import Callable
from dataclasses import fields, replace

from ciam_portal.core.policy.decision import Finding
from ciam_portal.core.risk.parameters import RuleLimits, Steps
from ciam_portal.core.risk.signals import Signals

Rule = Callable[[Signals, RuleLimits], Finding | None]


def failures(signals: Signals, limits: RuleLimits) -> Finding | None:
    """Somebody is guessing this account's password."""
    return _at_least("failures_on_account", signals.failures_on_account, limits.failures_on_account)


def spraying(signals: Signals, limits: RuleLimits) -> Finding | None:
    """This address fails and fails."""
    return _at_least("failures_from_address", signals.failures_from_address, limits.failures_from_address)


def stuffing(signals: Signals, limits: RuleLimits) -> Finding | None:
    """One address, many accounts: stolen passwords are being tried."""
    return _at_least("accounts_from_address", signals.accounts_from_address, limits.accounts_from_address)


def distributed(signals: Signals, limits: RuleLimits) -> Finding | None:
    """One account, many addresses: a guess spread over many machines."""
    return _at_least("sources_on_account", signals.sources_on_account, limits.sources_on_account)


def burst(signals: Signals, limits: RuleLimits) -> Finding | None:
    """More customers than usual come from a network that is new to each of them.

    Points are the surprise in nats, -ln P(as many others or more), of a Poisson variable with the usual mean.
    """
    found, usual = signals.accounts_from_asn, signals.accounts_from_asn_usual
    if found is None or found < limits.burst_least:
        return None
    mean = max(limits.burst_floor, usual if usual is not None and math.isfinite(usual) else limits.burst_floor)
    points = min(limits.burst_most, surprise(found - 1, mean))
    return Finding("burst_from_network", points) if points >= limits.burst_points else None


def travel(signals: Signals, limits: RuleLimits) -> Finding | None:
    """Nobody travels that fast."""
    return _within("impossible_travel", signals.country_changed_seconds, limits.travel)


def dormant(signals: Signals, limits: RuleLimits) -> Finding | None:
    """An account long asleep wakes up."""
    return _at_least("dormant_account", signals.seconds_since_last_use, limits.dormant)


def young(signals: Signals, limits: RuleLimits) -> Finding | None:
    """The account is hardly older than this request."""
    return _within("new_account", signals.account_age_seconds, limits.young)


def recovered(signals: Signals, limits: RuleLimits) -> Finding | None:
    """Access was recovered only now."""
    return _within("recent_recovery", signals.recovered_seconds, limits.recovered)


def contact(signals: Signals, limits: RuleLimits) -> Finding | None:
    """The way to reach the customer changed only now."""
    return _within("recent_contact_change", signals.contact_changed_seconds, limits.contact)


def breached(signals: Signals, limits: RuleLimits) -> Finding | None:
    """Others may know this password."""
    return Finding("breached_password", limits.breached) if signals.password_breached else None


def blocklisted(signals: Signals, limits: RuleLimits) -> Finding | None:
    """Attacks have come from this address."""
    return Finding("blocklisted_address", limits.blocklisted) if signals.blocklisted else None


def elsewhere(signals: Signals, limits: RuleLimits) -> Finding | None:
    """A device key turned up in another browser than the one it was given to."""
    return Finding("device_key_elsewhere", limits.elsewhere) if signals.device_elsewhere else None


def key_abroad(signals: Signals, limits: RuleLimits) -> Finding | None:
    """A device key that is known, in a country and a network that are both new: people travel, stolen cookies too."""
    return Finding("device_key_abroad", limits.key_abroad) if signals.key_abroad else None


def absurd(signals: Signals, limits: RuleLimits) -> Finding | None:
    """No browser calls itself this."""
    return Finding("absurd_agent", limits.absurd) if signals.agent_absurd else None


def fresh_device(signals: Signals, limits: RuleLimits) -> Finding | None:
    """A device that is not known, or only just, on an account that was recovered or readdressed only now."""
    changed = [
        seconds for seconds in (signals.recovered_seconds, signals.contact_changed_seconds) if seconds is not None
    ]
    is_fresh = signals.device_known is False or (
        signals.device_age_seconds is not None and signals.device_age_seconds < limits.device_fresh
    )
    if not changed or not is_fresh:
        return None
    return _within("fresh_device_after_change", min(changed), limits.after_change)


RULES: tuple[Rule, ...] = (
    failures, spraying, stuffing, distributed, burst, travel, dormant, young, recovered, contact, breached,
    blocklisted, elsewhere, key_abroad, absurd, fresh_device,
)  # fmt: skip


def older(signals: Signals, seconds: float, *, device_known: bool) -> Signals:
    """The same so many seconds later, if nothing else has happened. ``device_known``: by then it is no new one."""
    aged = {name: known + seconds for name in _AGES if (known := getattr(signals, name)) is not None}
    return replace(signals, **aged | ({"device_age_seconds": None} if device_known else {}))


def turns(signals: Signals, limits: RuleLimits) -> list[float]:
    """After how many seconds from now, in order, some worry weighs less because what it is about has grown older."""
    bounds = {
        "account_age_seconds": limits.young,
        "recovered_seconds": (*limits.recovered, *limits.after_change),
        "contact_changed_seconds": (*limits.contact, *limits.after_change),
        "country_changed_seconds": limits.travel,
        "device_age_seconds": ((limits.device_fresh, 0.0),),
    }
    ages = {name: known for name in bounds if (known := getattr(signals, name)) is not None}
    left = {bound - age for name, age in ages.items() for bound, _points in bounds[name] if bound > age}
    return sorted(math.floor(each) + 1.0 for each in left)  # whole seconds, never too early


_AGES = tuple(each.name for each in fields(Signals) if each.name.endswith("_seconds"))

STRANGERS = frozenset({
    "failures_on_account", "failures_from_address", "accounts_from_address", "sources_on_account", "burst_from_network",
})  # fmt: skip
"""What somebody else can bring about, without this customer's password or browser: by failing on their account, by
failing from an address they share, by crowding a network they share. It says nothing about the visit itself."""


def own(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What belongs to the visit itself: the findings that no stranger can cause."""
    return tuple(each for each in findings if each.code not in STRANGERS)


def findings(signals: Signals, limits: RuleLimits) -> tuple[Finding, ...]:
    """What every rule has to say."""
    return tuple(found for rule in RULES if (found := rule(signals, limits)) is not None)


def surprise(count: int, mean: float) -> float:
    """-ln P(X >= count) for a Poisson variable X of this mean, in nats."""
    if count <= 0 or mean <= 0.0:
        return 0.0 if count <= 0 else math.inf
    if count <= mean:
        below = math.fsum(math.exp(each * math.log(mean) - mean - math.lgamma(each + 1)) for each in range(count))
        return -math.log(max(1.0 - below, 1e-300))
    first = count * math.log(mean) - mean - math.lgamma(count + 1)
    term, total, each = 1.0, 1.0, count
    while term > total * 1e-12:
        each += 1
        term *= mean / each
        total += term
    return max(0.0, -(first + math.log(total)))


def _at_least(code: str, value: float | None, steps: Steps) -> Finding | None:
    if value is None:
        return None
    points = max((points for bound, points in steps if value >= bound), default=0.0)
    return Finding(code, points) if points else None


def _within(code: str, seconds: float | None, steps: Steps) -> Finding | None:
    if seconds is None:
        return None
    points = max((points for bound, points in steps if seconds < bound), default=0.0)
    return Finding(code, points) if points else None
