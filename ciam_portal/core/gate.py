"""May this be done now? The one question behind every sensitive action, on every channel. Pure and total.

The catalogue's row says what the action needs; the facts say with what it comes. Four laws hold, each proven by tests:
more risk, a staler or weaker session, a less trusted device or a stricter row never loosens the answer; what is not
known counts against; an action or an entry point that nobody wrote down is denied; and what strangers can cause
(``rules.STRANGERS``) may ask a known device for a second factor that its customer has, never for a message that may not
come, and neither makes it wait nor turns it away.

A delegate is asked for their own proof, device and risk; of both accounts the stricter state counts, and what is never
delegated is denied by name (``catalogue.NEVER_DELEGATED``).

Risk alone never turns a sign-in away: whoever showed the right password reads the truth. What would be denied asks for
the strongest proof this customer has, where that settles it (a phishing-resistant one, or any in a known browser), and
waits where it does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from ciam_portal.core.facts import Facts, Trust
from ciam_portal.core.gate_reasons import Reason
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.catalogue import NEVER_DELEGATED, Action, InQuarantine, Needs, Row, Sensitivity
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Finding, Hold, Risk, StepUp
from ciam_portal.core.policy.identity import Identity
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.risk import assess as risk_model
from ciam_portal.core.risk import sign_up as sign_up_model
from ciam_portal.core.risk.assess import Assessment
from ciam_portal.core.risk.kept import Numbers
from ciam_portal.core.risk.parameters import Thresholds
from ciam_portal.core.risk.sign_up import SignUp
from ciam_portal.core.risk.signals import Signals

__all__ = ["Facts", "Reason", "Trust", "assess", "decide", "row_for", "within", "worry"]

TODAY = Numbers()
_STRANGERS_STOP_NOBODY = 2  # the equations since which they do not, from a known device
_STRANGERS_SEND_FOR_NOTHING = 3  # the same: they ask it only for what can be given at once
_RISK_DENIES_NO_SIGN_IN = 4  # the equations since which it asks or waits instead
_WAITS_HAVE_AN_END = 5  # the equations since which a hold that time alone ends says when
_SOME_IS_NEVER_DELEGATED = 6  # the equations since which a delegate is refused that by name, whatever its row says


_FOR_RISK = frozenset({Reason.ON_HOLD, Reason.SIGN_IN_HELD})  # holds that rest on what time may change
_TO_NEWCOMERS: Mapping[StrEnum, Reason] = {
    Reason.UNUSUAL: Reason.SIGN_UP_CHALLENGED,
    Reason.PROVE_MORE: Reason.SIGN_UP_CHALLENGED,
    Reason.ON_HOLD: Reason.SIGN_UP_HELD,
    Reason.TOO_RISKY: Reason.SIGN_UP_REFUSED,
}


@dataclass(frozen=True, slots=True)
class Assessed:
    """An answer, with the assessment it rests on and the risk that counted; all None if nothing was assessed.

    ``standing`` is the part of that risk that belongs to this visit: what a session may carry on.
    """

    decision: Decision
    assessment: Assessment | None = None
    risk: Risk | None = None
    standing: Risk | None = None


@question("gate.decide")
def decide(action: str, facts: Facts, *, limits: Limits, at: datetime) -> Decision:
    """May this be done now?"""
    return assess(action, facts, limits=limits, at=at).decision


def assess(
    action: str, facts: Facts, *, limits: Limits, at: datetime, numbers: Numbers = TODAY, equations: int | None = None
) -> Assessed:
    """The same question, with what the answer rests on; to ask as then, ``numbers``, or but their ``equations``."""
    equations = numbers.parameters.equations if equations is None else equations
    assessed = _assess(action, facts, limits, at, numbers=numbers, equations=equations)
    answer = assessed.decision
    if not isinstance(answer, Hold) or answer.reason not in _FOR_RISK or equations < _WAITS_HAVE_AN_END:
        return assessed
    found = risk_model.worst(answer.findings, numbers.rules)
    for then in facts.turns(numbers.rules, at):
        later = _assess(action, facts.later(at, then, found=found), limits, then, numbers=numbers, equations=equations)
        if not isinstance(later.decision, Hold | Deny):
            return replace(assessed, decision=replace(answer, until=then))
    return replace(assessed, decision=replace(answer, until=None))


def _assess(action: str, facts: Facts, limits: Limits, at: datetime, *, numbers: Numbers, equations: int) -> Assessed:
    row = row_for(action, facts, limits)
    if row is None:
        return Assessed(Deny(Reason.UNKNOWN_ACTION))
    is_delegated = facts.channel is Channel.DELEGATED and equations >= _SOME_IS_NEVER_DELEGATED
    if is_delegated and action in NEVER_DELEGATED:
        return Assessed(Deny(Reason.NEVER_DELEGATED))
    if facts.channel not in row.channels:
        return Assessed(Deny(Reason.WRONG_DOOR))
    if row.needs is not Needs.NOTHING and not facts.account_active:
        return Assessed(Deny(Reason.ACCOUNT_CLOSED))
    if row.needs is not Needs.NOTHING and facts.session_live is False:
        return Assessed(Deny(Reason.SESSION_OVER))
    if facts.sign_up is not None:
        assessed = _of_newcomer(row, facts, facts.sign_up, limits, at, numbers=numbers)
    else:
        assessed = _of_customer(action, row, facts, limits, at, numbers=numbers, equations=equations)
    return assessed


def _of_customer(
    action: str, row: Row, facts: Facts, limits: Limits, at: datetime, *, numbers: Numbers, equations: int
) -> Assessed:
    thresholds = Thresholds(limits.risk.moderate_score, limits.risk.high_score, limits.risk.severe_score)
    assessment = risk_model.assess(
        facts.evidence, facts.signals or Signals(), thresholds, numbers.rules, parameters=numbers.parameters
    )
    risk, own = worry(row, facts, assessment.level), worry(row, facts, assessment.own)
    known = facts.device is Trust.KNOWN
    stops = own if known and equations >= _STRANGERS_STOP_NOBODY else risk
    has_factor = facts.highest >= Level.AAL2
    asks = own if known and not has_factor and equations >= _STRANGERS_SEND_FOR_NOTHING else risk
    tightened = _tightened(row, facts, limits, at)
    coming_in = action == Action.SIGN_IN and equations >= _RISK_DENIES_NO_SIGN_IN
    answer = _answer(tightened, facts, assessment, _Worries(asks, stops, coming_in=coming_in), at)
    if tightened is not row and isinstance(answer, StepUp):
        answer = replace(answer, reason=Reason.RESTRICTED)
    answer = _identified(row, facts, _quarantined(row, facts, answer, at))
    # Whoever was let in at severe risk has proven the most there is; what is left of it stays with the session.
    standing = min(own, Risk.HIGH) if coming_in else own
    return Assessed(_suspended(action, facts, answer, at), assessment, risk, standing)


def _of_newcomer(row: Row, facts: Facts, shown: SignUp, limits: Limits, at: datetime, *, numbers: Numbers) -> Assessed:
    """Nobody is there yet whose device, session or past could say anything: what the sign-up shows is all."""
    bounds = Thresholds(limits.sign_up.challenge_score, limits.sign_up.hold_score, limits.sign_up.refuse_score)
    assessment = sign_up_model.assess(shown, numbers.rules.sign_up, bounds, numbers.parameters.version)
    risk = Risk.LOW if assessment.level is None else assessment.level
    answer = _answer(row, facts, assessment, _Worries(risk, risk), at)
    if not isinstance(answer, Allow):
        answer = replace(answer, reason=_TO_NEWCOMERS[answer.reason])
    return Assessed(answer, assessment, risk, risk)


def row_for(action: str, facts: Facts, limits: Limits) -> Row | None:
    """The row that decides: the action's own, or the one for large amounts; None if nobody wrote it down."""
    row = limits.actions.get(action)
    if row is None or not row.large_action:
        return row
    least = dict(row.large).get(facts.currency or "")
    is_small = least is not None and facts.amount is not None and 0 <= facts.amount < least
    return row if is_small else limits.actions.get(row.large_action)


def worry(row: Row, facts: Facts, assessed: Risk | None) -> Risk:
    """The risk that counts: the worst of what was assessed, of what the session carries, and of the device."""
    known = [level for level in (assessed, facts.standing) if level is not None]
    if not known and not _first_from_home(facts):
        known = [Risk.HIGH if row.sensitivity is Sensitivity.CRITICAL else Risk.MODERATE]
    return max(Risk.LOW, *known, _of_device(row, facts.device))


def _first_from_home(facts: Facts) -> bool:
    """The numbers are there and there is no history yet, on a device that is known: the account was made on it."""
    return facts.evidence is not None and facts.device is Trust.KNOWN


def _of_device(row: Row, device: Trust) -> Risk:
    trusted_from = {Sensitivity.LOW: Trust.NONE, Sensitivity.MODERATE: Trust.NEW}.get(row.sensitivity, Trust.KNOWN)
    return Risk.LOW if device >= trusted_from else Risk.MODERATE


def _left_of(risk: Risk, proven: Level) -> Risk:
    """The risk that is left once so much was freshly proven. Severe risk stays, whatever is proven."""
    if risk is Risk.HIGH and proven >= Level.PHR:
        return Risk.MODERATE
    if risk is Risk.MODERATE and proven >= Level.AAL2:
        return Risk.LOW
    return risk


def _tightened(row: Row, facts: Facts, limits: Limits, at: datetime) -> Row:
    """The row while staff ask this customer for more proof: the most they have, shown lately, whatever the risk.

    What needs nobody to be signed in stays as it is: there is nothing to prove it with.
    """
    if row.needs is Needs.NOTHING or facts.step_up_until is None or at >= facts.step_up_until:
        return row
    most = limits.staff.step_up_minutes * 60
    needs = Needs.HIGHEST if facts.highest >= row.needs.level(facts.highest) else row.needs
    fresh = min(row.fresh_seconds or most, most)
    return replace(row, needs=needs, fresh_seconds=fresh, challenge_from=Risk.LOW)


class _Worries(NamedTuple):
    """What may challenge, and what may make wait or turn away: for a known device only its own part.

    Strangers' part challenges it where it has more than a mailbox to answer with.
    """

    asks: Risk
    stops: Risk
    coming_in: bool = False

    def left_of_stops(self, proven: Level) -> Risk:
        """What is left of the latter once so much was proven; a phishing-resistant proof settles a sign-in."""
        if self.coming_in and self.stops is Risk.SEVERE and proven >= Level.PHR:
            return Risk.HIGH
        return _left_of(self.stops, proven)


def _answer(row: Row, facts: Facts, assessment: Assessment, worries: _Worries, at: datetime) -> Decision:
    fresh = row.fresh_seconds or None
    shown = facts.assurance.level if facts.assurance.meets(Level.AAL1, fresh, at) else Level.NONE
    # A mailbox and another channel, both shown freshly, settle what a second factor would: the risk, never the level.
    settled = max(shown, Level.AAL2) if shown and within(facts.recognized_at, fresh, at) else shown
    findings = assessment.findings
    needed = row.needs.level(facts.highest)
    for ceiling, answer in (
        (row.deny_from, Deny(Reason.TOO_RISKY, findings)),
        (row.hold_from, _hold(facts, findings, at)),
    ):
        if ceiling is None or worries.left_of_stops(settled) < ceiling:
            continue
        enough = [level for level in (Level.AAL2, Level.PHR) if worries.left_of_stops(level) < ceiling]
        if enough and enough[0] <= facts.highest:
            needed = max(needed, enough[0])
        elif not worries.coming_in:
            return answer
        elif _recognized(facts, at):
            needed = max(needed, facts.highest)
        else:
            return replace(_hold(facts, findings, at), reason=Reason.SIGN_IN_HELD)
    challenge = row.challenge_from is not None and _left_of(worries.asks, shown) >= row.challenge_from
    if row.needs is Needs.NOTHING and not challenge:
        return Allow(findings)
    if challenge and not within(facts.challenged_at, fresh, at):
        return StepUp(max(needed, Level.AAL1), Reason.UNUSUAL, fresh, findings, challenge=True)
    if not facts.assurance.meets(needed, fresh, at):
        return StepUp(needed, Reason.PROVE_MORE, fresh, findings, challenge=challenge)
    return Allow(findings)


def _recognized(facts: Facts, at: datetime) -> bool:
    """A browser that the customer uses, or one that the help desk has spoken for."""
    return facts.device is Trust.KNOWN or (facts.vouched_until is not None and at < facts.vouched_until)


def _quarantined(row: Row, facts: Facts, answer: Decision, at: datetime) -> Decision:
    """After a recovery it waits, whatever is proven and however usual all is. A no stays a no."""
    until = facts.quarantine_until
    if row.in_quarantine is InQuarantine.ALLOW or until is None or at >= until or isinstance(answer, Deny):
        return answer
    return Hold(Reason.QUARANTINE, until, answer.findings)


def _identified(row: Row, facts: Facts, answer: Decision) -> Decision:
    """Where it must be known who somebody is: whoever is not known well enough is refused, whatever else they prove."""
    if row.proofing <= (facts.identity or Identity.SELF_ASSERTED) or isinstance(answer, Deny):
        return answer
    return Deny(Reason.SHOW_IDENTITY, answer.findings)


def _suspended(action: str, facts: Facts, answer: Decision, at: datetime) -> Decision:
    """While staff have suspended the account nothing is done with it, whatever is proven; a recovery may only wait."""
    until = facts.suspended_until
    if action == Action.START_RECOVERY or until is None or at >= until or isinstance(answer, Deny):
        return answer
    return Hold(Reason.SUSPENDED, until, answer.findings)


def _hold(facts: Facts, findings: tuple[Finding, ...], at: datetime) -> Hold:
    known_at = facts.device_known_at
    waits_for_device = facts.device is Trust.NEW and known_at is not None and known_at > at
    return Hold(Reason.ON_HOLD, known_at if waits_for_device else None, findings)


def within(proven_at: datetime | None, seconds: int | None, at: datetime) -> bool:
    """Whether that was proven, not in the future, and not longer ago than so many seconds (None: ever)."""
    if proven_at is None or proven_at > at:
        return False
    return seconds is None or at - proven_at < timedelta(seconds=seconds)
