"""A line of the use ledger, as whoever releases data says it."""

from dataclasses import dataclass
from uuid import UUID

from ciam_portal.core.policy.reason import Worded


class Way(Worded):
    """On which way it went, or would have gone: the words fit both."""

    ID_TOKEN = "id_token", "Along with your sign-in."
    ACCESS_TOKEN = "access_token", "In a signed token."
    USERINFO = "userinfo", "The app asked for it."
    PROFILE = "profile", "The app asked for it."
    ACTIVITY = "activity", "The app asked for it."
    INTROSPECTION = "introspection", "It was asked for with a token of yours."
    DELEGATE = "delegate", "For somebody who acts for you."
    GATEWAY = "gateway", "Along with your visit."
    DELEGATION = "delegation", "To say for whom somebody may act."
    SIGNAL = "signal", "To tell the app of a change."
    DATA_USE = "data_use", "A service asked for it."
    MAIL = "mail", "To write to you by email."
    SMS = "sms", "To write to you by text message."
    JOB = "job", "For a job of ours."


@dataclass(frozen=True, slots=True)
class Party:
    """Who gets the data: a partner, one of our own applications behind the gateway, or neither: ourselves."""

    partner: UUID | None = None
    application: str = ""

    def __str__(self) -> str:
        """As an address names it."""
        return str(self.partner or self.application or "own")


OURSELVES = Party()


def is_for_us(partner: UUID | None, way: str) -> bool:
    """Whether what its customer said about it was said to us: by ourselves, an application or a service of ours."""
    return partner is None or way == Way.DATA_USE


@dataclass(frozen=True, slots=True)
class Line:
    """One use: of whose data, for which version of a purpose, which categories; by whom; and what became of it.

    ``event``: the number of the customer's answer that it rests on, as it stood at that instant, if there is one.
    ``actor``: who acted in the recipient's place. ``reason``: why it was refused; "" if it was not.
    """

    customer: UUID
    purpose: str
    version: int
    basis: str
    categories: tuple[str, ...]
    way: Way
    party: Party = OURSELVES
    event: int | None = None
    actor: UUID | None = None
    reason: str = ""
