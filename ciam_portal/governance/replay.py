"""What a candidate policy would have answered: recorded decisions, asked again under it, and the difference counted.

The comparison is with the answer that was recorded. It streams: however many rows there are, what is held is one row
and the counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from ciam_portal.core.audit.facts import CannotRebuild
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold, StepUp, strictness
from ciam_portal.core.policy.limits import Limits
from ciam_portal.governance import recompute

ANSWERS = ("allow", "step_up", "hold", "deny")


class Label(StrEnum):
    """What a customer said of a decision. Stored as the events ``activity.was_me`` and ``activity.not_me``."""

    WAS_ME = "activity.was_me"
    NOT_ME = "activity.not_me"


Labels = Mapping[UUID, Label]


@dataclass(slots=True)
class Tally:
    """Answers of one kind that come anew under the candidate, and those that go."""

    more: int = 0
    fewer: int = 0


def _tallies() -> dict[str, Tally]:
    return {answer: Tally() for answer in ANSWERS}


@dataclass(slots=True)
class Report:
    """The difference, in numbers of decisions."""

    candidate: str
    rows: int = 0
    unchanged: int = 0
    stricter: int = 0  # the same kind of answer on stricter terms: a higher level, a fresher proof
    looser: int = 0
    not_rebuilt: int = 0  # rows of older software whose facts cannot be read any more
    answers: dict[str, Tally] = field(default_factory=_tallies)
    actions: dict[str, dict[str, Tally]] = field(default_factory=dict)
    causes: dict[str, dict[str, Tally]] = field(default_factory=dict)
    takeovers: int = 0  # confirmed by the customer, and allowed
    takeovers_stopped: int = 0
    takeovers_let_in: int = 0  # confirmed, not allowed then, and allowed by the candidate
    genuine: int = 0  # confirmed by the customer or not disputed, and allowed
    genuine_bothered: int = 0
    genuine_confirmed_bothered: int = 0
    genuine_relieved: int = 0  # not disputed, not allowed then, and allowed by the candidate

    @property
    def changed(self) -> int:
        """Decisions that would be other ones."""
        return self.rows - self.unchanged - self.not_rebuilt

    def as_json(self) -> dict[str, Any]:
        """Plain numbers and codes."""
        return asdict(self) | {"changed": self.changed}


def of_json(stored: dict[str, Any]) -> Report:
    """The report that ``as_json`` was made of."""
    return _KEPT.validate_python(stored)


_KEPT = TypeAdapter(Report)


def compare(
    entries: Iterable[DecisionEntry], labels: Labels, candidate: Limits, report: Report | None = None
) -> Report:
    """Ask every row again under the candidate, and add to the report. Rows that cannot be asked are counted."""
    report = report or Report(candidate.version)
    for entry in entries:
        report.rows += 1
        try:
            again = recompute.ask(entry, candidate)
            before, causes = recorded(entry), _causes(entry, again)
        except CannotRebuild:
            report.not_rebuilt += 1
            continue
        _count(report, entry, before, again, causes)
        _label(report, labels.get(entry.pk), entry.answer, str(again.columns["answer"]))
    return report


def recorded(entry: DecisionEntry) -> Decision:
    """The answer of a row. Raises CannotRebuild for one that no code of ours has written."""
    detail, reason = entry.detail, Label.WAS_ME  # the reason has no part in how strict an answer is
    match entry.answer:
        case "allow":
            return Allow()
        case "step_up":
            try:
                to = Level[str(detail["to"]).upper()]
                return StepUp(to, reason, detail["within"], challenge=bool(detail["challenge"]))
            except (KeyError, TypeError) as error:
                raise CannotRebuild(f"the terms of a step-up cannot be read: {error}") from error
        case "hold":
            return Hold(reason)
        case "deny":
            return Deny(reason)
    raise CannotRebuild(f"{entry.answer!r} is no answer.")


def _count(report: Report, entry: DecisionEntry, before: Decision, again: recompute.Again, causes: list[str]) -> None:
    old, new = entry.answer, str(again.columns["answer"])
    if old == new:
        was, now = strictness(before), strictness(again.decision)
        report.unchanged += was == now
        report.stricter += now > was
        report.looser += now < was
        return
    action = entry.action or entry.question.rpartition(".")[2]
    for tally in (
        report.answers,
        report.actions.setdefault(action, _tallies()),
        *(report.causes.setdefault(cause, _tallies()) for cause in causes),
    ):
        tally[new].more += 1
        tally[old].fewer += 1


def _causes(entry: DecisionEntry, again: recompute.Again) -> list[str]:
    """The reason of the stricter answer, and every finding of either. Raises CannotRebuild as above."""
    reason = str(again.columns["reason"] or entry.reason)
    try:
        codes = [str(code) for code, _points in [*again.columns["findings"], *entry.findings]]
    except (TypeError, ValueError) as error:
        raise CannotRebuild(f"the findings cannot be read: {error}") from error
    return list(dict.fromkeys([reason, *codes]))


def _label(report: Report, label: Label | None, old: str, new: str) -> None:
    allowed, allows = old == "allow", new == "allow"
    if label is Label.NOT_ME:
        report.takeovers += allowed
        report.takeovers_stopped += allowed and not allows
        report.takeovers_let_in += allows and not allowed
        return
    report.genuine += allowed
    report.genuine_bothered += allowed and not allows
    report.genuine_confirmed_bothered += allowed and not allows and label is Label.WAS_ME
    report.genuine_relieved += allows and not allowed
