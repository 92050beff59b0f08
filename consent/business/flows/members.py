"""What members may do, who looks after the business with them, and how they come to be none any more."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.activity.events import NotMe
from accounts.models import Session, User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.record import HEARD
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from consent.business import events, facts, policy
from consent.business.flows import holding, news
from consent.business.models import Business, BusinessMember, BusinessRemoval, MemberQuerySet
from consent.business.policy import Reason
from consent.business.shapes import Removal, Stands, Why
from consent.delegation import facts as delegations
from consent.delegation.events import Reminded
from consent.delegation.flows import life
from consent.delegation.shapes import LIVE, Ended, Kind, State, Terms
from consent.models import Delegation

_ENDED = {Why.LEFT: Ended.BY_DELEGATE, Why.NOT_ME: Ended.NOT_ME}


@flow
def assign(row: BusinessMember, owner: User, session: Session, role: str, *, by: Actor, at: datetime) -> None:
    """An owner gives a member a role, from now on and for as long as a role lasts.

    What was spent stays counted. Raises ProveMore, OnHold or Refused.
    """
    business, owner, session = holding.managing(row.business_id, owner, session, by=by, at=at)
    row, delegation = holding.member(business, row.pk)
    who, what, live = facts.manager(business, owner, by, at), holding.terms(business, role), _live(delegation)
    now = live.terms if live is not None else Terms()
    decision = require(
        policy.may_assign, who, facts.member(row, by), now, what, about=business.pk, by=by, at=at
    )  # fmt: skip
    if live is not None:
        life.alter(live, what, holding.longest(at), by=by, at=at, decision=decision)
    elif row.person is not None:
        live = holding.let(row, row.person, what, session.pk, by=by, at=at, decision=decision)
    row.acts_by(live, role)
    news.note(events.Assigned, business, row.person_id, by=by, at=at, decision=decision)
    news.tell_owners("assigned", business, who=_called(row), by=by, at=at)


@flow
def pause(row: BusinessMember, owner: User, *, by: Actor, at: datetime) -> None:
    """An owner stops a member for now. Nothing is asked for. Raises Refused."""
    business = holding.held(row.business_id)
    row, delegation = holding.member(business, row.pk)
    require(policy.may_pause, facts.manager(business, owner, by, at), about=business.pk, by=by, at=at)
    if delegation is None or delegation.state != State.ACTIVE:
        raise Refused(Reason.NOT_A_MEMBER)
    life.rest(delegation, by=by, at=at)
    news.tell_owners("paused", business, who=_called(row), by=by, at=at)


@flow
def rest_all(business: Business, owner: User, *, by: Actor, at: datetime) -> int:
    """An owner stops everything that is done for the business, for now. How many. Raises Refused."""
    business = holding.held(business.pk)
    require(policy.may_pause, facts.manager(business, owner, by, at), about=business.pk, by=by, at=at)
    rows = delegations.with_people(life.locked()).filter(owner=business.pk, state=State.ACTIVE).order_by("pk")
    acting = list(rows)
    for each in acting:
        life.rest(each, by=by, at=at)
    news.note(events.Rested, business, None, {"members": len(acting)}, by=by, at=at)
    news.tell_owners("rested", business, by=by, at=at)
    return len(acting)


@flow
def let_go_on(row: BusinessMember, owner: User, session: Session, *, by: Actor, at: datetime) -> None:
    """An owner lets a member go on. Raises ProveMore, OnHold or Refused."""
    business, owner, session = holding.managing(row.business_id, owner, session, by=by, at=at)
    row, delegation = holding.member(business, row.pk)
    who = facts.manager(business, owner, by, at)
    decision = require(policy.may_let_go_on, who, facts.member(row, by), about=business.pk, by=by, at=at)
    live = _live(delegation)
    if live is None or live.state != State.PAUSED or at >= live.ends_at:
        raise Refused(Reason.NOT_A_MEMBER)
    life.go_on(live, by=by, at=at, decision=decision)
    news.tell_owners("resumed", business, who=_called(row), by=by, at=at)


@flow
def make_owner(row: BusinessMember, owner: User, session: Session, *, by: Actor, at: datetime) -> None:
    """An owner makes a member one, too. Raises ProveMore, OnHold or Refused."""
    business, owner, session = holding.managing(row.business_id, owner, session, by=by, at=at)
    row, _delegation = holding.member(business, row.pk)
    who = facts.manager(business, owner, by, at)
    decision = require(policy.may_make_owner, who, facts.member(row, by), about=business.pk, by=by, at=at)
    row.looks_after(at)
    news.note(events.MadeOwner, business, row.person_id, by=by, at=at, decision=decision)
    news.tell_owners("made_owner", business, who=_called(row), by=by, at=at)


@flow
def remove(row: BusinessMember, owner: User, *, by: Actor, at: datetime) -> None:
    """An owner removes a member who is none. It works at once, and nothing is asked for. Raises Refused."""
    business = holding.held(row.business_id)
    row, delegation = holding.member(business, row.pk)
    who = facts.manager(business, owner, by, at)
    require(policy.may_remove, who, facts.member(row, by), about=business.pk, by=by, at=at)
    gone(row, delegation, Why.REMOVED, by=by, at=at)


@flow
def leave(business: Business, person: User, *, by: Actor, at: datetime) -> None:
    """Somebody leaves. Nothing is asked for; the last owner cannot. Raises Refused."""
    business = holding.held(business.pk)
    row, delegation = holding.of_person(business, person.pk)
    require(policy.may_leave, facts.member(row, by), about=person.pk, by=by, at=at)
    gone(row, delegation, Why.LEFT, by=by, at=at)


@flow
def step_down(business: Business, person: User, *, by: Actor, at: datetime) -> None:
    """An owner is none any more, and stays a member. The last one cannot. Raises Refused."""
    business = holding.held(business.pk)
    row, _delegation = holding.of_person(business, person.pk)
    require(policy.may_step_down, facts.member(row, by), about=person.pk, by=by, at=at)
    row.looks_after(None)
    news.note(events.NoOwner, business, person.pk, by=by, at=at)
    _call_off(row, by=by, at=at)
    news.tell_owners("no_owner", business, who=person.called, by=by, at=at)
    news.tell_member("no_owner", business, person, at=at)


def gone(row: BusinessMember, delegation: Delegation | None, why: Why, *, by: Actor, at: datetime) -> None:
    """They are no member any more, with all that hangs from it. Part of a flow, which has asked and holds both."""
    live, was_owner, business = _live(delegation), row.is_owner, row.business
    row.go(why, at)
    if live is not None:
        life.stop(live, _ENDED.get(why, Ended.BY_OWNER), by=by, at=at)
    news.note(events.Gone, business, row.person_id, {"why": Code(why.value)}, by=by, at=at)
    _call_off(row, by=by, at=at)
    news.tell_owners(why.value, business, who=_called(row), by=by, at=at)
    if row.person is not None and (was_owner or live is None):  # others read that they can act no longer
        news.tell_member("gone", business, row.person, at=at)


def _call_off(row: BusinessMember, *, by: Actor, at: datetime) -> None:
    """Removals of or by somebody who is no owner any more are about nothing."""
    for removal in BusinessRemoval.objects.open().filter(Q(who=row) | Q(by=row)).select_related("who"):
        removal.end(Removal.OFF, at)
        said = {"removal": removal.pk, "state": Code(Removal.OFF.value)}
        news.note(events.RemovalEnded, row.business, removal.who.person_id, said, by=by, at=at)


@life.ENDED.join
def gone_with(delegation: Delegation, *, by: Actor, at: datetime) -> None:
    """What a member could do is over: on their own page, or because its time is up. An owner stays one without it."""
    if delegation.kind != Kind.MEMBER or delegation.state != State.ENDED:
        return
    rows = BusinessMember.objects.members().select_for_update(of=("self",), no_key=True)
    row = rows.select_related("business__account", "person").filter(delegation=delegation).first()
    if row is None or row.is_owner:
        return
    why = Why.LEFT if delegation.end_reason in {Ended.BY_DELEGATE, Ended.LEFT} else Why.ENDED
    row.go(why, at)
    news.note(events.Gone, row.business, row.person_id, {"why": Code(why.value)}, by=by, at=at)
    news.tell_owners(why.value, row.business, who=_called(row), at=at)


@HEARD.join
def hear(event: AuditEvent, *, about: UUID, by: Actor, at: datetime) -> None:
    """Owners are told that a role ends soon; what an intruder made in an owner's session is over."""
    if isinstance(event, Reminded):
        row = _people().filter(delegation=event.delegation).first()
        if row is not None and row.delegation is not None:
            until = row.delegation.ends_at
            news.tell_owners("ends_soon", row.business, who=_called(row), until=until, at=at)
    if isinstance(event, NotMe):
        for row in _people().filter(session=event.session).exclude(person=about).there():
            _disown(row, by=by, at=at)


def _disown(row: BusinessMember, *, by: Actor, at: datetime) -> None:
    others = BusinessMember.objects.owners().filter(business=row.business_id).exclude(pk=row.pk)
    if row.stands == Stands.MEMBER and others.exists():
        gone(row, row.delegation, Why.NOT_ME, by=by, at=at)
    elif row.stands == Stands.INVITED:
        row.go(Why.NOT_ME, at)
        news.note(events.InvitationEnded, row.business, None, {"why": Code(Why.NOT_ME.value)}, by=by, at=at)


def _people() -> MemberQuerySet:
    return BusinessMember.objects.select_related(
        "business__account", "person", "delegation__owner", "delegation__delegate"
    )


def _live(delegation: Delegation | None) -> Delegation | None:
    return delegation if delegation is not None and delegation.state in LIVE else None


def _called(row: BusinessMember) -> str:
    return row.person.called if row.person is not None else row.shown
