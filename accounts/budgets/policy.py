"""How many messages may go: of mails those that somebody asks for whom we do not know, of text messages all.

What tells a customer of something that happened to their account is no question of how many mails went before. Each
limit is a count of alike messages within a time; the first one that is reached stops the message.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ciam_portal.core.policy.limits import Limits

_HOUR, _DAY = 3_600, 86_400
RESET = "reset"
_TO_NOBODYS = frozenset({"sign_up", "confirm", "new_address"})
_DESK = "read_back"


class Over(StrEnum):
    """Which limit stopped a message."""

    COUNTRY = "country"
    SOURCE = "source"
    DOMAIN = "domain"
    STRANGERS = "strangers"
    BESIDE_RESETS = "beside_resets"
    DESK = "desk"
    NUMBER = "number"
    RANGE = "range"
    TOTAL = "total"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``purpose``: for what it is asked; empty if it tells of what happened. ``cents``: of a text."""

    is_text: bool
    purpose: str
    stranger: bool
    shared_domain: bool = False
    cents: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """No more than ``most`` (or so many cents) within ``seconds`` of messages that are the same in these columns.

    ``besides``: messages with this purpose are not counted.
    """

    over: Over
    same: tuple[str, ...]
    most: int
    seconds: int
    besides: str | None = None
    in_cents: bool = False


def limits_for(message: Message, *, limits: Limits) -> Iterator[Limit]:
    """All that are asked, in this order."""
    if message.is_text:
        yield from _of_texts(message, limits)
    if message.purpose == _DESK:
        yield Limit(Over.DESK, ("recipient", "purpose"), limits.outbound.desk_messages_per_day, _DAY)
    if message.stranger:
        yield from _of_strangers(message, limits)
    if message.is_text:
        yield from _of_the_installation(message, limits)


def _of_strangers(message: Message, limits: Limits) -> Iterator[Limit]:
    """The last of the day is always a reset: its link lives as long, so the owner has one or can ask for one."""
    rules = limits.outbound
    if not message.is_text:
        yield Limit(Over.SOURCE, ("channel", "source"), rules.mails_per_source_per_hour, _HOUR)
    if message.purpose in _TO_NOBODYS and not message.is_text:
        most = rules.mails_per_large_domain_per_hour if message.shared_domain else rules.mails_per_domain_per_hour
        yield Limit(Over.DOMAIN, ("place", "stranger"), most, _HOUR)
    if message.purpose != RESET:
        most = rules.stranger_messages_per_day - rules.of_them_resets
        yield Limit(Over.BESIDE_RESETS, ("recipient", "stranger"), most, _DAY, besides=RESET)
    yield Limit(Over.STRANGERS, ("recipient", "stranger"), rules.stranger_messages_per_day, _DAY)


def _of_texts(message: Message, limits: Limits) -> Iterator[Limit]:
    """What tells of a change counts apart, so that no codes use it up."""
    rules = limits.outbound
    if message.cents is None:
        yield Limit(Over.COUNTRY, ("channel",), 0, _DAY)
    if not message.purpose:
        yield Limit(Over.NUMBER, ("recipient", "purpose"), rules.text_notices_per_number_per_day, _DAY)
        return
    yield Limit(Over.SOURCE, ("channel", "source"), rules.texts_per_source_per_hour, _HOUR)
    yield Limit(Over.RANGE, ("channel", "place"), rules.texts_per_range_per_hour, _HOUR, besides="")
    yield Limit(Over.NUMBER, ("channel", "recipient"), rules.texts_per_number_per_day, _DAY, besides="")


def _of_the_installation(message: Message, limits: Limits) -> Iterator[Limit]:
    rules = limits.outbound
    if not message.purpose:
        yield Limit(Over.MONEY, ("channel", "purpose"), rules.text_notice_cents_per_day, _DAY, in_cents=True)
        return
    yield Limit(Over.TOTAL, ("channel",), rules.texts_per_day, _DAY, besides="")
    yield Limit(Over.MONEY, ("channel",), rules.text_cents_per_day, _DAY, besides="", in_cents=True)


def cents(country: str, *, limits: Limits) -> int | None:
    """What a text message there is taken to cost; None: none goes there."""
    rules = limits.outbound
    classes = (
        (rules.low_cost_countries, rules.low_cost_cents),
        (rules.middle_cost_countries, rules.middle_cost_cents),
        (rules.high_cost_countries, rules.high_cost_cents),
    )
    return next((price for countries, price in classes if country in countries), None)
