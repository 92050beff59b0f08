"""How old somebody is where they live: by the table of ages, by date, with 29 February and zones right."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.family import policy
from consent.family.shapes import Band, What
from consent.family.shipped import AGES, COUNTRIES

SECOND = timedelta(seconds=1)
BERLIN, AUCKLAND = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Auckland")


def age(country: str, on: str, what: What = What.CONSENT) -> int:
    return policy.rule(AGES, country, what, date.fromisoformat(on)).age


def test_the_table_is_sound() -> None:
    assert all(
        0 < each.age < 22 and each.source and each.certainty in {"certain", "usual", "listed", "unsure"}
        for each in AGES
    )
    assert len({(each.country, each.what, each.valid_from) for each in AGES}) == len(AGES)
    assert all(13 <= age(country, "2026-11-27") <= 16 for country in COUNTRIES)


@pytest.mark.parametrize(
    ("country", "on", "years"),
    [
        ("DE", "2026-11-27", 16), ("AT", "2026-11-27", 14), ("GB", "2026-11-27", 13), ("FR", "2026-11-27", 15),
        ("DK", "2023-12-31", 13), ("DK", "2024-01-01", 15),  # the rule of that day
        ("SI", "2023-01-25", 16), ("SI", "2023-01-26", 15),  # none before it
        ("XX", "2026-11-27", 16), ("", "2026-11-27", 16),  # nothing is known
    ],
)  # fmt: skip
def test_the_age_of_consent_is_that_of_the_country_on_that_day(country: str, on: str, years: int) -> None:
    assert age(country, on) == years


def test_the_age_of_majority_too() -> None:
    assert (age("DE", "2026-11-27", What.MAJORITY), age("KR", "2026-11-27", What.MAJORITY)) == (18, 19)
    assert (age("JP", "2022-03-31", What.MAJORITY), age("JP", "2022-04-01", What.MAJORITY)) == (20, 18)


@pytest.mark.parametrize(
    ("born_on", "years", "day"),
    [
        ("2012-05-01", 16, "2028-05-01"), ("2012-12-31", 16, "2028-12-31"),
        ("2012-02-29", 16, "2028-02-29"), ("2012-02-29", 15, "2027-03-01"), ("2012-02-29", 18, "2030-03-01"),
    ],
)  # fmt: skip
def test_a_birthday_is_a_day_and_on_29_february_no_day_too_early(born_on: str, years: int, day: str) -> None:
    assert policy.turns(date.fromisoformat(born_on), years) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("zone", "instant"),
    [
        (BERLIN, "2028-04-30T22:00Z"), (AUCKLAND, "2028-04-30T12:00Z"), (ZoneInfo("UTC"), "2028-05-01T00:00Z"),
        (ZoneInfo("Pacific/Honolulu"), "2028-05-01T10:00Z"),
    ],
)  # fmt: skip
def test_the_day_begins_at_midnight_where_the_child_lives(zone: ZoneInfo, instant: str) -> None:
    at = policy.reached(date(2012, 5, 1), 16, zone)
    assert at == datetime.fromisoformat(instant)
    grown = policy.reached(date(2012, 5, 1), 18, zone)
    assert policy.band(at, grown, at - SECOND) is Band.CHILD
    assert policy.band(at, grown, at) is Band.TEEN
    assert policy.band(at, grown, grown - SECOND) is Band.TEEN
    assert policy.band(at, grown, grown) is Band.ADULT


def test_where_clocks_are_put_forward_at_midnight_the_day_begins_at_one() -> None:
    begins = policy.begins(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo"))
    assert begins == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert begins.astimezone(ZoneInfo("America/Sao_Paulo")).hour == 1


def test_of_whom_nothing_is_known_is_a_child() -> None:
    at = datetime(2026, 11, 27, tzinfo=UTC)
    assert policy.band(None, None, at) is policy.band(at, None, at) is policy.band(None, at, at) is Band.CHILD


@given(
    born_on=st.dates(date(1990, 1, 1), date(2026, 1, 1)), years=st.integers(1, 30),
    zone=st.sampled_from(["Europe/Berlin", "Pacific/Kiritimati", "America/Sao_Paulo", "Asia/Kathmandu"]),
)  # fmt: skip
def test_nobody_is_older_before_the_day_and_everybody_is_on_it(born_on: date, years: int, zone: str) -> None:
    where = ZoneInfo(zone)
    at = policy.reached(born_on, years, where)
    today = at.astimezone(where).date()
    assert today == policy.turns(born_on, years)
    assert (at - SECOND).astimezone(where).date() < today
    assert (today.year - born_on.year, (today.month, today.day) >= (born_on.month, born_on.day)) == (years, True)
