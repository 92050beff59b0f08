"""When a partner's credential may be replaced, or ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase

MOST = 2
"""That live at a time: one in use, and its successor."""


class Reason(ReasonBase):
    """Why not. ``words`` is what the owner reads."""

    HAS_NONE = "has_none", "This app runs where it could keep no secret, so it has none."
    KEYS_ONLY = "keys_only", "An app of this kind shows who it is with keys, never with a secret."
    TWO_LIVE = "two_live", "Two work already. Wait until the former one has ended, or end one of them first."
    LAST_ONE = "last_one", "This is the only one that works. Replace it instead: the new one can end it at once."
    TOO_OFTEN = "too_often", "It was replaced too often today. Its owner or our staff can still do so."
    IN_USE = "in_use", "This app was used lately."
    OVER = "credential_over", "This one has ended already."


@dataclass(frozen=True, slots=True)
class Holding:
    """What a partner proves itself with: how many live beside this one, of which kind it is, and whether it lives."""

    is_public: bool
    keyed: bool
    others: int
    is_secret: bool
    is_live: bool = True
    by_itself: int = 0
    """How many were made within a day, this one too, if the partner makes it itself; 0: a person makes it."""


def reminders_due(made_at: datetime, expires_at: datetime, *, limits: Limits, at: datetime) -> int:
    """How many of the reminders are due by now. One that would come before it was even made is left out."""
    rules = limits.partners
    spans = (rules.first_reminder_days, rules.second_reminder_days, rules.last_reminder_days)
    due = [at >= expires_at - timedelta(days=days) > made_at for days in spans]
    return max((number for number, is_due in enumerate(due, 1) if is_due), default=0)


@question("partner.may_replace")
def may_replace(facts: Holding, *, limits: Limits, at: datetime) -> Decision:
    """May it have another one? Not a third; and no weaker kind than its profile asks for."""
    if facts.is_public:
        return Deny(Reason.HAS_NONE)
    if facts.keyed and facts.is_secret:
        return Deny(Reason.KEYS_ONLY)
    if facts.by_itself > limits.partners.replacements_per_day:
        return Deny(Reason.TOO_OFTEN)
    if facts.others >= MOST:
        return Deny(Reason.TWO_LIVE)
    return Allow()


@question("partner.may_end_credential")
def may_end(facts: Holding, *, limits: Limits, at: datetime) -> Decision:
    """May one be ended now? Not the last: that would be an outage, and replacing it does the same without one."""
    if not facts.is_live:
        return Deny(Reason.OVER)
    if not facts.others:
        return Deny(Reason.LAST_ONE)
    return Allow()
