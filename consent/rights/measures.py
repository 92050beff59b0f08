"""What a privacy officer sees over all customers: counts and rates only, nobody in particular."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import TruncDay, TruncMonth

from ciam_portal.core.policy import limits
from ciam_portal.oauth.models import Partner
from consent.ledger.facts import months, titles
from consent.models import ConsentEvent, ConsentRecord, Request, Use
from consent.purposes import facts as purposes
from consent.records.policy import State
from consent.rights.policy import Kind
from consent.rights.policy import State as Stage

_SOON = timedelta(days=7)
_A_YEAR = timedelta(days=365)
RECENT, BEFORE = timedelta(days=7), timedelta(days=35)
_TOOK_BACK = (State.WITHDRAWN, State.OBJECTED)


@dataclass(frozen=True, slots=True)
class Rate:
    """How people answered one version of a purpose; ``share``: yes among all who were asked, in percent."""

    purpose: str
    version: int
    given: int
    refused: int
    withdrawn: int
    lapsed: int

    @property
    def share(self) -> int:
        """Of those who answered."""
        return round(100 * self.given / max(1, self.given + self.refused + self.withdrawn))


@dataclass(frozen=True, slots=True)
class Month:
    """How often something was taken back in a month, and how often objected to."""

    begins: datetime
    withdrawn: int
    objected: int


@dataclass(frozen=True, slots=True)
class Clock:
    """Requests of one kind against their deadline; what was answered is of a year."""

    kind: Kind
    open: int
    soon: int
    late: int
    answered: int
    answered_late: int


@dataclass(frozen=True, slots=True)
class Unused:
    """A purpose for which nothing was used lately."""

    purpose: str
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Volume:
    """Releases to one recipient: the busiest day of the last seven, and what is usual in a day."""

    recipient: str
    day: datetime
    times: int
    usual: float


def rates(at: datetime) -> list[Rate]:
    """Every purpose and version of which there is an answer."""
    rows = ConsentRecord.objects.values("purpose", of_version=F("version__number")).annotate(
        given=Count("pk", filter=Q(state=State.GIVEN)),
        refused=Count("pk", filter=Q(state=State.REFUSED)),
        withdrawn=Count("pk", filter=Q(state__in=_TOOK_BACK)),
        lapsed=Count("pk", filter=Q(state__in=[State.EXPIRED, State.SUPERSEDED, State.PAUSED])),
    )
    found = list(rows.order_by("purpose", "of_version"))
    named = titles({row["purpose"] for row in found}, at)
    return [
        Rate(named[row["purpose"]], row["of_version"], row["given"], row["refused"], row["withdrawn"], row["lapsed"])
        for row in found
    ]


def withdrawals(at: datetime) -> list[Month]:
    """The last twelve months, the oldest first."""
    begins = months(at)
    rows = ConsentEvent.objects.filter(state__in=_TOOK_BACK, at__gte=begins[0]).annotate(month=TruncMonth("at"))
    counted = {
        (month, state): times for month, state, times in rows.values_list("month", "state").annotate(Count("pk"))
    }
    return [
        Month(each, counted.get((each, State.WITHDRAWN), 0), counted.get((each, State.OBJECTED), 0)) for each in begins
    ]


def clocks(at: datetime) -> list[Clock]:
    """Each kind of request."""
    is_open, answered = Q(state=Stage.OPEN), Q(state=Stage.ANSWERED, ended_at__gt=at - _A_YEAR)
    rows = Request.objects.values("kind").annotate(
        open=Count("pk", filter=is_open),
        soon=Count("pk", filter=is_open & Q(due_at__gt=at, due_at__lte=at + _SOON)),
        late=Count("pk", filter=is_open & Q(due_at__lte=at)),
        answered=Count("pk", filter=answered),
        answered_late=Count("pk", filter=answered & Q(ended_at__gte=F("due_at"))),
    )
    counted = ("open", "soon", "late", "answered", "answered_late")
    found = {kind: numbers for kind, *numbers in rows.order_by().values_list("kind", *counted)}
    return [Clock(kind, *found.get(kind, [0] * len(counted))) for kind in Kind]


def unused(at: datetime) -> list[Unused]:
    """Active purposes for which nothing was used for long: they may not be needed any more."""
    active, since = purposes.active(at), at - timedelta(days=limits.current().rights.unused_days)
    rows = Use.objects.filter(result=Use.Result.ALLOWED, at__gte=at - _A_YEAR).values_list("purpose")
    last = dict(rows.annotate(Max("last_at")).order_by())
    silent = [Unused(now.title, last.get(key)) for key, now in active.items()]
    return [each for each in silent if each.last is None or each.last < since]


def volumes(at: datetime) -> list[Volume]:
    """Recipients that got much more in a day of the last week than in the four weeks before, the most first."""
    rows = Use.objects.filter(result=Use.Result.ALLOWED, at__gte=at - BEFORE).annotate(day=TruncDay("at"))
    summed = rows.values_list("partner", "application", "day").annotate(Sum("times")).order_by()
    days: dict[tuple[UUID | None, str], Counter[datetime]] = {}
    for partner, application, day, times in summed:
        days.setdefault((partner, application), Counter())[day] += times
    found = [(who, *_busiest(of_it, at)) for who, of_it in days.items()]
    rules = limits.current().rights
    unusual = [each for each in found if each[2] >= rules.unusual_releases and each[2] > rules.unusual_times * each[3]]
    named = dict(Partner.objects.filter(pk__in=[who[0] for who, *_ in unusual]).values_list("pk", "name"))
    shown = [
        Volume(named.get(partner, "") or application, day, times, usual)
        for (partner, application), day, times, usual in unusual
    ]
    return sorted(shown, key=lambda each: -each.times)


def _busiest(days: Counter[datetime], at: datetime) -> tuple[datetime, int, float]:
    recent = {day: times for day, times in days.items() if day >= at - RECENT}
    before = sum(times for day, times in days.items() if day < at - RECENT)
    day = max(recent, key=lambda each: recent[each], default=at)
    return day, recent.get(day, 0), before / (BEFORE - RECENT).days


def table(rows: Iterable[Any], *columns: str) -> list[dict[str, Any]]:
    """Rows as a file has them."""
    return [{name: getattr(row, name) for name in columns} for row in rows]
