"""Who may ask for a decision, and which approval counts. What the answer is, the gate says."""

from dataclasses import dataclass
from datetime import datetime

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not. ``words`` is what the partner may show its customer."""

    UNKNOWN_ACTION = "unknown_action", "This cannot be done here."
    UNKNOWN_TOKEN = "unknown_token", "You are no longer signed in to this app. Please sign in again."
    OTHER_SUBJECT = "other_subject", "Somebody else is signed in. Please sign in again."
    UNKNOWN_APPROVAL = "unknown_approval", "This has not been approved. Please start again."
    ALREADY_PRESENTED = "already_presented", "This approval has been presented before. Please start again."
    EXPIRED = "expired", "This took too long. Please start again."
    NOT_APPROVED = "not_approved", "You have not approved this, or it was done already. Please start again."
    DONE_BEFORE = "done_before", "This was done already."
    OTHER_TRANSACTION = "other_transaction", "This is not what was approved. Please start again."


@dataclass(frozen=True, slots=True)
class Asking:
    """A partner's question: is it one that it was registered for, about a customer whose token it may hold?

    ``customer_approved``: just this, by itself, if the token's owner asks for that (RFC 9396).
    """

    action_registered: bool
    token_live: bool
    token_theirs: bool
    subject_matches: bool
    customer_approved: bool = True


@dataclass(frozen=True, slots=True)
class Presenting:
    """An approval that is presented. ``expires_at`` None: there is no such approval for this partner."""

    expires_at: datetime | None = None
    was_presented: bool = True
    same_transaction: bool = False
    action_registered: bool = False
    done_before: bool = False


@question("decisions.may_ask")
def may_ask(facts: Asking, *, limits: Limits, at: datetime) -> Decision:
    """The partner may ask about this action and this customer. A token of others is as unknown as an invented one."""
    if not facts.action_registered:
        return Deny(Reason.UNKNOWN_ACTION)
    if not (facts.token_live and facts.token_theirs):
        return Deny(Reason.UNKNOWN_TOKEN)
    if not facts.subject_matches:
        return Deny(Reason.OTHER_SUBJECT)
    if not facts.customer_approved:
        return Deny(Reason.NOT_APPROVED)
    return Allow()


@question("decisions.may_redeem")
def may_redeem(facts: Presenting, *, limits: Limits, at: datetime) -> Decision:
    """Once, in time, by the partner that it was given to, and for the very transaction."""
    if facts.expires_at is None:
        return Deny(Reason.UNKNOWN_APPROVAL)
    if facts.was_presented:
        return Deny(Reason.ALREADY_PRESENTED)
    if at >= facts.expires_at:
        return Deny(Reason.EXPIRED)
    if not facts.same_transaction:
        return Deny(Reason.OTHER_TRANSACTION)
    if facts.done_before:
        return Deny(Reason.DONE_BEFORE)
    if not facts.action_registered:
        return Deny(Reason.UNKNOWN_ACTION)
    return Allow()
