"""An owner is removed: by two owners, by the other one after a time to object, or by two people of the help desk."""

from datetime import datetime, timedelta

from accounts.models import Session, User
from accounts.step_up.flows import by_staff
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from consent.business import events, facts, policy
from consent.business.flows import holding, members, news
from consent.business.models import BusinessMember, BusinessRemoval
from consent.business.policy import Reason
from consent.business.shapes import Removal, Verdict, Why


@flow
def ask(row: BusinessMember, owner: User, session: Session, *, by: Actor, at: datetime) -> BusinessRemoval:
    """One owner asks for it; all are told, whom it is about too. Raises ProveMore, OnHold or Refused."""
    business, owner, session = holding.managing(row.business_id, owner, session, by=by, at=at)
    mine, _delegation = holding.of_person(business, owner.pk)
    row, _delegation = holding.member(business, row.pk)
    who = facts.manager(business, owner, by, at)
    decision = require(policy.may_ask_removal, who, facts.member(row, by), about=business.pk, by=by, at=at)
    ready = at + timedelta(days=limits.current().business.objection_days)
    made = BusinessRemoval.objects.create(
        business=business, who=row, by=mine, state=Removal.ASKED, asked_at=at, ready_at=ready
    )
    said = {"removal": made.pk, "ready_at": ready}
    news.note(events.RemovalAsked, business, row.person_id, said, by=by, at=at, decision=decision)
    _tell("removal_asked", made, by=by, until=ready, at=at)
    return made


@flow
def agree(removal: BusinessRemoval, owner: User, session: Session, *, by: Actor, at: datetime) -> None:
    """Another owner agrees, and it is done. Raises ProveMore, OnHold or Refused."""
    business, owner, session = holding.managing(removal.business_id, owner, session, by=by, at=at)
    require(policy.may_manage, facts.manager(business, owner, by, at), about=business.pk, by=by, at=at)
    row = _held(removal)
    case, who = facts.case(row, limits.current(), at), facts.owner(row.business_id, by)
    decision = require(policy.may_agree, case, who, about=row.business_id, by=by, at=at)
    row.agree(owner.pk)
    said = {"removal": row.pk}
    news.note(events.RemovalAgreed, row.business, row.who.person_id, said, by=by, at=at, decision=decision)
    _carry_out(row, Why.BY_TWO, by=by, at=at)


@flow
def object_to(removal: BusinessRemoval, *, by: Actor, at: datetime) -> None:
    """Whom it is about objects; nothing is asked for. The help desk decides. Raises Refused."""
    row = _held(removal)
    case, who = facts.case(row, limits.current(), at), facts.owner(row.business_id, by)
    decision = require(policy.may_object, case, who, about=row.business_id, by=by, at=at)
    row.object(at)
    said = {"removal": row.pk}
    news.note(events.RemovalObjected, row.business, row.who.person_id, said, by=by, at=at, decision=decision)
    _tell("removal_objected", row, by=by, at=at)


@flow
def call_off(removal: BusinessRemoval, *, by: Actor, at: datetime) -> None:
    """Who asked for it no longer does. Raises Refused."""
    row = _held(removal)
    case, who = facts.case(row, limits.current(), at), facts.owner(row.business_id, by)
    require(policy.may_call_off, case, who, about=row.business_id, by=by, at=at)
    _end(row, Removal.OFF, by=by, at=at)


@flow
def carry_out(removal: BusinessRemoval, *, by: Actor, at: datetime) -> None:
    """Nobody objected in time, and nobody else was there to agree. Raises OnHold or Refused."""
    row = _held(removal)
    _carry_out(row, Why.WAITED, by=by, at=at)


@flow
def propose(
    removal: BusinessRemoval, verdict: Verdict, person: User, session: Session, *, by: Actor, at: datetime
) -> None:
    """The first of the help desk says what should become of it. Raises ProveMore, OnHold or Refused."""
    row = _held(removal)
    person = User.objects.locked(person.pk)
    by_staff(Action.STAFF_PROPOSE_RECOVERY, person, session, about=row.business_id, by=by, at=at)
    case, helper = facts.case(row, limits.current(), at), facts.helper(row, person)
    decision = require(policy.may_propose_verdict, case, helper, about=row.business_id, by=by, at=at)
    row.propose(verdict, person.pk)
    said = {"removal": row.pk, "verdict": Code(verdict.value)}
    news.note(events.VerdictProposed, row.business, row.who.person_id, said, by=by, at=at, decision=decision)


@flow
def settle(
    removal: BusinessRemoval, agrees: Verdict | None, person: User, session: Session, *, by: Actor, at: datetime
) -> None:
    """The second decides as proposed (``agrees``, as they read it), or sends it back (None).

    Raises ProveMore, OnHold or Refused.
    """
    row = _held(removal)
    person = User.objects.locked(person.pk)
    by_staff(Action.STAFF_APPROVE_RECOVERY, person, session, about=row.business_id, by=by, at=at)
    case, helper = facts.case(row, limits.current(), at), facts.helper(row, person)
    decision = require(policy.may_settle, case, helper, about=row.business_id, by=by, at=at)
    if agrees is None:
        row.propose(None, None)
        said = {"removal": row.pk}
        news.note(events.VerdictSentBack, row.business, row.who.person_id, said, by=by, at=at, decision=decision)
        return
    if agrees.value != row.verdict:
        raise Refused(Reason.NOT_PROPOSED)
    row.decided_by = person.pk
    if agrees is Verdict.STAY:
        _end(row, Removal.STAYS, by=by, at=at)
        return
    if not (case.by_stands and case.who_stands):
        _end(row, Removal.OFF, by=by, at=at)
        return
    _remove(row, Why.SETTLED, by=by, at=at)


def is_due(removal: BusinessRemoval, at: datetime) -> bool:
    """Whether it would be carried out now: a look, so that what waits for another owner is not refused each minute."""
    case = facts.case(removal, limits.current(), at)
    return isinstance(policy.may_carry_out(case, limits=limits.current(), at=at), Allow)


def _carry_out(row: BusinessRemoval, why: Why, *, by: Actor, at: datetime) -> None:
    case = facts.case(row, limits.current(), at)
    require(policy.may_carry_out, case, about=row.business_id, by=by, at=at)
    _remove(row, why, by=by, at=at)


def _remove(row: BusinessRemoval, why: Why, *, by: Actor, at: datetime) -> None:
    """They are no member either: what they could do for it is over at once."""
    _end(row, Removal.DONE, by=by, at=at)
    who, delegation = holding.member(row.business, row.who_id)
    members.gone(who, delegation, why, by=by, at=at)


def _end(row: BusinessRemoval, state: Removal, *, by: Actor, at: datetime) -> None:
    row.end(state, at, decided_by=row.decided_by)
    said = {"removal": row.pk, "state": Code(state.value)}
    news.note(events.RemovalEnded, row.business, row.who.person_id, said, by=by, at=at)
    if state is not Removal.DONE:
        _tell(f"removal_{state.value}", row, by=by, at=at)


def _tell(what: str, row: BusinessRemoval, *, by: Actor, at: datetime, until: datetime | None = None) -> None:
    who = row.who.person
    news.tell_owners(what, row.business, who=who.called if who else "", by=by, until=until, at=at)


def _held(removal: BusinessRemoval) -> BusinessRemoval:
    """It as it stands, under the lock on its business that all that is done with owners takes."""
    business = holding.held(removal.business_id)
    rows = BusinessRemoval.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("who__person", "by").get(pk=removal.pk)
    row.business = row.who.business = business
    return row
