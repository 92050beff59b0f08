"""A role changes: one person proposes, another approves. Taking one away needs one person, and bites at once."""

from datetime import datetime, timedelta

from accounts.models import RoleChange, Session, User
from accounts.staff import events, policy
from accounts.staff.flows import people
from accounts.staff.policy import RoleFacts, RoleState, StaffFacts, Verb, WhyRole
from accounts.step_up.flows import by_staff
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.roles import Role


@flow
def propose(
    person: User, role: Role, reason: WhyRole, staff: User, session: Session, *, by: Actor, at: datetime
) -> RoleChange:
    """A first administrator wants this person to have the role. Nothing is given yet. Raises ProveMore, Refused."""
    people.alone()
    decision = by_staff(Action.STAFF_PROPOSE_ROLE, staff, session, about=person.pk, by=by, at=at)
    require(policy.may_propose, _wanted(person, role, at), people.staff_facts(staff), about=person.pk, by=by, at=at)
    change = _propose(person, role, reason, staff, at)
    event = events.RoleProposed(change=change.pk, role=role, reason=Code(reason.value))
    record(event, about=person.pk, by=by, at=at, decision=decision)
    return change


@flow
def propose_by_command(person: User, role: Role, *, by: Actor, at: datetime) -> RoleChange:
    """The operator's command proposes; an administrator has to approve. Raises Refused."""
    people.alone()
    wanted = _wanted(person, role, at, by_command=by.kind is ActorKind.SYSTEM)
    require(policy.may_propose, wanted, StaffFacts(), about=person.pk, by=by, at=at)
    change = _propose(person, role, WhyRole.INSTALLATION, None, at)
    event = events.RoleProposed(change=change.pk, role=role, reason=Code(change.reason))
    record(event, about=person.pk, by=by, at=at)
    return change


@flow
def approve(change: RoleChange, staff: User, session: Session, *, by: Actor, at: datetime) -> None:
    """A second administrator makes it so. Raises ProveMore, OnHold, Refused."""
    people.alone()
    change = RoleChange.objects.select_for_update().get(pk=change.pk)
    person = User.objects.locked(change.person_id)
    decision = by_staff(Action.STAFF_APPROVE_ROLE, staff, session, about=person.pk, by=by, at=at)
    standing = _standing(change, person, at)
    require(policy.may_approve, standing, people.staff_facts(staff), about=person.pk, by=by, at=at)
    change.approve(staff.pk, at)
    people.give(person, Role(change.role), decision, by=by, at=at)


@flow
def reject(change: RoleChange, staff: User, session: Session, *, by: Actor, at: datetime) -> None:
    """An administrator says no, or takes it back. Raises ProveMore, OnHold, Refused."""
    change = RoleChange.objects.select_for_update(of=("self",)).select_related("person").get(pk=change.pk)
    decision = by_staff(Action.STAFF_APPROVE_ROLE, staff, session, about=change.person_id, by=by, at=at)
    standing = _standing(change, change.person, at)
    require(policy.may_reject, standing, people.staff_facts(staff), about=change.person_id, by=by, at=at)
    change.reject(staff.pk, at)
    event = events.RoleRejected(change=change.pk, role=Role(change.role))
    record(event, about=change.person_id, by=by, at=at, decision=decision)


@flow
def revoke(
    person: User, role: Role, reason: WhyRole, staff: User, session: Session, *, by: Actor, at: datetime
) -> RoleChange:
    """One administrator takes a role away; it bites at once. Raises ProveMore, OnHold, Refused."""
    people.alone()
    by_staff(Action.STAFF_PROPOSE_ROLE, staff, session, about=person.pk, by=by, at=at)
    require(policy.may_revoke, _wanted(person, role, at), people.staff_facts(staff), about=person.pk, by=by, at=at)
    change = RoleChange.objects.create(
        person=person,
        role=role.value,
        verb=Verb.REVOKE,
        reason=reason.value,
        state=RoleState.DONE,
        proposed_by=staff.pk,
        proposed_at=at,
        expires_at=at,
    )
    people.revoke_role(person, role, by=by, at=at)
    return change


def _propose(person: User, role: Role, reason: WhyRole, staff: User | None, at: datetime) -> RoleChange:
    return RoleChange.objects.create(
        person=person,
        role=role.value,
        verb=Verb.GRANT,
        reason=reason.value,
        state=RoleState.PROPOSED,
        proposed_by=staff.pk if staff else None,
        proposed_at=at,
        expires_at=at + timedelta(hours=limits.current().staff.proposal_hours),
    )


def _wanted(person: User, role: Role, at: datetime, *, by_command: bool = False) -> RoleFacts:
    """What the policy asks about a change that does not exist yet. A proposal that nobody approved in time expires."""
    proposed = RoleChange.objects.select_for_update().filter(person=person, role=role.value, state=RoleState.PROPOSED)
    for late in proposed.filter(expires_at__lte=at):
        late.expire()
    return RoleFacts(
        person=person.pk,
        person_open=people.is_ready(person, at),
        holds=person.groups.filter(name=role.value).exists(),
        is_proposed=proposed.filter(expires_at__gt=at).exists(),
        by_command=by_command,
    )


def _standing(change: RoleChange, person: User, at: datetime) -> RoleFacts:
    """What the policy asks about a change as it stands."""
    return RoleFacts(
        person=person.pk,
        person_open=people.is_ready(person, at),
        holds=person.groups.filter(name=change.role).exists(),
        is_proposed=change.state == RoleState.PROPOSED,
        state=RoleState(change.state),
        proposed_by=change.proposed_by,
        by_command=change.proposed_by is None,
        proposer_stands=people.administrators().filter(pk__in=[change.proposed_by]).exists(),
        expires_at=change.expires_at,
    )
