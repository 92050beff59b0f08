"""How much likelier an attacker than the customer is to show what a sign-in showed.

Each part is a log-likelihood ratio in nats: positive speaks for an attacker, negative for the customer. The chain rule
makes them add up: each feature is judged given the coarser ones before it, and what the attacker can do is a mixture
whose shares follow the evidence (whoever came with the customer's own network and browser is hardly the naive kind).
A value that is new to the customer is compared in how surprising any change is, for people in general and for this
person; a value that is known, in how common it is among others.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ciam_portal.core.risk.evidence import Evidence, Term
from ciam_portal.core.risk.parameters import DEFAULT, Parameters
from ciam_portal.core.risk.visit import NETWORK, Feature

CLIENT = frozenset({Feature.SYSTEM, Feature.KIND, Feature.BROWSER, Feature.AGENT})
IMITATED: Mapping[str, frozenset[Feature]] = {
    "naive": frozenset(),
    "vpn": frozenset({Feature.COUNTRY}),
    "targeted": CLIENT | {Feature.COUNTRY, Feature.ASN},
    "hosted": frozenset(),
    "relayed": CLIENT,
}
"""What each kind of attacker takes over from the customer."""
ANYWHERE = frozenset({"hosted", "relayed"})
"""Who chooses the network without regard to where customers are."""
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """One feature's share of the score: positive is more suspicious."""

    code: str
    llr: float


def parts(evidence: Evidence, parameters: Parameters = DEFAULT) -> tuple[Part, ...]:
    """The score, taken apart; nothing if there is no history to compare with. Total: any numbers give finite parts."""
    if not _number(evidence.history) > 0.0:
        return ()
    shares = {kind: max(TINY, getattr(parameters.attackers, kind)) for kind in IMITATED}
    found: list[Part] = []
    for feature in Feature:
        term = evidence.term(feature)
        if term is None:
            continue
        before = sum(shares.values())
        genuine = max(TINY, customer(feature, term, parameters))
        stranger = math.log(max(TINY, attacker("naive", feature, term, parameters)) / genuine)
        for kind in shares:
            shares[kind] *= max(TINY, attacker(kind, feature, term, parameters))
        mixed = math.log(sum(shares.values()) / before / genuine)
        llr = (mixed + parameters.stranger * stranger) / (1.0 + parameters.stranger)
        found.append(Part(feature.value, max(-parameters.limit, min(parameters.limit, llr))))
        scale = sum(shares.values())
        shares = {kind: max(TINY, share / scale) for kind, share in shares.items()}
    return tuple(found)


def score(parts: tuple[Part, ...]) -> float:
    """The sum of the parts, in nats."""
    return math.fsum(part.llr for part in parts)


def rate(feature: Feature, term: Term, parameters: Parameters = DEFAULT) -> float:
    """How likely it is that the genuine customer changes this feature now: a probability."""
    change = parameters.changes[feature]
    everybody = (_number(term.all_changes) + parameters.trust * change.rate) / (
        _number(term.all_exposure) + parameters.trust
    )
    expected = _number(term.own_exposure) * everybody
    own = everybody * (_number(term.own_changes) + change.patience) / (expected + change.patience)
    odds = own * _number(term.exposure)
    return min(1.0 - TINY, max(TINY, odds / (1.0 + odds)))


def customer(feature: Feature, term: Term, parameters: Parameters = DEFAULT) -> float:
    """How likely the customer shows this value; for a new one, relative to how common it is."""
    change = rate(feature, term, parameters)
    return change if term.new else (1.0 - change) * min(1.0, _number(term.share))


def attacker(kind: str, feature: Feature, term: Term, parameters: Parameters = DEFAULT) -> float:
    """How likely this kind of attacker shows this value; for a new one, relative to how common it is."""
    if feature is Feature.DEVICE:
        return 1.0 - parameters.stolen if term.new else parameters.stolen * min(1.0, _number(term.share))
    common = _common(term, parameters)
    if feature in IMITATED[kind]:
        return parameters.slip if term.new else (1.0 - parameters.slip) * min(1.0, _number(term.share))
    if kind in ANYWHERE and feature in NETWORK:
        even = 1.0 / (_number(term.distinct) + 1.0)
        return min(100.0, even / common) if term.new else even
    return 1.0 if term.new else common


def _common(term: Term, parameters: Parameters) -> float:
    """The share of others who show this value, among those who show the coarser one."""
    weight, within = _number(term.weight), _number(term.within)
    return min(1.0, (weight + parameters.smoothing) / (max(weight, within) + 2.0 * parameters.smoothing))


def _number(value: float) -> float:
    """A number that is safe to reckon with: no infinity, nothing below zero."""
    return min(value, 1e12) if math.isfinite(value) and value > 0.0 else 0.0
