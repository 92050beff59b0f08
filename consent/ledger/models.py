"""Who used which of a customer's data, for what, and under which of their answers: a line for each minute and kind.

What is alike within a minute is counted in one row, by one statement whatever it counts: nothing is left out, and two
at once wait for each other's row alone, no longer than a row takes to write. A trigger lets rows only count up; they
lie in months (``core/audit/months.py``).

Ids are copied, never foreign keys: evidence outlives the rows it speaks of.
"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core import erasing, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.postgres import prepared
from consent.ledger.shapes import Line

_ADD = """
INSERT INTO consent_use AS use (id, at, customer, purpose, version, basis, categories, way, partner, application, event,
                                actor, reason, result, times, last_at)
SELECT id, %s, customer, purpose, version, basis, string_to_array(categories, ' '), way, partner, application, event,
       actor, reason, CASE reason WHEN '' THEN 'allowed' ELSE 'refused' END, times, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::int[], %s::int[]) AS new (id, customer, event, kind, times)
JOIN json_to_recordset(%s) AS alike (kind int, purpose text, version int, basis text, categories text, way text,
                                     partner uuid, application text, actor uuid, reason text) USING (kind)
ORDER BY id
ON CONFLICT (id, at) DO UPDATE
SET times = use.times + EXCLUDED.times, last_at = greatest(use.last_at, EXCLUDED.last_at)
"""

_ALIKE = ("purpose", "version", "basis", "categories", "way", "partner", "application", "actor", "reason")


class UseQuerySet(models.QuerySet["Use"]):
    """Reads over the ledger, and its one way in."""

    def note(self, lines: Iterable[Line], at: datetime) -> None:
        """Write what was used or refused at this instant. One statement; raises DatabaseError: then nothing may go.

        A Counter says how often each was.
        """
        minute = at.replace(second=0, microsecond=0)
        counted = Counter(lines)
        if not counted:
            return
        kinds: dict[tuple[object, ...], tuple[int, str]] = {}
        rows = []
        for line, times in counted.items():
            kind = _alike(line)
            number, text = kinds.get(kind) or kinds.setdefault(kind, (len(kinds), "\x00".join(map(str, kind))))
            key = codes.same_id(minute, line.customer.hex, line.event, text)
            rows.append((key, line.customer, "NULL" if line.event is None else line.event, number, times))
        # As text: the driver would look at each single value.
        columns = (f"{{{','.join(map(str, column))}}}" for column in zip(*rows, strict=True))
        prepared.connection.prepared(_ADD, [minute, at, *columns, _told(tuple(kinds))]).close()

    def of(self, customer: UUID) -> Self:
        """One customer's."""
        return self.filter(customer=customer)


@lru_cache(maxsize=1024)
def _told(kinds: tuple[tuple[object, ...], ...]) -> str:
    """The same few again and again."""
    numbered = [dict(zip(_ALIKE, kind, strict=True), kind=number) for number, kind in enumerate(kinds)]
    return json.dumps(numbered, default=str)


def _alike(line: Line) -> tuple[object, ...]:
    """What many people's lines have in common."""
    return (
        line.purpose, line.version, line.basis, " ".join(line.categories), line.way.value, line.party.partner,
        line.party.application, line.actor, line.reason,
    )  # fmt: skip


@erasing.stays(erasing.EVIDENCE)
@retention.by_month(lambda rules: rules.retention.use_months)
class Use(models.Model):
    """What was alike within a minute, and how often it was."""

    class Result(models.TextChoices):
        """What became of it."""

        ALLOWED = "allowed"
        REFUSED = "refused"

    id = models.UUIDField(
        primary_key=True, editable=False, db_comment="not sensitive: of all that is alike in a minute"
    )
    at = models.DateTimeField(db_comment="not sensitive: the minute")
    customer = models.UUIDField(db_comment="pseudonymous: whose data")
    purpose = models.CharField(max_length=64, db_comment="not sensitive: for what, by its code")
    version = models.PositiveIntegerField(db_comment="not sensitive: of the purpose")
    basis = models.CharField(max_length=32, db_comment="not sensitive: the legal one")
    categories = ArrayField(models.CharField(max_length=64), db_comment="not sensitive: of data, by their codes")
    way = models.CharField(max_length=16, db_comment="not sensitive: how it went out")
    partner = models.UUIDField(null=True, db_comment="not sensitive: by whom; none: by ourselves")
    application = models.CharField(
        max_length=64, blank=True, db_comment="not sensitive: one of ours, behind the gateway"
    )
    event = models.PositiveIntegerField(null=True, db_comment="not sensitive: number of the answer that it rests on")
    actor = models.UUIDField(null=True, db_comment="pseudonymous: who acted in the recipient's place")
    reason = models.CharField(max_length=64, blank=True, db_comment="not sensitive: why it was refused")
    result = models.CharField(max_length=8, choices=Result.choices, db_comment="not sensitive")
    times = models.PositiveIntegerField(db_comment="not sensitive: how often within the minute")
    last_at = models.DateTimeField(db_comment="not sensitive: the latest of these")

    objects = UseQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["customer", "-at"], name="use_customer"),
            models.Index(fields=["partner", "-at"], name="use_partner"),
            models.Index(fields=["-at"], name="use_at"),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.result} {self.at:%Y-%m-%d %H:%M %Z}"
