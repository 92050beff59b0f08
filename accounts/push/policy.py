"""When a browser may be told something, and for how long its push service keeps that."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase

_TLS = 443


class Reason(ReasonBase):
    """Why not. ``words`` is what the customer reads."""

    NO_SESSION = "push_no_session", "The session in which this was switched on is over."
    NO_KEY = "push_no_key", "This browser knows us by a key that we no longer use. Switch it off and on again."
    TOO_LATE = "push_too_late", "This is no longer news."
    QUIET = "push_quiet", "It is night where you are, and you did not ask for notices at night."
    TOO_MANY = "push_too_many", "You have sent several test messages in a short time."


@dataclass(frozen=True, slots=True)
class PushFacts:
    """A message on its way to a browser. What is left out counts against it.

    ``local``: now, where its customer is. ``asked``: they have just asked for it themselves.
    """

    stands: bool = False
    has_key: bool = False
    written_at: datetime | None = None
    minutes: int = 0
    local: datetime | None = None
    at_night: bool = False
    asked: bool = False


@question("push.may_push")
def may_push(facts: PushFacts, *, limits: Limits, at: datetime) -> Decision:
    """To a session that stands, while it is news, and at night only if that was asked for."""
    if not facts.stands:
        return Deny(Reason.NO_SESSION)
    if not facts.has_key:
        return Deny(Reason.NO_KEY)
    if facts.written_at is None or at >= facts.written_at + _news(facts, limits):
        return Deny(Reason.TOO_LATE)
    if not _is_free(facts) and (facts.local is None or _is_quiet(facts.local, limits)):
        return Deny(Reason.QUIET)
    return Allow()


def keep(facts: PushFacts, *, limits: Limits, at: datetime) -> timedelta:
    """So long its push service may keep it for a browser that is away: while it is news, and not into the night."""
    left = (facts.written_at or at) + _news(facts, limits) - at
    if not _is_free(facts) and facts.local is not None:
        night = facts.local.replace(hour=limits.notices.push_quiet_from, minute=0, second=0, microsecond=0)
        if night > facts.local:
            left = min(left, night - facts.local)
    return max(left, timedelta(0))


def is_usual(url: str) -> bool:
    """Whether a push service would have such an address: TLS on its own port."""
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.port in {None, _TLS}


def _news(facts: PushFacts, limits: Limits) -> timedelta:
    most = timedelta(hours=limits.notices.push_hours)
    return min(most, timedelta(minutes=facts.minutes)) if facts.minutes else most


def _is_free(facts: PushFacts) -> bool:
    return facts.at_night or facts.asked


def _is_quiet(local: datetime, limits: Limits) -> bool:
    begins, ends = limits.notices.push_quiet_from, limits.notices.push_quiet_until
    return local.hour >= begins or local.hour < ends
