"""The bench in miniature: everything runs, everything is said, and the better score is the better one."""

import math
import statistics
import time
from dataclasses import replace

from tests.bench.evaluation.judge import Judge
from tests.bench.evaluation.memory import Memory
from tests.bench.evaluation.simulate import KINDS
from tests.bench.risk import door, story
from tests.bench.risk.audit import Auditor
from tests.bench.risk.trial import KEYED, OURS, Log, run


def test_the_whole_bench_in_miniature(tmp_path):
    auditor, log = Auditor(), Log.of(1500, 7, 4)
    evaluation = run(log, fakes=150, auditor=auditor)
    story.save(tmp_path, story.tell(log, evaluation, auditor, 1500), evaluation)
    text = (tmp_path / "REPORT.md").read_text()
    for part in ("## Goals", "## Acceptance checks", "## Audit of the fakes", "Freeman/Wiefling", "targeted.svg"):
        assert part in text
    for kind in KINDS:
        auc = {name: tally.separation(kind, matched=True).auc for name, tally in evaluation.by_score.items()}
        assert not any(math.isnan(each) for each in auc.values())
        assert auc[KEYED] > 0.85
        assert auc[OURS] > auc["Freeman/Wiefling"]


def test_the_gate_in_miniature():
    log = Log.of(600, 7, 4)
    figures = door.figures(door.run(log))
    assert set(figures) == set(door.HOLDINGS)
    for kinds in figures.values():
        assert {kind["denied"] for kind in kinds.values()} == {0.0}  # risk alone turns nobody away
        assert kinds["own browser, usual network"]["asked"] < 5
        assert kinds["own browser, abroad"]["asked"] > 95
        assert kinds["stolen key, anywhere"]["asked"] > kinds["stolen key, same network"]["asked"]
    told = story.at_the_gate(figures, figures, 600)
    assert "### Customers with a password and a passkey" in told
    assert "nan" not in told
    assert figures["a passkey"]["naive"]["in"] == 0.0


def test_a_judgement_costs_little():
    log = Log.of(400, 11, 0)
    judge = Judge(Memory())
    spent = []
    for row in log.rows:
        began = time.thread_time()
        judge.see(replace(row, device=""))
        spent.append(time.thread_time() - began)
    assert statistics.quantiles(spent, n=20)[-1] < 0.002  # p95, in seconds; the whole budget of a sign-in


def test_the_same_seed_makes_the_same_log():
    assert Log.of(60, 3, 1).rows == Log.of(60, 3, 1).rows
    assert Log.of(60, 3, 1).rows != Log.of(60, 4, 1).rows
