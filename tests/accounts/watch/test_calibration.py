"""Calibration: which threshold meets the target; it only ever reports."""

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import RiskState, User
from accounts.watch import calibration, events
from accounts.watch import tasks as risk_tasks
from ciam_portal.core import clock
from ciam_portal.core.gate import Trust
from ciam_portal.core.policy import limits
from tests import factories
from tests.accounts.watch import past

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def threshold(_file_decides: None) -> None:
    """Sign-ins are challenged from a score of 2 on."""
    known = limits.current()
    limits.install(replace(known, risk=replace(known.risk, moderate_score=2.0)))


@pytest.fixture
def someone(db: None) -> User:
    return factories.customer()


def history(someone: User, scores: list[float], **facts: Any) -> None:
    at = clock.now() - timedelta(days=3)
    for number, score in enumerate(scores):
        past.entered(at + timedelta(seconds=number), someone, score=score, **facts)


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("calibrate_risk", *arguments, stdout=out)
    return out.getvalue()


SCORES = [number / 100 for number in range(200)]  # 0.00 .. 1.99


def test_the_suggestion_challenges_no_more_than_the_target(someone: User) -> None:
    history(someone, SCORES)
    found = calibration.measure(5, 30, clock.now())
    assert (found.genuine, found.challenged_anyway, found.challenged_today) == (200, 0, 0)
    assert found.suggested == pytest.approx(1.9)
    assert found.challenged_then == 10
    assert found.challenged_then_low is not None
    assert found.challenged_then_high is not None
    assert found.challenged_then_low < 0.05 < found.challenged_then_high
    assert found.suggested_low is not None
    assert found.suggested_low < 1.9
    assert found.suggested_high is not None
    assert found.suggested_high > 1.9


def test_disowned_sign_ins_are_no_genuine_ones_and_show_what_would_be_stopped(someone: User) -> None:
    history(someone, SCORES)
    at = clock.now() - timedelta(days=2)
    for score, trust in ((1.95, Trust.KNOWN), (0.5, Trust.KNOWN), (3.0, Trust.KNOWN), (0.1, Trust.NONE)):
        bad = past.entered(at, someone, score=score, trust=trust)
        past.answered(bad, "activity.not_me", at + timedelta(hours=1))
    found = calibration.measure(5, 30, clock.now())
    assert found.genuine == 200
    assert (found.takeovers, found.stopped_today, found.stopped_then) == (4, 2, 3)


def test_new_browsers_and_findings_are_challenged_whatever_the_score(someone: User) -> None:
    history(someone, SCORES)
    history(someone, [-3.0] * 5, trust=Trust.NONE)
    history(someone, [-3.0] * 4, findings=(("stuffing", 2.0),))
    history(someone, [-3.0] * 3, findings=(("new_account", 1.0),))
    found = calibration.measure(10, 30, clock.now())
    assert (found.genuine, found.challenged_anyway) == (212, 9)
    assert found.challenged_then is not None
    assert found.challenged_then <= 21
    hopeless = calibration.measure(4.9, 30, clock.now() + timedelta(seconds=1))
    assert hopeless.suggested is not None
    history(someone, [-3.0] * 40, trust=Trust.NONE)
    none = calibration.measure(10, 30, clock.now())
    assert none.suggested is None
    assert "no score can meet the target" in none.says


def test_what_has_no_score_is_not_counted(someone: User) -> None:
    history(someone, SCORES)
    past.entered(clock.now() - timedelta(days=1), someone, score=None)
    past.decision(someone, clock.now() - timedelta(days=1), score=9.0, answer="step_up")  # given up at the challenge
    past.entered(clock.now() - timedelta(days=31), someone, score=9.0)
    assert calibration.measure(5, 30, clock.now()).genuine == 200


def test_too_little_data_suggests_nothing(someone: User) -> None:
    history(someone, SCORES[:100])
    found = calibration.measure(5, 30, clock.now())
    assert (found.suggested, found.stopped_then, found.challenged_then) == (None, None, None)
    assert found.says == "Too little data: 100 genuine sign-ins with a score. Nothing is suggested."
    page = said("--target", "5")
    assert "Too little data" in page
    assert "suggested for" not in page


def test_the_command_prints_and_writes_its_report(someone: User, tmp_path: Path) -> None:
    history(someone, SCORES)
    page = said("--target", "5", "--days", "30")
    assert "risk.moderate_score today: 2  challenges 0 (0.0 %)" in page
    assert "suggested for at most 5 %: 1.9" in page
    assert "would challenge 10 (5.0 %)" in page
    assert json.loads(said("--json", "-"))["suggested"] == pytest.approx(1.9)
    file = tmp_path / "report.json"
    assert "suggested" in said("--target", "20", "--json", str(file))
    assert json.loads(file.read_text())["target_percent"] == 20
    with pytest.raises(CommandError, match="cannot be written"):
        said("--json", str(tmp_path / "nowhere" / "report.json"))


@pytest.mark.parametrize(
    "arguments", [("--target", "0.9"), ("--target", "51"), ("--target", "nan"), ("--days", "0"), ("--days", "367")]
)
def test_absurd_arguments_are_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        said(*arguments)


def test_a_suggestion_above_the_next_threshold_says_so(someone: User) -> None:
    history(someone, [score + 10 for score in SCORES])
    assert "would have to rise with it" in calibration.measure(5, 30, clock.now()).says


def test_the_nightly_job_reports_and_changes_nothing(someone: User) -> None:
    history(someone, SCORES)
    before, file = limits.current(), limits.DEFAULT.read_text()
    risk_tasks.calibrate()
    assert limits.current() is before
    assert limits.DEFAULT.read_text() == file
    state = RiskState.objects.get(key="calibration")
    assert state.data["suggested"] == pytest.approx(1.9)
    assert past.audited(events.Calibrated) == [{"sign_ins": 200, "today": 2.0, "suggested": state.data["suggested"]}]
