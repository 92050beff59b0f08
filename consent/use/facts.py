"""What ``may_use`` asks about: how a person's account stands and what they said, in one statement for however many."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import IdentityEvidence, User
from ciam_portal.core import categories
from ciam_portal.core.errors import Refused
from ciam_portal.oauth import claims, verified
from consent.models import Consent, PurposeVersion
from consent.purposes import facts as purposes
from consent.purposes.facts import Active, Wanted
from consent.purposes.policy import Basis
from consent.purposes.policy import Reason as NoPurpose
from consent.purposes.shipped import CATEGORIES_OF_SCOPES, SECURITY_NOTICES
from consent.records import facts as records
from consent.use.policy import Purpose, Said, Use

_NEVER_REFUSED = frozenset({SECURITY_NOTICES})


@dataclass(frozen=True, slots=True)
class Person:
    """Of whom, whether their account is open, and what they said to one recipient, by purpose."""

    id: UUID
    is_open: bool
    said: Mapping[str, records.Said]


NOBODY = Person(UUID(int=0), is_open=False, said={})
"""Whoever a recipient names that there is not, or not for it: what it wanted is refused and counted like any other."""
Found = tuple[Purpose | None, NoPurpose | None]
"""A purpose as it holds now, or why there is none."""


def of(consent: Consent, customer: User, at: datetime) -> Person:
    """The customer of a connection, and what they said to its app: no statement, if it was read with a token."""
    return Person(customer.pk, customer.is_open_at(at), records.said_to(consent))


def people(customers: Collection[UUID] | QuerySet[Any] | RawSQL, at: datetime) -> Mapping[UUID, Person]:
    """These people, and what they said to us; whoever has no account is not among them. One statement."""
    return {each.pk: ours(each, each.said, at) for each in _ours(User.objects.filter(pk__in=customers))}


def _ours(found: QuerySet[User]) -> QuerySet[Any]:  # annotated
    to_us = said_to_us(OuterRef("pk"))
    return found.only("is_active", "locked_at", "suspended_until", "erase_at").annotate(said=to_us)


def said_to_us(customer: Any) -> ArraySubquery:  # noqa: ANN401  (an expression)
    """What a customer said to us, as a column of a row that is read anyway; ``ours`` takes it."""
    return records.choices(customer, None)


def ours(customer: User, said: Iterable[Mapping[str, Any]], at: datetime) -> Person:
    """A customer and what they said to us, read along with something else."""
    return Person(customer.pk, customer.is_open_at(at), records.said(said))


def of_scopes(scopes: Iterable[str], named: Iterable[str] = ()) -> tuple[Wanted, ...]:
    """For what these scopes are, and the single claims that were ``named``. Nothing, for a scope without a purpose."""
    scopes, named = frozenset(scopes), frozenset(named)
    fields = {claim: scope for claim, scope in claims.SCOPE_OF.items() if claim in named}
    going = {each for scope in scopes for each in CATEGORIES_OF_SCOPES[scope]} | {category_of(name) for name in fields}
    wanted = purposes.of_scopes(scopes | set(fields.values()))
    return tuple(Wanted(each.purpose, tuple(c for c in each.categories if c in going), each.scopes) for each in wanted)


COLUMNS: dict[str, tuple[type[models.Model], str]] = {
    "name": (User, "name"),
    "locale": (User, "locale"),
    "zoneinfo": (User, "timezone"),
    "email": (User, "email"),
    "email_verified": (User, "email"),
    "phone_number": (User, "phone"),
    "phone_number_verified": (User, "phone"),
    verified.CLAIM: (IdentityEvidence, "sealed"),
    verified.EVIDENCE: (IdentityEvidence, "document"),
}
"""Of which column of a person, or of what they have shown, each claim tells."""


@cache
def category_of(claim: str) -> str:
    """The data category of this claim: that of the column it is read from."""
    model, name = COLUMNS[claim]
    found = categories.of_column(model._meta.get_field(name))  # noqa: SLF001  (Django's documented way)
    return found.code if found else ""


def use(wanted: Wanted, found: Found, person: Person, *, is_its_purpose: bool, is_ours: bool) -> Use:
    """One use of this person's data, for a purpose as it was ``found``."""
    purpose, nothing = found
    said = person.said.get(wanted.purpose)
    return Use(
        frozenset(wanted.categories),
        purpose,
        nothing,
        is_known=person is not NOBODY,
        is_its_purpose=is_its_purpose,
        is_ours=is_ours,
        is_open=person.is_open,
        said=Said(said.state, said.number, said.version, said.categories, said.expires_at) if said else None,
    )


def purpose(key: str, at: datetime) -> Found:
    """This purpose. No statement, unless nothing is known of it."""
    try:
        now = purposes.one(key, at)
    except Refused as refused:
        return None, NoPurpose(refused.reason)
    return as_it_holds(key, now, now.material_number), None


def as_it_holds(key: str, version: Active | PurposeVersion, material: int) -> Purpose:
    """A version of a purpose, as ``may_use`` asks about it; to ``material`` the oldest yes counts that does."""
    known, refusable = frozenset(version.categories), key not in _NEVER_REFUSED
    return Purpose(key, version.number, material, Basis(version.basis), known, is_refusable=refusable)
