"""How well is it known now who a customer is, when must they show it again, and who may decide about it?"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from accounts.proofing.shapes import LIVE, Found, State, Strength
from ciam_portal.core import gate
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.core.policy.identity import Identity
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase
from ciam_portal.core.roles import Role

CHECKERS = frozenset({Role.AGENT, Role.APPROVER})
_ENOUGH = frozenset({Strength.STRONG, Strength.SUPERIOR})


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the person reads."""

    NOT_OFFERED = "proofing_not_offered", "This way of showing who you are is not offered here."
    TOO_OFTEN = "proofing_too_often", "This did not work several times today. Please try again tomorrow."
    RUNNING = "proofing_running", "A check of this kind is under way already. Finish it, or stop it first."
    OVER = "proofing_over", "This check is over. Please begin a new one."
    NOT_CONFIRMED = "proofing_not_confirmed", "We could not confirm who you are this way. Nothing was changed."
    NOT_STAFF = "proofing_not_staff", "Your role cannot do this, or it is about you."
    NOT_TRAINED = "proofing_not_trained", "Only staff with a valid training check identities."
    NOT_OPENED = "proofing_not_opened", "Open the record with a reason first."
    SAME_PERSON = "proofing_same_person", "Somebody else decides: nobody who noted or proposed this."
    NOTHING_NOTED = "proofing_nothing_noted", "Nothing was noted yet, so there is nothing to decide."
    DOCUMENT_EXPIRED = "proofing_document_expired", "The document has expired. It cannot count."
    SETTLED = "proofing_settled", "Two people have decided this already."
    NOT_AN_ADMINISTRATOR = "proofing_not_an_administrator", "An administrator says who is trained, of others only."


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence. ``waits``: two of the staff look at it first. Left out: it counts for nothing."""

    strength: Strength = Strength.FAIR
    given_at: datetime | None = None
    expires_at: datetime | None = None
    waits: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """What a customer has shown."""

    address: bool = False
    phone: bool = False
    evidence: tuple[Evidence, ...] = ()


def level(held: Held, at: datetime) -> Identity:
    """How well it is known now who they are. What has expired, or waits for staff, counts for nothing."""
    if not held.address:
        return Identity.SELF_ASSERTED
    if any(counts(each, at) for each in held.evidence):
        return Identity.DOCUMENT
    return Identity.PHONE if held.phone else Identity.ADDRESS


def counts(evidence: Evidence, at: datetime) -> bool:
    """Whether this is enough by itself, now."""
    if evidence.waits or evidence.given_at is None or evidence.expires_at is None:
        return False
    return evidence.strength in _ENOUGH and evidence.given_at <= at < evidence.expires_at


def proven_until(held: Held, at: datetime) -> datetime | None:
    """Until when the evidence holds that holds longest; None if there is none."""
    return max((each.expires_at for each in held.evidence if counts(each, at) and each.expires_at), default=None)


def is_due(held: Held, limits: Limits, at: datetime) -> bool:
    """Whether they should show it again soon."""
    until = proven_until(held, at)
    return until is not None and at >= until - timedelta(days=limits.proofing.reminder_days)


def expires_at(document: datetime | None, limits: Limits, at: datetime) -> datetime:
    """Until when new evidence counts: never longer than the document itself."""
    most = at + timedelta(days=limits.proofing.evidence_days)
    return most if document is None else min(most, document)


@dataclass(frozen=True, slots=True)
class StartFacts:
    """Somebody who would begin. Left out: no."""

    is_offered: bool = False
    running: int = 1
    failures_today: int | None = None


@question("proofing.may_start")
def may_start(facts: StartFacts, *, limits: Limits, at: datetime) -> Decision:
    """By a provider that is there, one check at a time, and not after failing too often."""
    if not facts.is_offered:
        return Deny(Reason.NOT_OFFERED)
    if facts.failures_today is None or facts.failures_today >= limits.proofing.failures_per_day:
        return Deny(Reason.TOO_OFTEN)
    return Deny(Reason.RUNNING) if facts.running else Allow()


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """A check, as it stands. ``document_expires_at``: of what was shown; ``failures_of_it``: of that document today."""

    customer: UUID | None = None
    state: State = State.EXPIRED
    expires_at: datetime | None = None
    noted_by: UUID | None = None
    document_expires_at: datetime | None = None
    failures_of_it: int = 0

    def is_live(self, at: datetime) -> bool:
        """Whether anything can still come of it."""
        return self.state in LIVE and self.expires_at is not None and at < self.expires_at


@dataclass(frozen=True, slots=True)
class Checker:
    """A member of staff. ``trained_until``: the end of their training; ``has_opened``: the customer's record."""

    id: UUID | None = None
    roles: tuple[Role, ...] = ()
    trained_until: datetime | None = None
    has_opened: bool = False
    assurance: Assurance = field(default_factory=Assurance)


@question("proofing.may_pass")
def may_pass(check: CheckFacts, *, limits: Limits, at: datetime) -> Decision:
    """May what a provider says become evidence? In time, once, and by a document that has not failed too often."""
    if not check.is_live(at):
        return Deny(Reason.OVER)
    if check.failures_of_it >= limits.proofing.failures_per_day:
        return Deny(Reason.NOT_CONFIRMED)
    expired = check.document_expires_at is not None and check.document_expires_at <= at
    return Deny(Reason.NOT_CONFIRMED) if expired else Allow()


@question("proofing.may_answer")
def may_answer(check: CheckFacts, *, limits: Limits, at: datetime) -> Decision:
    """May a provider answer? Once, in time."""
    return Allow() if check.is_live(at) and check.state is State.STARTED else Deny(Reason.OVER)


@dataclass(frozen=True, slots=True)
class BackFacts:
    """A browser that brings an answer back. ``is_theirs``: the customer's, in the session in which it was begun."""

    check: CheckFacts = field(default_factory=CheckFacts)
    is_theirs: bool = False
    has_code: bool = False


@question("proofing.may_bring_back")
def may_bring_back(facts: BackFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this browser bring the answer back? The one that began, with the code that only it was sent back with."""
    if not facts.check.is_live(at) or facts.check.state is not State.NOTED or facts.check.noted_by is not None:
        return Deny(Reason.OVER)
    return Allow() if facts.is_theirs and facts.has_code else Deny(Reason.NOT_CONFIRMED)


@question("proofing.may_stop")
def may_stop(check: CheckFacts, *, limits: Limits, at: datetime) -> Decision:
    """May it be stopped? While it runs."""
    return Allow() if check.is_live(at) else Deny(Reason.OVER)


@question("proofing.may_note")
def may_note(check: CheckFacts, checker: Checker, *, limits: Limits, at: datetime) -> Decision:
    """May this agent note what they have seen? Trained, about somebody else; the document must still be valid."""
    no = _checks(check, checker, at)
    if no is not None:
        return no
    if check.state is not State.STARTED:
        return Deny(Reason.OVER)
    expired = check.document_expires_at is None or check.document_expires_at <= at
    return Deny(Reason.DOCUMENT_EXPIRED) if expired else Allow()


@question("proofing.may_decide")
def may_decide(check: CheckFacts, checker: Checker, *, limits: Limits, at: datetime) -> Decision:
    """May this person decide on what another one noted? Trained too, and nobody who noted it."""
    no = _checks(check, checker, at)
    if no is not None:
        return no
    if check.state is not State.NOTED or check.noted_by is None:
        return Deny(Reason.NOTHING_NOTED)
    return Deny(Reason.SAME_PERSON) if checker.id == check.noted_by else Allow()


def _checks(check: CheckFacts, checker: Checker, at: datetime) -> Decision | None:
    if not CHECKERS & set(checker.roles) or checker.id is None or checker.id == check.customer:
        return Deny(Reason.NOT_STAFF)
    if checker.trained_until is None or at >= checker.trained_until:
        return Deny(Reason.NOT_TRAINED)
    if not checker.has_opened:
        return Deny(Reason.NOT_OPENED)
    if not check.is_live(at):
        return Deny(Reason.OVER)
    return None if checker.assurance.meets(Level.AAL2, None, at) else StepUp(Level.AAL2, gate.Reason.PROVE_MORE)


@dataclass(frozen=True, slots=True)
class TwinFacts:
    """Two accounts that seem to be one person's: of these ``people``. ``proposed``: what one of the staff finds."""

    is_open: bool = False
    people: tuple[UUID, ...] = ()
    proposed: Found | None = None
    proposed_by: UUID | None = None


@question("proofing.may_find")
def may_find(twin: TwinFacts, found: Found, checker: Checker, *, limits: Limits, at: datetime) -> Decision:
    """May this person say what is the case? What one says and another says too is decided."""
    if not CHECKERS & set(checker.roles) or checker.id is None or checker.id in twin.people:
        return Deny(Reason.NOT_STAFF)
    if not checker.has_opened:
        return Deny(Reason.NOT_OPENED)
    if not twin.is_open:
        return Deny(Reason.SETTLED)
    if twin.proposed is found and twin.proposed_by == checker.id:
        return Deny(Reason.SAME_PERSON)
    return Allow() if checker.assurance.meets(Level.AAL2, None, at) else StepUp(Level.AAL2, gate.Reason.PROVE_MORE)


def settles(twin: TwinFacts, found: Found, checker: UUID) -> bool:
    """Whether a second person now says the same."""
    return twin.proposed is found and twin.proposed_by not in {None, checker}


@dataclass(frozen=True, slots=True)
class TrainFacts:
    """Who says that somebody is trained, or no longer."""

    person: UUID | None = None
    person_roles: tuple[Role, ...] = ()
    by: UUID | None = None
    is_administrator: bool = False


@question("proofing.may_train")
def may_train(facts: TrainFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person say who is trained to check identities? An administrator, of others who could check."""
    if not facts.is_administrator or facts.by is None or facts.person in {None, facts.by}:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    return Allow() if CHECKERS & set(facts.person_roles) else Deny(Reason.NOT_STAFF)
