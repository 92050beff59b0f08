"""Which rows make the lines of a page. The database merges what is repeated, so that nobody can bury the rest.

Whatever a stranger can cause, and failures within a session, counts as repeated: of each kind there is one line between
two things that the customer did, however many rows it takes together. So a page always reaches back over several of the
customer's own, and costs one statement.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, TextField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat

from ciam_portal.core import timeline
from ciam_portal.core.audit.actor import ActorKind
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.lists import keyset
from ciam_portal.core.lists.keyset import Mark

MOST = 5_000
"""Rows that one page looks at; a page that meets more ends early, and the next goes on from there."""

_KIND = ("answer", "paused", "sent", "method", "reason", "source")  # what tells lines of one event apart

# ``run``: so many of the customer's own rows are newer. A head is the first row of its kind in its run, and begins a
# line; a row that comes after the last head that fits is left to the next page.
_LINES = """
WITH shown (id, at, is_decision, same) AS (
    ({events}) UNION ALL ({decisions}) ORDER BY 2 DESC, 1 DESC LIMIT {most}
), numbered AS (
    SELECT *, count(*) FILTER (WHERE same IS NULL) OVER (ORDER BY at DESC, id DESC) AS run FROM shown
), kinds AS (
    SELECT *, coalesce(same || ' ' || run, id::text) AS kind FROM numbered
), heads AS (
    SELECT *, row_number() OVER (PARTITION BY kind ORDER BY at DESC, id DESC) = 1 AS is_head FROM kinds
), lines AS (
    SELECT *, count(*) FILTER (WHERE is_head) OVER (ORDER BY at DESC, id DESC) AS line, count(*) OVER () AS total
    FROM heads
)
SELECT id, at, is_decision, is_head, count(*) OVER (PARTITION BY kind) AS times, count(*) OVER () AS used, total,
       first_value(at) OVER oldest, first_value(id) OVER oldest
FROM lines WHERE line <= {length} WINDOW oldest AS (ORDER BY at, id)
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row of a line, and how many rows the line takes together."""

    mark: Mark
    is_decision: bool
    times: int


@dataclass(frozen=True, slots=True)
class Found:
    """The lines of a page, newest first, and where the next page begins; None on the last."""

    heads: tuple[Head, ...]
    older: Mark | None


def newest(
    customer: UUID,
    events: QuerySet[AuditEntry],
    decisions: QuerySet[DecisionEntry],
    before: Mark | None,
    length: int,
) -> Found:
    """The newest lines of these rows about this customer. One statement."""
    by_stranger = Q(actor_kind=ActorKind.STRANGER) | (
        Q(actor_kind=ActorKind.CUSTOMER, actor__isnull=False) & ~Q(actor=customer)  # signed in as somebody else
    )
    within = _text(Cast("session", TextField()))
    event = Concat(F("name"), *(_text(KT(f"data__{key}")) for key in _KIND), within, output_field=TextField())
    said = Concat(F("answer"), _text(F("action")), within, output_field=TextField())
    first, params = _rows(events, by_stranger | Q(name__in=timeline.repeated()), event, before, is_decision=False)
    second, more = _rows(decisions, by_stranger | Q(answer="step_up"), said, before, is_decision=True)
    with connection.cursor() as cursor:
        cursor.execute(_LINES.format(events=first, decisions=second, most=MOST, length=length), [*params, *more])
        rows = cursor.fetchall()
    heads = [Head(Mark(at, key), decision, times) for key, at, decision, is_head, times, *_ in rows if is_head]
    if not rows:
        return Found((), None)
    used, seen, at, key = rows[0][5:]
    heads.sort(key=lambda head: head.mark, reverse=True)
    return Found(tuple(heads), Mark(at, key) if used < seen or seen == MOST else None)


def _text(value: Any) -> Concat:  # noqa: ANN401  (an expression of any kind)
    return Concat(Value(" "), Coalesce(value, Value(""), output_field=TextField()), output_field=TextField())


def _rows(
    rows: QuerySet[Any],
    repeated: Q,
    kind: Concat,
    before: Mark | None,
    *,
    is_decision: bool,
) -> tuple[str, tuple[Any, ...]]:
    """The statement that reads the newest of these rows, each with its kind if it can be repeated, and its values."""
    rows = rows.annotate(is_decision=Value(is_decision), same=Case(When(repeated, then=kind)))
    ordered = keyset.after(rows, before).values_list("pk", "at", "is_decision", "same")[:MOST]
    statement, values = ordered.query.sql_with_params()
    return statement, values
