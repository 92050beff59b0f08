"""Beginning to act for somebody, going on, and stopping. Who acts is asked for their own proof, at each step."""

from datetime import datetime

from accounts.models import Session, User
from accounts.step_up import facts as people
from accounts.step_up import flows as step_up
from ciam_portal.core import gate
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.flow import delegable, flow, go_on, require, require_action
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from consent.acting import events, facts, policy
from consent.delegation import facts as delegations
from consent.delegation.flows import life, news
from consent.delegation.policy import may_act
from consent.delegation.shapes import Act
from consent.ledger.shapes import OURSELVES, Way
from consent.models import ActingSession, Delegation
from consent.use import facts as use
from consent.use import flows as leaving
from consent.use.shapes import Released, To


@flow
@delegable
def begin(delegation: Delegation, delegate: User, session: Session, *, by: Actor, at: datetime) -> ActingSession:
    """From now on they act for the owner in this session; ``by`` does so already. Raises ProveMore, OnHold, Refused."""
    delegate, session = step_up.locked(delegate.pk, session.pk)
    row = life.held(delegation)
    require(may_act, delegations.of(row, at=at), about=row.owner_id, by=by, at=at)
    asked = people.for_delegate(row.owner, delegate, session, by=by, at=at)
    decision = require_action(Action.USE_DELEGATION, asked, about=delegate.pk, by=by, at=at)
    before = ActingSession.objects.filter(delegation=row)
    is_first = not before.exists()
    before.filter(session=session).end(at)
    acting = ActingSession.objects.create(delegation=row, session=session, started_at=at, last_used_at=at)
    news.note(events.Begun, row, by=by, at=at, decision=decision)
    if is_first:
        news.tell_both("acted_first", row, at=at)
    return acting


def permitted(row: Delegation, session: Session, action: Action | None, *, by: Actor, at: datetime) -> None:
    """Whether they may go on, with this: all of it as it stands now. ``row`` was read with its people.

    Raises ProveMore, OnHold or Refused; the owner reads of a refusal too.
    """
    acting = ActingSession.objects.latest_of(row.pk, session.pk)
    try:
        _ask(row, acting, session, action, by=by, at=at)
    except ProveMore:
        raise
    except Refused as refused:
        if acting is not None and acting.ended_at is None and refused.reason is not policy.Reason.IDLE:
            _turn(row, refused, by=by, at=at)
        raise
    ActingSession.objects.filter(delegation=row, session=session).used(at)


@flow
@delegable
def look(row: Delegation, *, by: Actor, at: datetime) -> Released:
    """What of the owner's details goes to whoever acts; it stands in the ledger first, and both read of it."""
    seen = delegations.of(row, Act(Action.SEE_PROFILE, facts.shown_scopes(row)), at=at)
    decision = require(may_act, seen, about=row.owner_id, by=by, at=at)
    person = use.people([row.owner_id], at)[row.owner_id]
    to = To(OURSELVES, Way.DELEGATE, is_ours=True, actor=by.id)
    released = leaving.release(person, [facts.wanted(row)], to, at=at)
    news.note(events.Looked, row, by=by, at=at, decision=decision)
    return released


@flow
@delegable
def stop(row: Delegation, session: Session, *, by: Actor, at: datetime) -> None:
    """They act for the owner no longer. Nothing is asked for."""
    ActingSession.objects.filter(delegation=row, session=session).end(at)
    news.note(events.Stopped, row, by=by, at=at)


@life.ENDED.join
def end_with(delegation: Delegation, *, by: Actor, at: datetime) -> None:  # noqa: ARG001  (as all who join)
    """They may not any more, or may do less: begun anew, it is what they may now."""
    ActingSession.objects.filter(delegation=delegation).end(at)


@flow
@delegable
def _turn(row: Delegation, refused: Refused, *, by: Actor, at: datetime) -> None:
    news.note(events.Turned, row, {"reason": Code(str(refused.reason))}, by=by, at=at, decision=refused.decision)


def _ask(
    row: Delegation, acting: ActingSession | None, session: Session, action: Action | None, *, by: Actor, at: datetime
) -> None:
    for question, asked in (
        (may_act, delegations.of(row, Act(action, facts.shown_scopes(row) if action else ()), at=at)),
        (policy.may_go_on, facts.mode_of(acting)),
    ):
        refusal = decisions.refusal(question, asked, about=row.owner_id, by=by, at=at)
        if refusal is not None:
            go_on(refusal)
    delegate = session.customer
    mine = people.for_delegate(row.owner, delegate, session, by=by, at=at)
    for name in filter(None, (Action.USE_DELEGATION, action)):
        if not isinstance(gate.decide(name, mine, limits=limits.current(), at=at), Allow):
            go_on(decisions.assess(name, mine, about=delegate.pk, by=by, at=at))
