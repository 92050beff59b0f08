"""The catalogue of sensitive actions: the part of ``policy.toml`` that says what each one needs.

One row for each action: how sensitive it is and why, the assurance it needs and how fresh, the doors it may come
through, and what happens above its risk ceilings. A row that would be weaker than its sensitivity allows is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum, StrEnum
from typing import Any

from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.policy.decision import Risk


class UnsafePolicy(Exception):
    """The policy file cannot be used: says which key, what is wrong, and what would be accepted."""


class Action(StrEnum):
    """Every sensitive action of the portal's own. Partners and gateways name theirs in the policy file."""

    SIGN_UP = "sign_up"
    SIGN_IN = "sign_in"
    SEE_PROFILE = "see_profile"
    EDIT_PROFILE = "edit_profile"
    CHANGE_EMAIL = "change_email"
    CHANGE_PHONE = "change_phone"
    CHANGE_RECOVERY_ADDRESS = "change_recovery_address"  # and recovery contacts
    CHANGE_PASSWORD = "change_password"  # noqa: S105  (a name, not a secret)
    ADD_FACTOR = "add_factor"
    REMOVE_FACTOR = "remove_factor"
    VIEW_BACKUP_CODES = "view_backup_codes"
    ANSWER_ABOUT_SIGN_IN = "answer_about_sign_in"
    APPROVE_CONSENT = "approve_consent"
    WIDEN_CONSENT = "widen_consent"
    EXPORT_DATA = "export_data"
    DELETE_ACCOUNT = "delete_account"
    CREATE_DELEGATION = "create_delegation"
    USE_DELEGATION = "use_delegation"
    START_RECOVERY = "start_recovery"
    COMPLETE_RECOVERY = "complete_recovery"
    ANSWER_HELP_DESK = "answer_help_desk"
    STAFF_ENTER = "staff_enter"
    STAFF_OPEN_RECORD = "staff_open_record"
    STAFF_NOTE_EVIDENCE = "staff_note_evidence"
    STAFF_PROPOSE_RECOVERY = "staff_propose_recovery"
    STAFF_APPROVE_RECOVERY = "staff_approve_recovery"
    STAFF_APPROVE_POLICY = "staff_approve_policy"
    STAFF_PROPOSE_ROLE = "staff_propose_role"
    STAFF_APPROVE_ROLE = "staff_approve_role"
    STAFF_BREAK_GLASS = "staff_break_glass"
    STAFF_RESTRICT = "staff_restrict"
    STAFF_REVIEW_RESTRICTION = "staff_review_restriction"
    ISSUE_TOKEN = "issue_token"  # noqa: S105  (a name, not a secret)
    REFRESH_TOKEN = "refresh_token"  # noqa: S105  (a name, not a secret)
    USE_TOKEN = "use_token"  # noqa: S105  (a name, not a secret)


USE_SCOPE = "use_scope."  # rows "use_scope.phone": a token is used for that scope
PARTNER = "partner."  # rows "partner.payment": an action of a partner's or gateway's own
_OPEN = (USE_SCOPE, PARTNER)


class Sensitivity(IntEnum):
    """What a mistake would cost, ordered."""

    LOW = 0
    MODERATE = 1
    HIGH = 2
    CRITICAL = 3


class Trigger(StrEnum):
    """Why an action is in the catalogue."""

    FRAUD = "fraud"
    DATA_EXPOSURE = "data_exposure"
    REGULATORY = "regulatory"


class Needs(StrEnum):
    """The assurance an action needs (NIST SP 800-63B-4; "phr" is phishing-resistant)."""

    NOTHING = "nothing"
    AAL1 = "aal1"
    SECOND_FACTOR_IF_HELD = "second_factor_if_held"  # two factors from whoever owns a second one
    HIGHEST = "highest"  # the most that this customer can prove
    AAL2 = "aal2"
    PHR = "phr"

    def level(self, highest: Level) -> Level:
        """The level this means for a customer who can prove ``highest`` at most."""
        match self:
            case Needs.NOTHING:
                return Level.NONE
            case Needs.AAL1:
                return Level.AAL1
            case Needs.SECOND_FACTOR_IF_HELD:
                return max(Level.AAL1, min(highest, Level.AAL2))
            case Needs.HIGHEST:
                return max(Level.AAL1, highest)
            case Needs.AAL2:
                return Level.AAL2
            case Needs.PHR:
                return Level.PHR


class InQuarantine(StrEnum):
    """What becomes of an action for a while after access was restored without signing in."""

    ALLOW = "allow"  # as ever
    HOLD = "hold"  # it waits until the quarantine is over


@dataclass(frozen=True, slots=True)
class Row:
    """What one action needs. ``fresh_seconds`` 0: any time in this session. A ceiling of None is never reached.

    ``large`` gives, for a currency (ISO 4217), the amount in minor units from which ``large_action`` decides instead;
    an amount in any other currency, or that is no number, counts as large.
    """

    sensitivity: Sensitivity
    triggers: tuple[Trigger, ...]
    needs: Needs
    fresh_seconds: int
    channels: tuple[Channel, ...]
    challenge_from: Risk | None
    hold_from: Risk | None
    deny_from: Risk | None
    in_quarantine: InQuarantine
    large: tuple[tuple[str, int], ...] = ()
    large_action: str = ""


_LONGEST_FRESH = 43_200
OPTIONAL = {"large", "large_action"}
REQUIRED = {item.name for item in fields(Row)} - OPTIONAL
# What a quarantine is for: whoever recovered an account by fraud could not keep, empty or end it meanwhile.
HELD = frozenset({
    Action.CHANGE_EMAIL, Action.CHANGE_PHONE, Action.REMOVE_FACTOR, Action.APPROVE_CONSENT, Action.WIDEN_CONSENT,
    Action.EXPORT_DATA, Action.DELETE_ACCOUNT, Action.CREATE_DELEGATION, Action.CHANGE_RECOVERY_ADDRESS,
})  # fmt: skip
# What a new password alone must never change, so that a reset leads to none of it before an old factor has succeeded.
RESTS_ON_FACTORS = frozenset({
    Action.CHANGE_EMAIL, Action.CHANGE_PHONE, Action.CHANGE_RECOVERY_ADDRESS, Action.CHANGE_PASSWORD,
    Action.ADD_FACTOR, Action.REMOVE_FACTOR, Action.VIEW_BACKUP_CODES,
})  # fmt: skip
# The loosest that a row of each sensitivity may be: freshness (0 means any time), and the ceilings.
_FLOORS: dict[Sensitivity, tuple[int, Risk | None, Risk | None, Risk | None]] = {
    Sensitivity.LOW: (0, None, None, None),
    Sensitivity.MODERATE: (0, Risk.HIGH, None, Risk.SEVERE),
    Sensitivity.HIGH: (3600, Risk.MODERATE, Risk.SEVERE, Risk.SEVERE),
    Sensitivity.CRITICAL: (900, Risk.MODERATE, Risk.HIGH, Risk.SEVERE),
}


def parse(table: Mapping[str, Any]) -> dict[str, Row]:
    """The rows of ``[actions]``. Raises UnsafePolicy for one that is missing, unknown, malformed or too weak."""
    known = {action.value for action in Action}
    missing = sorted(known - set(table))
    if missing:
        raise UnsafePolicy(f"Policy: [actions] lacks {', '.join(missing)}.")
    unknown = sorted(name for name in set(table) - known if not name.startswith(_OPEN))
    if unknown:
        raise UnsafePolicy(
            f"Policy: [actions] has an unknown action: {', '.join(unknown)}. "
            f"Names of your own begin with {' or '.join(_OPEN)}"
        )
    rows = {name: _row(name, table[name]) for name in sorted(table)}
    for name, row in rows.items():
        if row.large_action:
            _check_large(name, row, rows)
    return rows


def _row(name: str, table: Any) -> Row:  # noqa: ANN401  (TOML in)
    where = f"[actions.{name}]"
    if not isinstance(table, dict):
        raise UnsafePolicy(f"Policy: {where} must be a table.")
    missing, unknown = sorted(REQUIRED - set(table)), sorted(set(table) - REQUIRED - OPTIONAL)
    if missing:
        raise UnsafePolicy(f"Policy: {where} lacks {', '.join(missing)}.")
    if unknown:
        raise UnsafePolicy(f"Policy: {where} has an unknown key: {', '.join(unknown)}.")
    row = Row(
        sensitivity=_named(where, "sensitivity", table["sensitivity"], Sensitivity),
        triggers=_several(where, "triggers", table["triggers"], Trigger),
        needs=_coded(where, "needs", table["needs"], Needs),
        fresh_seconds=_seconds(where, table["fresh_seconds"]),
        channels=_several(where, "channels", table["channels"], Channel),
        challenge_from=_ceiling(where, "challenge_from", table["challenge_from"]),
        hold_from=_ceiling(where, "hold_from", table["hold_from"]),
        deny_from=_ceiling(where, "deny_from", table["deny_from"]),
        in_quarantine=_coded(where, "in_quarantine", table["in_quarantine"], InQuarantine),
        large=_amounts(where, table.get("large", {})),
        large_action=str(table.get("large_action", "")),
    )
    _check_strength(where, row)
    if name in HELD and row.in_quarantine is not InQuarantine.HOLD:
        raise UnsafePolicy(f"Policy: {where} is what a quarantine is for, so in_quarantine must be hold.")
    if name in RESTS_ON_FACTORS and row.needs in {Needs.NOTHING, Needs.AAL1}:
        raise UnsafePolicy(f"Policy: {where} would follow from a new password alone, so needs must ask for a factor.")
    return row


def unsaid(name: str) -> dict[str, Any]:
    """What a row of the operator's own says of a column that is newer than the row: the safe word.

    Reading with a token goes on in quarantine, as it does in every row of the portal's own.
    """
    return {"in_quarantine": (InQuarantine.ALLOW if name.startswith(USE_SCOPE) else InQuarantine.HOLD).value}


def _check_strength(where: str, row: Row) -> None:
    fresh, *floors = _FLOORS[row.sensitivity]
    word = row.sensitivity.name.lower()
    machine = row.needs is Needs.NOTHING  # nobody is signed in, so nothing can be fresh
    if fresh and not machine and not 0 < row.fresh_seconds <= fresh:
        raise UnsafePolicy(f"Policy: {where} is {word}, so fresh_seconds must be 1..{fresh}.")
    for key, value, floor in zip(_CEILINGS, (row.challenge_from, row.hold_from, row.deny_from), floors, strict=True):
        if floor is not None and (value is None or value > floor):
            raise UnsafePolicy(f"Policy: {where} is {word}, so {key} may not be above {floor.name.lower()}.")
    if row.sensitivity is Sensitivity.CRITICAL and row.needs not in {Needs.HIGHEST, Needs.AAL2, Needs.PHR}:
        raise UnsafePolicy(f"Policy: {where} is critical, so needs must be highest, aal2 or phr.")
    order = [value for value in (row.challenge_from, row.hold_from, row.deny_from) if value is not None]
    if order != sorted(order):
        raise UnsafePolicy(f"Policy: {where}: challenge_from, hold_from and deny_from must not fall.")


_CEILINGS = ("challenge_from", "hold_from", "deny_from")


def _check_large(name: str, row: Row, rows: Mapping[str, Row]) -> None:
    target = rows.get(row.large_action)
    if target is None or target.large_action:
        raise UnsafePolicy(f"Policy: [actions.{name}]: large_action must name a row that has no large_action itself.")
    if target.sensitivity < row.sensitivity:
        raise UnsafePolicy(f"Policy: [actions.{name}]: {row.large_action} may not be less sensitive.")
    if row.in_quarantine is InQuarantine.HOLD and target.in_quarantine is not InQuarantine.HOLD:
        raise UnsafePolicy(f"Policy: [actions.{name}]: {row.large_action} must be held in quarantine too.")


def _named(where: str, key: str, value: object, kind: type[Sensitivity] | type[Risk]) -> Any:  # noqa: ANN401
    for member in kind:
        if value == member.name.lower():
            return member
    known = ", ".join(member.name.lower() for member in kind)
    raise UnsafePolicy(f"Policy: {where}: {key} must be one of {known}, not {value!r}.")


def _coded(where: str, key: str, value: object, kind: type[Any]) -> Any:  # noqa: ANN401
    if isinstance(value, str) and value in {member.value for member in kind}:
        return kind(value)
    known = ", ".join(member.value for member in kind)
    raise UnsafePolicy(f"Policy: {where}: {key} must be one of {known}, not {value!r}.")


def _several(where: str, key: str, value: object, kind: type[Any]) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value or len(value) != len(set(map(str, value))):
        raise UnsafePolicy(f"Policy: {where}: {key} must be a list, not empty, each entry once.")
    return tuple(_coded(where, key, item, kind) for item in value)


def _ceiling(where: str, key: str, value: object) -> Risk | None:
    if value == "never":
        return None
    level: Risk = _named(where, key, value, Risk)
    if level is Risk.LOW:
        raise UnsafePolicy(f"Policy: {where}: {key} must be moderate, high, severe or never.")
    return level


def _seconds(where: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST_FRESH:
        raise UnsafePolicy(f"Policy: {where}: fresh_seconds must be 0..{_LONGEST_FRESH}, not {value!r}.")
    return value


def _amounts(where: str, value: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, dict):
        raise UnsafePolicy(f"Policy: {where}: large must be a table of currencies and amounts in minor units.")
    for currency, amount in value.items():
        code = len(currency) == 3 and currency.isascii() and currency.isupper()  # noqa: PLR2004  (ISO 4217)
        if not code or isinstance(amount, bool) or not isinstance(amount, int) or amount < 1:
            raise UnsafePolicy(f"Policy: {where}: large.{currency} must be a whole number of minor units above 0.")
    return tuple(sorted(value.items()))
