"""Gathers what is asked about approvals, and what is shown of them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache

from ciam_portal.core import strictjson
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.away import AWAY
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow
from ciam_portal.oauth.models import Partner
from consent.approvals import policy
from consent.approvals.shapes import State
from consent.delegation import facts as delegations
from consent.delegation import policy as acting
from consent.models import ApprovalRequest, Consent, Delegation

_AN_HOUR, _A_DAY = timedelta(hours=1), timedelta(days=1)
_LOOKED_AT = 30  # answers to one agent, latest first


def connected(agent: Partner, sub: str, at: datetime) -> Delegation | None:
    """By what this agent acts now for the customer whom it knows by this name; None of whomever it does not act for."""
    live = Consent.objects.live().filter(partner=agent, sub=sub).order_by("pk")
    owner = live.values_list("customer", flat=True).first() if sub else None
    if owner is None:
        return None
    row = delegations.with_people(Delegation.objects.of_agent(owner, agent.pk)).first()
    if row is None:
        return None
    answer = acting.may_act(delegations.of(row, at=at), limits=limits.current(), at=at)
    return row if isinstance(answer, Allow) else None


def approved_today(owner: UUID, at: datetime) -> list[datetime]:
    """When its customer approved something that agents asked, within a day."""
    rows = ApprovalRequest.objects.filter(owner=owner, asked_at__gt=at - _A_DAY, state__in=(State.APPROVED, State.USED))
    return [each for each in rows.values_list("answered_at", flat=True) if each is not None]


def for_asking(row: Delegation, at: datetime) -> policy.Asking:
    """What waits already, and how often it asked."""
    mine = ApprovalRequest.objects.filter(delegation=row)
    return policy.Asking(
        waits=mine.waiting(at).exists(),
        waiting=ApprovalRequest.objects.of(row.owner_id).waiting(at).count(),
        last_hour=ApprovalRequest.objects.filter(
            owner=row.owner_id, partner=row.agent_id, asked_at__gt=at - _AN_HOUR
        ).count(),
    )


def answering(row: ApprovalRequest, by: Actor) -> policy.Answering:
    """It as it stands, and who answers."""
    return policy.Answering(
        state=State(row.state),
        expires_at=row.expires_at,
        is_owner=by.is_self(row.owner_id),
        is_same=row.shown == digest(row),
    )


def answers(row: ApprovalRequest) -> list[State]:
    """What became of what this agent asked lately, newest first."""
    mine = ApprovalRequest.objects.filter(delegation=row.delegation_id).order_by("-asked_at", "-pk")
    return [State(each) for each in mine.values_list("state", flat=True)[:_LOOKED_AT]]


def digest(row: ApprovalRequest) -> str:
    """Of all that the customer is shown: who asks as they are now, what, where, why. Another one is another request."""
    agent = row.partner
    said = [agent.client_id, agent.name, agent.maker, agent.host, row.asked, row.message, row.resource, row.scopes]
    return hashlib.sha256(strictjson.canonical(said).encode()).hexdigest()


def chosen(row: ApprovalRequest, ticked: Sequence[int]) -> tuple[dict[str, Any], ...]:
    """What of it the customer approves: all of one thing; of several, those that they tick."""
    if len(row.asked) == 1:
        return tuple(row.asked)
    return tuple(each for place, each in enumerate(row.asked, 1) if place in set(ticked))


def waiting(owner: UUID, at: datetime) -> list[ApprovalRequest]:
    """What waits for this customer's answer."""
    return list(ApprovalRequest.objects.of(owner).waiting(at))


def remember(owner: UUID, seconds: int) -> None:
    """Something waits for this customer, so that every page can say so without a look at the database."""
    cache.set(_key(owner), 1, seconds)


def forget(owner: UUID, at: datetime) -> None:
    """It was answered; unless something else waits."""
    if not ApprovalRequest.objects.of(owner).waiting(at).exists():
        cache.delete(_key(owner))


def something_waits(owner: UUID) -> bool:
    """For the navigation alone. A cache that forgot it says no; the overview and the mail do not."""
    try:
        return cache.get(_key(owner)) is not None
    except AWAY:
        return False


def _key(owner: UUID) -> str:
    return f"approval_waits:{owner}"
