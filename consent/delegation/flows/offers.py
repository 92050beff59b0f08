"""Letting somebody act: offered to an address, or asked for and granted. Both sides have stepped up before it counts.

An address is told the same, and whoever names it reads the same, whether or not anybody has an account with it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.budgets import mails
from accounts.models import Session, User
from accounts.step_up.flows import permitted
from accounts.trust import flows as trust
from accounts.trust.policy import Limited
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.mailbox import reader
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from consent.delegation import events, facts, policy
from consent.delegation.flows import life, news
from consent.delegation.policy import Holder, Reason
from consent.delegation.shapes import Asked, Ended, Kind, State, Terms
from consent.models import Delegation, DelegationRequest


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to let others do, or to be let do. ``reason``: in their own words, for the other side.

    ``starts_at`` None: at once.
    """

    terms: Terms
    ends_at: datetime
    preset: str = ""
    reason: str = ""
    starts_at: datetime | None = None


@flow
def offer(owner: User, session: Session, address: str, wish: Wish, *, by: Actor, at: datetime) -> Delegation:
    """Invite whoever reads an address. Raises ProveMore, OnHold, Refused; TooMany if that mailbox was asked often."""
    owner, session = permitted(Action.CREATE_DELEGATION, owner, session, by=by, at=at)
    between, asked = facts.for_offer(owner, address, at), _offer(owner, wish, by, at)
    decision = require(policy.may_offer, between, asked, about=owner.pk, by=by, at=at)
    trust.let(Limited.OFFERS, owner, facts.offered_today(owner, at), by=by, at=at)
    counted = mails.take_new_address(owner, address)
    until = at + timedelta(days=limits.current().delegation.request_days)
    row = _made(owner, session, wish, at)
    row.state, row.invited, row.mailbox = State.OFFERED, address, reader(address)
    row.expires_at = min(until, wish.ends_at)
    row.save(force_insert=True)
    event = events.Offered(
        delegation=row.pk,
        preset=Code(wish.preset) if wish.preset else None,
        actions=len(wish.terms.actions),
        scopes=len(wish.terms.scopes),
        ends_at=wish.ends_at,
    )
    record(event, about=owner.pk, by=by, at=at, decision=decision)
    news.invite(row, row.expires_at, counted, at=at)
    news.tell_owner("offered", row, at=at)
    return row


@flow
def accept(delegation: Delegation, delegate: User, session: Session, *, by: Actor, at: datetime) -> Delegation:
    """Whoever it was sent to says yes. Raises ProveMore, OnHold or Refused."""
    delegate, session = permitted(Action.ACCEPT_DELEGATION, delegate, session, by=by, at=at)
    row = life.held(delegation)
    answering, between = _answering(row, delegate, by, at), facts.pair(row.owner, delegate)
    decision = require(policy.may_agree, answering, between, about=delegate.pk, by=by, at=at)
    trust.let(Limited.ACTING, delegate, [], by=by, at=at)
    row.delegate = delegate
    _begin(row, by=by, at=at, decision=decision)
    return row


@flow
def refuse(delegation: Delegation, delegate: User, *, by: Actor, at: datetime) -> None:
    """Whoever it was sent to says no. Nothing is asked for. Raises Refused."""
    row = life.held(delegation)
    require(policy.may_answer, _answering(row, delegate, by, at), about=delegate.pk, by=by, at=at)
    life.stop(row, Ended.REFUSED, by=by, at=at)


@flow
def ask(asker: User, session: Session, address: str, wish: Wish, *, by: Actor, at: datetime) -> DelegationRequest:
    """Ask whoever reads an address. Raises ProveMore, OnHold, Refused; TooMany if that mailbox was asked often."""
    asker, session = permitted(Action.ACCEPT_DELEGATION, asker, session, by=by, at=at)
    between, refusals = facts.for_request(asker, address, at)
    asking = policy.Asking(
        is_asker=by.is_self(asker.pk),
        has_second_step=facts.has_second_step(asker),
        terms=wish.terms,
        refusals=refusals,
    )
    decision = require(policy.may_ask, between, asking, about=asker.pk, by=by, at=at)
    trust.let(Limited.OFFERS, asker, facts.offered_today(asker, at), by=by, at=at)
    counted = mails.take_new_address(asker, address)
    until = at + timedelta(days=limits.current().delegation.request_days)
    request = DelegationRequest(
        asker=asker, invited=address, mailbox=reader(address), preset=wish.preset, made_at=at, expires_at=until,
        actions=sorted(wish.terms.actions), scopes=sorted(wish.terms.scopes),
    )  # fmt: skip
    request.write(wish.reason)
    request.save(force_insert=True)
    record(events.Requested(request=request.pk, as_owner=False), about=asker.pk, by=by, at=at, decision=decision)
    asked = facts.known(address)
    if asked is not None:
        record(events.Requested(request=request.pk, as_owner=True), about=asked.pk, by=by, at=at)
    news.ask(request, asked, until, counted, at=at)
    return request


@flow
def grant(
    request: DelegationRequest, owner: User, session: Session, wish: Wish, *, by: Actor, at: datetime
) -> Delegation:
    """Who was asked says yes, to what they choose. Raises ProveMore, OnHold or Refused."""
    owner, session = permitted(Action.CREATE_DELEGATION, owner, session, by=by, at=at)
    request = _held(request)
    asker, between = request.asker, facts.pair(owner, request.asker)
    answering = _answered(request, owner, by, at, has_second_step=facts.has_second_step(asker))
    require(policy.may_agree, answering, between, about=owner.pk, by=by, at=at)
    asked = _offer(owner, wish, by, at)
    decision = require(policy.may_let, between, asked, about=owner.pk, by=by, at=at)
    trust.let(Limited.ACTING, owner, [], by=by, at=at)
    request.end(Asked.GRANTED, at)
    row = _made(owner, session, wish, at)
    row.delegate = asker
    _begin(row, by=by, at=at, decision=decision)
    return row


@flow
def decline(request: DelegationRequest, owner: User, *, by: Actor, at: datetime) -> None:
    """Who was asked says no. Nothing is asked for. Raises Refused."""
    request = _held(request)
    require(policy.may_answer, _answered(request, owner, by, at), about=owner.pk, by=by, at=at)
    _end(request, Asked.REFUSED, by=by, at=at)
    record(_ended(request, as_owner=True), about=owner.pk, by=by, at=at)
    news.tell_asker("refused", request, at=at)


@flow
def withdraw(request: DelegationRequest, *, by: Actor, at: datetime) -> None:
    """Whoever asked takes it back. Raises Refused."""
    request = _held(request)
    theirs = policy.Answering(
        is_open=request.state == Asked.OPEN, is_theirs=by.is_self(request.asker_id), expires_at=request.expires_at
    )
    require(policy.may_answer, theirs, about=request.asker_id, by=by, at=at)
    _end(request, Asked.WITHDRAWN, by=by, at=at)


@flow
def lapse(request: DelegationRequest, *, by: Actor, at: datetime) -> None:
    """Nobody answered. Raises Refused if somebody still can."""
    request = _held(request)
    asked = policy.Standing(
        state=State.OFFERED if request.state == Asked.OPEN else State.ENDED, expires_at=request.expires_at
    )
    require(policy.may_expire, asked, about=request.asker_id, by=by, at=at)
    _end(request, Asked.EXPIRED, by=by, at=at)
    news.tell_asker("not_answered", request, at=at)


def _made(owner: User, session: Session, wish: Wish, at: datetime) -> Delegation:
    row = Delegation(
        owner=owner, kind=Kind.PERSON, preset=wish.preset, made_at=at, starts_at=wish.starts_at or at,
        ends_at=wish.ends_at, session=session.pk,
    )  # fmt: skip
    row.take(wish.terms)
    row.write(wish.reason)
    return row


def _begin(row: Delegation, *, by: Actor, at: datetime, decision: UUID | None) -> None:
    """Raises Refused if there came to be one between them meanwhile: each side holds the lock on itself alone."""
    try:
        with transaction.atomic():
            life.begin(row, by=by, at=at, decision=decision)
    except IntegrityError:
        raise Refused(Reason.SAME) from None


def _offer(owner: User, wish: Wish, by: Actor, at: datetime) -> policy.Offer:
    holder = Holder.OWNER if by.is_self(owner.pk) else Holder.OTHER
    return policy.Offer(holder=holder, terms=wish.terms, starts_at=wish.starts_at or at, ends_at=wish.ends_at)


def _answering(row: Delegation, delegate: User, by: Actor, at: datetime) -> policy.Answering:
    return policy.Answering(
        is_open=row.state == State.OFFERED,
        is_theirs=by.is_self(delegate.pk) and row.mailbox in facts.mailboxes(delegate),
        owner_open=row.owner.is_open_at(at),
        delegate_open=delegate.is_open_at(at),
        has_second_step=facts.has_second_step(delegate),
        expires_at=row.expires_at,
    )


def _answered(
    request: DelegationRequest, owner: User, by: Actor, at: datetime, *, has_second_step: bool = False
) -> policy.Answering:
    return policy.Answering(
        is_open=request.state == Asked.OPEN,
        is_theirs=by.is_self(owner.pk) and request.mailbox in facts.mailboxes(owner),
        owner_open=owner.is_open_at(at),
        delegate_open=request.asker.is_open_at(at),
        has_second_step=has_second_step,
        expires_at=request.expires_at,
    )


def _held(request: DelegationRequest) -> DelegationRequest:
    rows = DelegationRequest.objects.select_for_update(of=("self",)).select_related("asker")
    found = rows.filter(pk=request.pk).first()
    if found is None:
        raise Refused(Reason.NOT_OPEN)
    return found


def _end(request: DelegationRequest, state: Asked, *, by: Actor, at: datetime) -> None:
    request.end(state, at)
    record(_ended(request, as_owner=False), about=request.asker_id, by=by, at=at)


def _ended(request: DelegationRequest, *, as_owner: bool) -> events.RequestEnded:
    return events.RequestEnded(request=request.pk, state=Code(request.state), as_owner=as_owner)
