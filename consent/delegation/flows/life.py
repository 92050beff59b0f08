"""A delegation begins, is paused, changed, renewed and over; either side stops it at once, without a word."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from accounts.activity.events import NotMe
from accounts.lock.flows import locks
from accounts.models import Session, User
from accounts.step_up.flows import permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.record import HEARD, record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.themes import Joined
from ciam_portal.oauth.profiles import AGENTS
from consent.delegation import events, facts, policy
from consent.delegation.flows import news
from consent.delegation.models import DelegationQuerySet
from consent.delegation.policy import Reason
from consent.delegation.shapes import LIVE, Ended, Kind, State, Terms
from consent.models import Consent, Delegation
from consent.permission.models import ConsentQuerySet

ENDED = Joined[Callable[..., None]]()
"""What is cut off when somebody may not act any more, or may do less: ``(delegation, *, by, at)``, in that flow."""


@flow
def pause(delegation: Delegation, *, by: Actor, at: datetime) -> None:
    """Not for now, by the owner. What hangs from it ends at once. Raises Refused."""
    row = held(delegation)
    require(policy.may_pause, facts.standing(row, by), about=row.owner_id, by=by, at=at)
    rest(row, by=by, at=at)


@flow
def resume(delegation: Delegation, session: Session, *, by: Actor, at: datetime) -> None:
    """The owner lets them go on. Raises ProveMore, OnHold or Refused."""
    permitted(Action.CREATE_DELEGATION, delegation.owner, session, by=by, at=at)
    row = held(delegation)
    decision = require(policy.may_resume, facts.standing(row, by), about=row.owner_id, by=by, at=at)
    go_on(row, by=by, at=at, decision=decision)


@flow
def end(delegation: Delegation, *, by: Actor, at: datetime) -> None:
    """Either side ends it, at once; an offer too. Nothing is asked for. Raises Refused."""
    row = held(delegation)
    standing = facts.standing(row, by)
    require(policy.may_end, standing, about=row.owner_id, by=by, at=at)
    why = Ended.BY_DELEGATE if standing.holder is policy.Holder.DELEGATE else Ended.BY_OWNER
    stop(row, why, by=by, at=at)


@flow
def end_all(owner: User, *, by: Actor, at: datetime) -> int:
    """Stop everything that acts for the owner, and every open offer. How many. Raises Refused if there is nothing.

    A child's guardians stay: the family's own verbs end them.
    """
    rows = list(_locked(owner.pk).exclude(kind=Kind.GUARDIAN))
    if not rows:
        raise Refused(Reason.NOT_OPEN)
    for row in rows:
        require(policy.may_end, facts.standing(row, by), about=row.owner_id, by=by, at=at)
        stop(row, Ended.BY_OWNER, by=by, at=at)
    return len(rows)


@flow
def narrow(delegation: Delegation, terms: Terms, *, by: Actor, at: datetime) -> None:
    """The owner lets them do less, at once; nothing is asked for. Raises Refused, also if it would be more."""
    row = held(delegation)
    decision = require(policy.may_narrow, facts.standing(row, by), terms, about=row.owner_id, by=by, at=at)
    alter(row, terms, row.ends_at, by=by, at=at, decision=decision)


@flow
def change(
    delegation: Delegation, session: Session, terms: Terms, ends_at: datetime, *, by: Actor, at: datetime
) -> None:
    """The owner lets them do something else, or until another day. Raises ProveMore, OnHold or Refused."""
    permitted(Action.CREATE_DELEGATION, delegation.owner, session, by=by, at=at)
    row = held(delegation)
    decision = require(policy.may_widen, facts.standing(row, by), terms, ends_at, about=row.owner_id, by=by, at=at)
    alter(row, terms, ends_at, by=by, at=at, decision=decision)


@flow
def renew(delegation: Delegation, session: Session, ends_at: datetime, *, by: Actor, at: datetime) -> None:
    """The same as before, for longer. Raises ProveMore, OnHold or Refused."""
    change(delegation, session, delegation.terms, ends_at, by=by, at=at)


@flow
def expire(delegation: Delegation, *, by: Actor, at: datetime) -> None:
    """Its time is up, or nobody answered. It counted for nothing from that instant on. Raises Refused if not yet."""
    row = held(delegation)
    require(policy.may_expire, facts.standing(row, by), about=row.owner_id, by=by, at=at)
    stop(row, Ended.NOT_ANSWERED if row.state == State.OFFERED else Ended.EXPIRED, by=by, at=at)


@flow
def remind(delegation: Delegation, *, by: Actor, at: datetime) -> None:
    """Both are told that it ends soon, once. Raises Refused if not yet, or told."""
    row = held(delegation)
    require(policy.may_remind, facts.standing(row, by), about=row.owner_id, by=by, at=at)
    row.remind(at)
    record(events.Reminded(delegation=row.pk), about=row.owner_id, by=by, at=at)
    news.tell_both("ends_soon", row, at=at)


def begin(row: Delegation, *, by: Actor, at: datetime, decision: UUID | None = None) -> None:
    """From now on it counts: both said yes. Part of a flow, which has asked."""
    row.begin(at)
    more = {"kind": Code(row.kind), "ends_at": row.ends_at}
    news.note(events.Began, row, more, by=by, at=at, decision=decision)
    news.tell_both("began", row, at=at)


def stop(row: Delegation, why: Ended, *, by: Actor, at: datetime) -> None:
    """It is over, with all that hangs from it. Part of a flow, which has asked and holds the row."""
    was_live = row.state in LIVE
    by_whom = by.id if why in {Ended.BY_OWNER, Ended.BY_DELEGATE, Ended.REFUSED} else None
    row.end(why, at, by=by_whom)
    news.note(events.Ended, row, {"why": Code(why.value)}, by=by, at=at)
    if was_live:
        _cut(row, by=by, at=at)
        news.tell_both("expired" if why is Ended.EXPIRED else "ended", row, at=at)
    elif why in {Ended.REFUSED, Ended.NOT_ANSWERED}:
        news.tell_owner(why.value, row, at=at)


def rest(row: Delegation, *, tells: bool = True, by: Actor, at: datetime) -> None:
    """Not for now. Part of a flow, which has asked and holds the row; so are the next two.

    ``tells``: both, by mail; else the flow tells them what else it means.
    """
    row.stand(State.PAUSED)
    news.note(events.Paused, row, by=by, at=at)
    _cut(row, by=by, at=at)
    if tells:
        news.tell_both("paused", row, at=at)


def go_on(row: Delegation, *, by: Actor, at: datetime, decision: UUID | None = None) -> None:
    """Again."""
    row.stand(State.ACTIVE)
    news.note(events.Resumed, row, by=by, at=at, decision=decision)
    news.tell_both("resumed", row, at=at)


def alter(
    row: Delegation,
    terms: Terms,
    ends_at: datetime,
    *,
    tells: bool = True,
    by: Actor,
    at: datetime,
    decision: UUID | None = None,
) -> None:
    """Something else from now on, or until another day. What was spent stays counted."""
    narrower = terms.within(row.terms) and ends_at <= row.ends_at
    row.change(terms, ends_at, at)
    news.note(events.Changed, row, {"narrower": narrower, "ends_at": ends_at}, by=by, at=at, decision=decision)
    _cut(row, by=by, at=at)
    if tells:
        news.tell_both("changed", row, at=at)


def leave(person: UUID, *, by: Actor, at: datetime) -> int:
    """Somebody's account is erased: nobody acts for them, and they for nobody. How many. Part of that flow."""
    rows = [*_locked(person), *_locked(person, "delegate")]
    for row in rows:
        stop(row, Ended.LEFT, by=by, at=at)
    return len(rows)


def held(delegation: Delegation) -> Delegation:
    """It as it stands, locked, with its people. Part of a flow. Raises Refused if it is gone."""
    _connections(delegation.owner_id).filter(partner=delegation.agent_id).first()
    row = facts.with_people(locked()).filter(pk=delegation.pk).first()
    if row is None:
        raise Refused(Reason.NOT_OPEN)
    return row


def _connections(owner: UUID) -> ConsentQuerySet:
    """Those with agents, which begin and end with their delegations. A consent is locked before what hangs from it."""
    mine = Consent.objects.live().filter(customer=owner, partner__profile__in=AGENTS)
    return mine.select_for_update(of=("self",)).order_by("pk")


def locked() -> DelegationQuerySet:
    """Rows that nobody changes before this flow is through."""
    return Delegation.objects.select_for_update(of=("self",), no_key=True)


def _locked(person: UUID, side: str = "owner") -> DelegationQuerySet:
    list(_connections(person))
    return _theirs(person, side)


def _theirs(person: UUID, side: str = "owner") -> DelegationQuerySet:
    """The same for flows that hold the session already: what hangs from it waits for no consent then."""
    found = facts.with_people(locked()).filter(**{side: person}, state__in=[State.OFFERED, *LIVE])
    return found.order_by("pk")


def _cut(row: Delegation, *, by: Actor, at: datetime) -> None:
    for part in ENDED:
        part(row, by=by, at=at)


@locks.ENDS.join
def stop_since(customer: UUID, since: datetime, *, by: Actor, at: datetime) -> int:
    """The account is locked, or a change of it taken back: what began since is over, all else paused. How many.

    A thief must not go on through somebody whom they let act; who it was before, the owner lets go on by a click.
    Guardians stay.
    """
    rows = list(_locked(customer).exclude(kind=Kind.GUARDIAN))
    for row in rows:
        if row.state == State.OFFERED or row.made_at >= since:
            stop(row, Ended.LOCKED, by=by, at=at)
        elif row.state == State.ACTIVE:
            rest(row, by=by, at=at)
    return len(rows)


@HEARD.join
def stop_if_disowned(event: AuditEvent, *, about: UUID, by: Actor, at: datetime) -> None:
    """A session is said to have been somebody else's: what was granted in it is over."""
    if isinstance(event, NotMe):
        for row in _theirs(about).filter(session=event.session):
            stop(row, Ended.NOT_ME, by=by, at=at)
