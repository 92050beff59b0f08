"""Hypothesis strategies for visits, lives (sign-ins in a row), evidence and signals."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from ciam_portal.core.risk.evidence import Evidence, Term, deltas_of, gather
from ciam_portal.core.risk.population import Key, Rarity, keys_of, rarity
from ciam_portal.core.risk.profile import Profile
from ciam_portal.core.risk.signals import Signals
from ciam_portal.core.risk.visit import Visit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME = Visit(
    address="a1", prefix="p1", asn="n1", country="NO", agent="u1", browser="Chrome", system="Windows", kind="desktop",
    device="k1",
)  # fmt: skip


class Table:
    """A population in a dictionary: what the product keeps in one table."""

    def __init__(self) -> None:
        self.rows: dict[Key, float] = {}

    def counts(self, visit: Visit) -> Rarity:
        found = {key: self.rows[key] for key in keys_of(visit) if key in self.rows}
        return rarity(visit, found)

    def add(self, deltas: Mapping[Key, float]) -> None:
        for key, delta in deltas.items():
            self.rows[key] = self.rows.get(key, 0.0) + delta


def live(*steps: tuple[Visit, float], table: Table | None = None) -> tuple[Profile, Table, datetime]:
    """Learn visits, each so many days after the one before."""
    table, profile, at = table or Table(), Profile.empty(), NOON
    for visit, days in steps:
        at += timedelta(days=days)
        seen = table.counts(visit)
        table.add(deltas_of(visit, seen, gather(profile, seen, visit, at)))
        profile = profile.learn(visit, at)
    return profile, table, at


def crowd() -> Table:
    """Two hundred strangers from four countries."""
    table = Table()
    for number in range(200):
        country = ("NO", "NO", "SE", "DE", "US")[number % 5]
        visit = Visit(
            address=f"x{number}", prefix=f"y{number}", asn=f"n{number % 7}", country=country, agent=f"u{number % 30}",
            browser=("Chrome", "Firefox", "Safari")[number % 3], system=("Windows", "iOS")[number % 2],
            kind=("desktop", "mobile")[number % 2], device=f"k{number + 100}",
        )  # fmt: skip
        changed = replace(visit, address=f"z{number}", agent=f"v{number}")
        live((visit, 0), (visit, 3), (changed, 9), table=table)
    return table


texts = st.sampled_from(["", "a", "b", "c", "d"])
visits = st.builds(Visit, **{field.name: texts for field in fields(Visit)})
lives = st.lists(st.tuples(visits, st.floats(0, 400)), max_size=25)
numbers = st.floats(allow_nan=True, allow_infinity=True)
terms = st.none() | st.builds(
    Term, **{field.name: st.booleans() if field.name == "new" else numbers for field in fields(Term)}
)
evidences = st.builds(
    Evidence,
    **{field.name: numbers if field.type is float or field.type == "float" else terms for field in fields(Evidence)},
)
seconds = st.none() | st.floats(0, 1e8)
counts = st.none() | st.integers(0, 200)
flags = st.none() | st.booleans()
KINDS = {"int | None": counts, "float | None": seconds, "bool | None": flags}
signals = st.builds(Signals, **{field.name: KINDS[str(field.type)] for field in fields(Signals)})
