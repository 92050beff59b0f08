"""One guardian wants another one to be removed: days to think it over, then two of our staff decide."""

from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Session, User
from accounts.step_up.flows import by_staff, permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from consent.family import events, facts, policy
from consent.family.flows import locking, news
from consent.family.flows.together import go
from consent.family.policy import Reason
from consent.family.shapes import PENDING, Over, Removing
from consent.models import Dependant, ParentalResponsibility, Removal


@flow
def ask(child: Dependant, me: User, session: Session, *, by: Actor, at: datetime) -> Removal:
    """It removes nobody: the other one is told, and can object. Raises ProveMore, OnHold or Refused."""
    me, session = permitted(Action.ACCEPT_DELEGATION, me, session, by=by, at=at)
    child = locking.child(child.person_id)
    waits = Removal.objects.filter(child=child.person, state__in=PENDING).exists()
    asked = facts.guarding(child, me, waits=waits, by=by, at=at)
    decision = require(policy.may_ask_removal, asked, about=me.pk, by=by, at=at)
    other = facts.others(child, me.pk).get().guardian
    ready_at = at + timedelta(days=limits.current().family.cooling_off_days)
    removal = Removal.objects.create(child=child.person, asker=me, guardian=other, asked_at=at, ready_at=ready_at)
    for who in (me, other):
        event = events.RemovalAsked(removal.pk, child.person_id, ready_at, asker=who == me)
        record(event, about=who.pk, by=by, at=at, decision=decision)
    news.tell_one("removal_asked", other, until=ready_at, at=at)
    return removal


@flow
def object_to(removal: Removal, me: User, *, by: Actor, at: datetime) -> None:
    """Who shall go does not agree. Our staff read it. Raises Refused."""
    _child, removal = _locked(removal)
    _open(removal, theirs=by.is_self(removal.guardian_id) and me.pk == removal.guardian_id)
    removal.object_to(at)
    _note(removal, "objected", by=by, at=at)
    news.tell_one("objected", removal.asker, at=at)


@flow
def withdraw(removal: Removal, me: User, *, by: Actor, at: datetime) -> None:
    """Whoever asked takes it back. Raises Refused."""
    _child, removal = _locked(removal)
    _open(removal, theirs=by.is_self(removal.asker_id) and me.pk == removal.asker_id)
    removal.end(Removing.WITHDRAWN, at)
    _note(removal, "withdrawn", by=by, at=at)
    news.tell_one("removal_withdrawn", removal.guardian, at=at)


@flow
def propose(removal: Removal, person: User, session: Session, *, removes: bool, by: Actor, at: datetime) -> None:
    """One of our staff proposes what becomes of it. Raises ProveMore, OnHold or Refused."""
    child, removal = _locked(removal)
    decision = by_staff(Action.STAFF_RESTRICT, person, session, about=child.person_id, by=by, at=at)
    require(policy.may_propose_removal, case(removal, child), facts.staff(person), about=child.person_id, by=by, at=at)
    removal.propose(person.pk, removes=removes)
    _note(removal, "proposed", by=by, at=at, decision=decision)


@flow
def decide(removal: Removal, person: User, session: Session, *, agrees: bool, by: Actor, at: datetime) -> None:
    """Another one decides: as proposed, or that everything stays. Raises ProveMore, OnHold or Refused."""
    child, removal = _locked(removal)
    decision = by_staff(Action.STAFF_REVIEW_RESTRICTION, person, session, about=child.person_id, by=by, at=at)
    require(policy.may_decide_removal, case(removal, child), facts.staff(person), about=child.person_id, by=by, at=at)
    removes = agrees and removal.removes
    removal.end(Removing.REMOVED if removes else Removing.KEPT, at, person.pk)
    _note(removal, "decided", by=by, at=at, decision=decision)
    for who in (removal.asker, removal.guardian):
        news.tell_one("removed" if removes else "kept", who, at=at)
    if removes:
        found = ParentalResponsibility.objects.live().of(child.person_id).filter(guardian=removal.guardian).first()
        if found is not None:
            go(found, Over.REMOVED, by=by, at=at)


def case(removal: Removal, child: Dependant) -> policy.Case:
    """It, as our staff are asked about it."""
    return policy.Case(
        state=Removing(removal.state),
        ready_at=removal.ready_at,
        first=removal.proposed_by,
        concerned=facts.concerned(child),
    )


def _locked(removal: Removal) -> tuple[Dependant, Removal]:
    child = locking.child(removal.child_id)
    rows = Removal.objects.select_for_update(of=("self",)).select_related("asker", "guardian")
    return child, rows.get(pk=removal.pk)


def _open(removal: Removal, *, theirs: bool) -> None:
    if not theirs:
        raise Refused(Reason.NOT_YOURS)
    if removal.state not in PENDING:
        raise Refused(Reason.NOT_OPEN)


def _note(removal: Removal, what: str, *, by: Actor, at: datetime, decision: UUID | None = None) -> None:
    event = events.RemovalAnswered(removal.pk, removal.child_id, Code(what), removes=removal.removes)
    for who in (removal.asker_id, removal.guardian_id):
        record(event, about=who, by=by, at=at, decision=decision)
