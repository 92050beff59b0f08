"""People as the staff site names them: staff by name and address, as they know each other; others masked."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max

from accounts.factors import bound as factors
from accounts.models import Session, User
from ciam_portal.core.roles import Role, roles_of, standing_roles_of
from ciam_portal.core.words import masked


@dataclass(frozen=True, slots=True)
class Person:
    """One person whom somebody decides about. ``taken``: roles held for an hour."""

    name: str
    address: str
    created: str
    last: str
    second_factors: int
    held: tuple[Role, ...]
    taken: tuple[Role, ...]


def called(user: User | None) -> str:
    """Name and address; nothing for nobody."""
    if user is None:
        return ""
    address = user.email if user.is_staff else masked(user.email)
    return f"{user.name}, {address}" if user.name else address


def names(keys: Iterable[UUID | None]) -> dict[UUID, str]:
    """The same for these numbers, as far as there are such people."""
    wanted = {key for key in keys if key is not None}
    return {user.pk: called(user) for user in User.objects.filter(pk__in=wanted)}


def person(user: User) -> Person:
    """All that whoever decides about them sees without asking further."""
    last = Session.objects.filter(customer=user).aggregate(last=Max("started_at"))["last"]
    standing = standing_roles_of(user)
    return Person(
        name=user.name,
        address=user.email if user.is_staff else masked(user.email),
        created=f"{user.created_at:%Y-%m-%d}",
        last=f"{last:%Y-%m-%d}" if last else "",
        second_factors=len(factors.second_factors(user)),
        held=tuple(sorted(standing)),
        taken=tuple(sorted(roles_of(user) - standing)),
    )
