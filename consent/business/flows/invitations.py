"""Somebody is invited to a business, by an address, and answers. Whether it has an account, nobody learns from it."""

from datetime import datetime, timedelta

from accounts.budgets import mails
from accounts.models import Session, User
from accounts.step_up.flows import permitted
from accounts.trust import flows as trust
from accounts.trust.policy import Limited
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.mailbox import reader
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from consent.business import events, facts, policy
from consent.business.flows import holding, news
from consent.business.models import Business, BusinessMember
from consent.business.policy import Reason
from consent.business.shapes import Stands, Why


@flow
def invite(
    business: Business, owner: User, session: Session, address: str, role: str, *, by: Actor, at: datetime
) -> BusinessMember:
    """An owner invites whoever reads an address. Raises ProveMore, OnHold, Refused; TooMany if asked often."""
    business, owner, session = holding.managing(business.pk, owner, session, by=by, at=at)
    who, what = facts.manager(business, owner, by, at), holding.terms(business, role)
    inviting = facts.inviting(business, owner, address, what, at)
    decision = require(policy.may_invite, who, inviting, about=business.pk, by=by, at=at)
    trust.let(Limited.OFFERS, owner, facts.invited_today(owner, at), by=by, at=at)
    asked = mails.take_new_address(owner, address)
    until = at + timedelta(days=limits.current().delegation.request_days)
    row = BusinessMember.objects.create(
        business=business, stands=Stands.INVITED, role=role, invited=address, mailbox=reader(address), made_at=at,
        expires_at=until, session=session.pk,
    )  # fmt: skip
    news.note(events.Invited, business, None, by=by, at=at, decision=decision)
    news.invite(row, owner, until, asked, at=at)
    news.tell_owners("invited", business, who=row.shown, by=by, until=until, at=at)
    return row


@flow
def join(row: BusinessMember, person: User, session: Session, *, by: Actor, at: datetime) -> BusinessMember:
    """Whoever it was sent to says yes. Raises ProveMore, OnHold or Refused."""
    person, session = permitted(Action.ACCEPT_DELEGATION, person, session, by=by, at=at)
    row = _open(row)
    answering = facts.answering(row, person, by, at)
    decision = require(policy.may_join, answering, about=person.pk, by=by, at=at)
    trust.let(Limited.ACTING, person, [], by=by, at=at)
    what = holding.terms(row.business, row.role)
    delegation = holding.let(row, person, what, session.pk, by=by, at=at, decision=decision)
    row.join(person.pk, delegation, at)
    news.note(events.Joined, row.business, person.pk, by=by, at=at, decision=decision)
    news.tell_owners("joined", row.business, who=person.called, at=at)
    return row


@flow
def refuse(row: BusinessMember, person: User, *, by: Actor, at: datetime) -> None:
    """They say no. Nothing is asked for. Raises Refused."""
    row = _open(row)
    answering = facts.answering(row, person, by, at)
    require(policy.may_answer, answering, about=person.pk, by=by, at=at)
    _over(row, Why.REFUSED, by=by, at=at)
    news.tell_owners("refused", row.business, who=row.shown, at=at)


@flow
def take_back(row: BusinessMember, owner: User, *, by: Actor, at: datetime) -> None:
    """An owner takes the invitation back. Nothing is asked for. Raises Refused."""
    row = _open(row)
    who = facts.manager(row.business, owner, by, at)
    require(policy.may_take_back, who, facts.member(row, by), about=row.business_id, by=by, at=at)
    _over(row, Why.TAKEN_BACK, by=by, at=at)


@flow
def lapse(row: BusinessMember, *, by: Actor, at: datetime) -> None:
    """Nobody answered. Raises Refused if somebody still can."""
    row = _open(row)
    asked = policy.Answering(stands=Stands(row.stands), expires_at=row.expires_at)
    require(policy.may_lapse, asked, about=row.business_id, by=by, at=at)
    _over(row, Why.NOT_ANSWERED, by=by, at=at)
    news.tell_owners("not_answered", row.business, who=row.shown, at=at)


def _over(row: BusinessMember, why: Why, *, by: Actor, at: datetime) -> None:
    row.go(why, at)
    news.note(events.InvitationEnded, row.business, None, {"why": Code(why.value)}, by=by, at=at)


def _open(row: BusinessMember) -> BusinessMember:
    """It as it stands, with its business, both locked. Raises Refused if it is gone."""
    try:
        found, _delegation = holding.member(holding.held(row.business_id), row.pk)
    except Refused:
        raise Refused(Reason.NOT_OPEN) from None
    return found
