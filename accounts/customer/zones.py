"""Time zones as people know them: a short list of places. Their IANA names stay the values."""

import zoneinfo

from babel import Locale, localedata
from babel.core import get_global
from django.utils.translation import get_language, to_locale

_PLACES = [
    "Pacific/Honolulu",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Toronto",
    "America/Halifax",
    "America/St_Johns",
    "America/Mexico_City",
    "America/Bogota",
    "America/Lima",
    "America/Caracas",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "Atlantic/Azores",
    "Atlantic/Reykjavik",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/Madrid",
    "Europe/Paris",
    "Europe/Brussels",
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Europe/Zurich",
    "Europe/Rome",
    "Europe/Vienna",
    "Europe/Prague",
    "Europe/Warsaw",
    "Europe/Copenhagen",
    "Europe/Oslo",
    "Europe/Stockholm",
    "Europe/Helsinki",
    "Europe/Athens",
    "Europe/Bucharest",
    "Europe/Kiev",
    "Europe/Istanbul",
    "Europe/Moscow",
    "Africa/Casablanca",
    "Africa/Lagos",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Africa/Nairobi",
    "Asia/Jerusalem",
    "Asia/Riyadh",
    "Asia/Dubai",
    "Asia/Tehran",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Dhaka",
    "Asia/Bangkok",
    "Asia/Jakarta",
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Singapore",
    "Asia/Manila",
    "Asia/Taipei",
    "Asia/Seoul",
    "Asia/Tokyo",
    "Australia/Perth",
    "Australia/Adelaide",
    "Australia/Brisbane",
    "Australia/Sydney",
    "Pacific/Auckland",
    "UTC",
]


def is_known(name: str) -> bool:
    """Whether this names a time zone."""
    return name in zoneinfo.available_timezones()


def words(name: str) -> str:
    """The place behind a name, such as "Oslo, Norway", in the language that is active."""
    country = get_global("zone_territories").get(name, "")
    if name == "UTC" or not country:
        return name
    language = next(Locale.parse(each) for each in (to_locale(get_language() or "en"), "en") if localedata.exists(each))
    city = language.time_zones.get(name, {}).get("city") or name.rsplit("/", 1)[-1].replace("_", " ")
    return f"{city}, {language.territories[country]}"


def choices(*more: str) -> list[tuple[str, str]]:
    """The list, by its words; with ``more`` that somebody has already."""
    names = dict.fromkeys([*_PLACES, *(name for name in more if is_known(name))])
    return sorted(((name, words(name)) for name in names), key=lambda each: each[1])
