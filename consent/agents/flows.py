"""A customer lets an agent act for them, and ends that. The connection and the delegation live and end together.

The consent is locked first, as everywhere; then the customer, the session, and the delegation that hangs from them.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accounts.models import Session, User
from accounts.step_up.flows import permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.oauth import agents
from ciam_portal.oauth.models import Partner
from consent.agents import asking, events, facts
from consent.delegation import facts as delegations
from consent.delegation import flows as delegating
from consent.delegation import policy
from consent.delegation.shapes import Ended, Kind, State, Terms
from consent.models import Consent, Delegation
from consent.permission import flows as permission


@dataclass(frozen=True, slots=True)
class Granted:
    """What a customer lets an agent do, and for how many days. What it may read is what they tick."""

    terms: Terms
    days: int


@flow
def connect(
    session: Session, agent: Partner, answered: permission.Answered, granted: Granted, *, by: Actor, at: datetime
) -> Consent:
    """The customer of this session lets an agent act for them. Raises ProveMore, OnHold or Refused."""
    lets = tuple(asking.does(action) for action in granted.terms.actions)
    consent = permission.give(session, agent, replace(answered, lets=lets), by=by, at=at)
    customer, session = permitted(Action.CREATE_DELEGATION, consent.customer, session, by=by, at=at)
    terms, ends_at = replace(granted.terms, scopes=tuple(consent.scopes)), at + timedelta(days=granted.days)
    row = _agreed(customer, agent, terms, ends_at, by, at)
    row.resources = sorted(consent.resources_all)
    event = events.AgentConnected(
        delegation=row.pk,
        agent=agent.pk,
        actions=_coded(terms.actions),
        asks=_coded(terms.asks),
        scopes=_coded(terms.scopes),
        ends_at=ends_at,
    )
    record(event, about=customer.pk, by=by, at=at)
    return consent
