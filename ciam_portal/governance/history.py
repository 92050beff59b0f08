"""Recorded decisions and what customers said of them, read for a replay."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction

from ciam_portal.audit.models import AuditEntry, DecisionEntry
from ciam_portal.governance.replay import Label, Labels

_CHUNK = 2_000
_NEEDED = ("id", "at", "question", "action", "inputs", "answer", "reason", "detail", "findings")


def count(since: datetime | None, action: str = "") -> int:
    """How many rows ``stream`` has to give."""
    return DecisionEntry.objects.filter(**_which(since, action)).count()


def stream(since: datetime | None, action: str = "", most: int | None = None) -> Iterator[DecisionEntry]:
    """The rows, newest first, from a cursor of the database: however many there are, few are in memory."""
    rows = DecisionEntry.objects.filter(**_which(since, action)).only(*_NEEDED).order_by("-pk")
    with transaction.atomic():  # the cursor lives in it
        yield from (rows if most is None else rows[:most]).iterator(chunk_size=_CHUNK)


def labels(since: datetime | None) -> Labels:
    """What customers said of decisions; where they said both, the worse counts. Few: each is a click of a person."""
    said = AuditEntry.objects.filter(name__in=[str(label) for label in Label])
    if since is not None:
        said = said.filter(at__gte=since)
    found: dict[UUID, Label] = {}
    for decision, name in said.values_list("decision", "name").iterator(chunk_size=_CHUNK):
        if decision is not None and found.get(decision) is not Label.NOT_ME:
            found[decision] = Label(name)
    return found


def _which(since: datetime | None, action: str) -> dict[str, object]:
    return ({"at__gte": since} if since else {}) | ({"action": action} if action else {})
