"""``policy.toml`` as frozen dataclasses: checked when read, with one version, the hash of its content.

Which version decides is not said here: ``current()`` asks whoever was named last, ``install`` (these limits, for good)
or ``provide`` (whatever this callable answers; the portal names ``ciam_portal.governance.deciding``). Within one
``unit_of_work()`` it is asked once, so that whatever is approved meanwhile, one version decides all of it.
"""

import contextlib
import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ciam_portal.core import misfit
from ciam_portal.core.policy import catalogue
from ciam_portal.core.policy.keeping_numbers import Trust
from ciam_portal.core.policy.message_numbers import Outbound
from ciam_portal.core.policy.numbers import MOST_WRONG, Content

DEFAULT = Path(__file__).with_name("policy.toml")


class UnsafePolicy(Exception):
    """The policy file cannot be used: says which key, what is wrong, and what would be accepted."""


@dataclass(frozen=True, slots=True)
class Limits(Content):
    """What it says, and its ``version``: the first 16 hex digits of the SHA-256 of that."""

    version: str


_FILE = TypeAdapter(Content)


def load(path: Path | str = DEFAULT) -> Limits:
    """Read and check a policy file. Raises UnsafePolicy for a file, key or value that cannot be used."""
    return of_text(read(path), f"The policy file {path}")


def read(path: Path | str) -> str:
    """The text of a policy file. Raises UnsafePolicy."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnsafePolicy(f"The policy file {path} cannot be read: {error}.") from error


def of_text(text: str, name: str = "The policy") -> Limits:
    """Limits from the text of a policy file; ``name`` says which one, if it cannot be read. Raises UnsafePolicy."""
    return parse(tables(text, name))


def tables(text: str, name: str = "The policy") -> dict[str, Any]:
    """The tables of a policy file, unchecked. Raises UnsafePolicy if this is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnsafePolicy(f"{name} cannot be read: {error}.") from error


def as_toml(content: dict[str, Any]) -> str:
    """The tables of a policy as a file that ``of_text`` reads back: sections, then one table for each action."""
    lines: list[str] = []
    for section, table in content.items():
        if section != "actions":
            lines += [f"[{section}]", *(f"{key} = {_value(value)}" for key, value in table.items()), ""]
    for name, row in content.get("actions", {}).items():
        lines += [f"[actions.{json.dumps(name)}]", *(f"{key} = {_value(value)}" for key, value in row.items()), ""]
    return "\n".join(lines)


def _value(value: Any) -> str:  # noqa: ANN401  (whatever TOML holds)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)  # TOML writes texts, numbers, booleans and lists of them as JSON does


def parse(content: dict[str, Any]) -> Limits:
    """Limits from the tables of a policy file. Raises UnsafePolicy with all that is wrong, a sentence for each."""
    try:
        found = _FILE.validate_python(content)
    except ValidationError as error:
        wrong = [misfit.sentence(each, whole="the policy file", table="a table") for each in error.errors()]
        raise UnsafePolicy(f"Policy: {' '.join(wrong)}") from None
    if wrong := [*_weaknesses(found), *catalogue.weaknesses(found.actions)]:
        raise UnsafePolicy(f"Policy: {' '.join(wrong)}")
    version = hashlib.sha256(json.dumps(dataclasses.asdict(found), sort_keys=True).encode()).hexdigest()[:16]
    return Limits(**{item.name: getattr(found, item.name) for item in fields(found)}, version=version)


def _weaknesses(found: Content) -> Iterator[str]:
    session, recovery, risk, partners = found.session, found.recovery, found.risk, found.partners
    if session.idle_warning_minutes >= session.idle_minutes:
        yield "session.idle_warning_minutes must be smaller than session.idle_minutes."
    if not risk.moderate_score < risk.high_score < risk.severe_score:
        yield "risk.moderate_score, high_score and severe_score must rise."
    if not found.sign_up.challenge_score < found.sign_up.hold_score < found.sign_up.refuse_score:
        yield "sign_up.challenge_score, hold_score and refuse_score must rise."
    if recovery.longest_wait_hours >= recovery.case_days * 24:
        yield "recovery.longest_wait_hours must be shorter than recovery.case_days."
    if not partners.first_reminder_days > partners.second_reminder_days > partners.last_reminder_days:
        yield "partners.first_reminder_days, second_reminder_days and last_reminder_days must fall."
    if found.notices.retry_days >= found.notices.kept_days:
        yield "notices.retry_days must be shorter than notices.kept_days."
    if found.rights.reminder_days >= found.rights.answer_days:
        yield "rights.reminder_days must be shorter than rights.answer_days."
    if found.delegation.default_days > found.delegation.longest_days:
        yield "delegation.default_days may not be longer than delegation.longest_days."
    yield from _trust_weaknesses(found.trust)
    yield from _outbound_weaknesses(found.outbound)
    # Codes are counted by fixed days and guesses by a day since the first, which touches two of those.
    if (2 * recovery.requests_per_day - 1) * found.proof.code_attempts >= MOST_WRONG:
        yield f"The guesses at all codes of two days (recovery.requests_per_day) must be below {MOST_WRONG}."


def _trust_weaknesses(found: Trust) -> Iterator[str]:
    if not found.domain_days <= found.known_days <= found.waiting_days:
        yield "trust.domain_days, known_days and waiting_days must not fall."


def _outbound_weaknesses(found: Outbound) -> Iterator[str]:
    if found.of_them_resets >= found.stranger_messages_per_day:
        yield "outbound.of_them_resets must be smaller than outbound.stranger_messages_per_day."
    countries = [*found.low_cost_countries, *found.middle_cost_countries, *found.high_cost_countries]
    if len(set(countries)) < len(countries):
        yield "outbound: each country belongs to one class of costs."


_ask: Callable[[], Limits] | None = None
_taken: ContextVar[list[Limits] | None] = ContextVar("taken", default=None)
"""What the unit of work took: nothing yet, or the limits that decide it; None outside of any."""


def install(limits: Limits) -> None:
    """Make these the limits that decide in this process."""
    provide(lambda: limits)


def provide(ask: Callable[[], Limits]) -> None:
    """From now on ``current()`` is what ``ask()`` answers. It is asked each time, so it must be quick."""
    global _ask  # noqa: PLW0603  (one process, one policy)
    _ask = ask


@contextlib.contextmanager
def unit_of_work() -> Iterator[None]:
    """A request, task, command or flow: the limits that it first asks for decide until its end. Inner ones join it."""
    token = _taken.set([]) if _taken.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _taken.reset(token)


def current() -> Limits:
    """The limits that decide now. Raises UnsafePolicy if there are none, and whatever the provider raises."""
    taken = _taken.get()
    if taken:
        return taken[0]
    if _ask is None:
        raise UnsafePolicy("No policy is installed.")
    found = _ask()
    if taken is not None:
        taken.append(found)
    return found
