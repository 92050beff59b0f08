"""A customer lets an agent act for them, and ends that. The connection and the delegation begin and end together.

The consent is locked first, as everywhere; then the customer, the session, and the delegation that hangs from them.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from accounts.models import Session
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.flow import flow, require
from ciam_portal.oauth import agents
from ciam_portal.oauth.models import Partner
from consent.delegation import flows as delegating
from consent.delegation import lines, policy
from consent.delegation.shapes import Ended, Kind, State, Terms
from consent.models import Consent, Delegation
from consent.permission import flows as permission

_NOTHING_BETWEEN = policy.Pair(is_own=False, is_live=False, is_circle=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a customer lets an agent do, until when, and at which resources. It reads what they tick beside."""

    terms: Terms
    ends_at: datetime
    resources: tuple[str, ...]


@flow
def connect(
    session: Session, agent: Partner, answered: permission.Answered, granted: Granted, *, by: Actor, at: datetime
) -> Consent:
    """The customer of this session lets an agent act for them. Raises ProveMore, OnHold or Refused."""
    consent = permission.give(session, agent, answered, by=by, at=at)
    terms = lines.with_scopes(replace(granted.terms, scopes=tuple(set(consent.scopes) & agents.SCOPES)))
    live = Delegation.objects.of_agent(consent.customer_id, agent.pk).first()
    if live is None:
        _begin(consent, session, replace(granted, terms=terms), by=by, at=at)
        return consent
    if live.state == State.PAUSED:
        delegating.resume(live, session, by=by, at=at)
    _reach(live, granted.resources)
    delegating.change(live, session, terms, granted.ends_at, by=by, at=at)
    return consent


def _begin(consent: Consent, session: Session, granted: Granted, *, by: Actor, at: datetime) -> None:
    holder = policy.Holder.OWNER if by.is_self(consent.customer_id) else policy.Holder.OTHER
    offer = policy.Offer(holder, granted.terms, at, granted.ends_at)
    decision = require(policy.may_let, _NOTHING_BETWEEN, offer, about=consent.customer_id, by=by, at=at)
    row = Delegation(
        owner_id=consent.customer_id,
        kind=Kind.AGENT,
        agent_id=consent.partner_id,
        resources=sorted(granted.resources),
        made_at=at,
        starts_at=at,
        ends_at=granted.ends_at,
        session=session.pk,
    )
    row.take(granted.terms)
    delegating.begin(row, by=by, at=at, decision=decision)


def _reach(row: Delegation, resources: tuple[str, ...]) -> None:
    """It is for these too, from now on."""
    row.resources = sorted({*row.resources, *resources})
    Delegation.objects.filter(pk=row.pk).update(resources=row.resources)


@permission.ENDED.join
def end_delegation(consent: Consent, *, by: Actor, at: datetime) -> None:
    """An agent that is connected no more acts no more. The consent is locked."""
    live = Delegation.objects.of_agent(consent.customer_id, consent.partner_id).first()
    if live is not None:
        row = delegating.held(live)
        delegating.stop(row, Ended.BY_OWNER if by.is_self(row.owner_id) else Ended.OTHERWISE, by=by, at=at)


@delegating.ENDED.join
def disconnect(delegation: Delegation, *, by: Actor, at: datetime) -> None:
    """An agent that acts no more is connected no more.

    But where that is heard of under the lock on a session: then the connection stays, which opens nothing by itself.
    """
    over = delegation.state == State.ENDED and delegation.end_reason != Ended.NOT_ME
    if delegation.agent_id is None or not over:
        return
    live = Consent.objects.between(delegation.owner_id, delegation.agent_id).live().first()
    if live is not None:
        permission.withdraw(live, by=by if by.is_self(delegation.owner_id) else Actor.system(), at=at)
