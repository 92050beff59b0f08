"""Gathers the facts behind a partner's question, and what an approval is bound to."""

import json
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from accounts.factors import bound as factors
from accounts.models import Session, User
from accounts.step_up import facts as accounts_facts
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.crypto import codes
from ciam_portal.decisions import policy
from ciam_portal.decisions.models import Approval
from ciam_portal.decisions.questions import Question, Transaction
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.resources import targets
from ciam_portal.oauth.subjects import subject
from consent.release.access import Live

BINDING = "approval binding"


def for_asking(partner: Partner, question: Question, held: Live | None) -> policy.Asking:
    """Whether this partner may ask this, of this customer. The caller knows the customer by its own name for them."""
    theirs = held is not None and (held.partner.pk == partner.pk or targets.is_for(held.token, partner))
    named = question.subject
    return policy.Asking(
        action_registered=question.transaction.action in partner.decision_actions,
        token_live=held is not None,
        token_theirs=theirs,
        subject_matches=named is None or (held is not None and named == subject(partner, held.customer.pk)),
    )


def for_transaction(
    customer: User, session: Session, transaction: Transaction, channel: Channel | None, *, by: Actor, at: datetime
) -> gate.Facts:
    """What the gate asks about a transaction. Nobody transacts from a session that is over, offline access or not."""
    return replace(
        accounts_facts.for_token(customer, session, by=by, at=at),
        channel=channel,
        session_live=session.customer_id == customer.pk and session.ended_at is None and at < session.expires_at,
        highest=factors.highest_level(customer),
        amount=transaction.amount,
        currency=transaction.currency,
    )


def channel_of(partner: Partner, named: Channel) -> Channel | None:
    """The entry point, if it is the caller's to name: only who runs a resource stands in front of applications."""
    return None if named is Channel.GATEWAY and not targets.stands_before(partner) else named


def for_presenting(partner: Partner, approval: Approval | None, transaction: Transaction) -> policy.Presenting:
    """An approval as it stands, beside the transaction it is presented for."""
    if approval is None:
        return policy.Presenting()
    bound = binding(approval.partner_id, approval.customer_id, approval.session_id, transaction)
    return policy.Presenting(
        expires_at=approval.expires_at,
        was_presented=approval.ended_at is not None,
        same_transaction=codes.matches(bound, BINDING, approval.bound_to),
        action_registered=transaction.action in partner.decision_actions,
    )


def binding(partner: UUID, customer: UUID, session: UUID, transaction: Transaction) -> str:
    """All that an approval is for, as one text."""
    what = transaction.action, transaction.amount, transaction.currency, *transaction.resource
    return json.dumps([str(partner), str(customer), str(session), *what])
