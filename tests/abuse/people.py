"""Who comes: genuine people, and bots of five styles. The same for the same seed.

What bots can do is assumed here: each comes from a source address of its own (naive floods excepted), residential ones
fill in forms as slowly as people and keep no cookies from one account to the next. All do the work of a challenge as
fast as a browser on one core of theirs would, out of a budget for all of them (``CPU_SECONDS``). None reads a mailbox
that is not its own; of the residential ones every tenth has an address at one of ``OWN_DOMAINS`` domains of their own,
whose mail goes to one machine and where it reads everything. They have no phone numbers.

Of the people some have addresses at domains of their own too: alone, as a family, and as a company that begins here.
They have a phone each, and show it if the portal asks. The domains of most are hosted where anybody's are.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ciam_portal.core.domains import Mail

CPU_SECONDS = 60.0
SLOW_ADDRESSES = 5_000
OWN_DOMAINS = 10
PEOPLE_AT = ("gmail.com", "outlook.com", "web.de", "orange.fr", "icloud.com")
FAMILY, SCHOOL, COMPANY, NAMESAKES = 4, 15, 6, 3
_BOTS = "bots-own"


class Style(StrEnum):
    """What somebody is up to."""

    HOME = "at home"
    FAMILY = "family behind one address"
    SCHOOL = "school behind one address"
    OWN = "at a domain of one's own, alone"
    NAMESAKE = "family at a domain of its own"
    COMPANY = "company that begins here"
    FLOOD = "naive flood"
    SLOW = "low and slow"
    RESIDENTIAL = "residential, clean devices"
    BOMBER = "list bomber"
    ENUMERATOR = "enumeration"


GENUINE = (Style.HOME, Style.FAMILY, Style.SCHOOL, Style.OWN, Style.NAMESAKE, Style.COMPANY)
OPENS = (Style.FLOOD, Style.SLOW, Style.RESIDENTIAL)


@dataclass(frozen=True, slots=True)
class Visitor:
    """One visit. ``seconds``: how long the form is filled in; ``reads``: the mailbox is theirs; ``phone``: too."""

    style: Style
    address: str
    email: str
    seconds: float = 0.0
    reads: bool = False
    phone: str = ""

    @property
    def is_genuine(self) -> bool:
        """A person."""
        return self.style in GENUINE


class Hosts:
    """Where the mail of these domains goes, instead of DNS: the bots' to one machine."""

    def look(self, domain: str) -> Mail:
        """People's: where anybody's does."""
        return Mail(taken=True, host="203.0.113.0/24" if domain.startswith(_BOTS) else "")


def _public(chance: random.Random) -> str:
    first = chance.choice((62, 77, 81, 84, 88, 91, 93))
    return f"{first}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def genuine(number: int, seed: int) -> Iterator[Visitor]:
    """People: of each three hundred one family and one company at a domain of theirs, and four alone at one."""
    chance = random.Random(f"people {seed}")
    school, family = _public(chance), _public(chance)
    for n in range(number):
        style = _style(n)
        if style is Style.FAMILY and (n // 5) % FAMILY == 0:
            family = _public(chance)
        address = {Style.SCHOOL: school, Style.FAMILY: family}.get(style) or _public(chance)
        at = {
            Style.OWN: f"own{seed}-{n}.example",
            Style.NAMESAKE: f"family{seed}-{n // 300}.example",
            Style.COMPANY: f"company{seed}-{n // 300}.example",
        }.get(style) or chance.choice(PEOPLE_AT)
        yield Visitor(
            style, address, f"person{seed}.{n}@{at}", chance.uniform(3.0, 5.0), reads=True, phone=f"+4740{n:06}"
        )


def _style(n: int) -> Style:
    place, own = n % 300, n % 20 == 8
    if own:
        order = [Style.OWN] + [Style.COMPANY] * COMPANY + [Style.NAMESAKE] * NAMESAKES + [Style.OWN] * 5
        return order[place // 20]
    if n % 12 == 5 and n // 12 < SCHOOL:
        return Style.SCHOOL
    return Style.FAMILY if n % 5 == 2 else Style.HOME


def bots(number: int, seed: int, style: Style, victims: list[str]) -> Iterator[Visitor]:
    """Bots of one style."""
    chance = random.Random(f"bots {seed} {style}")
    flood, slow = _public(chance), [_public(chance) for _ in range(SLOW_ADDRESSES)]
    for n in range(number):
        nobody = f"{chance.getrandbits(40):x}@{chance.choice(PEOPLE_AT)}"
        match style:
            case Style.FLOOD:
                yield Visitor(style, flood, nobody)
            case Style.SLOW:
                yield Visitor(style, slow[n % SLOW_ADDRESSES], nobody, chance.uniform(0.5, 4.0))
            case Style.RESIDENTIAL:
                owns = n % 10 == 0
                email = f"{chance.getrandbits(40):x}@{_BOTS}{n // 10 % OWN_DOMAINS}.example" if owns else nobody
                yield Visitor(style, _public(chance), email, chance.uniform(3.0, 5.0), reads=owns)
            case _:
                yield Visitor(style, _public(chance), _spelled(chance, victims[n % len(victims)]))


def _spelled(chance: random.Random, victim: str) -> str:
    """Every second time with a tag, which makes no other mailbox of it."""
    local, _at, domain = victim.partition("@")
    return f"{local}+{chance.getrandbits(16):x}@{domain}" if chance.random() < 0.5 else victim
