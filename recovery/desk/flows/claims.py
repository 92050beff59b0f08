"""Who of the staff works on a recovery. It tells the others, so that two do not call one customer; it opens nothing."""

from datetime import datetime
from uuid import UUID

from accounts.models import Session, User
from accounts.step_up.flows import by_staff
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy.catalogue import Action
from recovery.case import facts
from recovery.desk import events, policy
from recovery.desk.policy import ClaimFacts
from recovery.models import Case
from recovery.news import flows as news


@flow
def take(case: Case, seen: UUID | None, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """``person`` works on it from now on. ``seen``: who did, as they saw it. Raises ProveMore, OnHold, Refused."""
    case, people = news.locked_with(case.pk, person.pk)
    person, before = people[person.pk], case.claimed_by
    decision = by_staff(Action.STAFF_OPEN_RECORD, person, session, about=case.customer_id, by=by, at=at)
    helper = facts.helper(person, session, case.customer, by=by, at=at)
    claim = ClaimFacts(before, seen)
    require(policy.may_take, facts.of_case(case), helper, claim, about=case.customer_id, by=by, at=at)
    case.claim(person.pk, at)
    event = events.DeskTook(case=case.pk, over_from=before)
    record(event, about=case.customer_id, by=by, at=at, decision=decision)
    return case


@flow
def let_go(case: Case, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """``person`` no longer works on it. Raises Refused."""
    case, people = news.locked_with(case.pk, person.pk)
    helper = facts.helper(people[person.pk], session, case.customer, by=by, at=at)
    claim = ClaimFacts(case.claimed_by)
    decision = require(policy.may_let_go, facts.of_case(case), helper, claim, about=case.customer_id, by=by, at=at)
    case.claim(None, None)
    record(events.DeskLetGo(case=case.pk), about=case.customer_id, by=by, at=at, decision=decision)
    return case
