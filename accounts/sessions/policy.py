"""What becomes of a session whose risk rises while it lives, or that is one too many?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Finding, Risk, StepUp
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase
from ciam_portal.core.risk import rules
from ciam_portal.core.risk.parameters import LIMITS
from ciam_portal.core.risk.signals import Signals


class Reason(ReasonBase):
    """Why not (any longer). ``words`` is what the customer reads."""

    RISK_ROSE = "risk_rose", "Something about this session is unusual, so please show once more that it is you."
    RISK_SEVERE = "risk_severe", "You were signed out to protect your account. Please sign in again."


@dataclass(frozen=True, slots=True)
class RisenFacts:
    """A session as it stands, and what was found about it afterwards. ``score``: of the sign-in that began it."""

    is_open: bool = False
    standing: Risk | None = None
    score: float | None = None
    findings: tuple[Finding, ...] = ()


def risk_now(facts: RisenFacts, limits: Limits) -> Risk:
    """The risk of the session with what was found since. Score and findings are never added up.

    A sign-in that was very unusual by itself and is part of something larger is severe, though neither alone would be.
    """
    found = max((_level(finding.points) for finding in facts.findings), default=Risk.LOW)
    if found >= Risk.HIGH and facts.score is not None and facts.score >= limits.risk.high_score:
        found = Risk.SEVERE
    return max(found, facts.standing or Risk.LOW)


def doubts_sign_in(findings: tuple[Finding, ...]) -> bool:
    """Whether the sign-in itself is in doubt, and not only who holds the session since."""
    return any(_level(each.points) >= Risk.HIGH and not each.code.startswith("session_") for each in findings)


@question("sessions.on_risk_risen")
def on_risk_risen(facts: RisenFacts, *, limits: Limits, at: datetime) -> Decision:
    """Allow leaves the session as it is; StepUp makes sensitive actions ask or wait; Deny ends it."""
    if not facts.is_open:
        return Allow()
    risk = risk_now(facts, limits)
    if risk is Risk.SEVERE:
        return Deny(Reason.RISK_SEVERE, facts.findings)
    # A risk that is not known counts as moderate, for critical actions as high: only high is more than that.
    risen = risk >= Risk.HIGH if facts.standing is None else risk > facts.standing
    if not risen or risk < Risk.MODERATE:
        return Allow(facts.findings)
    return StepUp(Level.AAL1, Reason.RISK_ROSE, None, facts.findings, challenge=True)


def risk_of_move(*, browser: bool, abroad: float | None) -> Risk | None:
    """How worried we are about a session that goes on elsewhere; None: no more than before.

    ``browser``: in another browser or system. No browser turns into another, but a stolen cookie does. ``abroad``: in
    another country, so many seconds after it was last used. Who travels faster than anybody can (a sign-in asks the
    same) is asked for more, and not stopped: people switch on a VPN.
    """
    if browser:
        return Risk.HIGH
    return Risk.MODERATE if rules.travel(Signals(country_changed_seconds=abroad), LIMITS) else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A live session, among others of one customer. ``known``: in a browser that the customer is known in."""

    id: UUID
    known: bool
    last_used_at: datetime


def one_too_many(others: Iterable[Standing], limits: Limits) -> list[UUID]:
    """Which of these end, because one more has begun: those idle longest, known browsers last.

    So whoever comes in from elsewhere, however often, ends what they began themselves, and one of the owner's at most.
    """
    order = sorted(others, key=lambda each: (each.known, each.last_used_at))
    return [each.id for each in order[: max(0, len(order) + 1 - limits.session.at_once)]]


def _level(points: float) -> Risk:
    if points >= LIMITS.severe:
        return Risk.SEVERE
    if points >= LIMITS.high:
        return Risk.HIGH
    return Risk.MODERATE if points >= LIMITS.moderate else Risk.LOW
