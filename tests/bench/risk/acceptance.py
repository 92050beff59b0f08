"""How near the synthetic log comes to what is published: every check with its verdict, misses included."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tests.bench.evaluation.rows import Row, family
from tests.bench.evaluation.run import Evaluation
from tests.bench.evaluation.tally import WIDTH, quantile
from tests.bench.risk import world

Item = TypeVar("Item")
MATCHED = ("country", "AS", "agent", "device type")


@dataclass(frozen=True, slots=True)
class Check:
    """One figure: what is published, what came out, and how far it may be off."""

    what: str
    published: float
    found: float
    tolerance: float
    is_relative: bool = True

    @property
    def holds(self) -> bool:
        allowed = self.tolerance * (self.published if self.is_relative else 1.0)
        return abs(self.found - self.published) <= allowed + 1e-9


def of_log(rows: list[Row]) -> list[Check]:
    """The marginals."""
    real = [row for row in rows if row.user != world.NOBODY]
    good = [row for row in real if row.success]
    per_user = Counter(row.user for row in real)
    attempts = sorted(per_user.values())
    return [
        Check("rows on accounts that do not exist %", 44.9, percent(rows, lambda row: row.user == world.NOBODY), 0.1),
        Check("success rate of real accounts %", 73.0, percent(real, lambda row: row.success), 0.1),
        Check("success rate of all rows %", 40.1, percent(rows, lambda row: row.success), 0.1),
        Check("accounts with one attempt %", 39.7, percent(attempts, lambda count: count == 1), 0.1),
        Check("accounts with ten attempts or more %", 8.5, percent(attempts, lambda count: count >= 10), 0.1),
        Check("attempts per account, mean", 3.99, sum(attempts) / len(attempts), 0.1),
        Check("attempts per account, p90", 9, attempts[int(len(attempts) * 0.9)], 0.12),
        Check("attempts per account, p99", 28, attempts[int(len(attempts) * 0.99)], 0.1),
        *(
            Check(f"country {name} %", share, percent(rows, partial(shows, "country", name)), 0.1)
            for name, share in (("NO", 43.9), ("US", 26.2), ("RU", 4.5), ("BR", 3.8), ("DE", 2.9))
        ),
        *(
            Check(f"AS {name} %", share, percent(rows, partial(shows, "asn", name)), 0.1)
            for name, share in (("29695", 27.1), ("393398", 21.8), ("41164", 4.7), ("262582", 4.6))
        ),
        *(
            Check(f"device {name} %", share, percent(rows, partial(shows, "kind", name)), 0.1)
            for name, share in (("mobile", 64.5), ("desktop", 26.2), ("bot", 4.5), ("tablet", 3.0))
        ),
        *(
            Check(f"system {name} %", share, percent(rows, partial(has_system, name)), 0.1)
            for name, share in (("iOS", 35.4), ("Android", 28.2), ("Mac OS X", 20.9))
        ),
        Check("browser Chrome* %", 63.1, percent(rows, is_chrome), 0.1),
        Check("rows from 10.x addresses %", 23.3, percent(rows, lambda row: row.address.startswith("10.")), 0.1),
        Check("attack addresses, rows %", 9.9, percent(rows, lambda row: row.attack), 0.1),
        Check("attack addresses, rows of real accounts %", 8.4, percent(real, lambda row: row.attack), 0.1),
        Check("attack addresses, successes %", 6.4, percent(good, lambda row: row.attack), 0.1),
        Check("rows with a round-trip time %", 4.1, percent(rows, lambda row: row.rtt is not None), 0.1),
        Check("successes with an agent new to the account %", 52, new_agents(good), 0.1),
    ]  # fmt: skip


def of_scores(evaluation: Evaluation) -> list[Check]:
    """How the references do, against all genuine rows, where the published figures are known."""
    found = []
    for form, name in (("Freeman/Wiefling (2.1)", "Freeman/Wiefling"), ("plain sum", "plain sum")):
        tally = evaluation.by_score[name]
        for kind, published, tolerance in (("naive", 0.93, 0.03), ("vpn", 0.90, 0.03), ("targeted", 0.66, 0.06)):
            for matched in (False, True):
                auc = tally.separation(kind, matched=matched).auc
                rows = "matched rows" if matched else "all rows"
                found.append(Check(f"{form}, {kind}, AUC, {rows}", published, auc, tolerance, is_relative=False))
    tally = evaluation.by_score["Freeman/Wiefling"]
    for kind, published in (("naive", 2), ("vpn", 3), ("targeted", 4)):
        place = tally.separation(kind, matched=False).place(0.99) or 0
        median = quantile(tally.challenges(place * WIDTH), 0.5)
        what = f"Freeman/Wiefling (2.1), {kind}, challenges in 12 sign-ins at 99 % caught, median"
        found.append(Check(what, published, median, 1.0, is_relative=False))
    return found


def of_fakes(evaluation: Evaluation) -> list[Check]:
    """How often fakes match what their victims had shown."""
    published = {
        "naive": (53.1, 20.8, 1.4, 51.0), "vpn": (100.0, 41.9, 1.7, 56.0), "targeted": (97.4, 100.0, 100.0, 100.0),
    }  # fmt: skip
    found = []
    for kind, counts in evaluation.matches.items():
        for place, (what, rate) in enumerate(zip(MATCHED, published[kind], strict=True)):
            share = 100 * counts[place] / counts[-1]
            found.append(Check(f"{kind}: {what} known to the victim %", rate, share, 5.0, is_relative=False))
    return found


def shows(feature: str, value: str, row: Row) -> bool:
    return bool(getattr(row, feature) == value)


def has_system(name: str, row: Row) -> bool:
    return family(row.system) == name


def is_chrome(row: Row) -> bool:
    return row.browser.startswith(("Chrome ", "Chrome Mobile"))


def percent(items: Iterable[Item], test: Callable[[Item], bool]) -> float:
    counts = Counter(test(item) for item in items)
    return 100 * counts[True] / max(1, counts.total())


def new_agents(good: list[Row]) -> float:
    known: set[tuple[str, str]] = set()
    new = 0
    for row in good:
        new += (row.user, row.agent) not in known
        known.add((row.user, row.agent))
    return 100 * new / len(good)
