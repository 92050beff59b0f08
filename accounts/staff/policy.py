"""Who may give and take roles, break the glass, and look at a customer? Giving takes two people, taking away one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase, Worded
from ciam_portal.core.roles import Role

LOOKERS = frozenset({Role.AGENT, Role.APPROVER, Role.ADMINISTRATOR})
BREAKERS = LOOKERS
OVERSEERS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
READERS = LOOKERS | {Role.AUDITOR, Role.PRIVACY_OFFICER}  # of one whose number they have; these two search for none


class Verb(StrEnum):
    """Given or taken."""

    GRANT = "grant"
    REVOKE = "revoke"


class RoleState(StrEnum):
    """Where a change of a role stands."""

    PROPOSED = "proposed"
    DONE = "done"
    REJECTED = "rejected"
    EXPIRED = "expired"


class WhyRole(Worded):
    """Why a role changes."""

    JOINED = "joined", "Joined the team"
    MOVED = "moved", "Has other duties now"
    COVER = "cover", "Covers for somebody"
    LEFT = "left", "Left the team"
    COMPROMISED = "compromised", "The account may be in other hands"
    INSTALLATION = "installation", "Asked for by the operator's command"


class WhyGlass(Worded):
    """Why somebody cannot wait for a second person."""

    NOBODY_THERE = "nobody_there", "Nobody with this role can be reached"
    ATTACK = "attack", "An attack is under way"
    OUTAGE = "outage", "Something does not work"


class WhyLook(Worded):
    """Why a customer's record is opened. The customer reads these words."""

    IDENTITY_CHECK = "identity_check", "identity check"
    YOU_ASKED = "you_asked", "you asked us for help"
    DISPUTE = "dispute", "something you disagreed with"
    RECOVERY = "recovery", "a recovery of your account"
    ROLE = "role", "your role as staff"
    AUDIT = "audit", "a check of how we work"
    SUSPECTED_FRAUD = "suspected_fraud", "suspected fraud"
    LEGAL_DUTY = "legal_duty", "a legal duty"


SENSITIVE = frozenset({WhyLook.SUSPECTED_FRAUD, WhyLook.LEGAL_DUTY})


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what staff read."""

    NOT_AN_ADMINISTRATOR = "not_an_administrator", "Only an administrator may do this, and not by a role for an hour."
    NOT_INSTALLING = "not_installing", "There are administrators already, so a second person has to approve."
    OWN_ROLE = "own_role", "Nobody decides about their own role."
    SAME_PERSON = "same_person", "You proposed this, so somebody else must approve it."
    HOLDS_ALREADY = "holds_already", "This person has the role already."
    HOLDS_NOT = "holds_not", "This person does not have the role."
    ALREADY_PROPOSED = "already_proposed", "This is proposed already."
    NOT_OPEN = "not_open", "This was decided about already."
    PROPOSAL_EXPIRED = "proposal_expired", "Nobody approved this in time. Please propose it again."
    PROPOSER_LOST_ROLE = "proposer_lost_role", "Whoever proposed this is no longer an administrator."
    PERSON_CLOSED = "person_closed", "This person's account is closed, or its address is not confirmed."
    NOT_YOUR_ROLE = "not_your_role", "Your role cannot do this."
    REVIEW_OVERDUE = "review_overdue", "An earlier use of break-glass waits for its review. That comes first."
    REVIEW_OPEN = "review_open", "Your last use of break-glass has not been reviewed yet."
    OWN_GLASS = "own_glass", "Somebody else has to review what you did."
    NOT_OPENED = "not_opened", "Open the record with a reason first."
    OWN_RECORD = "own_record", "This is your own account. Please use the portal's own pages."
    TOO_MANY_SEARCHES = "too_many_searches", "You have searched for many customers. Please go on later."


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """Who asks. ``is_administrator``: by a role that was given by two people, never by break-glass."""

    id: UUID | None = None
    is_administrator: bool = False


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """The person, the role, and the change as it stands. ``by_command``: the operator's command proposed it."""

    person: UUID | None = None
    person_open: bool = False
    holds: bool = False
    is_proposed: bool = False
    state: RoleState | None = None
    proposed_by: UUID | None = None
    by_command: bool = False
    proposer_stands: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InstallFacts:
    """A role given by the operator's command alone. Left out: there are administrators."""

    has_administrator: bool = True
    by_system: bool = False
    person_open: bool = False


@question("staff.may_install")
def may_install(facts: InstallFacts, *, limits: Limits, at: datetime) -> Decision:
    """May the installation give a role by itself? Only while nobody could approve one."""
    if not facts.by_system or facts.has_administrator:
        return Deny(Reason.NOT_INSTALLING)
    return Allow() if facts.person_open else Deny(Reason.PERSON_CLOSED)


@question("staff.may_propose")
def may_propose(role: RoleFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person propose that somebody else gets a role? The operator's command may: it decides nothing."""
    if not role.by_command and (staff.id is None or not staff.is_administrator):
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    if role.person is None or staff.id == role.person:
        return Deny(Reason.OWN_ROLE)
    if not role.person_open:
        return Deny(Reason.PERSON_CLOSED)
    if role.holds:
        return Deny(Reason.HOLDS_ALREADY)
    return Deny(Reason.ALREADY_PROPOSED) if role.is_proposed else Allow()


@question("staff.may_approve")
def may_approve(role: RoleFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this second person make it so?"""
    if staff.id is None or not staff.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    if role.person is None or role.person in {staff.id, role.proposed_by}:
        return Deny(Reason.OWN_ROLE)
    if role.state is not RoleState.PROPOSED:
        return Deny(Reason.NOT_OPEN)
    if role.expires_at is None or at >= role.expires_at:
        return Deny(Reason.PROPOSAL_EXPIRED)
    if role.proposed_by == staff.id:
        return Deny(Reason.SAME_PERSON)
    if not role.by_command and (role.proposed_by is None or not role.proposer_stands):
        return Deny(Reason.PROPOSER_LOST_ROLE)
    return Allow() if role.person_open else Deny(Reason.PERSON_CLOSED)


@question("staff.may_reject")
def may_reject(role: RoleFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person say no? The proposer too: that takes it back."""
    if staff.id is None or not staff.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    return Allow() if role.state is RoleState.PROPOSED else Deny(Reason.NOT_OPEN)


@question("staff.may_revoke")
def may_revoke(role: RoleFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person take a role away? One is enough: it gives nobody anything."""
    if staff.id is None or not staff.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    return Allow() if role.holds else Deny(Reason.HOLDS_NOT)


@dataclass(frozen=True, slots=True)
class GlassFacts:
    """Who would take a role for an hour. ``standing``: what two people gave. ``oldest_review``: open, of anybody."""

    standing: tuple[Role, ...] = ()
    holds: bool = True
    own_review_open: bool = True
    oldest_review: datetime | None = None


@question("staff.may_break_glass")
def may_break_glass(facts: GlassFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person take the role at once? Not while an earlier use waits for its review for too long."""
    if not BREAKERS & set(facts.standing):
        return Deny(Reason.NOT_YOUR_ROLE)
    if facts.holds:
        return Deny(Reason.HOLDS_ALREADY)
    wait = timedelta(hours=limits.staff.review_hours)
    if facts.oldest_review is not None and at >= facts.oldest_review + wait:
        return Deny(Reason.REVIEW_OVERDUE)
    return Deny(Reason.REVIEW_OPEN) if facts.own_review_open else Allow()


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """A use of break-glass that waits for its review."""

    person: UUID | None = None
    is_open: bool = False


@question("staff.may_review")
def may_review(facts: ReviewFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person close the review? A second administrator."""
    if staff.id is None or not staff.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    if facts.person is None or facts.person == staff.id:
        return Deny(Reason.OWN_GLASS)
    return Allow() if facts.is_open else Deny(Reason.NOT_OPEN)


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody of the staff looks for, in the forms in which it may be stored; what it cannot be is empty.

    ``ending``: how the ids end whose short reference it is.
    """

    number: UUID | None = None
    address: str = ""
    phone: str = ""
    ending: str = ""


@dataclass(frozen=True, slots=True)
class LookFacts:
    """A member of staff at a customer's record, or searching for one."""

    customer: UUID | None = None
    staff: UUID | None = None
    roles: tuple[Role, ...] = ()
    within_budget: bool = True


@question("staff.may_look")
def may_look(facts: LookFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person search, or open this record? Nobody opens their own."""
    allowed = LOOKERS if facts.customer is None else READERS
    if not allowed & set(facts.roles):
        return Deny(Reason.NOT_YOUR_ROLE)
    if facts.customer is not None and facts.customer == facts.staff:
        return Deny(Reason.OWN_RECORD)
    return Allow() if facts.within_budget else Deny(Reason.TOO_MANY_SEARCHES)


@question("staff.may_unmask")
def may_unmask(facts: LookFacts, opened: bool, *, limits: Limits, at: datetime) -> Decision:  # noqa: FBT001  (a fact)
    """May this person have one hidden value shown? On a record that this session has opened, a short while ago."""
    looks = may_look(facts, limits=limits, at=at)
    if not isinstance(looks, Allow):
        return looks
    return Allow() if opened else Deny(Reason.NOT_OPENED)
