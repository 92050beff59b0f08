"""Gathers the facts behind a partner's question, and what an approval is bound to."""

import json
from uuid import UUID

from ciam_portal.core.audit.actor import Channel
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.decisions import policy
from ciam_portal.decisions.models import Approval
from ciam_portal.decisions.questions import Question
from ciam_portal.oauth import details
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.resources import targets
from ciam_portal.oauth.subjects import subject
from ciam_portal.oauth.transactions import Transaction
from consent.models import AuthorizationDetail
from consent.release.access import Live

BINDING = "approval binding"


def needs_approval(action: str, held: Live) -> bool:
    """Whether the partner of this token does this only as it was approved, each by itself (RFC 9396).

    So does whoever has it in exchange for one of such a partner's.
    """
    own = details.actions(held.partner.authorization_details_types)
    if held.consent.partner_id != held.partner.pk:
        own |= details.actions(held.consent.partner.authorization_details_types)
    rows = limits.current().actions
    return action in own or action in {rows[name].large_action for name in own if name in rows}


def for_asking(
    partner: Partner, question: Question, held: Live | None, detail: AuthorizationDetail | None
) -> policy.Asking:
    """Whether this partner may ask this, of this customer. The caller knows the customer by its own name for them."""
    theirs = held is not None and (held.partner.pk == partner.pk or targets.is_for(held.token, partner))
    named = question.subject
    return policy.Asking(
        action_registered=question.transaction.action in partner.decision_actions,
        token_live=held is not None,
        token_theirs=theirs,
        subject_matches=named is None or (held is not None and named == subject(partner, held.customer.pk)),
        customer_approved=held is None or detail is not None or not needs_approval(question.transaction.action, held),
    )


def channel_of(partner: Partner, named: Channel) -> Channel | None:
    """The entry point, if it is the caller's to name: only who runs a resource stands in front of applications."""
    return None if named is Channel.GATEWAY and not targets.stands_before(partner) else named


def for_presenting(
    partner: Partner, approval: Approval | None, detail: AuthorizationDetail | None, transaction: Transaction
) -> policy.Presenting:
    """An approval as it stands, what the customer approved by itself, and the transaction it is presented for."""
    if approval is None:
        return policy.Presenting()
    bound = binding(approval.partner_id, approval.customer_id, approval.session_id, transaction)
    return policy.Presenting(
        expires_at=approval.expires_at,
        was_presented=approval.ended_at is not None,
        same_transaction=codes.matches(bound, BINDING, approval.bound_to),
        action_registered=transaction.action in partner.decision_actions,
        done_before=detail is not None and detail.used_at is not None,
    )


def binding(partner: UUID, customer: UUID, session: UUID, transaction: Transaction) -> str:
    """All that an approval is for, as one text."""
    what = transaction.action, transaction.amount, transaction.currency, *transaction.resource
    return json.dumps([str(partner), str(customer), str(session), *what])
