"""A customer approves, or refuses, what an app asks for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from accounts.models import Session, User
from accounts.step_up import facts as accounts_facts
from accounts.step_up.flows import locked
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require, require_action
from ciam_portal.core.policy.channel import Channel
from ciam_portal.oauth import details
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.models import Partner
from consent.details import events, facts, policy
from consent.models import AuthorizationDetail, Consent
from consent.records import settle


@flow
def approve(
    consent: Consent, session: Session, asked: Sequence[Detail], *, by: Actor, at: datetime
) -> tuple[UUID, ...]:
    """The customer of this session approves these, for this app, each once. Raises ProveMore, OnHold or Refused."""
    consent = Consent.objects.select_for_update(of=("self",)).select_related("partner").get(pk=consent.pk)
    customer, session = locked(consent.customer_id, session.pk)
    approving = facts.for_approving(consent, customer, asked, at)
    require(policy.may_approve, approving, about=customer.pk, by=by, at=at)
    rows, token = [], accounts_facts.for_token(customer, session, by=by, at=at)
    for each in asked:
        transaction = details.transaction(each)
        gated = facts.for_transaction(token, customer, session, transaction, Channel.API, at=at)
        decision = require_action(transaction.action, gated, about=customer.pk, by=by, at=at)
        rows.append(AuthorizationDetail(consent=consent, said=each, decision=decision, given_at=at))
    AuthorizationDetail.objects.bulk_create(rows)
    keys = tuple(row.pk for row in rows)
    settle.approved(consent, keys, by=by, at=at)
    event = events.DetailsApproved(consent=consent.pk, partner=consent.partner_id, types=_types(asked), details=keys)
    record(event, about=customer.pk, by=by, at=at)
    return keys


@flow
def refuse(customer: User, partner: Partner, asked: Sequence[Detail], *, by: Actor, at: datetime) -> None:
    """The customer says no. Nothing that they allowed before changes."""
    record(events.DetailsRefused(partner=partner.pk, types=_types(asked)), about=customer.pk, by=by, at=at)


def _types(asked: Sequence[Detail]) -> tuple[Code, ...]:
    return tuple(Code(each["type"]) for each in asked)
