"""Who acts: a customer, staff, a partner or the system; for whom; through which channel."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self
from uuid import UUID

from django.http import HttpRequest

from ciam_portal.core.policy.channel import Channel

__all__ = ["Actor", "ActorKind", "Channel"]


class ActorKind(StrEnum):
    """What sort of party acts."""

    CUSTOMER = "customer"
    STAFF = "staff"
    PARTNER = "partner"
    SYSTEM = "system"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Actor:
    """The ``by`` of every flow: ids only. ``on_behalf_of`` is set when a delegate acts for someone else."""

    kind: ActorKind
    id: UUID | None = None
    channel: Channel = Channel.SYSTEM
    session: UUID | None = None
    request_id: str = ""
    on_behalf_of: UUID | None = None

    @classmethod
    def system(cls) -> Self:
        """A task or command of our own."""
        return cls(ActorKind.SYSTEM)

    @classmethod
    def from_request(cls, request: HttpRequest, channel: Channel | None = None) -> Self:
        """Whoever is signed in on this request; a stranger otherwise. Without a word, through where it came."""
        channel = channel or _channel_of(request)
        user = getattr(request, "user", None)
        session = getattr(request, "portal_session", None)
        request_id = getattr(request, "request_id", "")
        if user is None or not user.is_authenticated:
            return cls(ActorKind.STRANGER, None, channel, request_id=request_id)
        kind = ActorKind.STAFF if channel is Channel.HELP_DESK else ActorKind.CUSTOMER
        return cls(kind, user.pk, channel, session.pk if session else None, request_id)

    @classmethod
    def stranger(cls, request: HttpRequest) -> Self:
        """A stranger, whoever is signed in on this request: what is shown, or a link, speaks for itself."""
        return cls(ActorKind.STRANGER, None, _channel_of(request), request_id=getattr(request, "request_id", ""))

    def for_owner(self, owner: UUID) -> Self:
        """The same party, acting for this customer. Raises ValueError for oneself, or for somebody else already."""
        if owner == self.id or self.on_behalf_of is not None:
            message = "Nobody acts for themselves, or for two."
            raise ValueError(message)
        return replace(self, channel=Channel.DELEGATED, on_behalf_of=owner)

    def is_self(self, customer: UUID) -> bool:
        """Whether it is this customer, and nobody in their place."""
        return self.id == customer and self.on_behalf_of is None

    def known_as(self, customer: UUID) -> Self:
        """The same party on the same request, once it has proven to be this customer."""
        return replace(self, kind=ActorKind.CUSTOMER, id=customer)


def _channel_of(request: HttpRequest) -> Channel:
    return getattr(request, "channel", Channel.WEB)
