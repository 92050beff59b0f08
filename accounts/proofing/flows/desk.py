"""Two trained agents look at a person and their document: one notes what they see, another decides on that."""

from datetime import datetime, timedelta

from accounts.models import IdentityCheck, IdentityTraining, Session, User
from accounts.proofing import events, facts, policy
from accounts.proofing.flows import checks
from accounts.proofing.shapes import Shown, Why
from accounts.staff.flows import people as staff
from accounts.step_up.flows import by_staff
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.roles import roles_of


@flow
def note(check: IdentityCheck, shown: Shown, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """The first agent notes what they see. Raises ProveMore, OnHold, Refused."""
    check = checks.locked(check)
    by_staff(Action.STAFF_NOTE_EVIDENCE, person, session, about=check.customer_id, by=by, at=at)
    checker = _checker(check, person, session, at)
    require(policy.may_note, facts.check(check, at, shown), checker, about=check.customer_id, by=by, at=at)
    check.note(facts.to_note(shown, check.context), facts.document_of(shown), person.pk, at)
    event = events.CheckNoted(attempt=check.pk, document=Code(shown.document.value), pathway=Code(shown.pathway.value))
    record(event, about=check.customer_id, by=by, at=at)


@flow
def decide(
    check: IdentityCheck, why_not: Why | None, person: User, session: Session, *, by: Actor, at: datetime
) -> None:
    """The second one decides: it passes, or not, and why. Raises ProveMore, OnHold, Refused."""
    check = checks.locked(check)
    by_staff(Action.STAFF_APPROVE_RECOVERY, person, session, about=check.customer_id, by=by, at=at)
    checker = _checker(check, person, session, at)
    require(policy.may_decide, facts.check(check, at), checker, about=check.customer_id, by=by, at=at)
    shown = facts.noted(check)
    if why_not is not None or shown is None:
        checks.failed(check, why_not or Why.NOT_CONVINCED, by=by, at=at)
    else:
        checks.passed(check, shown, by=by, at=at)


@flow
def train(person: User, admin: User, session: Session, *, by: Actor, at: datetime) -> None:
    """An administrator says that somebody was trained, for so long. Raises ProveMore, OnHold, Refused."""
    person = _of_staff(person, admin, session, by=by, at=at)
    until = at + timedelta(days=limits.current().proofing.training_days)
    said = {"given_at": at, "until": until, "given_by": admin.pk}
    IdentityTraining.objects.update_or_create(person=person, defaults=said)
    record(events.StaffTrained(until=until), about=person.pk, by=by, at=at)


@flow
def untrain(person: User, admin: User, session: Session, *, by: Actor, at: datetime) -> None:
    """They no longer check identities. Raises ProveMore, OnHold, Refused."""
    person = _of_staff(person, admin, session, by=by, at=at)
    IdentityTraining.objects.filter(person=person).delete()
    record(events.TrainingEnded(), about=person.pk, by=by, at=at)


def _of_staff(person: User, admin: User, session: Session, *, by: Actor, at: datetime) -> User:
    person = User.objects.locked(person.pk)
    by_staff(Action.STAFF_PROPOSE_ROLE, admin, session, about=person.pk, by=by, at=at)
    asked = policy.TrainFacts(
        person=person.pk,
        person_roles=tuple(sorted(roles_of(person))),
        by=admin.pk,
        is_administrator=staff.staff_facts(admin).is_administrator,
    )
    require(policy.may_train, asked, about=person.pk, by=by, at=at)
    return person


def _checker(check: IdentityCheck, person: User, session: Session, at: datetime) -> policy.Checker:
    return facts.checker(person, session, has_opened=staff.is_opened(check.customer_id, session, at))
