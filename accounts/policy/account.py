"""May the owner change what the account rests on: its address, its password?"""

from dataclasses import dataclass
from datetime import datetime

from ciam_portal.policy.assurance import Assurance, Level
from ciam_portal.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.policy.limits import Limits
from ciam_portal.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the customer reads."""

    ACCOUNT_CLOSED = "account_closed", "This account is closed."
    PROVE_AGAIN = "prove_again", "You are about to change how you sign in, so please show once more that it is you."
    LINK_DEAD = "link_dead", "This link has been used already, or it has expired. Please ask for a new one."
    TOO_MANY_MAILS = "too_many_mails", "You have asked for many messages in a short time. Please wait a while."
    ADDRESS_TAKEN = "address_taken", "This address cannot be used."


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """Who asks, how well proven, and the most that this account can prove."""

    is_active: bool
    assurance: Assurance
    highest: Level


def may_change_credentials(facts: CredentialFacts, *, limits: Limits, at: datetime) -> Decision:
    """Changing address or password asks for the highest assurance the account can give, freshly given."""
    if not facts.is_active:
        return Deny(Reason.ACCOUNT_CLOSED)
    within = limits.session.step_up_minutes * 60
    if not facts.assurance.meets(facts.highest, within, at):
        return StepUp(facts.highest, Reason.PROVE_AGAIN, within)
    return Allow()


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link that somebody opened."""

    is_live: bool
    state_unchanged: bool
    account_active: bool


def may_use_link(facts: LinkFacts, *, limits: Limits, at: datetime) -> Decision:  # noqa: ARG001  (every question's form)
    """A link works once, in time, and only while the account is as it was when the link was sent."""
    if not facts.is_live:
        return Deny(Reason.LINK_DEAD)
    if not facts.state_unchanged:
        return Deny(Reason.LINK_DEAD)
    if not facts.account_active:
        return Deny(Reason.LINK_DEAD)
    return Allow()
