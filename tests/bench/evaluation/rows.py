"""One sign-in of a log in the form of the published RBA data set, with or without a 17th column for device keys."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from ciam_portal.core.risk.visit import Visit

COLUMNS = (
    "index", "Login Timestamp", "User ID", "Round-Trip Time [ms]", "IP Address", "Country", "Region", "City", "ASN",
    "User Agent String", "Browser Name and Version", "OS Name and Version", "Device Type", "Login Successful",
    "Is Attack IP", "Is Account Takeover",
)  # fmt: skip
DEVICE_KEY = "Device Key"
VERSION = re.compile(r"[\s\d._-]*\d[\s\d._-]*$")
ABSENT = frozenset({"", "-", "nan", "NaN"})
TRUTH = {"true": True, "1": True, "false": False, "0": False}


class BadRow(ValueError):
    """A line that cannot be read, and why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sign-in attempt."""

    index: str
    second: float
    user: str
    address: str
    country: str
    asn: str
    agent: str
    browser: str
    system: str
    kind: str
    success: bool
    attack: bool
    takeover: bool
    device: str = ""
    rtt: float | None = None

    @property
    def at(self) -> datetime:
        """When it happened."""
        return datetime.fromtimestamp(self.second, UTC)

    @property
    def visit(self) -> Visit:
        """What the model sees. No prefix: the published addresses are invented, so their prefixes say nothing."""
        return Visit(
            address=self.address,
            asn=self.asn,
            country=self.country,
            agent=digest(self.agent) if self.agent else "",
            browser=family(self.browser),
            system=family(self.system),
            kind=self.kind,
            device=self.device,
        )

    @property
    def teaches(self) -> bool:
        """Is it a success that nobody has labelled as an attack?"""
        return self.success and not self.attack and not self.takeover


@lru_cache(maxsize=50_000)
def digest(text: str) -> str:
    """A short stand-in for a long text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@lru_cache(maxsize=50_000)
def family(name: str) -> str:
    """A browser's or system's name without its version."""
    return (VERSION.sub("", name).strip() or name)[:64]


def parse(cells: Sequence[str]) -> Row:
    """Read one line, or say what is wrong with it."""
    if len(cells) not in {len(COLUMNS), len(COLUMNS) + 1}:
        raise BadRow(f"{len(cells)} columns instead of {len(COLUMNS)} or {len(COLUMNS) + 1}")
    clean = ["" if cell.strip() in ABSENT else cell.strip() for cell in cells]
    if not clean[2]:
        raise BadRow("no user")
    return Row(
        index=clean[0],
        second=_instant(clean[1]),
        user=clean[2],
        rtt=_number(clean[3]) if clean[3] else None,
        address=clean[4],
        country=clean[5],
        asn=_network(clean[8]),
        agent=clean[9],
        browser=clean[10],
        system=clean[11],
        kind=clean[12],
        success=_truth(clean[13], COLUMNS[13]),
        attack=_truth(clean[14], COLUMNS[14]),
        takeover=_truth(clean[15], COLUMNS[15]),
        device=clean[16] if len(clean) > len(COLUMNS) else "",
    )


def cells(row: Row) -> Iterator[str]:
    """The line that ``parse`` reads, with the 17th column."""
    yield from (row.index, row.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], row.user)
    yield "" if row.rtt is None else f"{row.rtt:.0f}"
    yield from (row.address, row.country, "-", "-", row.asn, row.agent, row.browser, row.system, row.kind)
    yield from (str(row.success), str(row.attack), str(row.takeover), row.device)


def _instant(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadRow(f"no date: {text[:40]!r}") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.timestamp()


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise BadRow(f"no number: {text[:40]!r}") from None
    if not 0 <= number < float("inf"):
        raise BadRow(f"no duration: {text[:40]!r}")
    return number


def _network(text: str) -> str:
    if text and not text.removesuffix(".0").isdecimal():
        raise BadRow(f"no AS number: {text[:40]!r}")
    return text.removesuffix(".0")


def _truth(text: str, column: str) -> bool:
    found = TRUTH.get(text.lower())
    if found is None:
        raise BadRow(f"{column} is neither True nor False: {text[:40]!r}")
    return found
