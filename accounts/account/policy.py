"""May this link be used, and what else stands in the way of an account's own changes?"""

from dataclasses import dataclass
from datetime import datetime

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the customer reads."""

    ACCOUNT_CLOSED = "account_closed", "This account is closed."
    LINK_DEAD = "link_dead", "This link has been used already, or it has expired. Please ask for a new one."
    TOO_MANY_MAILS = "too_many_mails", "Many messages were asked for here in a short time."
    MAILED_ALREADY = (
        "mailed_already",
        (
            "Several messages to this address were asked for already. The links in those that came still work: look "
            "into the mailbox and its spam folder."
        ),
    )
    SEVERAL_MESSAGES = "several_messages", "Several messages were sent to this address already."
    SEVERAL_CODES = "several_codes", "Several codes were sent to you already."
    TOO_MANY_SIGN_INS = "too_many_sign_ins", "There were many attempts to sign in from your network."
    TOO_MANY_SIGN_UPS = "too_many_sign_ups", "Many accounts were asked for from your network."
    LATER = "later", "This cannot be asked for from your network right now."
    NOT_FROM_HERE = "not_from_here", "This cannot be asked for from your network or browser. Please use another."
    SAME_PASSWORD = "same_password", "This is the password you have already. Please choose another one."
    SAME_ADDRESS = "same_address", "This is the address that you have already. Please write another one."
    ADDRESS_TAKEN = "address_taken", "This address cannot be used."
    MAILBOX_NOT_WAITED_FOR = "mailbox_not_waited_for", "This account does not wait for a mailbox that another one has."
    MAILBOX_NOT_PROVEN = "mailbox_not_proven", "Nobody has shown that they read the mail of this account."


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link that somebody opened."""

    is_live: bool
    state_unchanged: bool
    account_active: bool


@question("account.may_use_link")
def may_use_link(facts: LinkFacts, *, limits: Limits, at: datetime) -> Decision:
    """A link works once, in time, and only while the account is as it was when the link was sent."""
    if not facts.is_live:
        return Deny(Reason.LINK_DEAD)
    if not facts.state_unchanged:
        return Deny(Reason.LINK_DEAD)
    if not facts.account_active:
        return Deny(Reason.LINK_DEAD)
    return Allow()


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """An account that waits for its mailbox, as it stands under lock."""

    waits: bool
    is_proven: bool


@question("account.may_have_mailbox")
def may_have_mailbox(facts: MailboxFacts, *, limits: Limits, at: datetime) -> Decision:
    """Of two accounts of one mailbox either may have it, if whoever reads it has shown so in that account too."""
    if not facts.waits:
        return Deny(Reason.MAILBOX_NOT_WAITED_FOR)
    return Allow() if facts.is_proven else Deny(Reason.MAILBOX_NOT_PROVEN)
