"""What a customer may approve of an app by itself."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from consent.permission.policy import Reason


@dataclass(frozen=True, slots=True)
class Approving:
    """A customer's yes to what an app asked for: by types."""

    consent: UUID
    consent_ended: bool
    customer_active: bool
    partner_enabled: bool
    ceiling: tuple[str, ...]
    asked: tuple[str, ...]


@question("consent.may_approve")
def may_approve(facts: Approving, *, limits: Limits, at: datetime) -> Decision:
    """Only to an app that is connected, and only what it is registered for. What each of it needs, the gate says."""
    if not facts.partner_enabled:
        return Deny(Reason.PARTNER_OFF)
    if not facts.customer_active:
        return Deny(Reason.ACCOUNT_CLOSED)
    if facts.consent_ended:
        return Deny(Reason.CONSENT_ENDED)
    if not set(facts.asked) <= set(facts.ceiling):
        return Deny(Reason.NOT_OFFERED)
    return Allow()
