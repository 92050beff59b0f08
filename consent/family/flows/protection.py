"""Our staff pause all that guardians can do for a child, at once; a second one ends that."""

from datetime import datetime

from accounts.models import Session, User
from accounts.step_up.flows import by_staff
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy.catalogue import Action
from consent.delegation.flows import life
from consent.delegation.shapes import State
from consent.family import events, facts, policy
from consent.family.flows import locking, news
from consent.models import Dependant, ParentalResponsibility


@flow
def protect(child: Dependant, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """From now on no guardian can do anything for the child. Raises ProveMore, OnHold or Refused."""
    child = locking.child(child.person_id)
    by_staff(Action.STAFF_RESTRICT, person, session, about=child.person_id, by=by, at=at)
    require(policy.may_protect, case(child), facts.staff(person), about=child.person_id, by=by, at=at)
    child.protect(at, person.pk)
    for row in locking.rows(child):
        if row.state == State.ACTIVE:
            life.rest(row, tells=False, by=by, at=at)
    _note(child, on=True, by=by, at=at)
    news.tell_guardians("protected", child, at=at)


@flow
def lift(child: Dependant, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """Another one ends it. Raises ProveMore, OnHold or Refused."""
    child = locking.child(child.person_id)
    by_staff(Action.STAFF_REVIEW_RESTRICTION, person, session, about=child.person_id, by=by, at=at)
    require(policy.may_lift_protection, case(child), facts.staff(person), about=child.person_id, by=by, at=at)
    child.protect(None, None)
    for row in locking.rows(child):
        if row.state == State.PAUSED:
            life.go_on(row, by=by, at=at)
    _note(child, on=False, by=by, at=at)


def case(child: Dependant) -> policy.Case:
    """A child, as our staff are asked about it."""
    is_protected = child.protected_at is not None
    return policy.Case(first=child.protected_by, is_protected=is_protected, concerned=facts.concerned(child))


def _note(child: Dependant, *, on: bool, by: Actor, at: datetime) -> None:
    guardians = [each.guardian_id for each in ParentalResponsibility.objects.live().of(child.person_id)]
    for who in (*guardians, child.person_id):
        record(events.Protected(child.person_id, on=on, as_child=who == child.person_id), about=who, by=by, at=at)
