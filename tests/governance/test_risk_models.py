"""The numbers of each version of the risk model are kept, rule points included, and decide again what they decided."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.facts import CannotRebuild
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.gate import Trust
from ciam_portal.core.policy.limits import UnsafePolicy
from ciam_portal.core.risk.kept import Numbers, of_json
from ciam_portal.core.risk.parameters import DEFAULT, LIMITS, Attackers
from ciam_portal.core.risk.signals import Signals
from ciam_portal.governance import flows, recompute
from ciam_portal.governance.models import RiskModel
from tests.conftest import NOON
from tests.governance.rows import AT_HOME, EVIDENCE, assess, forged, sealed

pytestmark = pytest.mark.django_db

OTHER = Numbers(
    replace(DEFAULT, smoothing=0.9, attackers=Attackers(naive=0.4, vpn=0.24)),
    replace(LIMITS, recovered=((3600.0, 1.25),)),
)
WORRIED = replace(AT_HOME, evidence=EVIDENCE, device=Trust.NONE, signals=Signals(recovered_seconds=60.0))


def see() -> None:
    flows.see_model(by=Actor.system(), at=clock.now())


@pytest.mark.parametrize("numbers", [Numbers(), OTHER])
def test_numbers_come_back_as_they_were_kept(numbers: Numbers) -> None:
    again = of_json(json.loads(json.dumps(numbers.as_json())))
    assert (again, again.parameters.version) == (numbers, numbers.parameters.version)


def test_todays_are_kept_once() -> None:
    assert RiskModel.objects.get(version=DEFAULT.version).numbers == Numbers().as_json()
    before = AuditEntry.objects.count()
    see()
    assert AuditEntry.objects.count() == before


def test_of_each_former_version_the_hash_is_its_name() -> None:
    former = json.loads(Path(__file__).with_name("former_models.json").read_text())
    assert len(former) == 3
    for version, numbers in former.items():
        assert of_json(numbers).parameters.version == version


@pytest.mark.parametrize("change", ["update", "delete"])
def test_none_is_changed_or_removed(change: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        getattr(RiskModel.objects.all(), change)(**({"numbers": {}} if change == "update" else {}))


def decided_by_other() -> DecisionEntry:
    """A row as software with those numbers has written it."""
    assessed = gate.assess(
        "sign_in", WORRIED, limits=recompute.rules_of(assess().policy_version), at=NOON, numbers=OTHER
    )
    assert assessed.assessment is not None
    return sealed(
        forged(
            assess(facts=WORRIED), model_version=OTHER.parameters.version, score=assessed.assessment.score,
            contributions=[[part.code, part.llr] for part in assessed.assessment.parts],
            findings=[[finding.code, finding.points] for finding in assessed.decision.findings],
        )
    )  # fmt: skip


def test_what_other_numbers_decided_is_decided_again_under_them() -> None:
    recompute.numbers_of.cache_clear()
    RiskModel.objects.create(version=OTHER.parameters.version, numbers=OTHER.as_json(), found_at=NOON)
    row, today = decided_by_other(), assess(facts=WORRIED)
    assert [points for code, points in row.findings if code == "recent_recovery"] == [1.25]
    assert row.score != today.score
    assert recompute.recompute(row) == ()
    recompute.numbers_of.cache_clear()


def test_without_them_it_is_the_model_that_has_changed() -> None:
    recompute.numbers_of.cache_clear()
    row = decided_by_other()
    differences = recompute.recompute(row)
    assert {item.what for item in differences} >= {"score", "findings"}
    assert recompute.verdict(row, differences) is recompute.Verdict.MODEL_CHANGED
    recompute.numbers_of.cache_clear()


def test_points_that_changed_under_the_same_version_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stored: dict[str, Any] = Numbers().as_json()
    stored["rules"]["breached"] += 1.0
    monkeypatch.setattr(Numbers, "as_json", lambda _self: stored)
    with pytest.raises(UnsafePolicy, match="raise its equations"):
        see()


def test_numbers_that_today_does_not_know_cannot_be_used() -> None:
    stored = Numbers().as_json()
    stored["rules"]["gone"] = 1.0
    RiskModel.objects.create(version="gone", numbers=stored, found_at=NOON)
    row = sealed(forged(assess(facts=WORRIED), model_version="gone"))
    with pytest.raises(CannotRebuild, match="do not fit this software"):
        recompute.recompute(row)
    assert asdict(LIMITS) == asdict(Numbers().rules)
