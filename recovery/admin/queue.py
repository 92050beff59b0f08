"""The queue: recoveries by state, age and risk. One page of it is read in two statements, however long it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case as When
from django.db.models import F, IntegerField, QuerySet, Value
from django.db.models import When as If
from django.utils.translation import gettext_lazy as _

from ciam_portal.explain.registers import risk_name
from ciam_portal.explain.wording import Text
from ciam_portal.policy import limits
from ciam_portal.words import masked
from recovery.admin import words
from recovery.models import Case
from recovery.policy.evidence import Way, weight_apart
from recovery.policy.states import LIVE, State

LENGTH = 50
LIVE_ONES = "live"
SORTS: dict[str, Text] = {"state": _("What waits for us first"), "age": _("Oldest first"), "risk": _("Riskiest first")}
_FIRST = (State.PROPOSED, State.OPEN, State.APPROVED, State.COOLING_OFF, State.PROVEN)


@dataclass(frozen=True, slots=True)
class Row:
    """One case in the list."""

    id: UUID
    state: str
    is_live: bool
    needs_approval: bool
    opened_at: datetime
    risk: str
    customer: str
    opened_by: str
    evidence: str
    ready_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the page shows: a state or all that are live, in which order, which page (from one)."""

    state: str = LIVE_ONES
    sort: str = "state"
    number: int = 1

    @classmethod
    def read(cls, query: Any) -> "Wanted":  # noqa: ANN401  (a query string)
        """What the address asks for; whatever it does not know is the default."""
        state, sort, number = query.get("state", ""), query.get("sort", ""), query.get("page", "")
        known = {LIVE_ONES, *(each.value for each in State)}
        is_number = number.isascii() and number.isdigit() and len(number) < 5  # noqa: PLR2004
        return cls(
            state=state if state in known else LIVE_ONES,
            sort=sort if sort in SORTS else "state",
            number=max(1, int(number)) if is_number else 1,
        )


def rows(wanted: Wanted, viewer: UUID) -> tuple[list[Row], bool]:
    """One page of cases, and whether there are more."""
    start = (wanted.number - 1) * LENGTH
    found = list(_ordered(wanted)[start : start + LENGTH + 1])
    return [_row(case, viewer) for case in found[:LENGTH]], len(found) > LENGTH


def choices(wanted: Wanted) -> list[tuple[str, Text, bool]]:
    """The states to choose from, and which is chosen."""
    known: list[tuple[str, Text]] = [(LIVE_ONES, _("All that are live"))]
    known += [(state.value, text) for state, text in words.STATES.items()]
    return [(code, text, code == wanted.state) for code, text in known]


def _ordered(wanted: Wanted) -> QuerySet[Case]:
    cases = Case.objects.select_related("customer").prefetch_related("shown")
    is_over = wanted.state not in {LIVE_ONES, *(state.value for state in LIVE)}
    cases = cases.live() if wanted.state == LIVE_ONES else cases.filter(state=wanted.state)
    if is_over:  # what is over interests for its end, the newest first
        return cases.order_by("-ended_at", "-pk")
    if wanted.sort == "age":
        return cases.order_by("opened_at", "pk")
    risk = F("risk").desc(nulls_first=True)  # not known never counts as low
    if wanted.sort == "risk":
        return cases.order_by(risk, "opened_at", "pk")
    places = [If(state=state.value, then=Value(place)) for place, state in enumerate(_FIRST)]
    place = When(*places, default=Value(len(_FIRST)), output_field=IntegerField())
    return cases.annotate(place=place).order_by("place", risk, "opened_at", "pk")


def _row(case: Case, viewer: UUID) -> Row:
    helped = case.opened_by is not None
    noted = weight_apart(Way(each.way) for each in case.shown.all())
    return Row(
        id=case.pk,
        state=words.state(case),
        is_live=case.is_live,
        needs_approval=case.state == State.PROPOSED,
        opened_at=case.opened_at,
        risk=risk_name(case.risk),
        customer=masked(case.customer.email),
        opened_by=words.person(case.opened_by, viewer, "agent"),
        evidence=f"{noted} / {limits.running().recovery.desk_weight_apart}" if helped else "",
        ready_at=case.ready_at,
    )
