"""One pass over a log: every score sees the same rows and the same attackers, each by what was known just before."""

from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

from ciam_portal.core.risk.assess import Assessment
from tests.bench.evaluation.judge import Judge, rank
from tests.bench.evaluation.references import Histories, Reference
from tests.bench.evaluation.rows import Row
from tests.bench.evaluation.simulate import Fake, Simulator
from tests.bench.evaluation.tally import FIRST, GENUINE, Cell, Tally, cell

TAKEOVER, ATTACK = "takeover", "attack address"
UNKNOWN = -60.0
"""What a row without a score counts as, in nats: below everything that has one."""

Note = dict[str, Any]


@dataclass(slots=True)
class Evaluation:
    """Judges rows, injects fakes, counts."""

    judges: Mapping[str, Judge]
    """By name. Those in ``keyless`` never see a device key."""
    notes: MutableMapping[str, Note]
    """Of each customer: successes so far, when and where the last one was, and the scores of the first twelve."""
    keyless: frozenset[str] = frozenset()
    references: Mapping[str, Reference] = field(default_factory=dict)
    histories: Histories | None = None
    """What the references learn."""
    simulator: Simulator | None = None
    start: float = 0.0
    """Second before which rows teach but are not counted."""
    watch: Callable[[str, Row, Cell], None] | None = None
    """Is told of every row that is counted: its kind and where it lies."""
    by_score: dict[str, Tally] = field(default_factory=dict)
    by_rank: dict[str, Tally] = field(default_factory=dict)
    countries: Counter[str] = field(default_factory=Counter)
    """Successes per country."""
    matches: dict[str, Counter[int]] = field(default_factory=dict)
    """Per kind of fake: how many there are (-1), and how many match in each of the features looked at."""

    def __post_init__(self) -> None:
        """One tally for each score."""
        for name in (*self.references, *self.judges):
            self.by_score[name], self.by_rank[name] = Tally(), Tally()

    def see(self, row: Row) -> dict[str, Assessment]:
        """Judge one row, after the attacks that were due before it."""
        if self.simulator is not None:
            for second, user in self.simulator.due(row.second):
                profile = next(iter(self.judges.values())).store.profile(user)
                for fake in self.simulator.fakes(second, user, profile):
                    self._fake(fake)
        note = self.notes.get(row.user)
        found = {name: judge.see(self._shown(name, row)) for name, judge in self.judges.items()}
        if note is not None and row.success:
            scores, ranks = self._scores(row, found)
            if row.second >= self.start:
                kind = TAKEOVER if row.takeover else ATTACK if row.attack else GENUINE
                self._count(kind, row, note, scores, ranks)
            if row.teaches:
                self._first(note, scores)
        if row.teaches:
            self._learn(row, note)
        return found

    def _fake(self, fake: Fake) -> None:
        row = fake.row
        found = {name: judge.see(self._shown(name, row), leaves_traces=False) for name, judge in self.judges.items()}
        note = self.notes.get(row.user)
        if note is None or row.second < self.start:
            return
        self._count(fake.kind, row, note, *self._scores(row, found))
        counts = self.matches.setdefault(fake.kind, Counter())
        counts[-1] += 1
        counts.update(place for place, matches in enumerate(fake.matches) if matches)

    def _shown(self, name: str, row: Row) -> Row:
        return replace(row, device="") if name in self.keyless and row.device else row

    def _scores(self, row: Row, found: Mapping[str, Assessment]) -> tuple[dict[str, float], dict[str, float]]:
        scores, ranks = {}, {}
        for name, reference in self.references.items():
            score = reference.score(row)
            scores[name] = ranks[name] = UNKNOWN if score is None else score
        for name, each in found.items():
            scores[name] = UNKNOWN if each.score is None else each.score
            ranks[name] = UNKNOWN if each.score is None else rank(each)
        return scores, ranks

    def _count(self, kind: str, row: Row, note: Note, scores: Mapping[str, float], ranks: Mapping[str, float]) -> None:
        share = self.countries[note["c"]] / max(1, self.countries.total())
        where = cell(note["n"], row.second - note["t"], share)
        if self.watch is not None:
            self.watch(kind, row, where)
        for name, score in scores.items():
            self.by_score[name].add(kind, where, score)
            self.by_rank[name].add(kind, where, ranks[name])

    def _first(self, note: Note, scores: Mapping[str, float]) -> None:
        if note["n"] >= FIRST:
            return
        for name, score in scores.items():
            note["s"].setdefault(name, []).append(round(score, 3))
        if note["n"] == FIRST - 1:
            for name, kept in note["s"].items():
                self.by_score[name].firsts(kept)
            note["s"] = {}

    def _learn(self, row: Row, note: Note | None) -> None:
        before = note or {"n": 0, "s": {}}
        self.notes[row.user] = before | {"n": before["n"] + 1, "t": row.second, "c": row.country}
        self.countries[row.country] += 1
        if self.histories is not None:
            self.histories.learn(row)
        if self.simulator is not None:
            self.simulator.learn(row)
