"""Who may answer for a device, and when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class State(StrEnum):
    """What became of a device that waits."""

    WAITING = "waiting"
    ALLOWED = "allowed"
    REFUSED = "refused"
    REDEEMED = "redeemed"


class Reason(ReasonBase):
    """Why not. ``words`` is what the customer reads."""

    CODE_OVER = "code_over", "This code no longer works. Start again on your device; it shows a new one."
    NOT_YOUR_CODE = "not_your_code", "This code was typed by somebody else. Start again on your device."
    TOO_MANY_CODES = "too_many_codes", "You typed too many codes that do not work. Please wait before you try again."


@dataclass(frozen=True, slots=True)
class Answering:
    """A customer's answer for a device. ``typed_in``: the session in which its code was typed; None: in none yet."""

    state: State
    expires_at: datetime
    typed_in: UUID | None
    session: UUID
    partner_serves: bool


@question("device.may_answer")
def may_answer(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """Once, in time, and only where the code was typed: whoever typed it has it before their eyes."""
    if facts.state is not State.WAITING or at >= facts.expires_at or not facts.partner_serves:
        return Deny(Reason.CODE_OVER)
    if facts.typed_in not in {None, facts.session}:
        return Deny(Reason.NOT_YOUR_CODE)
    return Allow()
