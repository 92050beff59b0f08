"""What data may be used for now, as two people approved it. What was edited since is not among it, and is named."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Max, OuterRef, Subquery
from django.utils.translation import get_language

from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.errors import Refused
from ciam_portal.oauth.scopes import SCOPES
from consent.purposes.models import LANGUAGE, PurposeVersion
from consent.purposes.policy import Basis, Reason, Recipient, State
from consent.purposes.shipped import CATEGORIES_OF_SCOPES, OF_SCOPES, SHIPPED

log = logging.getLogger(__name__)

LATE = timedelta(seconds=5)  # an activation reaches every process within that time

if _unsaid := sorted((SCOPES.keys() - OF_SCOPES.keys()) | (SCOPES.keys() - CATEGORIES_OF_SCOPES.keys())):
    raise ImproperlyConfigured(f"consent/purposes/shipped.py does not say for what these scopes are: {_unsaid}.")
if _unknown := sorted({name for said in CATEGORIES_OF_SCOPES.values() for name in said} - CATEGORIES.keys()):
    raise ImproperlyConfigured(f"consent/purposes/shipped.py names data categories that are not known: {_unknown}.")


@dataclass(frozen=True, slots=True)
class Active:
    """A purpose as it holds now. An answer to a version from ``material_number`` on still counts."""

    key: str
    version: UUID
    number: int
    material_number: int
    basis: Basis
    access: str
    categories: tuple[str, ...]
    optional: tuple[str, ...]
    recipients: tuple[str, ...]
    retention_days: int | None
    valid_for: timedelta | None
    sensitivity: str
    texts: Mapping[str, Mapping[str, str]]
    text_sha256: str

    @property
    def is_asked(self) -> bool:
        """Whether people are asked at all; what rests on anything but consent is only shown."""
        return self.basis is Basis.CONSENT

    @property
    def may_be_objected_to(self) -> bool:
        """Whether the law lets its customer object (GDPR article 21)."""
        return self.basis is Basis.LEGITIMATE_INTEREST

    @property
    def may_be_answered(self) -> bool:
        """Whether a yes or no of its customer's counts; what rests on anything else is only explained to them."""
        return self.is_asked or self.may_be_objected_to

    @property
    def is_ours(self) -> bool:
        """Whether we do it ourselves, and not only apps that the customer connects."""
        return set(self.recipients) != {Recipient.APP}

    @property
    def language(self) -> str:
        """In which language its reader gets it: their own, or English."""
        return language_of(self.texts)

    @property
    def title(self) -> str:
        """What it is called, in the reader's language."""
        return self.texts[self.language]["title"]

    @property
    def words(self) -> str:
        """What it is for, in the reader's language."""
        return self.texts[self.language]["words"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What some scopes are for: a purpose, and the categories of it that they open."""

    purpose: str
    categories: tuple[str, ...]
    scopes: tuple[str, ...]


def language_of(texts: Mapping[str, Any]) -> str:
    """Of these languages the reader's own; else the one it is a kind of (``de-at``: ``de``); else English."""
    wanted = (get_language() or LANGUAGE).lower()
    return next((each for each in (wanted, wanted.partition("-")[0]) if each in texts), LANGUAGE)


@dataclass(frozen=True, slots=True)
class _Kept:
    at: datetime
    found: Mapping[str, Active]
    edited: frozenset[str]


_kept: _Kept | None = None


def active(at: datetime) -> Mapping[str, Active]:
    """Every purpose that is active and as it was approved, by its key. One statement, or none for five seconds."""
    return _known(at).found


def edited(at: datetime) -> frozenset[str]:
    """Those that are active and not as they were approved. Nothing is used for them, and nobody's answer ends by it."""
    return _known(at).edited


def one(key: str, at: datetime) -> Active:
    """This purpose, for a use of data at this moment. Raises Refused, which says why there is none."""
    known = _known(at)
    if key in known.found:
        return known.found[key]
    if key in known.edited:
        raise Refused(Reason.EDITED)
    states = set(PurposeVersion.objects.filter(purpose__key=key).values_list("state", flat=True))
    if not states:
        raise Refused(Reason.UNKNOWN)
    raise Refused(Reason.RETIRED if State.RETIRED in states else Reason.NOT_ACTIVE)


def of_scopes(scopes: Iterable[str]) -> tuple[Wanted, ...]:
    """For what these scopes are, in the order of the shipped purposes. Raises Refused for one that nobody knows."""
    scopes = tuple(scopes)
    if not set(scopes) <= OF_SCOPES.keys():
        raise Refused(Reason.NO_PURPOSE)
    found = []
    for purpose in (shipped.key for shipped in SHIPPED):
        of_it = tuple(name for name in OF_SCOPES if name in scopes and OF_SCOPES[name] == purpose)
        if of_it:
            opened = dict.fromkeys(each for name in of_it for each in CATEGORIES_OF_SCOPES[name])
            found.append(Wanted(purpose, tuple(opened), of_it))
    return tuple(found)


def forget() -> None:
    """Read again at the next question."""
    global _kept  # noqa: PLW0603  (one process, one set of purposes)
    _kept = None


def _known(at: datetime) -> _Kept:
    global _kept  # noqa: PLW0603  (as above)
    kept = _kept
    if kept is None or not kept.at <= at < kept.at + LATE:
        kept = _kept = _read(at)
    return kept


def _read(at: datetime) -> _Kept:
    ever = PurposeVersion.objects.filter(purpose=OuterRef("purpose"), is_material=True, activated_at__isnull=False)
    newest = ever.order_by().values("purpose").annotate(newest=Max("number")).values("newest")
    rows = PurposeVersion.objects.filter(state=State.ACTIVE).select_related("purpose")
    found, edited = {}, set()
    for row in rows.annotate(material_number=Subquery(newest)):
        if row.is_intact and row.material_number is not None:
            found[row.purpose.key] = _as_active(row)
        else:
            edited.add(row.purpose.key)
            log.error("purpose %s is not as it was approved, so nothing is used for it", row)
    return _Kept(at, MappingProxyType(found), frozenset(edited))


def _as_active(row: Any) -> Active:  # noqa: ANN401  (a version, with the number annotated)
    return Active(
        key=row.purpose.key,
        version=row.pk,
        number=row.number,
        material_number=row.material_number,
        basis=Basis(row.basis),
        access=row.access,
        categories=tuple(row.categories),
        optional=tuple(row.optional),
        recipients=tuple(row.recipients),
        retention_days=row.retention_days,
        valid_for=timedelta(days=row.valid_for_days) if row.valid_for_days is not None else None,
        sensitivity=row.sensitivity,
        texts=row.texts,
        text_sha256=row.text_sha256,
    )
