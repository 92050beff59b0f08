"""What came out of an evaluation, as Markdown tables and SVG curves."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.bench.evaluation import charts
from tests.bench.evaluation.run import ATTACK, TAKEOVER, Evaluation
from tests.bench.evaluation.simulate import KINDS
from tests.bench.evaluation.tally import FIRST, Tally, quantile
from tests.bench.evaluation.tally import WIDTH as BIN

ALL = (*KINDS, TAKEOVER, ATTACK)
STOPPED = 0.99
TARGETED = "targeted"
MATCHED = """Genuine rows weighted to have the attackers' lengths of history, times since the last success (2 to 72 h)
and sizes of country (in small ones a VPN attacker finds nobody to copy), so that none of these gives a fake away.
"""
RANK = """Rank is the score plus the points of the findings, where bursts show (for the references: the score).
"""
FIRSTS = f"""At the threshold that stops {STOPPED:.0%} of targeted attackers. The very first sign-in has no
history and is not counted.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def tables(evaluation: Evaluation) -> str:
    """All tables of one evaluation."""
    return "\n".join(
        [
            "### Against all genuine sign-ins\n",
            separations(evaluation.by_score, matched=False),
            "### Against matched genuine sign-ins\n",
            MATCHED,
            separations(evaluation.by_score, matched=True),
            "### Takeovers by rank\n",
            RANK,
            separations(evaluation.by_rank, matched=False, kinds=(TAKEOVER,)),
            f"### Challenges in a genuine customer's first {FIRST} sign-ins\n",
            FIRSTS,
            challenges(evaluation),
        ]
    )


def separations(tallies: dict[str, Tally], *, matched: bool, kinds: Sequence[str] = ALL) -> str:
    """AUC, recall and cost of every score for every kind of attacker."""
    rows = []
    for kind in kinds:
        for name, tally in tallies.items():
            found = tally.separation(kind, matched=matched)
            if found.is_empty:
                continue
            rows.append((
                kind, str(found.count), name, f"{found.auc:.3f}", f"{found.recall(0.01):.1%}",
                f"{found.cost(0.9):.1%}", f"{found.cost(0.99):.1%}",
            ))  # fmt: skip
    if not rows:
        return "No attackers of any kind.\n"
    head = (
        "attacker", "rows", "score", "AUC", "caught at 1 % challenged", "challenged at 90 % caught",
        "challenged at 99 % caught",
    )  # fmt: skip
    return table(head, rows)


def challenges(evaluation: Evaluation) -> str:
    """How often the first sign-ins are challenged, per customer."""
    rows = []
    for name, tally in evaluation.by_score.items():
        place = tally.separation(TARGETED, matched=False).place(STOPPED)
        if place is None:
            continue
        counts = tally.challenges(place * BIN)
        customers = sum(counts)
        if not customers:
            continue
        mean = math.fsum(number * count for number, count in enumerate(counts)) / customers
        rows.append((
            name, str(customers), f"{place * BIN:.2f}", str(quantile(counts, 0.5)), str(quantile(counts, 0.9)),
            f"{mean:.2f}",
        ))  # fmt: skip
    if not rows:
        return "No targeted attackers, or no customer with as many sign-ins.\n"
    return table(("score", "customers", "threshold", "median", "p90", "mean"), rows)


def figures(evaluation: Evaluation) -> dict[str, str]:
    """One chart per kind of attacker."""
    found = {}
    for kind in ALL:
        tallies = evaluation.by_rank if kind == TAKEOVER else evaluation.by_score
        curves = {name: tally.separation(kind, matched=False).curve() for name, tally in tallies.items()}
        if any(curves.values()):
            found[f"{kind.replace(' ', '-')}.svg"] = charts.roc(f"{kind.capitalize()} attackers", curves)
    return found


def write(folder: Path, text: str, pictures: dict[str, str], name: str = "report.md") -> None:
    """Put the report and its pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture, content in pictures.items():
        (folder / picture).write_text(content, encoding="utf-8")
    shown = "\n".join(f"![{picture.removesuffix('.svg')}]({picture})" for picture in pictures)
    (folder / name).write_text(f"{text}\n## Curves\n\n{shown}\n", encoding="utf-8")
