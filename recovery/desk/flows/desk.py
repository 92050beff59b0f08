"""The help desk opens a case for a caller; one person proposes, another approves; either side says no.

Every flow asks the rows, under lock: who acts, in which session, with which roles, and how freshly proven. Nothing that
staff do here gives anybody a password, a code or a link; what comes of it is a wait, and the customer's own link.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accounts.factors import bound as factors
from accounts.factors.policy import STRONG
from accounts.models import Session, User
from accounts.step_up.flows import by_staff
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from recovery.addresses import facts as addresses
from recovery.case import facts
from recovery.case.flows import wait
from recovery.case.policy import cases as policy
from recovery.case.policy.cases import Helper
from recovery.case.policy.evidence import weight
from recovery.case.policy.states import State, Verb
from recovery.desk import events
from recovery.desk import policy as desk_policy
from recovery.desk.policy import WhyRejected
from recovery.models import Case
from recovery.news import flows as news
from recovery.news.flows import Step


@dataclass(frozen=True, slots=True)
class AtDesk:
    """A case with the member of staff who acts, both locked, and the decision that let them come so far."""

    case: Case
    helper: Helper
    decision: UUID | None


def at_desk(case: Case, action: Action, person: User, session: Session, *, by: Actor, at: datetime) -> AtDesk:
    """The case and who acts on it, once the gate lets them. Raises ProveMore, OnHold, Refused. Part of a flow."""
    case, people = news.locked_with(case.pk, person.pk)
    return _come(case, people[person.pk], action, session, by=by, at=at)


def _come(case: Case, person: User, action: Action, session: Session, *, by: Actor, at: datetime) -> AtDesk:
    decision = by_staff(action, person, session, about=case.customer_id, by=by, at=at)
    return AtDesk(case, facts.helper(person, session, case.customer, by=by, at=at), decision)


@flow
def begin(customer: User, lost: tuple[Method, ...], person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """An agent opens a case for a caller, whose record this session has opened lately. Everybody proven is told.

    A recovery that the customer began and that rests on too little gives way; what was shown in it counts for nothing
    here. Raises ProveMore, OnHold, Refused.
    """
    people = news.locked_people(customer.pk, person.pk)
    customer, person = people[customer.pk], people[person.pk]
    held = factors.second_factors(customer) & STRONG
    case = Case(
        customer=customer,
        state=State.OPEN,
        lost=sorted(method.value for method in held & frozenset(lost)),
        opened_at=at,
        opened_by=person.pk,
        claimed_by=person.pk,
        claimed_at=at,
    )
    here = _come(case, person, Action.STAFF_NOTE_EVIDENCE, session, by=by, at=at)
    live = Case.objects.live().select_for_update().filter(customer=customer).first()
    caller = facts.caller(customer, live, lost)
    require(desk_policy.may_begin, caller, here.helper, about=customer.pk, by=by, at=at)
    if live is not None:
        news.replace(live, by=by, at=at)
    case.save(force_insert=True)
    event = events.DeskBegan(case=case.pk, lost=tuple(Method(name) for name in case.lost))
    record(event, about=customer.pk, by=by, at=at, decision=here.decision)
    news.announce(case, Step.DESK_OPENED, at=at)
    return case


def channels(case: Case) -> list[addresses.Destination]:
    """Where a code to be read back, or the customer's own link, may go: pages show ``id`` and ``masked``, no more."""
    return addresses.before_call(case.customer, case.opened_at)


@flow
def propose(case: Case, channel: str, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """An agent stands for it, and says by its id where the link will go. Nothing happens yet. Raises as ``begin``."""
    here = at_desk(case, Action.STAFF_PROPOSE_RECOVERY, person, session, by=by, at=at)
    case = here.case
    chosen = addresses.find(case.customer, channels(case), channel)
    now = replace(facts.of_case(case), channel_stands=chosen is not None)
    require(policy.may_propose, now, here.helper, about=case.customer_id, by=by, at=at)
    if chosen is not None:
        case.propose(here.helper.id, chosen.id, at)
    case.claim(None, None)  # it is somebody else's turn
    news.advance(case, Verb.PROPOSE, at)
    event = events.RecoveryProposed(case=case.pk, weight=weight(now.shown))
    record(event, about=case.customer_id, by=by, at=at, decision=here.decision)
    news.announce(case, Step.PROPOSED, at=at)
    return case


@flow
def approve(case: Case, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """A second person stands for it, and the wait begins; or the first of two, where little was noted.

    Nobody has arrived yet whose risk could be weighed, so it counts as not known. Raises as ``begin``.
    """
    here = at_desk(case, Action.STAFF_APPROVE_RECOVERY, person, session, by=by, at=at)
    case, now = here.case, facts.of_case(here.case)
    require(policy.may_approve, now, here.helper, about=case.customer_id, by=by, at=at)
    is_last = policy.is_last(now, limits=limits.current())
    if now.approved_by is None:
        case.approve(here.helper.id, at, takes_two=not is_last)
    else:
        case.second(here.helper.id, at)
    if not is_last:
        record(events.RecoveryApproved(case=case.pk), about=case.customer_id, by=by, at=at, decision=here.decision)
        case.claim(None, None)  # it is somebody else's turn
        news.announce(case, Step.APPROVED_ONCE, at=at)
        return case
    news.advance(case, Verb.APPROVE, at)
    require(policy.may_cool_off, facts.of_case(case), about=case.customer_id, by=by, at=at)
    ready_at = wait.start(case, now, None, at)
    event = events.RecoveryApproved(case=case.pk, ready_at=ready_at)
    record(event, about=case.customer_id, by=by, at=at, decision=here.decision)
    news.announce(case, Step.DESK_WAITS, at=at, until=ready_at)
    return case


@flow
def reject(case: Case, why: WhyRejected, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """The help desk says no, before the proposal or after it, also while it waits. Raises as ``begin``."""
    here = at_desk(case, Action.STAFF_NOTE_EVIDENCE, person, session, by=by, at=at)
    require(policy.may_reject, facts.of_case(here.case), here.helper, about=here.case.customer_id, by=by, at=at)
    end(here.case, why, by=by, at=at, decision=here.decision)
    return here.case


def end(case: Case, why: WhyRejected, *, by: Actor, at: datetime, decision: UUID | None) -> None:
    """It ends with a no. Part of the flow that has decided."""
    was = State(case.state)
    news.advance(case, Verb.REJECT, at)
    event = events.RecoveryRejected(case=case.pk, was=was, reason=why)
    record(event, about=case.customer_id, by=by, at=at, decision=decision)
    news.announce(case, Step.REJECTED, at=at)
