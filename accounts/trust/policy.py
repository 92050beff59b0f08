"""How much may a new account do in a day of what programs do by the hundred? Age and evidence lift that.

One of many at a mail domain that nobody knows may do none of it before there is evidence: whoever has a domain has as
many mailboxes as they like. Only who reads mail there adds to the count, so no stranger shuts anybody out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from uuid import UUID

from ciam_portal.core import gate
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Finding, Hold, StepUp
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase, Worded
from ciam_portal.core.roles import Role

PASSERS = frozenset({Role.AGENT, Role.APPROVER})


class Trust(IntEnum):
    """What stands behind an account. Each level has all that the one before it has, and more."""

    BARE = 0  # one of many at a mail domain that nobody knows: only evidence, or age, says that it is a person's
    NEW = 1
    SHOWN = 2  # a second step, or a phone that was confirmed
    SETTLED = 3  # both, a document, or old enough: no limits but those that everybody has


class Limited(StrEnum):
    """Of what a new account may do less."""

    APPS = "apps"
    OFFERS = "offers"  # people invited, or asked
    ACTING = "acting"  # saying yes to such an offer, a child's account, a business
    APPROVALS = "approvals"  # of what agents ask


class Reason(ReasonBase):
    """Why not yet. ``words`` is what the customer reads."""

    NEW_ACCOUNT = (
        "trust_new_account",
        (
            "Your account is new, and has done as much of this today as a new one may. A second step, or a confirmed "
            "phone number, lets you do more at once (see your Security page)."
        ),
    )
    SHOW_MORE = (
        "trust_show_more",
        (
            "Several accounts were opened lately with addresses like yours, so your account cannot do this yet. "
            "Confirm a phone number, or show who you are, and it can at once (see your Security page)."
        ),
    )
    MANY_THERE = (
        "trust_many_there",
        (
            "Several accounts were opened lately with addresses like yours. Until you confirm a phone number, or show "
            "who you are, your account connects no apps and lets nobody act."
        ),
    )
    NOT_WAITING = "trust_not_waiting", "Your account waits for nothing."
    ASKED_ALREADY = "trust_asked_already", "You have asked us already. You get an email when somebody has looked."
    NOT_YOUR_ROLE = "not_your_role", "Only the help desk decides about mail domains."
    YOUR_OWN = "your_own", "Nobody decides about their own mail domain."
    PASSED_ALREADY = "domain_passed", "This mail domain has been passed already."
    NOT_PASSED = "domain_not_passed", "This mail domain is no longer passed."


class WhyPass(Worded):
    """What is known of a mail domain."""

    ORGANIZATION = "organization", "An organization that we know"
    PROVIDER = "provider", "A provider that anybody can have an address of"
    ASKED = "asked", "Its people were asked, and are people"


@dataclass(frozen=True, slots=True)
class Start:
    """What is known of the domain at which a new account shows its mailbox. Left out: nothing speaks for it.

    ``at_domain``: accounts that began there lately, beside this one; ``at_host``: at all unknown domains whose mail
    goes to the same network (None: not known which, or one that takes anybody's). ``known_…``: those of before.
    """

    at_domain: int | None = None
    known_at_domain: int = 0
    at_host: int | None = None
    known_at_host: int = 0
    passed: bool = False


@question("trust.may_begin")
def may_begin(start: Start, *, limits: Limits, at: datetime) -> Decision:
    """Like any other new account? If not, it waits for evidence, or for age."""
    findings = () if start.passed else tuple(_crowds(start, limits))
    if not findings:
        return Allow()
    return Hold(Reason.MANY_THERE, at + timedelta(days=limits.trust.waiting_days), findings)


def _crowds(start: Start, limits: Limits) -> Iterator[Finding]:
    rules = limits.trust
    if start.at_domain is None or start.at_domain >= rules.first_at_domain + start.known_at_domain:
        yield Finding("accounts_at_domain", float(1 + (start.at_domain or 0)))
    known = max(start.known_at_host, start.known_at_domain)
    if start.at_host is not None and start.at_host >= rules.first_at_host + known:
        yield Finding("accounts_at_host", float(1 + start.at_host))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an account. Left out: nothing speaks for it. ``waits_since``: it is one of many at its domain.

    ``has_phone``: a confirmed one that stands behind few accounts. ``has_document``: it showed who its owner is.
    """

    opened_at: datetime | None = None
    has_second_step: bool = False
    has_phone: bool = False
    has_document: bool = False
    waits_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Doing:
    """One more of these: how many were done within a day, and when the first of them was."""

    what: Limited
    evidence: Evidence
    today: int
    first_at: datetime | None = None


def settles_at(evidence: Evidence, limits: Limits) -> datetime | None:
    """When age alone lifts all limits."""
    opened, rules = evidence.opened_at, limits.trust
    if opened is None:
        return None
    settled = opened + timedelta(days=rules.settled_days)
    if evidence.waits_since is None or evidence.has_phone:
        return settled
    return max(settled, evidence.waits_since + timedelta(days=rules.waiting_days))


def level_of(evidence: Evidence, limits: Limits, at: datetime) -> Trust:
    """How much stands behind an account now. Nothing raises it but the evidence itself, and time."""
    settled = settles_at(evidence, limits)
    if evidence.has_document or (settled is not None and at >= settled):
        return Trust.SETTLED
    if evidence.waits_since is not None and not evidence.has_phone:
        return Trust.BARE
    return Trust(Trust.NEW + evidence.has_second_step + evidence.has_phone)


def most(what: Limited, level: Trust, limits: Limits) -> int | None:
    """How many in a day; None: as many as everybody."""
    rules = limits.trust
    if level in {Trust.BARE, Trust.SETTLED}:
        return 0 if level is Trust.BARE else None
    if what is Limited.ACTING:
        return None
    numbers = {
        Limited.APPS: (rules.new_apps_per_day, rules.shown_apps_per_day),
        Limited.OFFERS: (rules.new_offers_per_day, rules.shown_offers_per_day),
        Limited.APPROVALS: (rules.new_approvals_per_day, rules.shown_approvals_per_day),
    }
    return numbers[what][level is Trust.SHOWN]


def api_most(level: Trust, limits: Limits) -> int | None:
    """How many calls about it each app may make in a minute; None: as many as about everybody.

    An account that waits for evidence connects no app; what it had connected before is asked like a new one's.
    """
    if level is Trust.SETTLED:
        return None
    return limits.trust.shown_api_per_minute if level is Trust.SHOWN else limits.trust.new_api_per_minute


@question("trust.may_do")
def may_do(doing: Doing, *, limits: Limits, at: datetime) -> Decision:
    """One more today? If not, it waits: for tomorrow, or for the day on which the account is no longer new."""
    level = level_of(doing.evidence, limits, at)
    allowed = most(doing.what, level, limits)
    if allowed is None or doing.today < allowed:
        return Allow()
    if level is Trust.BARE:
        return Hold(Reason.SHOW_MORE, settles_at(doing.evidence, limits))
    ends = [end for end in (settles_at(doing.evidence, limits), _a_day_after(doing.first_at)) if end is not None]
    return Hold(Reason.NEW_ACCOUNT, min((end for end in ends if end > at), default=None))


def _a_day_after(then: datetime | None) -> datetime | None:
    return None if then is None else then + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AskFacts:
    """Somebody who would have a person look at why their account waits."""

    waits: bool = False
    has_asked: bool = True


@question("trust.may_ask")
def may_ask(facts: AskFacts, *, limits: Limits, at: datetime) -> Decision:
    """Once, while it waits; after a no there is the appeal."""
    if not facts.waits:
        return Deny(Reason.NOT_WAITING)
    return Deny(Reason.ASKED_ALREADY) if facts.has_asked else Allow()


@dataclass(frozen=True, slots=True)
class PassFacts:
    """A mail domain, one of whose accounts waits, and the member of staff who would pass all of it, or take it back."""

    customer: UUID | None
    is_passed: bool
    staff: UUID
    at_same_domain: bool
    roles: tuple[Role, ...]
    assurance: Assurance


@question("trust.may_pass")
def may_pass(facts: PassFacts, *, limits: Limits, at: datetime) -> Decision:
    """The help desk, signed in with two factors, about a domain that is not their own, once."""
    return _may_decide(facts, Reason.PASSED_ALREADY if facts.is_passed else None, at)


@question("trust.may_take_back")
def may_take_back(facts: PassFacts, *, limits: Limits, at: datetime) -> Decision:
    """The same people, about one that is passed."""
    return _may_decide(facts, None if facts.is_passed else Reason.NOT_PASSED, at)


def _may_decide(facts: PassFacts, done: Reason | None, at: datetime) -> Decision:
    if not PASSERS & set(facts.roles):
        return Deny(Reason.NOT_YOUR_ROLE)
    if facts.staff == facts.customer or facts.at_same_domain:
        return Deny(Reason.YOUR_OWN)
    if done:
        return Deny(done)
    if not facts.assurance.meets(Level.AAL2, None, at):
        return StepUp(Level.AAL2, gate.Reason.PROVE_MORE)
    return Allow()
