"""How worried we are about a sign-up: each worry is a finding, and their points add up to the score.

Nobody is a customer yet, so there is no history to compare with. What many share (an address, a network, a mail domain)
and what strangers can bring about weigh together no more than ``shared_most``: a school behind one address may be
asked for a moment's work, and is never held or refused for the others. Pure; a worse fact never gives fewer points.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ciam_portal.core.policy.decision import Finding, Risk
from ciam_portal.core.risk.assess import Assessment
from ciam_portal.core.risk.model import Part
from ciam_portal.core.risk.parameters import SignUpPoints, Steps, Thresholds

CAPPED = "shared_at_most"
"""The part that takes back what the shared worries weigh together beyond their most."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """What one sign-up shows. Counts are of different mailboxes lately, this one included; None is not known."""

    counted: bool = True
    """Did the counters answer?"""
    from_address: int | None = None
    """Sign-ups from this address (IPv6: its /64)."""
    from_network: int | None = None
    """Sign-ups from its network (/24, /48)."""
    from_asn: int | None = None
    """Sign-ups from its network operator (AS)."""
    at_domain: int | None = None
    """Sign-ups with addresses of this mail domain; None for one that everybody uses."""
    spellings: int | None = None
    """Spellings of this one mailbox (tags, dots that mean nothing) that were signed up with."""
    on_device: int | None = None
    """Accounts opened lately in this browser."""
    crowded: bool = False
    """Has its network asked for more accounts or messages than one network may without a challenge?"""
    disposable: bool = False
    """Is it a mail domain for addresses that are thrown away?"""
    takes_mail: bool | None = None
    """Does its mail domain take mail at all?"""
    filled_seconds: float | None = None
    """How long the form was filled in; None: it did not come from a form of ours."""
    trapped: bool = False
    """Was the field filled in that no person sees?"""
    blocklisted: bool | None = None
    """Is the address on a list of known attack sources?"""
    agent_absurd: bool | None = None
    """Is the user agent nothing a browser sends?"""
    failures_from_address: int | None = None
    """Recent failed sign-ins from this address."""
    accounts_from_address: int | None = None
    """Different accounts that were recently tried from this address."""


def assess(facts: SignUp, points: SignUpPoints, thresholds: Thresholds, model: str) -> Assessment:
    """The findings, the score that they add up to, and the level that it reaches."""
    shared, own = tuple(_shared(facts, points)), tuple(_own(facts, points))
    over = max(0.0, math.fsum(each.points for each in shared) - points.shared_most)
    parts = [Part(each.code, each.points) for each in (*shared, *own)]
    parts += [Part(CAPPED, -over)] if over else []
    score = math.fsum(part.llr for part in parts)
    level = _level(score, thresholds)
    return Assessment(level, score, tuple(parts), (*shared, *own), model, level)


def _level(score: float, thresholds: Thresholds) -> Risk:
    levels = ((Risk.SEVERE, thresholds.severe), (Risk.HIGH, thresholds.high), (Risk.MODERATE, thresholds.moderate))
    return next((risk for risk, bound in levels if score >= bound), Risk.LOW)


def _shared(facts: SignUp, points: SignUpPoints) -> Iterator[Finding]:
    """What somebody else can bring about, from an address, a network, an operator or a mail domain that many share."""
    yield from _steps("sign_ups_from_address", facts.from_address, points.from_address)
    yield from _steps("sign_ups_from_network", facts.from_network, points.from_network)
    yield from _steps("sign_ups_from_asn", facts.from_asn, points.from_asn)
    yield from _steps("sign_ups_at_domain", facts.at_domain, points.at_domain)
    yield from _steps("spellings_of_mailbox", facts.spellings, points.spellings)
    yield from _steps("failures_from_address", facts.failures_from_address, points.failures_from_address)
    yield from _steps("accounts_from_address", facts.accounts_from_address, points.accounts_from_address)
    yield from _if("crowded_network", points.crowded, holds=facts.crowded)
    yield from _if("sign_ups_uncounted", points.uncounted, holds=not facts.counted)


def _own(facts: SignUp, points: SignUpPoints) -> Iterator[Finding]:
    """What this browser, this form and this address show by themselves."""
    yield from _steps("accounts_on_device", facts.on_device, points.on_device)
    yield from _if("disposable_domain", points.disposable, holds=facts.disposable)
    yield from _if("domain_without_mail", points.no_mail, holds=facts.takes_mail is False)
    yield from _if("blocklisted_address", points.blocklisted, holds=facts.blocklisted is True)
    yield from _if("absurd_agent", points.absurd, holds=facts.agent_absurd is True)
    yield from _if("trapped_form", points.trapped, holds=facts.trapped)
    if facts.filled_seconds is None:
        yield from _if("unseen_form", points.unseen, holds=True)
    else:
        yield from _if("hurried_form", points.hurried, holds=facts.filled_seconds < points.hurried_seconds)


def _steps(code: str, value: int | None, steps: Steps) -> Iterator[Finding]:
    found = max((points for bound, points in steps if value is not None and value >= bound), default=0.0)
    if found:
        yield Finding(code, found)


def _if(code: str, points: float, *, holds: bool) -> Iterator[Finding]:
    if holds and points:
        yield Finding(code, points)
