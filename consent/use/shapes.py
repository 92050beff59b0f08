"""What is to be released, and what was."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from consent.ledger.shapes import Party, Way


@dataclass(frozen=True, slots=True)
class To:
    """Who gets it, and how. ``is_ours``: it is we ourselves, or a service of ours. ``actor``: who acts in its place.

    ``purposes``: for what it may ask at all; None: for what its scopes are.
    """

    party: Party
    way: Way
    is_ours: bool = False
    purposes: frozenset[str] | None = None
    actor: UUID | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """What of it may go out, and stands in the ledger; of what may not, why, by category. ``asks``: a yes would do."""

    categories: frozenset[str] = frozenset()
    withheld: Mapping[str, str] = field(default_factory=dict)
    asks: bool = False

    @property
    def names(self) -> bool:
        """Whether it may be said who it is at all."""
        return "pseudonym" in self.categories
