"""A business begins, is called something else, and is closed by its only owner."""

from datetime import datetime

from accounts.account import dependants
from accounts.models import Session, User
from accounts.step_up.flows import permitted
from accounts.trust import flows as trust
from accounts.trust.policy import Limited
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from consent.business import events, facts, lines, policy
from consent.business.flows import holding, news
from consent.business.lines import Shipped
from consent.business.models import Business, BusinessMember
from consent.business.shapes import Stands, Why
from consent.delegation import facts as delegations
from consent.delegation.flows import life as delegating
from consent.delegation.shapes import LIVE, Ended
from consent.erasure import flows as erasure


@flow
def found(person: User, session: Session, name: str, *, by: Actor, at: datetime) -> Business:
    """A customer that nobody signs in as; whoever begins it is its first owner. Raises ProveMore, OnHold or Refused."""
    person, session = permitted(Action.CREATE_DELEGATION, person, session, by=by, at=at)
    decision = require(policy.may_found, facts.founding(person, by, at), about=person.pk, by=by, at=at)
    trust.let(Limited.ACTING, person, [], by=by, at=at)
    account = dependants.open_dependant(name, person.locale, person.zone.key, by=by, at=at)
    business = Business.objects.create(account=account, made_at=at)
    row = BusinessMember(
        business=business, person=person, stands=Stands.MEMBER, role=Shipped.LOOKS_ON, owner_since=at, made_at=at,
        joined_at=at, session=session.pk,
    )  # fmt: skip
    what = lines.shipped(Shipped.LOOKS_ON, limits.current())
    row.delegation = holding.let(row, person, what, session.pk, by=by, at=at, decision=decision)
    row.save(force_insert=True)
    news.note(events.Founded, business, person.pk, by=by, at=at, decision=decision)
    news.tell_owners("founded", business, at=at)
    return business


@flow
def rename(business: Business, owner: User, session: Session, name: str, *, by: Actor, at: datetime) -> None:
    """An owner calls it something else. Raises ProveMore, OnHold or Refused."""
    business, owner, session = holding.managing(business.pk, owner, session, by=by, at=at)
    who = facts.manager(business, owner, by, at)
    decision = require(policy.may_manage, who, about=business.pk, by=by, at=at)
    account = User.objects.locked(business.pk)
    account.name = name
    account.save(update_fields=["name"])
    business.account = account
    news.note(events.Renamed, business, None, by=by, at=at, decision=decision)
    news.tell_owners("renamed", business, by=by, at=at)


@flow
def close(business: Business, owner: User, session: Session, *, by: Actor, at: datetime) -> None:
    """Its only owner closes it: nobody acts for it, and it is deleted like any account, unless it is kept meanwhile.

    Raises ProveMore, OnHold or Refused.
    """
    owner, session = permitted(Action.DELETE_ACCOUNT, owner, session, by=by, at=at)
    business = holding.held(business.pk)
    others = facts.others(business, owner)
    who = facts.manager(business, owner, by, at)
    decision = require(policy.may_close, who, others, about=business.pk, by=by, at=at)
    live = delegations.with_people(delegating.locked()).filter(owner=business.pk, state__in=LIVE).order_by("pk")
    acting = list(live)
    for row in BusinessMember.objects.filter(business=business, owner_since=None).there():
        row.go(Why.CLOSED, at)
    for delegation in acting:
        delegating.stop(delegation, Ended.BY_OWNER, by=by, at=at)
    account = User.objects.locked(business.pk)
    deletion = erasure.leave(account, session.pk, by=by, at=at)
    news.note(events.Closed, business, None, {"due_at": deletion.due_at}, by=by, at=at, decision=decision)
    news.tell_owners("closed", business, by=by, until=deletion.due_at, at=at)


@flow
def keep(business: Business, owner: User, *, by: Actor, at: datetime) -> None:
    """Its owner keeps it after all; members are invited again. Raises Refused."""
    business = holding.held(business.pk)
    require(policy.may_pause, facts.manager(business, owner, by, at), about=business.pk, by=by, at=at)
    erasure.keep(business.account, by=by, at=at)
    news.note(events.Kept, business, None, by=by, at=at)
    news.tell_owners("kept", business, by=by, at=at)
