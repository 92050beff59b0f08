"""``manage.py decision ID``: one decision in full, taken once more; fails loudly if the answer differs."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core.audit import seal
from ciam_portal.core.audit.facts import CannotRebuild
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.governance import recompute
from ciam_portal.governance.recompute import Verdict
from consent.models import Deletion

_UNKNOWN, _DIFFERS, _MODEL = 2, 1, 3


class Command(BaseCommand):
    """Exit status 0: the decision holds. 1: it does not, or cannot be taken again. 2: there is no such decision.

    3: it differs, but its row is as it was written, and the risk model is another one since.
    """

    help = "Print a stored decision and recompute it from its row; fails if the answer differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which one."""
        parser.add_argument("id", help="the decision's id, as shown on pages and in the audit")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, recompute, compare."""
        entry = _find(options["id"])
        self._say(entry)
        try:
            differences = recompute.recompute(entry)
        except CannotRebuild as error:
            raise CommandError(f"CANNOT BE RECOMPUTED: {error}", returncode=_DIFFERS) from error
        if differences:
            lines = [f"  {item.what}: stored {item.stored!r}, recomputed {item.again!r}" for item in differences]
            verdict = recompute.verdict(entry, differences)
            said = f"THE DECISION DIFFERS WHEN RECOMPUTED: {verdict}."
            returncode = _MODEL if verdict is Verdict.MODEL_CHANGED else _DIFFERS
            raise CommandError("\n".join([said, *lines]), returncode=returncode)
        self.stdout.write(self.style.SUCCESS("Recomputed: the same answer, reason, score, parts and findings."))

    def _say(self, entry: DecisionEntry) -> None:
        risk = "not assessed" if entry.risk is None else recompute.risk_name(entry.risk)
        who = f"{entry.actor_kind} {entry.actor or ''}".strip()
        self._line("decision", entry.pk)
        self._line("at", entry.at.isoformat(timespec="seconds"))
        self._line("who", who if entry.on_behalf_of is None else f"{who}, for {entry.on_behalf_of}")
        person = entry.about
        gone = person is not None and Deletion.objects.filter(customer=person, erased_at__isnull=False).exists()
        self._line("about", f"{person} (erased since)" if gone else person or "nobody")
        self._line("channel", entry.channel)
        self._line("action", entry.action or "-")
        self._line("question", entry.question)
        self._line("answer", " ".join([entry.answer, *(f"{key}={value}" for key, value in _terms(entry.detail))]))
        self._line("reason", entry.reason or "-")
        self._line("risk", risk)
        self._line("seal", seal.check(entry))
        self._line("policy", entry.policy_version)
        self._line("model", entry.model_version or "-")
        self._line("score", "-" if entry.score is None else f"{entry.score:+.6f} nats, the sum of")
        for code, llr in _pairs(entry.contributions):
            self._line("", f"{llr:+12.6f}  {code}")
        for code, points in _pairs(entry.findings):
            self._line("finding", f"{code} ({points:g} points)")

    def _line(self, name: str, value: object) -> None:
        self.stdout.write(f"{name:<10} {value}")


def _find(text: str) -> DecisionEntry:
    try:
        key = UUID(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no id of a decision: it is no UUID.", returncode=_UNKNOWN) from error
    entry = DecisionEntry.objects.filter(pk=key).first()
    if entry is None:
        raise CommandError(f"There is no decision {key}.", returncode=_UNKNOWN)
    return entry


def _terms(detail: object) -> list[tuple[str, object]]:
    return sorted(detail.items()) if isinstance(detail, dict) else []


def _pairs(stored: object) -> list[tuple[str, float]]:
    """The pairs of code and number in a column; a forged row may hold anything else, which recomputing reports."""
    pairs = stored if isinstance(stored, list) else []
    return [(str(pair[0]), float(pair[1])) for pair in pairs if _is_pair(pair)]


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], (int, float))  # noqa: PLR2004  (a pair)
