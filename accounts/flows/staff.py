"""Who is staff, and in which roles."""

from datetime import datetime

from django.contrib.auth.models import Group

from accounts import facts
from accounts.events import staff as events
from accounts.flows import sessions
from accounts.models import Session, User
from ciam_portal.audit import record as audit
from ciam_portal.audit.actor import Actor
from ciam_portal.audit.events import Code
from ciam_portal.flow import flow, require_action
from ciam_portal.policy.catalogue import Action
from ciam_portal.roles import Role


@flow
def grant_role(person: User, role: Role, *, by: Actor, at: datetime) -> None:
    """Give a role. Sessions begun before end, so that none carries a role it was not weighed with."""
    person = User.objects.select_for_update().get(pk=person.pk)
    person.groups.add(Group.objects.get(name=role.value))
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    sessions.end_all(person, by=by, at=at, reason=sessions.ROLE_CHANGED)
    audit.record(events.RoleGranted(role=role), about=person.pk, by=by, at=at)


@flow
def revoke_role(person: User, role: Role, *, by: Actor, at: datetime) -> None:
    """Take a role away; who holds none is no longer staff. It bites at once: all sessions end."""
    person = User.objects.select_for_update().get(pk=person.pk)
    person.groups.remove(Group.objects.get(name=role.value))
    person.is_staff = person.groups.exists()
    person.save(update_fields=["is_staff"])
    sessions.end_all(person, by=by, at=at, reason=sessions.ROLE_CHANGED)
    audit.record(events.RoleRevoked(role=role), about=person.pk, by=by, at=at)


@flow
def open_record(record: User | Session, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """``person`` of the staff looks at a customer or at one of their sessions. Raises ProveMore, OnHold, Refused."""
    about = record.customer_id if isinstance(record, Session) else record.pk
    asked = facts.for_action(person, session, by=by, at=at)
    decision = require_action(Action.STAFF_OPEN_RECORD, asked, about=about, by=by, at=at)
    opened = events.RecordOpened(kind=Code(record._meta.model_name or ""), record=record.pk)  # noqa: SLF001
    audit.record(opened, about=about, by=by, at=at, decision=decision)
