"""How much may a new account do in a day of what programs do by the hundred? Age and evidence lift that."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from ciam_portal.core.policy.decision import Allow, Decision, Hold
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Trust(IntEnum):
    """What stands behind an account. Each level has all that the one before it has, and more."""

    NEW = 0
    SHOWN = 1  # a second step, or a phone that was confirmed
    SETTLED = 2  # both, or old enough: no limits but those that everybody has


class Limited(StrEnum):
    """Of what a new account may do less."""

    APPS = "apps"
    OFFERS = "offers"


class Reason(ReasonBase):
    """Why not yet. ``words`` is what the customer reads."""

    NEW_ACCOUNT = (
        "trust_new_account",
        (
            "Your account is new, and has done as much of this today as a new one may. A second step, or a confirmed "
            "phone number, lets you do more at once (see your Security page)."
        ),
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an account. Left out: nothing speaks for it."""

    opened_at: datetime | None = None
    has_second_step: bool = False
    has_phone: bool = False


@dataclass(frozen=True, slots=True)
class Doing:
    """One more of these: how many were done within a day, and when the first of them was."""

    what: Limited
    evidence: Evidence
    today: int
    first_at: datetime | None = None


def settles_at(evidence: Evidence, limits: Limits) -> datetime | None:
    """When age alone lifts all limits."""
    opened = evidence.opened_at
    return None if opened is None else opened + timedelta(days=limits.trust.settled_days)


def level_of(evidence: Evidence, limits: Limits, at: datetime) -> Trust:
    """How much stands behind an account now. Nothing raises it but the evidence itself, and time."""
    settled = settles_at(evidence, limits)
    if settled is not None and at >= settled:
        return Trust.SETTLED
    return Trust(evidence.has_second_step + evidence.has_phone)


def most(what: Limited, level: Trust, limits: Limits) -> int | None:
    """How many in a day; None: as many as everybody."""
    if level is Trust.SETTLED:
        return None
    rules = limits.trust
    numbers = {
        Limited.APPS: (rules.new_apps_per_day, rules.shown_apps_per_day),
        Limited.OFFERS: (rules.new_offers_per_day, rules.shown_offers_per_day),
    }
    return numbers[what][level]


@question("trust.may_do")
def may_do(doing: Doing, *, limits: Limits, at: datetime) -> Decision:
    """One more today? If not, it waits: for tomorrow, or for the day on which the account is no longer new."""
    allowed = most(doing.what, level_of(doing.evidence, limits, at), limits)
    if allowed is None or doing.today < allowed:
        return Allow()
    ends = [end for end in (settles_at(doing.evidence, limits), _a_day_after(doing.first_at)) if end is not None]
    return Hold(Reason.NEW_ACCOUNT, min((end for end in ends if end > at), default=None))


def _a_day_after(then: datetime | None) -> datetime | None:
    return None if then is None else then + timedelta(days=1)
