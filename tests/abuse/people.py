"""Who comes: genuine people, and bots of five styles. The same for the same seed.

What bots can do is assumed here: each comes from a source address of its own (naive floods excepted), residential ones
fill in forms as slowly as people and keep no cookies from one account to the next. All do the work of a challenge as
fast as a browser on one core of theirs would, out of a budget for all of them (``CPU_SECONDS``). None reads a mailbox
that is not its own; of the residential ones every tenth has an address at one of two domains of their own, where it
reads everything.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

CPU_SECONDS = 60.0
SLOW_ADDRESSES = 5_000
OWN_DOMAINS = ("mail-for-us.example", "inbox-of-mine.example")
PEOPLE_AT = ("gmail.com", "outlook.com", "web.de", "orange.fr", "icloud.com")
FAMILY, SCHOOL = 4, 15


class Style(StrEnum):
    """What somebody is up to."""

    HOME = "at home"
    FAMILY = "family behind one address"
    SCHOOL = "school behind one address"
    FLOOD = "naive flood"
    SLOW = "low and slow"
    RESIDENTIAL = "residential, clean devices"
    BOMBER = "list bomber"
    ENUMERATOR = "enumeration"


GENUINE = (Style.HOME, Style.FAMILY, Style.SCHOOL)
OPENS = (Style.FLOOD, Style.SLOW, Style.RESIDENTIAL)


@dataclass(frozen=True, slots=True)
class Visitor:
    """One visit. ``seconds``: how long the form is filled in; ``reads``: the mailbox is theirs."""

    style: Style
    address: str
    email: str
    seconds: float = 0.0
    reads: bool = False

    @property
    def is_genuine(self) -> bool:
        """A person."""
        return self.style in GENUINE


def _public(chance: random.Random) -> str:
    first = chance.choice((62, 77, 81, 84, 88, 91, 93))
    return f"{first}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def genuine(number: int, seed: int) -> Iterator[Visitor]:
    """People: a school, families, and the rest each at home."""
    chance = random.Random(f"people {seed}")
    school, family = _public(chance), _public(chance)
    for n in range(number):
        style = Style.SCHOOL if n % 12 == 5 and n // 12 < SCHOOL else Style.FAMILY if n % 5 == 2 else Style.HOME
        if style is Style.FAMILY and (n // 5) % FAMILY == 0:
            family = _public(chance)
        address = {Style.SCHOOL: school, Style.FAMILY: family}.get(style) or _public(chance)
        yield Visitor(
            style, address, f"person{seed}.{n}@{chance.choice(PEOPLE_AT)}", chance.uniform(3.0, 5.0), reads=True
        )


def bots(number: int, seed: int, victims: list[str]) -> Iterator[Visitor]:
    """Bots of all styles, in turn."""
    chance = random.Random(f"bots {seed}")
    flood, slow = _public(chance), [_public(chance) for _ in range(SLOW_ADDRESSES)]
    styles = (Style.FLOOD, Style.SLOW, Style.RESIDENTIAL, Style.BOMBER, Style.ENUMERATOR)
    for n in range(number):
        style, round_ = styles[n % len(styles)], n // len(styles)
        nobody = f"{chance.getrandbits(40):x}@{chance.choice(PEOPLE_AT)}"
        match style:
            case Style.FLOOD:
                yield Visitor(style, flood, nobody)
            case Style.SLOW:
                yield Visitor(style, chance.choice(slow), nobody, chance.uniform(0.5, 4.0))
            case Style.RESIDENTIAL:
                owns = round_ % 10 == 0
                email = f"{chance.getrandbits(40):x}@{chance.choice(OWN_DOMAINS)}" if owns else nobody
                yield Visitor(style, _public(chance), email, chance.uniform(3.0, 5.0), reads=owns)
            case _:
                yield Visitor(style, _public(chance), _spelled(chance, victims[round_ % len(victims)]))


def _spelled(chance: random.Random, victim: str) -> str:
    """Every second time with a tag, which makes no other mailbox of it."""
    local, _at, domain = victim.partition("@")
    return f"{local}+{chance.getrandbits(16):x}@{domain}" if chance.random() < 0.5 else victim
