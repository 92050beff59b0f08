"""A case: begun by the successor, seen and approved by two of the staff, told again and again, and waited for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from accounts.models import Session, User
from accounts.staff.flows import people as staff
from accounts.step_up.flows import by_staff, permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.themes import Joined
from recovery.case.facts import helper
from recovery.case.policy.cases import Helper
from recovery.models import Succession, SuccessionNote, Successor
from recovery.news.flows import locked_people
from recovery.succession import events, facts, policy
from recovery.succession.flows import naming, news
from recovery.succession.flows.stopping import OVER
from recovery.succession.policy import Reason, WhyRejected
from recovery.succession.shapes import How, Kind, Seen, State

__all__ = ["BEGUN", "OVER", "approve", "begin", "note", "open_case", "propose", "reject", "tell_again"]

BEGUN = Joined[Callable[..., None]]()
"""Who lets the successor do what was named: ``(case, until, *, by, at)``, in that flow."""


@flow
def open_case(row: Successor, person: User, session: Session, kind: Kind, *, by: Actor, at: datetime) -> Succession:
    """Who was named says that it is needed. Every channel of theirs is told. Raises ProveMore, OnHold, Refused."""
    person, session = permitted(Action.ACCEPT_DELEGATION, person, session, by=by, at=at)
    row = naming.held(row)
    require(policy.may_open, facts.answering(row, person, by, at), about=row.customer_id, by=by, at=at)
    case = Succession.objects.create(
        customer=row.customer, successor=row, kind=kind.value, state=State.OPEN, opened_at=at, told_at=at
    )
    news.note(events.Opened, case, {"case": case.pk, "kind": Code(kind.value)}, by=by, at=at)
    news.step("opened", case, at=at)
    return case


@flow
def note(case: Succession, seen: Seen, how: How, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """An agent notes what they have seen: that, and how; never the document. Raises ProveMore, OnHold or Refused."""
    case, helping = _at_desk(case, Action.STAFF_NOTE_EVIDENCE, person, session, by=by, at=at)
    require(policy.may_note, facts.case(case), helping, about=case.customer_id, by=by, at=at)
    said = {"how": how.value, "by": helping.id, "at": at}
    SuccessionNote.objects.update_or_create(case=case, seen=seen.value, defaults=said)
    event = events.Noted(case=case.pk, seen=Code(seen.value), how=Code(how.value))
    record(event, about=case.customer_id, by=by, at=at)


@flow
def propose(case: Succession, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """The first of two people stands for it. Nothing happens yet. Raises ProveMore, OnHold or Refused."""
    case, helping = _at_desk(case, Action.STAFF_PROPOSE_RECOVERY, person, session, by=by, at=at)
    require(policy.may_propose, facts.case(case), helping, about=case.customer_id, by=by, at=at)
    case.propose(helping.id, at)
    record(events.Proposed(case=case.pk), about=case.customer_id, by=by, at=at)


@flow
def approve(case: Succession, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """The second: the wait begins, in which the customer is told again and again. Raises ProveMore, OnHold, Refused."""
    case, helping = _at_desk(case, Action.STAFF_APPROVE_RECOVERY, person, session, by=by, at=at)
    require(policy.may_approve, facts.case(case), helping, about=case.customer_id, by=by, at=at)
    ready = at + timedelta(days=limits.current().succession.wait_days)
    case.approve(helping.id, at, ready)
    news.note(events.Approved, case, {"case": case.pk, "ready_at": ready}, by=by, at=at)
    news.step("waits", case, at=at, until=ready)


@flow
def reject(case: Succession, why: WhyRejected, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """Either says no, before the wait or in it. Raises ProveMore, OnHold or Refused."""
    case, helping = _at_desk(case, Action.STAFF_NOTE_EVIDENCE, person, session, by=by, at=at)
    require(policy.may_reject, facts.case(case), helping, about=case.customer_id, by=by, at=at)
    case.end(State.REJECTED, at, rejected=why.value)
    news.note(events.Rejected, case, {"case": case.pk, "reason": Code(why.value)}, by=by, at=at)
    news.step("rejected", case, at=at, stoppable=False)


@flow
def tell_again(case: Succession, *, by: Actor, at: datetime) -> None:
    """Every channel of the customer once more. Raises Refused if they were told lately."""
    case = _held(case)
    require(policy.may_tell, facts.case(case), about=case.customer_id, by=by, at=at)
    case.told(at)
    record(events.ToldAgain(case=case.pk), about=case.customer_id, by=by, at=at)
    news.step("again", case, at=at, until=case.ready_at)


@flow
def begin(case: Succession, *, by: Actor, at: datetime) -> None:
    """The wait is over, and the customer was not here: the successor may do what was named. Raises OnHold, Refused."""
    case = _held(case)
    require(policy.may_begin, facts.case(case), about=case.customer_id, by=by, at=at)
    case.end(State.GRANTED, at)
    until = at + timedelta(days=limits.current().succession.grant_days)
    news.note(events.Begun, case, {"case": case.pk}, by=by, at=at)
    for part in BEGUN:
        part(case, until, by=by, at=at)
    news.step("begun", case, at=at, until=until)


def _at_desk(
    case: Succession, action: Action, person: User, session: Session, *, by: Actor, at: datetime
) -> tuple[Succession, Helper]:
    people = locked_people(case.customer_id, person.pk)
    case = _held(case)
    by_staff(action, people[person.pk], session, about=case.customer_id, by=by, at=at)
    helping = helper(people[person.pk], session, case.customer, by=by, at=at)
    return case, replace(helping, has_opened=staff.is_opened(case.customer_id, session, at))  # they cannot ask for it


def _held(case: Succession) -> Succession:
    """It as it stands, under the lock on its customer. Raises Refused if it is gone."""
    customer = User.objects.locked(case.customer_id)
    rows = Succession.objects.select_for_update(of=("self",)).select_related("successor__person")
    found = rows.filter(pk=case.pk).first()
    if found is None:
        raise Refused(Reason.NOT_RUNNING)
    found.customer = customer
    return found
