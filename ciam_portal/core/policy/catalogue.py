"""The catalogue of sensitive actions: the part of ``policy.toml`` that says what each one needs.

One row for each action: how sensitive it is and why, the assurance it needs and how fresh, the doors it may come
through, and what happens above its risk ceilings. A row that would be weaker than its sensitivity allows is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, PlainValidator, StrictInt, StrictStr, TypeAdapter
from pydantic_core import PydanticCustomError

from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.policy.identity import Identity

T = TypeVar("T")


class Action(StrEnum):
    """Every sensitive action of the portal's own. Partners and applications have theirs in the policy file."""

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
    LINK_SIGN_IN = "link_sign_in"  # with another service
    VIEW_BACKUP_CODES = "view_backup_codes"
    ANSWER_ABOUT_SIGN_IN = "answer_about_sign_in"
    APPROVE_CONSENT = "approve_consent"
    WIDEN_CONSENT = "widen_consent"
    APPROVE_OFFLINE = "approve_offline"  # of a public partner
    MANAGE_PARTNER = "manage_partner"
    EXPORT_DATA = "export_data"
    DELETE_ACCOUNT = "delete_account"
    CREATE_DELEGATION = "create_delegation"
    ACCEPT_DELEGATION = "accept_delegation"  # or ask for one
    USE_DELEGATION = "use_delegation"
    PROVE_IDENTITY = "prove_identity"
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
    STAFF_MOVE_CUSTOMERS = "staff_move_customers"
    STAFF_BREAK_GLASS = "staff_break_glass"
    STAFF_RESTRICT = "staff_restrict"
    STAFF_REVIEW_RESTRICTION = "staff_review_restriction"
    STAFF_DECIDE_PARTNER = "staff_decide_partner"
    STAFF_DECIDE_PURPOSE = "staff_decide_purpose"
    ISSUE_TOKEN = "issue_token"  # noqa: S105  (a name, not a secret)
    REFRESH_TOKEN = "refresh_token"  # noqa: S105  (a name, not a secret)
    USE_TOKEN = "use_token"  # noqa: S105  (a name, not a secret)


USE_SCOPE = "use_scope."  # rows "use_scope.phone": a token is used for that scope
PARTNER = "partner."  # rows "partner.payment": an action of a partner's own
GATEWAY = "gateway."  # rows "gateway.admin": pages of applications behind the gateway
_OPEN = (USE_SCOPE, PARTNER, GATEWAY)


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


class Preset(StrEnum):
    """What people let others do, by a word: the rows that name one are what it begins with."""

    VIEW_ONLY = "view_only"
    PAY_BILLS = "pay_bills"
    MANAGE_APPOINTMENTS = "manage_appointments"
    DAILY_BUSINESS = "daily_business"


class InQuarantine(StrEnum):
    """What becomes of an action for a while after access was restored without signing in."""

    ALLOW = "allow"  # as ever
    HOLD = "hold"  # it waits until the quarantine is over


def _word(words: Mapping[str, Any]) -> PlainValidator:
    """A value that the file says in one of these words."""

    def read(value: object) -> Any:  # noqa: ANN401  (one of the words' meanings)
        if isinstance(value, str) and value in words:
            return words[value]
        raise PydanticCustomError("word", "must be one of {known}", {"known": ", ".join(words)})

    return PlainValidator(read)


def _each_once(found: tuple[T, ...]) -> tuple[T, ...]:
    if len(found) != len(set(found)):
        raise PydanticCustomError("repeated", "must name each entry once")
    return found


_Several = Annotated[tuple[T, ...], Field(min_length=1), AfterValidator(_each_once)]
_Ceiling = Annotated[Risk | None, _word({risk.name.lower(): risk for risk in Risk if risk} | {"never": None})]
_AMOUNTS = TypeAdapter(dict[Annotated[str, Field(pattern="^[A-Z]{3}$")], Annotated[StrictInt, Field(ge=1)]])


def _amounts(value: object) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(_AMOUNTS.validate_python(value).items()))


@dataclass(frozen=True, slots=True)
class Row:
    """What one action needs. ``fresh_seconds`` 0: any time in this session. A ceiling of None is never reached.

    ``large`` gives, for a currency (ISO 4217), the amount in minor units from which ``large_action`` decides instead;
    an amount in any other currency, or that is no number, counts as large. ``presets``: in which of them it is.
    ``proofing``: how well it must be known who the customer is, at least.
    """

    sensitivity: Annotated[Sensitivity, _word({level.name.lower(): level for level in Sensitivity})]
    triggers: _Several[Trigger]
    needs: Needs
    fresh_seconds: Annotated[StrictInt, Field(ge=0, le=43_200)]
    channels: _Several[Channel]
    challenge_from: _Ceiling
    hold_from: _Ceiling
    deny_from: _Ceiling
    in_quarantine: InQuarantine
    large: Annotated[tuple[tuple[str, int], ...], PlainValidator(_amounts)] = ()
    large_action: StrictStr = ""
    presets: Annotated[tuple[Preset, ...], AfterValidator(_each_once)] = ()
    proofing: Annotated[Identity, _word({level.word: level for level in Identity})] = Identity.SELF_ASSERTED


OPTIONAL = {"large", "large_action", "presets", "proofing"}
# Without these nobody could show who they are.
_BEFORE_IDENTITY = frozenset({
    Action.SIGN_UP, Action.SIGN_IN, Action.PROVE_IDENTITY, Action.START_RECOVERY, Action.COMPLETE_RECOVERY,
})  # fmt: skip
# What a quarantine is for: whoever recovered an account by fraud could not keep, empty or end it meanwhile.
HELD = frozenset({
    Action.CHANGE_EMAIL, Action.CHANGE_PHONE, Action.REMOVE_FACTOR, Action.APPROVE_CONSENT, Action.WIDEN_CONSENT,
    Action.APPROVE_OFFLINE, Action.EXPORT_DATA, Action.DELETE_ACCOUNT, Action.CREATE_DELEGATION,
    Action.ACCEPT_DELEGATION,
    Action.CHANGE_RECOVERY_ADDRESS, Action.LINK_SIGN_IN,
})  # fmt: skip
# What a new password alone must never change, so that a reset leads to none of it before an old factor has succeeded.
RESTS_ON_FACTORS = frozenset({
    Action.CHANGE_EMAIL, Action.CHANGE_PHONE, Action.CHANGE_RECOVERY_ADDRESS, Action.CHANGE_PASSWORD,
    Action.ADD_FACTOR, Action.REMOVE_FACTOR, Action.VIEW_BACKUP_CODES, Action.LINK_SIGN_IN,
})  # fmt: skip
# What nobody does for somebody else, whatever was granted: all but what is named here, so what is new is not either.
NEVER_DELEGATED = frozenset({*(each.value for each in Action), "use_scope.activity"}) - {
    Action.SEE_PROFILE, Action.USE_DELEGATION, Action.ISSUE_TOKEN, Action.REFRESH_TOKEN, Action.USE_TOKEN,
}  # fmt: skip
# The loosest that a row of each sensitivity may be: freshness (0 means any time), and the ceilings.
_FLOORS: dict[Sensitivity, tuple[int, Risk | None, Risk | None, Risk | None]] = {
    Sensitivity.LOW: (0, None, None, None),
    Sensitivity.MODERATE: (0, Risk.HIGH, None, Risk.SEVERE),
    Sensitivity.HIGH: (3600, Risk.MODERATE, Risk.SEVERE, Risk.SEVERE),
    Sensitivity.CRITICAL: (900, Risk.MODERATE, Risk.HIGH, Risk.SEVERE),
}


def weaknesses(rows: Mapping[str, Row]) -> Iterator[str]:
    """What is wrong with the rows of ``[actions]`` together: one that is missing, unknown or too weak, in sentences."""
    known = {action.value for action in Action}
    for name in sorted(known - set(rows)):
        yield f"actions.{name} is missing."
    for name in sorted(set(rows) - known):
        if not name.startswith(_OPEN):
            yield f"actions.{name} is not known. Names of your own begin with {' or '.join(_OPEN)}"
    for name, row in sorted(rows.items()):
        for weakness in (*_weak(row), *_weak_here(name, row), *_weak_in_presets(row), *_weak_if_large(row, rows)):
            yield f"actions.{name}{weakness}."


def unsaid(name: str) -> dict[str, Any]:
    """What a row of the operator's own says of a column that is newer than the row: the safe word.

    Reading with a token goes on in quarantine, as it does in every row of the portal's own.
    """
    return {"in_quarantine": (InQuarantine.ALLOW if name.startswith(USE_SCOPE) else InQuarantine.HOLD).value}


def _weak(row: Row) -> Iterator[str]:
    fresh, *floors = _FLOORS[row.sensitivity]
    word = row.sensitivity.name.lower()
    machine = row.needs is Needs.NOTHING  # nobody is signed in, so nothing can be fresh
    if fresh and not machine and not 0 < row.fresh_seconds <= fresh:
        yield f" is {word}, so fresh_seconds must be 1..{fresh}"
    ceilings = {"challenge_from": row.challenge_from, "hold_from": row.hold_from, "deny_from": row.deny_from}
    for (key, value), floor in zip(ceilings.items(), floors, strict=True):
        if floor is not None and (value is None or value > floor):
            yield f" is {word}, so {key} may not be above {floor.name.lower()}"
    if row.sensitivity is Sensitivity.CRITICAL and row.needs not in {Needs.HIGHEST, Needs.AAL2, Needs.PHR}:
        yield " is critical, so needs must be highest, aal2 or phr"
    order = [value for value in ceilings.values() if value is not None]
    if order != sorted(order):
        yield ": challenge_from, hold_from and deny_from must not fall"


def _weak_here(name: str, row: Row) -> Iterator[str]:
    if name in HELD and row.in_quarantine is not InQuarantine.HOLD:
        yield " is what a quarantine is for, so in_quarantine must be hold"
    if name in RESTS_ON_FACTORS and row.needs in {Needs.NOTHING, Needs.AAL1}:
        yield " would follow from a new password alone, so needs must ask for a factor"
    if name in NEVER_DELEGATED and Channel.DELEGATED in row.channels:
        yield " is never done for somebody else, so channels may not name delegated"
    if name in _BEFORE_IDENTITY and row.proofing:
        yield " comes before anybody can show who they are, so proofing must be self_asserted"


def _weak_in_presets(row: Row) -> Iterator[str]:
    if row.presets and Channel.DELEGATED not in row.channels:
        yield " is part of a preset, so channels must name delegated"


def _weak_if_large(row: Row, rows: Mapping[str, Row]) -> Iterator[str]:
    if not row.large_action:
        return
    target = rows.get(row.large_action)
    if target is None or target.large_action:
        yield ".large_action must name a row that has no large_action itself"
        return
    if target.sensitivity < row.sensitivity:
        yield f".large_action: {row.large_action} may not be less sensitive"
    if target.proofing < row.proofing:
        yield f".large_action: {row.large_action} may not ask for less proofing"
    if row.in_quarantine is InQuarantine.HOLD and target.in_quarantine is not InQuarantine.HOLD:
        yield f".large_action: {row.large_action} must be held in quarantine too"
