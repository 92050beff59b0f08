"""``policy.toml`` as frozen dataclasses: checked when read, with one version, the hash of its content.

Which version decides is not said here: ``running()`` asks whoever was named last, ``install`` (these limits, for good)
or ``provide`` (whatever this callable answers; the portal names ``ciam_portal.governance.deciding``).
"""

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ciam_portal.policy import catalogue
from ciam_portal.policy.catalogue import Row, UnsafePolicy

__all__ = [
    "DEFAULT", "Limits", "UnsafePolicy", "as_toml", "install", "load", "of_text", "parse", "provide", "read", "running",
    "tables",
]  # fmt: skip

DEFAULT = Path(__file__).with_name("policy.toml")


def _within(low: float, high: float) -> Any:  # noqa: ANN401  (dataclasses.field is typed as the field's own type)
    return field(metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True)
class Password:
    """Length in characters; guessability as a power of ten."""

    min_length: int = _within(15, 64)
    max_length: int = _within(64, 1024)
    min_guesses_log10: float = _within(8, 16)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Failed-attempt lanes and the time to finish a sign-in."""

    failures: int = _within(3, 20)
    device_failures: int = _within(3, 20)
    pause_minutes: int = _within(5, 1440)
    attempts_per_address_per_minute: int = _within(5, 300)
    pending_minutes: int = _within(2, 15)


@dataclass(frozen=True, slots=True)
class SignUp:
    """Limits on account creation."""

    per_address_per_hour: int = _within(1, 1000)


@dataclass(frozen=True, slots=True)
class Proof:
    """Links and codes that are sent to an address."""

    link_hours: int = _within(1, 24)
    code_minutes: int = _within(1, 10)
    code_attempts: int = _within(3, 10)
    disown_hours: int = _within(24, 720)
    mails_per_address_per_hour: int = _within(1, 20)
    sign_in_codes_per_customer_per_hour: int = _within(5, 100)
    mails_per_network_address_per_hour: int = _within(1, 500)


@dataclass(frozen=True, slots=True)
class Session:
    """How long being signed in lasts."""

    idle_minutes: int = _within(2, 60)
    idle_warning_minutes: int = _within(1, 10)
    absolute_hours: int = _within(1, 24)
    device_days: int = _within(1, 400)
    suspended_minutes: int = _within(1, 10)


@dataclass(frozen=True, slots=True)
class Factors:
    """Second factors."""

    backup_codes: int = _within(8, 20)
    passkeys: int = _within(2, 50)
    throttle_seconds: int = _within(1, 30)
    app_failures: int = _within(20, 100)
    sign_in_attempts: int = _within(3, 20)


@dataclass(frozen=True, slots=True)
class OAuth:
    """Lifetimes of what partners receive."""

    code_seconds: int = _within(10, 60)
    access_token_seconds: int = _within(60, 900)
    id_token_seconds: int = _within(60, 3600)
    refresh_token_days: int = _within(1, 90)
    refresh_idle_days: int = _within(1, 90)


@dataclass(frozen=True, slots=True)
class Approvals:
    """What partners ask about their own transactions, and how long an approval is good for."""

    seconds: int = _within(30, 600)
    questions_per_minute: int = _within(10, 100_000)


@dataclass(frozen=True, slots=True)
class Notices:
    """Delivery of messages."""

    attempts: int = _within(3, 50)
    retry_seconds: int = _within(1, 600)
    claim_seconds: int = _within(10, 600)
    stopped_sign_ins_per_hour: int = _within(1, 10)


@dataclass(frozen=True, slots=True)
class Disputes:
    """What customers may ask the help desk to look at."""

    per_customer_per_day: int = _within(1, 50)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Getting back in: how long it waits, how often it may be asked for, and how long its pieces live."""

    wait_hours: int = _within(24, 72)
    longest_wait_hours: int = _within(72, 336)
    requests_per_two_minutes: int = _within(1, 5)
    requests_per_day: int = _within(2, 20)
    case_days: int = _within(7, 30)
    proposal_hours: int = _within(1, 72)
    desk_weight: int = _within(5, 11)
    quarantine_hours: int = _within(24, 168)
    address_rest_hours: int = _within(24, 168)


@dataclass(frozen=True, slots=True)
class Risk:
    """Where a score (nats) becomes a level of risk, how trust grows and fades, and how all of it is watched."""

    moderate_score: float = _within(-5, 20)
    high_score: float = _within(-5, 30)
    severe_score: float = _within(0, 60)
    trust_device_hours: int = _within(1, 168)
    history_days: int = _within(30, 366)
    learn_after_hours: int = _within(0, 168)
    look_back_hours: int = _within(1, 48)
    challenge_target_percent: float = _within(1, 50)
    drift_psi: float = _within(0.05, 2)


@dataclass(frozen=True, slots=True)
class Limits:
    """The whole policy file. ``version`` is the first 16 hex digits of the SHA-256 of its content."""

    password: Password
    sign_in: SignIn
    sign_up: SignUp
    proof: Proof
    session: Session
    factors: Factors
    oauth: OAuth
    approvals: Approvals
    notices: Notices
    disputes: Disputes
    recovery: Recovery
    risk: Risk
    actions: dict[str, Row]
    version: str


_SECTIONS: dict[str, type] = {
    item.name: item.type
    for item in fields(Limits)
    if isinstance(item.type, type) and item.name not in {"actions", "version"}
}


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
    """Limits from the tables of a policy file. Raises UnsafePolicy."""
    _same_keys("the policy file", content, {*_SECTIONS, "actions"})
    sections = {name: _section(name, kind, content[name]) for name, kind in _SECTIONS.items()}
    if sections["session"].idle_warning_minutes >= sections["session"].idle_minutes:
        message = "Policy: session.idle_warning_minutes must be smaller than session.idle_minutes."
        raise UnsafePolicy(message)
    risk = sections["risk"]
    if not risk.moderate_score < risk.high_score < risk.severe_score:
        raise UnsafePolicy("Policy: risk.moderate_score, high_score and severe_score must rise.")
    if not isinstance(content["actions"], dict):
        raise UnsafePolicy("Policy: [actions] must be a table.")
    if sections["recovery"].longest_wait_hours >= sections["recovery"].case_days * 24:
        raise UnsafePolicy("Policy: recovery.longest_wait_hours must be shorter than recovery.case_days.")
    actions = catalogue.parse(content["actions"])
    plain = {name: dataclasses.asdict(section) for name, section in sections.items()}
    plain["actions"] = {name: dataclasses.asdict(row) for name, row in actions.items()}
    version = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
    return Limits(**sections, actions=actions, version=version)


def _section(name: str, kind: type, table: Any) -> Any:  # noqa: ANN401  (TOML in, one of the dataclasses above out)
    if not isinstance(table, dict):
        message = f"Policy: [{name}] must be a table."
        raise UnsafePolicy(message)
    known = {item.name: item for item in fields(kind)}
    _same_keys(f"[{name}]", table, set(known))
    for key, item in known.items():
        low, high, value = item.metadata["low"], item.metadata["high"], table[key]
        whole = item.type is int
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            message = f"Policy: {name}.{key} must be a {'whole ' if whole else ''}number, not {value!r}."
            raise UnsafePolicy(message)
        if not low <= value <= high:
            message = f"Policy: {name}.{key} = {value} is outside its safe range {low}..{high}."
            raise UnsafePolicy(message)
    return kind(**{key: float(value) if known[key].type is float else value for key, value in table.items()})


def _same_keys(where: str, table: dict[str, Any], known: set[str]) -> None:
    unknown, missing = sorted(set(table) - known), sorted(known - set(table))
    if unknown:
        message = f"Policy: {where} has an unknown key: {', '.join(unknown)}. Known: {', '.join(sorted(known))}."
        raise UnsafePolicy(message)
    if missing:
        message = f"Policy: {where} lacks {', '.join(missing)}."
        raise UnsafePolicy(message)


_ask: Callable[[], Limits] | None = None


def install(limits: Limits) -> None:
    """Make these the limits that decide in this process."""
    provide(lambda: limits)


def provide(ask: Callable[[], Limits]) -> None:
    """From now on ``running()`` is what ``ask()`` answers. It is asked each time, so it must be quick."""
    global _ask  # noqa: PLW0603  (one process, one policy)
    _ask = ask


def running() -> Limits:
    """The limits that decide now. Raises UnsafePolicy if there are none, and whatever the provider raises."""
    if _ask is None:
        raise UnsafePolicy("No policy is installed.")
    return _ask()
