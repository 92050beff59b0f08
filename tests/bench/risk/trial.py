"""One run on a synthetic log: made, peopled with attackers, judged by every score."""

import random
from dataclasses import dataclass

from ciam_portal.core.risk.parameters import DEFAULT, Parameters
from tests.bench.evaluation.judge import Judge
from tests.bench.evaluation.memory import Memory
from tests.bench.evaluation.references import Histories, of_all
from tests.bench.evaluation.rows import Row
from tests.bench.evaluation.run import Evaluation
from tests.bench.evaluation.simulate import Simulator
from tests.bench.risk import world
from tests.bench.risk.audit import Auditor
from tests.bench.risk.bursts import bursts
from tests.bench.risk.synthesis import DAY, World, synthesise

OURS, KEYED = "ours", "ours + device key"
TEST_FROM = world.START + 210 * DAY


@dataclass(slots=True)
class Log:
    """A synthetic log with its bursts."""

    made: World
    rows: list[Row]
    seed: int

    @classmethod
    def of(cls, users: int, seed: int, count: int) -> "Log":
        """The log of one seed, with so many bursts."""
        made, rows = synthesise(users, seed)
        rows = [*rows, *bursts(made, rows, TEST_FROM, count, seed + 1)]
        rows.sort(key=lambda row: row.second)
        return cls(made, rows, seed)


def run(
    log: Log,
    *,
    fakes: int,
    parameters: Parameters = DEFAULT,
    judged: tuple[str, ...] = (OURS, KEYED),
    auditor: Auditor | None = None,
) -> Evaluation:
    """Judge a log with ours and both references; about so many fakes of each kind."""
    eligible = {row.user for row in log.rows if row.teaches and row.second >= TEST_FROM}
    successes = sum(row.teaches and row.second >= TEST_FROM for row in log.rows)
    share = min(1.0, 1.15 * fakes / max(1, min(successes, 2 * len(eligible))))
    histories = Histories({}, {})
    evaluation = Evaluation(
        judges={name: Judge(Memory(), parameters) for name in judged},
        keyless=frozenset({OURS}),
        notes={},
        references=of_all(histories),
        histories=histories,
        simulator=Simulator(random.Random(log.seed + 2), share, TEST_FROM),
        start=TEST_FROM,
    )
    if auditor is not None:
        evaluation.watch = auditor.watch
    for row in log.rows:
        evaluation.see(row)
    return evaluation
