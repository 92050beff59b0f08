"""What ``may_use`` asks about: how a person's account stands and what they said, in one statement for however many."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import Expression, F, Func, OuterRef, QuerySet, UUIDField, Value
from django.db.models.functions import JSONObject

from accounts.models import User
from ciam_portal.core.errors import Refused
from ciam_portal.oauth import rows
from consent.models import ConsentRecord
from consent.purposes import facts as purposes
from consent.purposes.facts import Wanted
from consent.purposes.policy import Reason as NoPurpose
from consent.purposes.shipped import SECURITY_NOTICES
from consent.records.policy import State
from consent.use.policy import Purpose, Said, Use

_NEVER_REFUSED = frozenset({SECURITY_NOTICES})
_SAID = JSONObject(
    purpose="purpose", state="state", number="number", version=F("version__number"), categories="categories",
    expires_at="expires_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Of whom, whether their account is open, and what they said to one recipient, by purpose."""

    id: UUID
    is_open: bool
    said: Mapping[str, Said]


def choices(customer: str, recipient: Expression | OuterRef | None) -> ArraySubquery:
    """What the person in the column ``customer`` of a row said to a recipient (None: to ourselves); for ``said``."""
    return ArraySubquery(ConsentRecord.objects.filter(subject=OuterRef(customer), recipient=recipient).values(row=_SAID))


@rows.ALONGSIDE.join
def of_a_token() -> Mapping[str, Expression]:
    """Read with each token: what its customer said to the app that they connected, whoever acts with the token."""
    return {"choices": choices("user", OuterRef("consent__partner"))}


def said(found: Iterable[Mapping[str, Any]]) -> Mapping[str, Said]:
    """What ``choices`` read, by purpose."""
    return {
        each["purpose"]: Said(
            State(each["state"]),
            each["number"],
            each["version"],
            frozenset(each["categories"]),
            datetime.fromisoformat(each["expires_at"]) if each["expires_at"] else None,
        )
        for each in found
    }


def people(customers: Iterable[UUID], at: datetime) -> Mapping[UUID, Person]:
    """These people, and what they said to us ourselves; whoever has no account is not among them. One statement."""
    wanted = Func(Value(list(customers), output_field=ArrayField(UUIDField())), function="ANY")
    return {each.id: each for each in _read(User.objects.filter(pk=wanted), at)}


def _read(found: QuerySet[User], at: datetime) -> Iterable[Person]:
    found = found.only("is_active", "locked_at", "suspended_until").annotate(choices=choices("pk", None))
    return (Person(each.pk, each.is_open_at(at), said(each.choices)) for each in found)  # type: ignore[attr-defined]  # annotated


def of_token(token: Any, at: datetime) -> Person:  # noqa: ANN401  (access or refresh token, or code)
    """The customer of a token that was read with what they said."""
    return Person(token.user_id, token.user.is_open_at(at), said(token.choices))


def use(wanted: Wanted, person: Person, *, is_its_purpose: bool, is_ours: bool, at: datetime) -> Use:
    """One use of this person's data. No statement, unless nothing is known of the purpose."""
    purpose, nothing = _purpose(wanted.purpose, at)
    return Use(
        frozenset(wanted.categories),
        purpose,
        nothing,
        is_its_purpose=is_its_purpose,
        is_ours=is_ours,
        is_open=person.is_open,
        said=person.said.get(wanted.purpose),
    )


def _purpose(key: str, at: datetime) -> tuple[Purpose | None, NoPurpose | None]:
    try:
        now = purposes.one(key, at)
    except Refused as refused:
        return None, NoPurpose(refused.reason)
    categories, refusable = frozenset(now.categories), key not in _NEVER_REFUSED
    return Purpose(key, now.number, now.material_number, now.basis, categories, is_refusable=refusable), None
