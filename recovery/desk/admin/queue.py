"""The queue: recoveries by state, age and risk. One page of it is read in two statements, however long it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case as When
from django.db.models import Count, DateTimeField, F, IntegerField, QuerySet, Value
from django.db.models import When as If
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.staff.admin.record import Viewer
from ciam_portal.core.explain.registers import risk_name
from ciam_portal.core.policy import limits
from ciam_portal.core.words import Text, masked
from recovery.case.policy.evidence import Way, weight_apart
from recovery.case.policy.states import LIVE, State
from recovery.desk.admin import words
from recovery.models import Case, Inquiry

LENGTH = 50
LIVE_ONES = "live"
SORTS: dict[str, Text] = {
    "state": _("What waits for us first"),
    "due": _("Due first"),
    "age": _("Oldest first"),
    "risk": _("Riskiest first"),
}
WHOSE: dict[str, Text] = {
    "all": _("Everybody's"),
    "mine": _("Mine"),
    "free": _("Nobody's"),
    "check": _("Documents for me to check"),
}
MOST = 1000  # live cases that are counted: more are "1000+"
_FIRST = (State.PROPOSED, State.OPEN, State.APPROVED, State.COOLING_OFF, State.PROVEN)


@dataclass(frozen=True, slots=True)
class Row:
    """One case in the list."""

    id: UUID
    reference: str
    state: str
    is_live: bool
    needs_approval: bool
    opened_at: datetime
    risk: str
    customer: str
    opened_by: str
    evidence: str
    due: str
    claimed_by: str
    claimed: UUID | None
    may_take: bool
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the page shows: a state or all that are live, in which order, which page (from one)."""

    state: str = LIVE_ONES
    sort: str = "state"
    whose: str = "all"
    number: int = 1

    @classmethod
    def read(cls, query: Any) -> "Wanted":
        """What the address asks for; whatever it does not know is the default."""
        state, sort, number = query.get("state", ""), query.get("sort", ""), query.get("page", "")
        whose = query.get("whose", "")
        known = {LIVE_ONES, *(each.value for each in State)}
        is_number = number.isascii() and number.isdigit() and len(number) < 5  # noqa: PLR2004
        return cls(
            state=state if state in known else LIVE_ONES,
            sort=sort if sort in SORTS else "state",
            whose=whose if whose in WHOSE else "all",
            number=max(1, int(number)) if is_number else 1,
        )


def rows(wanted: Wanted, viewer: Viewer) -> tuple[list[Row], bool]:
    """One page of cases, and whether there are more."""
    start = (wanted.number - 1) * LENGTH
    found = list(_ordered(wanted, viewer.user.pk)[start : start + LENGTH + 1])
    return [row(case, viewer) for case in found[:LENGTH]], len(found) > LENGTH


def choices(wanted: Wanted) -> list[tuple[str, Text, bool, str]]:
    """The states to choose from, which is chosen, and how many there are of those that are live. One statement."""
    some = Case.objects.live().order_by("pk").values("pk")[: MOST + 1]
    counted = Case.objects.filter(pk__in=some).values("state").annotate(count=Count("pk")).order_by()
    found = {each["state"]: each["count"] for each in counted}
    total, more = sum(found.values()), "+" if sum(found.values()) > MOST else ""
    said: list[tuple[str, Text, bool, str]] = [
        (LIVE_ONES, _("All that are live"), wanted.state == LIVE_ONES, f"{min(total, MOST)}{more}")
    ]
    for state, text in words.STATES.items():
        count = f"{found.get(state.value, 0)}{more}" if state in LIVE else ""
        said.append((state.value, text, state.value == wanted.state, count))
    return said


def whose(wanted: Wanted) -> list[tuple[str, Text, bool]]:
    """Whose cases to choose from, and which are chosen."""
    return [(code, text, code == wanted.whose) for code, text in WHOSE.items()]


def _ordered(wanted: Wanted, me: UUID) -> QuerySet[Case]:
    cases = Case.objects.select_related("customer").prefetch_related("shown")
    if wanted.whose == "mine":
        cases = cases.of_staff(me)
    elif wanted.whose == "check":
        cases = cases.filter(pk__in=Inquiry.objects.to_check(me).values("case"))
    elif wanted.whose == "free":
        cases = cases.unclaimed()
    is_over = wanted.state not in {LIVE_ONES, *(state.value for state in LIVE)}
    cases = cases.live() if wanted.state == LIVE_ONES else cases.filter(state=wanted.state)
    if is_over:  # what is over interests for its end, the newest first
        return cases.order_by("-ended_at", "-pk")
    if wanted.sort == "due":
        return cases.alias(due=_due()).order_by("due", "pk")
    if wanted.sort == "age":
        return cases.order_by("opened_at", "pk")
    risk = F("risk").desc(nulls_first=True)  # not known never counts as low
    if wanted.sort == "risk":
        return cases.order_by(risk, "opened_at", "pk")
    places = [If(state=state.value, then=Value(place)) for place, state in enumerate(_FIRST)]
    place = When(*places, default=Value(len(_FIRST)), output_field=IntegerField())
    return cases.annotate(place=place).order_by("place", risk, "opened_at", "pk")


def _due() -> Coalesce:
    """What ``words.due_at`` says, in the database."""
    rules = limits.current().recovery
    proposed = F("proposed_at") + Value(timedelta(hours=rules.proposal_hours))
    waits = Coalesce(F("ready_at"), F("opened_at") + Value(timedelta(days=rules.case_days)))
    return Coalesce(When(If(state=State.PROPOSED, then=proposed), output_field=DateTimeField()), waits)


def row(case: Case, viewer: Viewer) -> Row:
    """One case as the queue says it, which is all that is said before its customer's record is open."""
    helped, me = case.opened_by is not None, viewer.user.pk
    noted = weight_apart(Way(each.way) for each in case.shown.all())
    return Row(
        id=case.pk,
        reference=case.reference,
        state=words.state(case),
        is_live=case.is_live,
        needs_approval=case.state == State.PROPOSED,
        opened_at=case.opened_at,
        risk=risk_name(case.risk),
        customer=masked(case.customer.email),
        opened_by=words.person(case.opened_by, me, "agent"),
        evidence=f"{noted} / {limits.current().recovery.desk_weight_apart}" if helped else "",
        due=words.due(case),
        claimed_by=words.person(case.claimed_by, me) if case.claimed_by else "",
        claimed=case.claimed_by,
        may_take=helped and case.is_live and case.claimed_by is None and case.customer_id != me,
        is_mine=case.claimed_by == me,
    )
