"""With what an action comes to the gate, and what becomes of it as time passes. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.policy.identity import Identity
from ciam_portal.core.risk import rules
from ciam_portal.core.risk.evidence import Evidence
from ciam_portal.core.risk.parameters import RuleLimits
from ciam_portal.core.risk.sign_up import SignUp
from ciam_portal.core.risk.signals import Signals

NOTHING_PROVEN = Assurance()


class Trust(IntEnum):
    """How well the device is known to this customer, ordered."""

    NONE = 0  # no device key, or one that is not this customer's
    NEW = 1  # this customer's, but it has proven no second factor and is younger than the policy asks
    KNOWN = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """With what an action comes. Whatever is left out is not known, and counts against.

    ``session_live`` None: no session belongs to this question (coming in). ``challenged_at``: the session's latest
    proof of more than a password. ``standing``: the risk of the session as last assessed. ``evidence``: a sign-in's
    own numbers. ``recognized_at``: when this session showed that the customer holds another channel than the mailbox.
    ``quarantine_until``: when the wait after a recovery ends; None: there was none. ``suspended_until``,
    ``step_up_until``: when a restriction by staff ends or ended. ``vouched_until``: until when the help desk's word
    that it was too careful opens the way for the strongest proof. ``sign_up``: what somebody shows who is no
    customer yet, and is assessed by that alone. ``identity``: how well it is known who the customer is, if any row asks
    for that. ``amount`` in minor units of ``currency`` (ISO 4217).
    """

    channel: Channel | None = None
    account_active: bool = False
    session_live: bool | None = False
    assurance: Assurance = NOTHING_PROVEN
    highest: Level = Level.NONE
    challenged_at: datetime | None = None
    recognized_at: datetime | None = None
    device: Trust = Trust.NONE
    device_known_at: datetime | None = None
    standing: Risk | None = None
    evidence: Evidence | None = None
    signals: Signals | None = None
    quarantine_until: datetime | None = None
    suspended_until: datetime | None = None
    step_up_until: datetime | None = None
    vouched_until: datetime | None = None
    sign_up: SignUp | None = None
    identity: Identity | None = None
    amount: int | None = None
    currency: str | None = None

    def for_owner(self, owner: "Facts") -> "Facts":
        """The same, asked by a delegate for somebody else: of both accounts the stricter, all else the delegate's own.

        ``owner``: what is known of the owner's account; their sessions, devices and proofs say nothing of who acts.
        """
        mine, theirs = self.signals or Signals(), owner.signals or Signals()
        return replace(
            self,
            channel=Channel.DELEGATED,
            account_active=self.account_active and owner.account_active,
            signals=replace(
                mine,
                account_age_seconds=_least(mine.account_age_seconds, theirs.account_age_seconds),
                recovered_seconds=_least(mine.recovered_seconds, theirs.recovered_seconds),
                contact_changed_seconds=_least(mine.contact_changed_seconds, theirs.contact_changed_seconds),
            ),
            identity=_lesser(self.identity, owner.identity),
            quarantine_until=_latest(self.quarantine_until, owner.quarantine_until),
            suspended_until=_latest(self.suspended_until, owner.suspended_until),
            step_up_until=_latest(self.step_up_until, owner.step_up_until),
        )

    def turns(self, limits: RuleLimits, at: datetime) -> list[datetime]:
        """When, after this, something about it weighs less by itself."""
        found = [at + timedelta(seconds=each) for each in rules.turns(self.signals or Signals(), limits)]
        if self.device_known_at is not None and self.device_known_at > at:
            found.append(self.device_known_at)
        return sorted(found)

    def later(self, at: datetime, then: datetime, *, found: Risk) -> "Facts":
        """The same at a later instant, if nothing has happened but a sign-in like any other in this browser.

        ``found``: the risk that what grows old means now. What the session carries beyond it stays with it, unless the
        browser was the reason and is known by then.
        """
        turned = self.device is Trust.NEW and self.device_known_at is not None and self.device_known_at <= then
        known = turned or self.device is Trust.KNOWN
        signals = self.signals and rules.older(self.signals, (then - at).total_seconds(), device_known=known)
        explained = turned or (self.standing is not None and self.standing <= found)
        standing = Risk.LOW if explained else self.standing
        return replace(self, device=Trust.KNOWN if known else self.device, signals=signals, standing=standing)


def _least(*ages: float | None) -> float | None:
    return min((age for age in ages if age is not None), default=None)


def _latest(*ends: datetime | None) -> datetime | None:
    return max((end for end in ends if end is not None), default=None)


def _lesser(one: Identity | None, other: Identity | None) -> Identity | None:
    return None if one is None or other is None else min(one, other)
