"""A second guardian comes; either allows less at once, more takes both; and one of two may leave."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from accounts.budgets import mails
from accounts.customer import addresses
from accounts.models import Session, User
from accounts.step_up.flows import permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.mailbox import reader
from ciam_portal.core.policy.catalogue import Action
from consent.delegation.flows import life
from consent.delegation.shapes import Asked, Ended, State
from consent.family import events, facts, policy
from consent.family.flows import asking, locking, news
from consent.family.flows.adding import say, take_on
from consent.family.flows.powers import wider
from consent.family.policy import Reason
from consent.family.shapes import Asks, Method, Over
from consent.models import Dependant, FamilyRequest, ParentalResponsibility

_ENDED = {Over.LEFT: Ended.BY_DELEGATE, Over.REMOVED: Ended.OTHERWISE, Over.GROWN_UP: Ended.GROWN_UP}


@flow
def invite(child: Dependant, me: User, session: Session, address: str, *, by: Actor, at: datetime) -> FamilyRequest:
    """Ask whoever reads an address to answer for the child too. Raises ProveMore, OnHold, Refused; TooMany."""
    me, session = permitted(Action.ACCEPT_DELEGATION, me, session, by=by, at=at)
    child = locking.child(child.person_id)
    waiting = FamilyRequest.objects.filter(child=child.person, kind=Asks.INVITE, state=Asked.OPEN)
    asked = facts.guarding(child, me, waits=waiting.exists(), by=by, at=at)
    own = reader(address) in addresses.mailboxes(me)
    decision = require(policy.may_invite, replace(asked, is_own=own), about=me.pk, by=by, at=at)
    counted = mails.take_new_address(me, address)
    request = asking.ask(child, me, Asks.INVITE, at, invited=address, mailbox=reader(address))
    told = events.Asked(request.pk, child.person_id, Code(Asks.INVITE.value), asker=True)
    record(told, about=me.pk, by=by, at=at, decision=decision)
    news.invite(request, counted, at=at)
    return request


@flow
def join(
    request: FamilyRequest, me: User, session: Session, *, adult: bool, responsible: bool, by: Actor, at: datetime
) -> ParentalResponsibility:
    """Whoever was invited answers for the child from now on. Raises ProveMore, OnHold or Refused."""
    me, session = permitted(Action.ACCEPT_DELEGATION, me, session, by=by, at=at)
    child, request = asking.locked(request)
    asked = facts.joining(request, child, me, by, at, adult=adult, responsible=responsible)
    decision = require(policy.may_join, asked, about=me.pk, by=by, at=at)
    asking.end(request, Asked.GRANTED, by=by, at=at)
    news.tell_guardians("came", child, at=at)
    return take_on(child, me, Method.INVITED, decision, by=by, at=at)


@flow
def decline(request: FamilyRequest, me: User, *, by: Actor, at: datetime) -> None:
    """Whoever was invited says no. Nothing is asked for. Raises Refused."""
    child, request = asking.locked(request)
    asked = facts.joining(request, child, me, by, at, adult=False, responsible=False)
    require(policy.may_refuse, asked, about=me.pk, by=by, at=at)
    asking.end(request, Asked.REFUSED, by=by, at=at)
    news.tell_one("declined", request.asker, at=at)


@flow
def agree(request: FamilyRequest, me: User, session: Session, *, by: Actor, at: datetime) -> None:
    """The other guardian says yes to what one asked for, and it is done. Raises ProveMore, OnHold or Refused."""
    me, session = permitted(Action.ACCEPT_DELEGATION, me, session, by=by, at=at)
    child, request = asking.locked(request)
    require(policy.may_agree, facts.agreeing(request, child, me, by, at), about=me.pk, by=by, at=at)
    asking.end(request, Asked.GRANTED, by=by, at=at)
    if request.kind == Asks.POWER:
        wider(child, request.key, by=by, at=at)
    else:
        say(child, asking.saying(request), by=by.for_owner(child.person_id), at=at)
    news.tell_one("agreed", request.asker, at=at)


@flow
def refuse(request: FamilyRequest, me: User, *, by: Actor, at: datetime) -> None:
    """The other guardian says no, or whoever asked takes it back. Nothing is asked for. Raises Refused."""
    child, request = asking.locked(request)
    require(policy.may_answer, facts.agreeing(request, child, me, by, at), about=me.pk, by=by, at=at)
    is_asker = request.asker_id == me.pk
    asking.end(request, Asked.WITHDRAWN if is_asker else Asked.REFUSED, by=by, at=at)
    if not is_asker:
        news.tell_one("refused", request.asker, at=at)
    elif request.kind != Asks.INVITE:
        news.tell_guardians("withdrawn", child, besides=me.pk, at=at)


@flow
def lapse(request: FamilyRequest, *, by: Actor, at: datetime) -> None:
    """Nobody answered. Raises Refused if somebody did, or still can."""
    _child, request = asking.locked(request)
    if request.state != Asked.OPEN or at < request.expires_at:
        raise Refused(Reason.NOT_OPEN)
    asking.end(request, Asked.EXPIRED, by=by, at=at)
    news.tell_one("declined" if request.kind == Asks.INVITE else "not_answered", request.asker, at=at)


@flow
def leave(found: ParentalResponsibility, me: User, *, by: Actor, at: datetime) -> None:
    """Somebody answers for the child no longer, unless nobody else does. Raises Refused."""
    child = locking.child(found.child_id)
    require(policy.may_leave, facts.guarding(child, me, by=by, at=at), about=me.pk, by=by, at=at)
    go(found, by=by, at=at)
    news.tell_guardians("left", child, at=at)


def go(found: ParentalResponsibility, why: Over = Over.LEFT, *, by: Actor, at: datetime) -> None:
    """They answer for the child no longer, and act for it no longer. Part of a flow, which asked and locked it."""
    if found.delegation is not None and found.delegation.state != State.ENDED:
        life.stop(life.held(found.delegation), _ENDED[why], by=by, at=at)
    locking.over(found, why, at)
    told = partial(events.GuardianLeft, responsibility=found.pk, child=found.child_id, why=Code(why.value))
    record(told(role=Code("guardian")), about=found.guardian_id, by=by, at=at)
    record(told(role=Code("child")), about=found.child_id, by=by, at=at)
    for each in ParentalResponsibility.objects.live().of(found.child_id):
        record(told(role=Code("other")), about=each.guardian_id, by=by, at=at)
