"""Gathers what is asked about choices: how each stands, and what of an app's connection counts at this moment."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils.translation import ngettext

from accounts.models import User
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.words import sentence
from ciam_portal.oauth.rows import ALONGSIDE
from consent.models import Consent, ConsentRecord, PurposeVersion
from consent.purposes import facts as purposes
from consent.purposes.facts import Active
from consent.purposes.policy import Recipient
from consent.purposes.policy import State as Stage
from consent.purposes.shipped import OF_SCOPES
from consent.records import policy
from consent.records.policy import GivenBy, Says, State

# Django has no FOR SHARE. Whoever else agrees to these texts waits for nobody; whoever changes them waits for all.
_SHARED = f"""
SELECT id FROM {PurposeVersion._meta.db_table} WHERE id = ANY(%s) AND state = %s ORDER BY id FOR SHARE
"""  # noqa: S608, SLF001  (a name of our own)
_MONTH = 365.25 / 12  # days
_SAID = JSONObject(
    purpose="purpose", state="state", number="number", version="version__number", categories="categories",
    scopes="scopes", expires_at="expires_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Connected:
    """What of an app's scopes counts: what stands, what rests, and of what was refused all that is not asked again."""

    standing: frozenset[str]
    resting: frozenset[str]
    declined: frozenset[str]

    @property
    def kept(self) -> frozenset[str]:
        """What the connection goes on to hold."""
        return self.standing | self.resting


@dataclass(frozen=True, slots=True)
class Said:
    """How it stands for one purpose. ``number`` is that of the customer's answer, ``version`` of the text it was to."""

    state: State
    number: int
    version: int
    categories: frozenset[str]
    scopes: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """Some scopes of an app, and the purpose that they are for."""

    purpose: Active
    scopes: tuple[str, ...]


NOTHING = Connected(frozenset(), frozenset(), frozenset())


def standing(record: ConsentRecord, at: datetime) -> policy.Standing:
    """What the policy asks of one; its version is at hand."""
    found = _standing(record.purpose, State(record.state), record.version.number, record.expires_at, at)
    return replace(found, by_guardian=record.given_by == GivenBy.GUARDIAN)


def _standing(key: str, state: State, number: int, ends: datetime | None, at: datetime) -> policy.Standing:
    now, is_edited = purposes.active(at).get(key), key in purposes.edited(at)
    basis, material = (now.basis, now.material_number) if now else (None, 0)
    return policy.Standing(state, number, ends, basis, material, is_edited=is_edited)


def for_answering(
    customer: User, now: Active | None, record: ConsentRecord | None, says: Says,
    *, is_current: bool, by: Actor, at: datetime,
) -> policy.Answering:  # fmt: skip
    """An answer of this customer. ``is_current``: what they read holds (``still_active``)."""
    return policy.Answering(
        is_owner=by.kind is ActorKind.CUSTOMER and customer.pk in {by.id, by.on_behalf_of},
        is_open=customer.is_open_at(at),
        is_known=now is not None,
        is_current=is_current,
        basis=now.basis if now else None,
        state=State(record.state) if record else None,
        says=says,
    )


def connected(customer: UUID, partner: UUID, declined: Iterable[str], at: datetime) -> Connected:
    """What counts of this customer's connection with this app; ``declined`` are the scopes refused so far."""
    found = {each.purpose: each for each in ConsentRecord.objects.between(customer, partner)}
    known = {key: standing(each, at) for key, each in found.items()}
    counted = (each.scopes for key, each in found.items() if policy.stands(known[key], at))
    resting = (each.scopes for key, each in found.items() if policy.rests(known[key]))
    answered = {key for key, each in known.items() if policy.is_answered(each, at)}
    return Connected(
        frozenset(name for scopes in counted for name in scopes),
        frozenset(name for scopes in resting for name in scopes),
        frozenset(name for name in declined if OF_SCOPES.get(name) in answered),
    )


@ALONGSIDE.join
def of_a_token() -> Mapping[str, Any]:
    """Read with each code and token: what its customer said to the app that they connected, whoever acts with it."""
    return {"choices": choices(OuterRef("user"), OuterRef("consent__partner"))}


def choices(customer: Any, recipient: Any) -> ArraySubquery:  # noqa: ANN401  (expressions, or values)
    """What a customer said to a recipient (None: to ourselves), as a column of a row; read by ``said``."""
    return ArraySubquery(ConsentRecord.objects.filter(subject=customer, recipient=recipient).values(row=_SAID))


def said(found: Iterable[Mapping[str, Any]]) -> Mapping[str, Said]:
    """The same, by purpose."""
    return {
        each["purpose"]: Said(
            State(each["state"]),
            each["number"],
            each["version"],
            frozenset(each["categories"]),
            tuple(each["scopes"]),
            datetime.fromisoformat(each["expires_at"]) if each["expires_at"] else None,
        )
        for each in found
    }


def said_to(consent: Consent) -> Mapping[str, Said]:
    """What its customer said to the app of this connection. No statement, if it was read along with a token."""
    found = consent.choices
    if found is None:
        rows = ConsentRecord.objects.filter(subject=consent.customer_id, recipient=consent.partner_id)
        found = list(rows.values_list(_SAID, flat=True))
    return said(found)


def counted(consent: Consent, at: datetime) -> frozenset[str]:
    """The scopes for which the yes to this app counts at this moment; asked at every use."""
    return frozenset(
        name
        for key, each in said_to(consent).items()
        for name in each.scopes
        if policy.stands(_standing(key, each.state, each.version, each.expires_at, at), at)
    )


def offered(names: Iterable[str], at: datetime) -> tuple[str, ...]:
    """Of these scopes, those whose purpose is in use: what nobody has said the use of is given to nobody."""
    active = purposes.active(at)
    return tuple(name for name in names if OF_SCOPES.get(name) in active)


def spoken(names: Iterable[str], at: datetime) -> tuple[Spoken, ...]:
    """These scopes by what they are for, as it is said now. What is shown and what is agreed to is taken from one."""
    active, names = purposes.active(at), tuple(names)
    keys = [key for key in dict.fromkeys(OF_SCOPES.values()) if key in active]
    found = (Spoken(active[key], tuple(name for name in names if OF_SCOPES.get(name) == key)) for key in keys)
    return tuple(each for each in found if each.scopes)


def texts(of: Iterable[Spoken]) -> dict[str, str]:
    """The texts that were shown: by purpose, the ids of their versions. For a form to carry."""
    return {each.purpose.key: str(each.purpose.version) for each in of}


def still_active(versions: Collection[UUID]) -> bool:
    """Whether these very texts hold at this moment, and go on to hold until the transaction is through."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, [list(versions), Stage.ACTIVE])
        if len(cursor.fetchall()) == len(set(versions)):
            return True
    purposes.forget()  # what this process knew of them is old
    return False


def read(key: str, version: UUID | None) -> PurposeVersion | None:
    """The version that was read, if it is one of this purpose."""
    rows = PurposeVersion.objects.filter(pk=version, purpose__key=key) if version else PurposeVersion.objects.none()
    return rows.first()


def outdated(at: datetime) -> list[UUID]:
    """The versions to which a yes no longer counts: a newer one asks anew, or the purpose is not in use any more."""
    rows = PurposeVersion.objects.values_list("pk", "purpose__key", "number")
    given = ((pk, _standing(key, State.GIVEN, number, None, at)) for pk, key, number in rows)
    return [pk for pk, standing in given if policy.lapse_of(standing, at)]


def due(at: datetime, most: int) -> Collection[ConsentRecord]:
    """Those that say yes, and no longer count. Of edited purposes none: staff put these back, or end them."""
    rows = ConsentRecord.objects.select_related("version").exclude(purpose__in=purposes.edited(at))
    other = rows.given().filter(version__in=outdated(at)).exclude(expires_at__lte=at)
    return [*rows.ending(until=at)[:most], *other.order_by("pk")[:most]]


def described(now: Active) -> dict[str, Any]:
    """A purpose in the reader's words: what it is for, on what it rests, which data, who gets it, for how long."""
    said = now.texts[now.language]
    return {
        "key": now.key,
        "title": said["title"],
        "words": said["words"],
        "basis": sentence(now.basis),
        "categories": [CATEGORIES[code].title for code in now.categories],
        "recipients": [sentence(Recipient(each)) for each in now.recipients],
        "lasts": _months(now.valid_for.days) if now.valid_for else "",
        "kept": _months(now.retention_days) if now.retention_days else "",
    }


def _months(days: int) -> str:
    """As people say it."""
    months = round(days / _MONTH)
    if months < 1:
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    if months % 12 == 0:
        return ngettext("%(count)d year", "%(count)d years", months // 12) % {"count": months // 12}
    return ngettext("%(count)d month", "%(count)d months", months) % {"count": months}
