"""May this person come in, and with how much proof? Asked by every way in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from ciam_portal.policy.assurance import SECOND_FACTORS, Level, Method, level_of
from ciam_portal.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.policy.limits import Limits


class Reason(StrEnum):
    """Why not (yet). ``words`` is what the customer reads."""

    words: str

    def __new__(cls, value: str, words: str) -> Self:
        """A code with its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        return member

    ACCOUNT_CLOSED = "account_closed", "The e-mail address or the password is not right."
    ADDRESS_NOT_PROVEN = "address_not_proven", "Please confirm your e-mail address first. We have sent you a link."
    NOTHING_PROVEN = "nothing_proven", "The e-mail address or the password is not right."
    SECOND_FACTOR = "second_factor", "Your account asks for a second step when you sign in."


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """What is known at the door: the account's state, what was proven just now, what the customer owns."""

    is_active: bool
    address_proven: bool
    proven: tuple[Method, ...]
    second_factors: tuple[Method, ...]


def on_sign_in(facts: SignInFacts, *, limits: Limits, at: datetime) -> Decision:  # noqa: ARG001  (every question's form)
    """Whether a sign-in is complete. Whoever owns a second factor uses one, whichever way they came in."""
    if not facts.is_active:
        return Deny(Reason.ACCOUNT_CLOSED)
    if level_of(facts.proven) is Level.NONE:
        return Deny(Reason.NOTHING_PROVEN)
    if not facts.address_proven:
        return Deny(Reason.ADDRESS_NOT_PROVEN)
    if set(facts.second_factors) & SECOND_FACTORS and level_of(facts.proven) < Level.AAL2:
        return StepUp(Level.AAL2, Reason.SECOND_FACTOR)
    return Allow()
