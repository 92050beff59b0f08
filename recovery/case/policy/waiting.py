"""How long a recovery waits before it may be finished. One function decides, for the page, the task and the finish."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.policy.limits import Limits
from recovery.case.policy.evidence import Strength


@dataclass(frozen=True, slots=True)
class Weighty:
    """What the wait is weighed by. ``risk`` None: not known. ``by_desk``: two people of the help desk vouched.

    ``slowly``: for so little that it takes the longest wait.
    """

    started_at: datetime
    strength: Strength
    risk: Risk | None
    by_desk: bool = False
    slowly: bool = False
    contact_changed_at: datetime | None = None


def earliest_completion(facts: Weighty, *, limits: Limits) -> datetime:
    """The first instant at which the case may be finished.

    Nothing to wait for with a factor still in hand and no worry; a day otherwise; up to a week with weak evidence or
    raised or unknown risk. What the help desk vouched for always waits, and longest if that rests on little. After a
    recent change of address or phone, not before the longest wait since that change, nor sooner than a day, whatever
    was shown.
    """
    rules = limits.recovery
    base, longest = timedelta(hours=rules.wait_hours), timedelta(hours=rules.longest_wait_hours)
    calm = facts.risk is not None and facts.risk <= Risk.LOW
    if facts.by_desk or facts.strength is Strength.TWO_CODES:
        wait = base if calm else 3 * base
    elif facts.strength is Strength.CODE_AND_FACTOR:
        wait = timedelta(0) if calm else base
    else:
        wait = base if calm else longest
    if facts.slowly or (facts.risk is not None and facts.risk >= Risk.HIGH):
        wait = longest
    ready = facts.started_at + min(wait, longest)
    if facts.contact_changed_at is None or facts.contact_changed_at + longest <= facts.started_at:
        return ready
    return max(ready, facts.contact_changed_at + longest, facts.started_at + base)
