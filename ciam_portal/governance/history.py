"""Recorded decisions and what customers said of them, read for a replay."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.governance.replay import Label, Labels

_CHUNK = 2_000
_A_DAY = timedelta(days=1)
_NEEDED = ("id", "at", "question", "action", "inputs", "answer", "reason", "detail", "findings")


def count(since: datetime | None, action: str = "") -> int:
    """How many rows ``stream`` has to give."""
    return DecisionEntry.objects.filter(**_which(since, action)).count()


def stream(since: datetime | None, action: str = "", most: int | None = None) -> Iterator[DecisionEntry]:
    """The rows, newest first, from a cursor of the database: however many there are, few are in memory."""
    rows = DecisionEntry.objects.filter(**_which(since, action)).only(*_NEEDED).order_by("-pk")
    with transaction.atomic():  # the cursor lives in it
        yield from (rows if most is None else rows[:most]).iterator(chunk_size=_CHUNK)


def batch(since: datetime, before: UUID, most: int) -> list[DecisionEntry]:
    """The newest rows that are older than this one. Ids rise with time, so none is looked at that is far too old."""
    rows = DecisionEntry.objects.filter(at__gte=since, pk__lt=before, pk__gte=_floor(since)).only(*_NEEDED)
    return list(rows.order_by("-pk")[:most])


def size(since: datetime, before: UUID) -> int:
    """How many rows batches will give."""
    return DecisionEntry.objects.filter(at__gte=since, pk__lt=before, pk__gte=_floor(since)).count()


def _floor(since: datetime) -> UUID:
    """Below every id that was made then, and a day before: clocks differ, and a row's instant is its request's."""
    return UUID(int=int((since - _A_DAY).timestamp() * 1000) << 80)


def labels_of(decisions: Iterable[UUID]) -> Labels:
    """What customers said of these."""
    return _worst(AuditEntry.objects.filter(name__in=[str(label) for label in Label], decision__in=list(decisions)))


def labels(since: datetime | None) -> Labels:
    """What customers said of decisions; where they said both, the worse counts. Few: each is a click of a person."""
    said = AuditEntry.objects.filter(name__in=[str(label) for label in Label])
    if since is not None:
        said = said.filter(at__gte=since)
    return _worst(said)


def _worst(said: QuerySet[AuditEntry]) -> Labels:
    found: dict[UUID, Label] = {}
    for decision, name in said.values_list("decision", "name").iterator(chunk_size=_CHUNK):
        if decision is not None and found.get(decision) is not Label.NOT_ME:
            found[decision] = Label(name)
    return found


def _which(since: datetime | None, action: str) -> dict[str, object]:
    return ({"at__gte": since} if since else {}) | ({"action": action} if action else {})
