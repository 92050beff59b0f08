"""What staff may be: agent, approver, auditor, administrator, privacy officer. Roles are groups, not permissions."""

from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """One role of staff. A person may hold several; what a role may see is said where it is shown."""

    AGENT = "agent"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    PRIVACY_OFFICER = "privacy_officer"


def roles_of(user: Any) -> frozenset[Role]:  # noqa: ANN401  (any user, also an anonymous one)
    """The roles this person holds now, those taken in an emergency among them: none unless active staff."""
    return _held(user)[0]


def standing_roles_of(user: Any) -> frozenset[Role]:  # noqa: ANN401  (any user, also an anonymous one)
    """The roles that this person was given. What takes two people counts these alone, never an emergency's."""
    return _held(user)[1]


def _held(user: Any) -> tuple[frozenset[Role], frozenset[Role]]:  # noqa: ANN401
    """All roles, and those that were given. One query, once for each request."""
    if not (user.is_authenticated and user.is_open and user.is_staff):
        return frozenset(), frozenset()
    if not hasattr(user, "_roles"):
        found = user.role_names()
        both = {name for name, _ in found}, {name for name, is_given in found if is_given}
        user._roles = tuple(  # noqa: SLF001  (kept with the request's user)
            frozenset(role for role in Role if role.value in names) for names in both
        )
    held: tuple[frozenset[Role], frozenset[Role]] = user._roles  # noqa: SLF001
    return held
