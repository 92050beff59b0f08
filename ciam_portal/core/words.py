"""Words for people: one plain sentence for each reason (a test demands one for every reason), and masked addresses."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from babel import Locale, localedata
from babel.numbers import format_currency
from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.functional import lazy as late
from django.utils.text import format_lazy
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from ciam_portal.core import mailbox
from ciam_portal.core.policy.reason import ReasonBase, Worded

Text = str | Promise  # a text, or one that is translated when it is read

UNKNOWN = "Unknown"  # a family of browsers or systems that has no name
APP = "App"  # the family of the business's own app
FALLBACK = lazy("This cannot be done right now.")


def masked(address: str) -> str:
    """Enough of a mail address or phone number for its owner to recognise it, not enough to use it."""
    name, at, domain = mailbox.shown(address).partition("@")
    return f"{name[:1]}···@{domain}" if at else f"···{address[-2:]}"


def sentence(reason: StrEnum) -> str:
    """What the person reads: their problem and what to do, never what an attacker could use."""
    words = str(getattr(reason, "words", ""))
    return _(words) if words else str(FALLBACK)


def why_not(code: str) -> str:
    """The same for a reason that was stored by its code, whichever policy gave it."""
    return next(
        (sentence(each) for kind in ReasonBase.__subclasses__() for each in kind if each == code), str(FALLBACK)
    )


def choices(reasons: Iterable[Worded]) -> list[tuple[str, Promise]]:
    """Reasons to choose from, for a form or a column; translated when they are shown."""
    return [(reason.value, lazy(reason.words)) for reason in reasons]


def _date(at: datetime, how: Promise, zone: str = "") -> str:
    said = date_format(at, str(how))
    return f"{said} ({zone})" if zone else said


_date_when_read = late(_date, str)


def instant(at: datetime, zone: ZoneInfo) -> str:
    """An instant in somebody's zone, in the language in which it is read."""
    return _date_when_read(at.astimezone(zone), lazy("j F Y, H:i"), zone.key)


def day(at: datetime) -> str:
    """A day, in the language in which it is read."""
    return _date_when_read(at, lazy("j F Y"))


_ONLY_EXPERTS_SAY = re.compile(r"Headless|\s*\b(Mobile|iOS|WebView|UI/WKWebView)\b")
_SYSTEMS = {"Mac OS X": "macOS"}
_NAMELESS: dict[str, Text] = {UNKNOWN: lazy("Unknown"), APP: lazy("App")}


def agent(browser: str, system: str) -> Text:
    """The families of a browser and its system as people call them, in the language in which they are read."""
    known = _ONLY_EXPERTS_SAY.sub("", browser).strip() or browser, _SYSTEMS.get(system, system)
    browser_words, system_words = (_NAMELESS.get(family, family) for family in known)
    return format_lazy(lazy("{browser} on {system}"), browser=browser_words, system=system_words)


def _locale() -> Locale:
    languages = (to_locale(get_language() or settings.LANGUAGE_CODE), "en")
    return next(Locale.parse(each) for each in languages if localedata.exists(each))


def _country(code: str) -> str:
    return str(_locale().territories.get(code, code))


_country_when_read = late(_country, str)


def country(code: str) -> Text:
    """Its name, in the language in which it is read; the code, if it has none."""
    return _country_when_read(code)


def money(amount: Decimal, currency: str) -> str:
    """An amount as it is written in the reader's language, its currency by its code: a $ would be several."""
    return str(format_currency(amount, currency, "#,##0.00\u00a0¤¤", locale=_locale()))


def _place(network: str, country: str) -> str:
    known = _locale().territories.get(country, "")
    near = _("network %(network)s") % {"network": network}
    return f"{known}, {near}" if known else near


_place_when_read = late(_place, str)


def place(network: str, country: str) -> Text:
    """Where a request came from, as far as its address says it: the country by its name, and the network."""
    return _place_when_read(network, country)


def span(seconds: int) -> str:
    """A time to wait, never said shorter than it is."""
    if seconds < 120:  # noqa: PLR2004  (two minutes read better as seconds)
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    if seconds < 2 * 3600:
        return _("%(count)d minutes") % {"count": -(-seconds // 60)}
    return _("%(count)d hours") % {"count": -(-seconds // 3600)}
