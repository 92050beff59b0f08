"""What staff may be: agent, approver, auditor, administrator. Roles are groups, not permissions."""

from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """One role of staff. A person may hold several; what a role may see is said where it is shown."""

    AGENT = "agent"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


def roles_of(user: Any) -> frozenset[Role]:  # noqa: ANN401  (any user, also an anonymous one)
    """The roles this person holds: none unless active staff. One query, once for each request."""
    if not (user.is_authenticated and user.is_open and user.is_staff):
        return frozenset()
    if not hasattr(user, "_roles"):
        names = set(user.groups.values_list("name", flat=True))
        user._roles = frozenset(role for role in Role if role.value in names)  # noqa: SLF001  (kept with the request's user)
    held: frozenset[Role] = user._roles  # noqa: SLF001
    return held
