"""What a customer reads of the ledger: a year by months, and the days of one month."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Max, Sum
from django.db.models.functions import TruncDay, TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from ciam_portal.core.mailbox import spelled_out
from ciam_portal.oauth.models import Partner
from consent.ledger.shapes import OURSELVES, Party
from consent.models import Consent, PurposeVersion, Use
from consent.purposes import facts as purposes

_MONTHS = 12
MOST = 100
"""Lines of one page."""
_ALIKE = ("partner", "application", "purpose", "version", "basis", "categories", "result", "reason", "event", "actor")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the customer wants to see: of whom (None: of all), and for what ("": for everything)."""

    party: Party | None
    purpose: str


@dataclass(frozen=True, slots=True)
class Month:
    """How often data was used in a month, and how often that was refused."""

    begins: datetime
    used: int
    refused: int


@dataclass(frozen=True, slots=True)
class Year:
    """Twelve months, and how often each kind of use was counted in each."""

    begins: tuple[datetime, ...]
    sums: Mapping[tuple[str, Party, str, str], int]

    @property
    def parties(self) -> list[Party]:
        """Whom there is to choose from."""
        return sorted({party for _month, party, _purpose, _result in self.sums}, key=str)

    @property
    def purposes(self) -> list[str]:
        """What there is to choose from."""
        return sorted({purpose for _month, _party, purpose, _result in self.sums})

    def of(self, asked: Asked) -> list[Month]:
        """What is asked for, the oldest month first."""
        totals = Counter[tuple[str, str]]()
        for (month, party, purpose, result), times in self.sums.items():
            if asked.party in {None, party} and asked.purpose in {"", purpose}:
                totals[month, result] += times
        found = ((each, name_of(each)) for each in self.begins)
        return [Month(each, totals[name, Use.Result.ALLOWED], totals[name, Use.Result.REFUSED]) for each, name in found]


def name_of(month: datetime) -> str:
    """How an address names it."""
    return f"{month:%Y-%m}"


def month_of(at: datetime, ago: int = 0) -> datetime:
    """The first instant of a month, in the reader's own time."""
    local = timezone.localtime(at)
    months = local.year * 12 + local.month - 1 - ago
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return first.replace(year=months // 12, month=months % 12 + 1)


def months(at: datetime) -> tuple[datetime, ...]:
    """The first instants of the last twelve months, this one's included, the oldest first."""
    return tuple(month_of(at, ago) for ago in reversed(range(_MONTHS)))


def year(customer: UUID, at: datetime) -> Year:
    """The year up to now. One statement."""
    begins = months(at)
    rows = Use.objects.of(customer).filter(at__gte=begins[0]).annotate(month=TruncMonth("at"))
    summed = rows.values_list("month", "partner", "application", "purpose", "result").annotate(Sum("times"))
    sums = {(name_of(month), Party(*who), purpose, result): times
            for month, *who, purpose, result, times in summed.order_by()}  # fmt: skip
    return Year(begins, sums)


def days(customer: UUID, asked: Asked, month: datetime) -> list[dict[str, Any]]:
    """What is alike in a day of this month, the newest first; one more than a page holds. One statement."""
    rows = Use.objects.of(customer).filter(at__gte=month, at__lt=month_of(month + timedelta(days=32)))
    if asked.party is not None:
        rows = rows.filter(partner=asked.party.partner, application=asked.party.application)
    if asked.purpose:
        rows = rows.filter(purpose=asked.purpose)
    alike = rows.annotate(day=TruncDay("at")).values("day", *_ALIKE)
    summed = alike.annotate(sum=Sum("times"), last=Max("last_at"), ways=ArrayAgg("way", distinct=True, default=[]))
    return list(summed.order_by("-last")[: MOST + 1])


def titles(keys: Iterable[str], at: datetime) -> Mapping[str, str]:
    """What these purposes are called, those that are over too. No statement, if none is."""
    active, keys = purposes.active(at), tuple(keys)
    found = {key: active[key].title for key in keys if key in active}
    if former := [key for key in keys if key not in found]:
        rows = PurposeVersion.objects.filter(purpose__key__in=former).order_by("number")
        said = rows.values_list("purpose__key", "texts")
        found |= {key: texts[purposes.language_of(texts)]["title"] for key, texts in said}
    return {key: found.get(key, key) for key in keys}


def names(parties: Iterable[Party]) -> Mapping[Party, str]:
    """What they are called, as far as they still have a name. One statement."""
    parties = list(parties)
    rows = Partner.objects.filter(pk__in=[each.partner for each in parties if each.partner])
    known = dict(rows.values_list("pk", "name"))

    def name(party: Party) -> str:
        if party == OURSELVES:
            return str(settings.PORTAL_NAME)
        if party.application:
            app = settings.GATEWAY_APPS.get(party.application)
            return app.name if app else _("An application that is no longer there")
        return (known.get(party.partner) if party.partner else None) or _("An app that is no longer there")

    return {each: name(each) for each in parties}


def actors(rows: Iterable[Mapping[str, Any]]) -> Mapping[UUID, str]:
    """Who acted in the place of whoever used it: a person by the address they have now, a program by its name."""
    wanted = {row["actor"] for row in rows if row["actor"]}
    people = User.objects.filter(pk__in=wanted).values_list("pk", "email")
    found = {key: spelled_out(email) for key, email in people}
    programs = Partner.objects.filter(pk__in=wanted - found.keys())
    return found | dict(programs.values_list("pk", "name"))


def connections(customer: UUID) -> Mapping[UUID, Consent]:
    """The live connection with each partner. One statement."""
    return {each.partner_id: each for each in Consent.objects.of(customer).live()}
