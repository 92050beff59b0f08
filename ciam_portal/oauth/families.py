"""What is issued together: the root that a family hangs from, what one of its tokens carries, what is handed out."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ciam_portal.oauth.resources.targets import OURS, Target


@dataclass(frozen=True, slots=True)
class Root:
    """What a family hangs from."""

    partner: UUID
    customer: UUID
    session: UUID
    consent: UUID
    family: UUID
    jkt: str = ""
    """The key that all of it is bound to (RFC 9449), if any."""
    resources: tuple[str, ...] = ()
    """What its tokens may be for (RFC 8707); none: our own APIs."""
    named: tuple[str, ...] = ()
    """The single fields that the partner named (``ciam_portal.oauth.claims``)."""
    details: tuple[UUID, ...] = ()
    """What the customer approved by itself (RFC 9396): all that the family may still carry."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What one access token carries of its family: no more than that holds."""

    scopes: tuple[str, ...] = ()
    target: Target = OURS
    details: tuple[UUID, ...] = ()
    says: dict[str, Any] = field(default_factory=dict)
    """What it says of partner and customer, if it is signed."""
    ends: datetime | None = None
    parent: UUID | None = None
    act: dict[str, Any] | None = None
    """Exchanged for ``parent``: over when that is, and who acts with it (RFC 8693)."""
    delegation: UUID | None = None
    """By what a person or an agent acts with it."""

    def seconds(self, at: datetime) -> int:
        """How long it lives."""
        longest = self.target.seconds
        return longest if self.ends is None else min(longest, int((self.ends - at).total_seconds()))


@dataclass(frozen=True, slots=True)
class Issued:
    """Values for one response, never to be kept. ``lasting`` are the scopes of the whole family.

    ``details``: what the access token carries of what was approved by itself.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...]
    lasting: tuple[str, ...]
    seconds: int
    details: tuple[UUID, ...] = ()
