"""On which day somebody is how old, and what that makes of them where they live.

By date alone: the day begins at midnight where the child lives. Born on 29 February, one is a year older on 1 March in
years that have no such day: later, and not a day too early.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from consent.family.shapes import ANYWHERE, Band, Rule, What


def rule(rules: Iterable[Rule], country: str, what: What, on: date) -> Rule:
    """What holds in this country on this day; what holds anywhere, where nothing is known. Raises ValueError."""
    found = [each for each in rules if each.what is what and each.valid_from <= on]
    for where in (country, ANYWHERE):
        here = [each for each in found if each.country == where]
        if here:
            return max(here, key=lambda each: each.valid_from)
    message = f"No age of {what} holds on {on}."
    raise ValueError(message)


def turns(born_on: date, age: int) -> date:
    """The day on which they are so old."""
    try:
        return born_on.replace(year=born_on.year + age)
    except ValueError:
        return date(born_on.year + age, 3, 1)


def begins(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of this day there, also where clocks are put forward at midnight."""
    return datetime.combine(day, time.min, zone).astimezone(ZoneInfo("UTC"))


def reached(born_on: date, age: int, zone: ZoneInfo) -> datetime:
    """The instant from which on they are so old."""
    return begins(turns(born_on, age), zone)


def band(consent_at: datetime | None, adult_at: datetime | None, at: datetime) -> Band:
    """What they are at this moment. Of whom nothing is known is a child."""
    if consent_at is None or adult_at is None:
        return Band.CHILD
    if at >= adult_at:
        return Band.ADULT
    return Band.TEEN if at >= consent_at else Band.CHILD
