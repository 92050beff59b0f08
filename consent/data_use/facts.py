"""Whom a service means: the people behind the names under which it knows them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.subjects import subject
from consent.models import Consent
from consent.use import facts
from consent.use.facts import NOBODY, Person


def people(service: Partner, subs: Collection[str], at: datetime) -> Mapping[str, Person]:
    """Who is known to this service by each of these names, and what they said to us. One statement.

    NOBODY, alike, for a name that was made up, whose account is gone, or that is another sector's.
    """
    found = facts.people(_customers(service, subs), at).values()
    known = {subject(service, person.id): person for person in found}
    return {sub: known.get(sub, NOBODY) for sub in subs}


def _customers(service: Partner, subs: Collection[str]) -> QuerySet[Any] | RawSQL:
    if service.subject_type == Partner.SubjectType.PUBLIC:
        return _these("uuid", [found for sub in subs if (found := _id(sub))])
    return Consent.objects.filter(sub__in=_these("text", list(subs))).values("customer")


def _these(kind: str, values: list[Any]) -> RawSQL:
    """One value of a statement, however many they are."""
    return RawSQL(f"SELECT unnest(%s::{kind}[])", [values])  # noqa: S611  (the kind is ours)


def _id(sub: str) -> UUID | None:
    try:
        return UUID(sub)
    except ValueError:
        return None
