"""A candidate policy over recorded decisions: what is counted, and that nothing stops it."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ciam_portal.core.audit.facts import CannotRebuild
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.gate import Trust
from ciam_portal.core.policy.decision import Allow, Deny, Hold, Risk, StepUp
from ciam_portal.governance import history, replay
from ciam_portal.governance.replay import Label, Report, Tally, compare
from ciam_portal.management.commands import replay as command
from tests.conftest import NOON
from tests.governance.conftest import changed, limits_with
from tests.governance.rows import AT_HOME, IN_SESSION, assess, forged, label

pytestmark = pytest.mark.django_db

STRICT = {"risk__moderate_score": -4.9, "risk__high_score": -4.8}  # whoever has a history is worrying
HELD = replace(IN_SESSION, standing=Risk.HIGH)
MODERATE = replace(IN_SESSION, standing=Risk.MODERATE)


def seen(candidate: dict[str, Any]) -> Report:
    return compare(history.stream(None), history.labels(None), limits_with(**candidate))


def test_the_same_policy_changes_nothing() -> None:
    for facts in (AT_HOME, replace(AT_HOME, device=Trust.NONE), replace(AT_HOME, account_active=False)):
        assess(facts=facts)
    assess("change_email", HELD)
    report = compare(history.stream(None), {}, settings.LIMITS)
    assert (report.rows, report.unchanged, report.changed, report.actions, report.causes) == (4, 4, 0, {}, {})


def test_a_stricter_policy_asks_for_more() -> None:
    assess()
    assert assess("approve_consent", IN_SESSION).answer == "allow"
    report = seen(STRICT)
    assert (report.rows, report.unchanged, report.changed) == (2, 1, 1)
    assert report.answers == {"allow": Tally(0, 1), "step_up": Tally(1, 0), "hold": Tally(), "deny": Tally()}
    assert report.actions == {"sign_in": report.answers}
    assert report.causes == {"unusual": report.answers}


def test_a_looser_policy_lets_more_through() -> None:
    assess("change_phone", HELD)
    assess("change_phone", MODERATE)
    report = seen({"actions__change_phone__hold_from": "severe"})
    assert report.answers["hold"] == Tally(0, 1)
    assert report.answers["step_up"] == Tally(1, 0)
    assert (report.unchanged, report.looser, report.genuine_relieved) == (1, 0, 0)


def test_other_terms_of_the_same_answer_are_told_apart() -> None:
    assess("change_phone", MODERATE)
    report = seen({"actions__change_phone__fresh_seconds": 599})
    assert (report.stricter, report.looser, report.unchanged, report.changed) == (1, 0, 0, 1)
    report = seen({"actions__change_phone__fresh_seconds": 601})
    assert (report.stricter, report.looser, report.unchanged) == (0, 1, 0)


def test_takeovers_stopped_and_customers_bothered() -> None:
    stolen, mine, unsaid = assess(), assess(), assess()
    label(stolen, Label.NOT_ME)
    label(mine, Label.WAS_ME)
    assert unsaid.answer == "allow"
    report = seen(STRICT)
    assert (report.takeovers, report.takeovers_stopped, report.takeovers_let_in) == (1, 1, 0)
    assert (report.genuine, report.genuine_bothered, report.genuine_confirmed_bothered) == (2, 2, 1)


def test_takeovers_let_in_and_customers_relieved() -> None:
    stopped, mine = assess("edit_profile", HELD), assess("edit_profile", HELD)
    assert stopped.answer == mine.answer == "step_up"
    assert assess().answer == "allow"
    label(stopped, Label.NOT_ME)
    label(mine, Label.WAS_ME)
    report = seen({"actions__edit_profile__challenge_from": "severe"})
    assert (report.takeovers, report.takeovers_stopped, report.takeovers_let_in) == (0, 0, 1)
    assert (report.genuine, report.genuine_bothered, report.genuine_relieved) == (1, 0, 1)


def test_who_said_both_is_believed_the_worse() -> None:
    entry = assess()
    for said in (Label.WAS_ME, Label.NOT_ME, Label.WAS_ME):
        label(entry, said)
    assert history.labels(None) == {entry.pk: Label.NOT_ME}
    assert history.labels(NOON + timedelta(hours=2)) == {}


def test_rows_that_cannot_be_asked_are_counted_and_stop_nothing() -> None:
    entry = assess()
    broken: tuple[dict[str, Any], ...] = (
        {"inputs": []},
        {"inputs": "x"},
        {"question": "old.policy.gone"},
        {"answer": "perhaps"},
        {"answer": "step_up", "detail": {}},
        {"answer": "step_up", "detail": {"to": "aal9", "within": None, "challenge": False}},
        {"answer": "step_up", "detail": 3},
        {"answer": "deny", "findings": 7},
        {"answer": "deny", "findings": [["code"]]},
    )
    for columns in broken:
        forged(entry, **columns)
    report = compare(history.stream(None), {}, settings.LIMITS)
    assert (report.rows, report.unchanged, report.not_rebuilt, report.changed) == (10, 1, 9, 0)


def test_recorded_answers_are_read_back() -> None:
    entry = assess("change_email", IN_SESSION)
    kinds = {"allow": Allow, "hold": Hold, "deny": Deny}
    for answer, kind in kinds.items():
        assert isinstance(replay.recorded(forged(entry, answer=answer)), kind)
    assert isinstance(replay.recorded(assess("change_phone", MODERATE)), StepUp)
    with pytest.raises(CannotRebuild):
        replay.recorded(forged(entry, answer=""))


def test_rows_stream_from_a_cursor_of_the_database_newest_first() -> None:
    first, last = assess(), assess(at=NOON + timedelta(days=1))
    with CaptureQueriesContext(connection) as made:
        assert [row.pk for row in history.stream(None)] == [last.pk, first.pk]
    assert not [query for query in made.captured_queries if "inputs" in query["sql"] and "COUNT" in query["sql"]]
    assert [row.pk for row in history.stream(None, most=1)] == [last.pk]
    assert [row.pk for row in history.stream(NOON + timedelta(seconds=1))] == [last.pk]
    assert history.count(NOON) == 2  # the border belongs to the span
    assert history.count(NOON, "change_email") == 0


def test_memory_holds_counts_and_no_rows() -> None:
    entry = assess()

    def many() -> Iterator[DecisionEntry]:
        for _ in range(2_000):
            yield entry

    report = compare(many(), {}, limits_with(**STRICT))
    assert report.answers["step_up"].more == 2_000
    assert len(json.dumps(report.as_json())) < 5_000


# The command


def run(*words: str) -> str:
    out = StringIO()
    call_command("replay", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "candidate.toml"
    path.write_text(changed(**STRICT))
    return str(path)


def test_the_table(file: str) -> None:
    assess()
    said = run("--policy", file)
    assert f"candidate policy {limits_with(**STRICT).version}" in said
    lines = {line[:40].strip(): line[40:].split() for line in said.splitlines()}
    assert lines["decisions looked at"] == ["1"]
    assert lines["of these bothered"] == ["1"]
    assert lines["by action"] == ["+allow", "-allow", "+step_up", "-step_up", "+hold", "-hold", "+deny", "-deny"]
    assert lines["sign_in"] == ["0", "1", "1", "0", "0", "0", "0", "0"]
    assert lines["unusual"] == lines["all decisions"] == lines["sign_in"]


def test_json_on_the_output_and_in_a_file(file: str, tmp_path: Path) -> None:
    assess()
    target = tmp_path / "report.json"
    said = run("--policy", file, "--json", str(target))
    found = json.loads(target.read_text())
    assert found == json.loads(run("--policy", file, "--json", "-"))
    assert "candidate policy" in said
    assert found["changed"] == found["answers"]["step_up"]["more"] == 1
    with pytest.raises(CommandError, match="cannot be written"):
        run("--policy", file, "--json", str(tmp_path / "no" / "report.json"))


@pytest.mark.parametrize(
    ("since", "rows"),
    [
        ("", 2),
        ("2026-03-01", 2),
        ("2026-03-01T12:00:00+00:00", 2),
        ("2026-03-01T12:00:01Z", 1),
        ("2026-03-02", 1),
        ("1d", 1),
        ("2d", 2),
        ("36500d", 2),
    ],
)
def test_since(file: str, since: str, rows: int) -> None:
    assess()
    assess(at=NOON + timedelta(days=1))
    with time_machine.travel(NOON + timedelta(days=1, hours=1), tick=False):
        assert json.loads(run("--policy", file, "--since", since, "--json", "-"))["rows"] == rows


@pytest.mark.parametrize(
    "since", ["yesterday", "0d", "-3d", "d", "1e9d", "36501d", "2026-13-01", "2026-02-30T12:00", "\u0663d"]
)
def test_since_that_is_no_time_is_said_so(file: str, since: str) -> None:
    with pytest.raises(CommandError, match="--since takes"):
        run("--policy", file, f"--since={since}")


def test_one_action_only(file: str) -> None:
    assess()
    assess("change_email", IN_SESSION)
    assert json.loads(run("--policy", file, "--action", "change_email", "--json", "-"))["rows"] == 1


def test_a_policy_that_is_none_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("--policy", str(tmp_path / "nothing.toml"))
    unsafe = tmp_path / "unsafe.toml"
    unsafe.write_text(changed(session__idle_minutes=999))
    with pytest.raises(CommandError, match=r"session.idle_minutes must be less than or equal to 60"):
        run("--policy", str(unsafe))


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal_and_one_line_elsewhere() -> None:
    rows, entry = 3, DecisionEntry()
    screen, log = Terminal(), StringIO()
    for out in (screen, log):
        assert list(command.progress(iter([entry] * rows), rows, out)) == [entry] * rows
    assert "100%  3 of 3\n" in screen.getvalue()
    assert log.getvalue() == "3 decisions looked at\n"
    assert list(command.progress(iter([]), 0, screen)) == []


def test_progress_goes_to_the_error_stream(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assess()
    call_command("replay", "--policy", file, "--json", "-", stdout=sys.stdout)
    captured = capsys.readouterr()
    assert json.loads(captured.out)["rows"] == 1
    assert "1 decisions looked at" in captured.err
