"""The questions of getting back in, as tables; the drawing held to the table; and what must never loosen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from ciam_portal.core.policy import limits as limits_module
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold, Risk
from recovery.addresses import policy as addresses
from recovery.case.policy import cases, renewal, states
from recovery.case.policy.cases import Asked, CaseFacts, Helper, Reason
from recovery.case.policy.evidence import (
    ALONE,
    CODES,
    DESK,
    FACTORS,
    Needed,
    Strength,
    Vouched,
    Way,
    strength,
    vouched,
    weight,
)
from recovery.case.policy.renewal import RenewalFacts
from recovery.case.policy.states import LIVE, TRANSITIONS, State, Verb, after
from recovery.case.policy.waiting import Weighty, earliest_completion

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = limits_module.load()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WITH, WITHOUT = Needed(factors=True), Needed(factors=False)
DOUBTFUL = Needed(factors=True, factors_count=False)
ANN, BEN, EVE = UUID(int=1), UUID(int=2), UUID(int=3)
OPEN = CaseFacts(State.OPEN, NOON - HOUR, (), WITH, account_active=True)
WEIGHTY = Weighty(NOON, Strength.TWO_CODES, Risk.LOW)
COOLING = replace(
    OPEN, state=State.COOLING_OFF, shown=(Way.MAIL, Way.SAVED), ready=replace(WEIGHTY, started_at=NOON - DAY)
)
HELPED = replace(OPEN, opened_by=EVE, noted_by=(EVE,), proposer_stands=True)
PROPOSED = replace(HELPED, state=State.PROPOSED, proposed_by=ANN, proposed_at=NOON - HOUR)
AGENT = Helper(ANN, is_agent=True, is_customer=False, acts_here=True, has_opened=True)
APPROVER = Helper(BEN, is_approver=True, is_customer=False, acts_here=True)
ASK = {"limits": LIMITS, "at": NOON}


def test_the_drawing_is_the_table() -> None:
    drawn: dict[tuple[State, Verb], State] = {}
    for line in (states.__doc__ or "").splitlines():
        if "->" not in line:
            continue
        left, rest = line.strip().split(" -", 1)
        verb, to = rest.split("-> ")
        for state in left.split():
            drawn[State[state], Verb(verb)] = State[to]
    assert drawn == TRANSITIONS


def test_whatever_is_over_stays_so_and_whatever_is_not_drawn_is_refused() -> None:
    over = set(State) - set(LIVE)
    assert over == {State.COMPLETED, State.REJECTED, State.CANCELLED, State.EXPIRED}
    assert all(after(state, verb) is None for state in over for verb in Verb)
    assert after(State.OPEN, Verb.COMPLETE) is None


@pytest.mark.control("v5.0.0-6.4.4")
@pytest.mark.parametrize(
    ("shown", "needed", "found"),
    [
        ((), WITHOUT, Strength.NONE),
        ((Way.MAIL,), WITHOUT, Strength.WEAK),
        ((Way.SMS,), WITHOUT, Strength.WEAK),
        ((Way.PASSWORD,), WITHOUT, Strength.NONE),
        ((Way.MAIL,), WITH, Strength.NONE),
        ((Way.MAIL, Way.MAIL), WITH, Strength.NONE),
        ((Way.SMS,), WITH, Strength.NONE),
        ((Way.MAIL, Way.PASSWORD), WITH, Strength.NONE),
        ((Way.APP,), WITH, Strength.NONE),
        ((Way.APP, Way.PASSKEY), WITH, Strength.NONE),
        ((Way.CALLED_BACK, Way.DOCUMENT), WITH, Strength.NONE),
        ((Way.MAIL, Way.SMS), WITH, Strength.NONE),
        ((Way.MAIL, Way.SMS), WITHOUT, Strength.WEAK),
        ((Way.CONTACT,), WITH, Strength.NONE),
        ((Way.CONTACT, Way.CONTACT), WITH, Strength.NONE),
        ((Way.CONTACT, Way.PASSWORD), WITH, Strength.NONE),
        ((Way.CONTACT,), WITHOUT, Strength.WEAK),
        ((Way.MAIL, Way.CONTACT), WITH, Strength.TWO_CODES),
        ((Way.SMS, Way.CONTACT), WITH, Strength.TWO_CODES),
        ((Way.MAIL, Way.SAVED), WITH, Strength.TWO_CODES),
        ((Way.SMS, Way.SAVED), WITH, Strength.TWO_CODES),
        ((Way.SMS, Way.APP), WITH, Strength.CODE_AND_FACTOR),
        ((Way.SAVED, Way.CONTACT), WITH, Strength.TWO_CODES),
        ((Way.MAIL, Way.APP), WITH, Strength.CODE_AND_FACTOR),
        ((Way.SAVED, Way.PASSKEY), WITH, Strength.CODE_AND_FACTOR),
        ((Way.MAIL, Way.APP), DOUBTFUL, Strength.NONE),
        ((Way.MAIL, Way.APP, Way.PASSKEY), DOUBTFUL, Strength.NONE),
        ((Way.MAIL, Way.SMS), DOUBTFUL, Strength.NONE),
        ((Way.MAIL, Way.SAVED), DOUBTFUL, Strength.TWO_CODES),
        ((Way.MAIL, Way.SMS, Way.APP), DOUBTFUL, Strength.NONE),
    ],
)
def test_what_was_shown_is_enough_for(shown: tuple[Way, ...], needed: Needed, found: Strength) -> None:
    assert strength(shown, needed) is found


@pytest.mark.control("v5.0.0-2.3.5", "v5.0.0-6.4.4")
@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ((), Vouched.NOT_YET),
        ((Way.CALLED_BACK,), Vouched.NOT_YET),
        ((Way.CALLED_BACK, Way.READ_BACK), Vouched.NOT_YET),
        ((Way.CALLED_BACK, Way.IN_SESSION), Vouched.NOT_YET),
        ((Way.CALLED_BACK, Way.DOCUMENT), Vouched.NOT_YET),
        ((Way.DOCUMENT,), Vouched.NOT_YET),
        ((Way.DOCUMENT, Way.MAIL, Way.SMS, Way.APP), Vouched.NOT_YET),
        ((Way.READ_BACK, Way.DOCUMENT), Vouched.SLOWLY),
        ((Way.READ_BACK, Way.IN_SESSION), Vouched.SLOWLY),
        ((Way.READ_BACK, Way.DOCUMENT, Way.CALLED_BACK), Vouched.ENOUGH),
        ((Way.DOCUMENT, Way.IN_SESSION), Vouched.ENOUGH),
    ],
)
def test_how_far_what_staff_noted_leads(shown: tuple[Way, ...], found: Vouched) -> None:
    assert vouched(shown, limits=LIMITS) is found


@pytest.mark.control("v5.0.0-2.3.5")
@given(
    some.dictionaries(some.sampled_from(Way), some.integers(1, 4)),
    some.integers(6, 11),
    some.integers(4, 5),
)
def test_without_any_one_agents_own_notes_there_is_still_what_the_policy_asks(
    noted: dict[Way, int], enough: int, apart: int
) -> None:
    """Whoever noted what, and whatever an operator may set. A document is never one agent's own note."""
    rules = replace(LIMITS, recovery=replace(LIMITS.recovery, desk_weight=enough, desk_weight_apart=apart))
    assume(vouched(noted, limits=rules) is not Vouched.NOT_YET)
    for agent in set(noted.values()):
        others = [way for way, by in noted.items() if by != agent or way not in ALONE]
        assert weight(others) >= apart
        assert len(frozenset(others) & set(DESK)) > 1


@given(some.frozensets(some.sampled_from(Way)), some.sampled_from(Way))
def test_one_more_thing_never_leads_less_far(shown: frozenset[Way], more: Way) -> None:
    assert vouched(shown, limits=LIMITS) <= vouched(shown | {more}, limits=LIMITS)


def test_the_help_desk_adds_up_each_way_once() -> None:
    assert weight((Way.CALLED_BACK, Way.CALLED_BACK)) == DESK[Way.CALLED_BACK]
    assert weight((Way.CALLED_BACK, Way.READ_BACK)) == 5 < LIMITS.recovery.desk_weight
    assert weight((Way.MAIL, Way.PASSWORD)) == 0
    assert not (CODES | FACTORS) & set(DESK)


@pytest.mark.parametrize(
    ("change", "hours"),
    [
        ({"strength": Strength.CODE_AND_FACTOR}, 0),
        ({"strength": Strength.CODE_AND_FACTOR, "risk": Risk.MODERATE}, 24),
        ({"strength": Strength.CODE_AND_FACTOR, "risk": None}, 24),
        ({"strength": Strength.CODE_AND_FACTOR, "risk": Risk.HIGH}, 168),
        ({}, 24),
        ({"risk": Risk.MODERATE}, 72),
        ({"risk": None}, 72),
        ({"risk": Risk.SEVERE}, 168),
        ({"strength": Strength.WEAK}, 24),
        ({"strength": Strength.WEAK, "risk": Risk.MODERATE}, 168),
        ({"strength": Strength.NONE, "by_desk": True}, 24),
        ({"strength": Strength.CODE_AND_FACTOR, "by_desk": True}, 24),
        ({"strength": Strength.NONE, "by_desk": True, "risk": None}, 72),
        ({"strength": Strength.NONE, "by_desk": True, "slowly": True, "risk": None}, 168),
        ({"strength": Strength.NONE, "by_desk": True, "slowly": True}, 168),
        ({"contact_changed_at": NOON - HOUR}, 167),
        ({"contact_changed_at": NOON + DAY}, 192),
        ({"contact_changed_at": NOON - 7 * DAY + HOUR}, 24),
        ({"strength": Strength.CODE_AND_FACTOR, "contact_changed_at": NOON - 7 * DAY + HOUR}, 24),
        ({"strength": Strength.CODE_AND_FACTOR, "contact_changed_at": NOON - 7 * DAY}, 0),
    ],
)
def test_the_wait(change: dict[str, object], hours: int) -> None:
    assert earliest_completion(replace(WEIGHTY, **change), limits=LIMITS) == NOON + hours * HOUR  # type: ignore[arg-type]


_RISKS = (Risk.LOW, Risk.MODERATE, Risk.HIGH, Risk.SEVERE)
_INSTANTS = some.none() | some.integers(-1000, 1000).map(lambda hours: NOON + hours * HOUR)
_WEIGHTY = some.builds(
    Weighty,
    started_at=some.just(NOON),
    strength=some.sampled_from(Strength),
    risk=some.none() | some.sampled_from(_RISKS),
    by_desk=some.booleans(),
    slowly=some.booleans(),
    contact_changed_at=_INSTANTS,
)


def _of(facts: Weighty) -> datetime:
    return earliest_completion(facts, limits=LIMITS)


@given(_WEIGHTY, some.sampled_from(_RISKS), some.sampled_from(_RISKS))
def test_more_risk_never_shortens_the_wait_and_unknown_is_not_low(facts: Weighty, one: Risk, two: Risk) -> None:
    lower, higher = sorted((one, two))
    assert _of(replace(facts, risk=lower)) <= _of(replace(facts, risk=higher))
    assert _of(replace(facts, risk=Risk.LOW)) <= _of(replace(facts, risk=None))


@given(_WEIGHTY, some.sampled_from(Strength), some.sampled_from(Strength))
def test_weaker_evidence_never_shortens_the_wait(facts: Weighty, one: Strength, two: Strength) -> None:
    weaker, stronger = sorted((one, two))
    assert _of(replace(facts, strength=stronger)) <= _of(replace(facts, strength=weaker))


@given(_WEIGHTY)
def test_a_change_of_contact_never_shortens_the_wait(facts: Weighty) -> None:
    assert _of(replace(facts, contact_changed_at=None)) <= _of(facts)
    if facts.contact_changed_at is not None:
        assert _of(facts) <= _of(replace(facts, contact_changed_at=facts.contact_changed_at + HOUR))


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (Asked(2, 10), Allow()),
        (Asked(3, 3), Deny(Reason.TOO_MANY)),
        (Asked(1, 11), Deny(Reason.TOO_MANY)),
    ],
)
def test_may_open(asked: Asked, answer: Decision) -> None:
    assert cases.may_open(asked, **ASK) == answer  # type: ignore[arg-type]


OLD = {"opened_at": NOON - 14 * DAY}
CLOSED = {"account_active": False}
SEEN = {"proven_elsewhere_at": NOON - HOUR}
SEEN_BEFORE = {"proven_elsewhere_at": NOON - 2 * HOUR}
OVERTAKEN = [
    (OLD, Deny(Reason.NOT_POSSIBLE)),
    (CLOSED, Deny(Reason.ACCOUNT_CLOSED)),
    (SEEN, Deny(Reason.SIGNED_IN_SINCE)),
]


@pytest.mark.parametrize(
    ("change", "answer"),
    [*OVERTAKEN, ({}, Allow()), (SEEN_BEFORE, Allow()), ({"state": State.PROVEN}, Deny(Reason.NOT_POSSIBLE))],
)
def test_may_show(change: dict[str, object], answer: Decision) -> None:
    assert cases.may_show(replace(OPEN, **change), **ASK) == answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        *OVERTAKEN,
        ({}, Allow()),
        ({"shown": (Way.MAIL,)}, Deny(Reason.NOT_ENOUGH)),
        ({"state": State.COMPLETED}, Deny(Reason.NOT_POSSIBLE)),
    ],
)
def test_may_prove(change: dict[str, object], answer: Decision) -> None:
    case = replace(OPEN, shown=(Way.MAIL, Way.SAVED))
    assert cases.may_prove(replace(case, **change), **ASK) == answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        *OVERTAKEN,
        ({}, Allow()),
        ({"shown": (Way.MAIL,)}, Deny(Reason.NOT_ENOUGH)),
        ({"state": State.APPROVED, "shown": ()}, Allow()),
        ({"state": State.OPEN}, Deny(Reason.NOT_POSSIBLE)),
    ],
)
def test_may_cool_off(change: dict[str, object], answer: Decision) -> None:
    case = replace(OPEN, state=State.PROVEN, shown=(Way.MAIL, Way.SAVED))
    assert cases.may_cool_off(replace(case, **change), **ASK) == answer  # type: ignore[arg-type]


@pytest.mark.parametrize("state", State)
def test_may_cancel_whatever_lives(state: State) -> None:
    answer = cases.may_cancel(replace(OPEN, state=state), **ASK)  # type: ignore[arg-type]
    assert answer == (Allow() if state in LIVE else Deny(Reason.NOT_POSSIBLE))


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (OLD, Allow()),
        (CLOSED, Allow()),
        (SEEN, Allow()),
        ({}, Deny(Reason.STILL_GOING)),
        ({"state": State.PROPOSED, "proposed_at": NOON - DAY}, Allow()),
        ({"state": State.PROPOSED, "proposed_at": NOON - DAY + HOUR}, Deny(Reason.STILL_GOING)),
        ({"state": State.COOLING_OFF, "channel_stands": False}, Allow()),
        (
            OLD | {"state": State.COOLING_OFF, "ready": replace(WEIGHTY, started_at=NOON - DAY)},
            Deny(Reason.STILL_GOING),
        ),
        ({"state": State.COMPLETED}, Deny(Reason.NOT_POSSIBLE)),
    ],
)
def test_may_expire(change: dict[str, object], answer: Decision) -> None:
    assert cases.may_expire(replace(OPEN, **change), **ASK) == answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        *OVERTAKEN[1:],
        (OLD, Allow()),
        (OLD | {"ready": replace(WEIGHTY, started_at=NOON - 4 * DAY)}, Deny(Reason.NOT_POSSIBLE)),
        ({}, Allow()),
        ({"ready": replace(WEIGHTY, started_at=NOON - DAY + HOUR)}, Hold(Reason.COOLING_OFF, NOON + HOUR)),
        ({"ready": None}, Deny(Reason.NOT_ENOUGH)),
        ({"ready": replace(WEIGHTY, strength=Strength.NONE)}, Deny(Reason.NOT_ENOUGH)),
        ({"ready": replace(WEIGHTY, strength=Strength.NONE, by_desk=True)}, Hold(Reason.COOLING_OFF, NOON + DAY)),
        ({"state": State.PROVEN}, Deny(Reason.NOT_POSSIBLE)),
    ],
)
def test_may_complete_and_be_told(change: dict[str, object], answer: Decision) -> None:
    case = replace(COOLING, **change)  # type: ignore[arg-type]
    assert cases.may_complete(case, **ASK) == answer  # type: ignore[arg-type]
    assert cases.may_say_ready(case, False, **ASK) == answer  # type: ignore[arg-type]  # noqa: FBT003
    assert cases.may_say_ready(case, True, **ASK) == Deny(Reason.TOLD)  # type: ignore[arg-type]  # noqa: FBT003


SECOND = timedelta(seconds=1)
LATE = replace(COOLING, opened_at=NOON - 14 * DAY + SECOND)


@pytest.mark.parametrize(
    ("case", "end"),
    [
        (OPEN, OPEN.opened_at + 14 * DAY),
        # Begun to wait on the first day: the days of a case decide.
        (replace(COOLING, opened_at=NOON - DAY), NOON + 13 * DAY),
        # Begun on the last, for a day or a week, or begun anew by a change of address: the time to finish decides.
        (replace(LATE, ready=WEIGHTY), NOON + 4 * DAY),
        (replace(LATE, ready=replace(WEIGHTY, risk=Risk.SEVERE)), NOON + 10 * DAY),
        (replace(LATE, ready=replace(WEIGHTY, contact_changed_at=NOON + 7 * DAY)), NOON + 17 * DAY),
    ],
    ids=["open", "early", "late", "late and long", "late and changed"],
)
def test_a_case_that_waits_lives_until_it_could_be_finished(case: CaseFacts, end: datetime) -> None:
    assert cases.ends_at(case, limits=LIMITS) == end
    for instant, over in ((end - SECOND, False), (end, True)):
        answer = cases.may_expire(case, limits=LIMITS, at=instant)
        assert answer == (Allow() if over else Deny(Reason.STILL_GOING))
        if case.ready is not None:
            assert cases.may_complete(case, limits=LIMITS, at=instant) == (
                Deny(Reason.NOT_POSSIBLE) if over else Allow()
            )


@given(_WEIGHTY, some.integers(0, 14 * 24 - 1))
def test_whatever_the_wait_there_is_time_to_finish_after_it(facts: Weighty, hours: int) -> None:
    assume(facts.by_desk or facts.strength is not Strength.NONE)
    case = replace(COOLING, opened_at=NOON - hours * HOUR, ready=facts)
    ready_at = _of(facts)
    assert cases.may_complete(case, limits=LIMITS, at=ready_at) == Allow()
    window = timedelta(hours=LIMITS.recovery.finish_hours)
    assert cases.may_complete(case, limits=LIMITS, at=ready_at + window - SECOND) == Allow()


@pytest.mark.parametrize(
    ("change", "helper", "answer"),
    [
        *((change, {}, answer) for change, answer in OVERTAKEN),
        ({}, {}, Allow()),
        ({}, {"is_agent": False}, Deny(Reason.NOT_YOUR_ROLE)),
        ({}, {"acts_here": False}, Deny(Reason.NOT_YOUR_ROLE)),
        ({}, {"has_opened": False}, Deny(Reason.RECORD_SHUT)),
        ({"opened_by": None}, {}, Deny(Reason.NOT_HELPED)),
        ({"channel_stands": False}, {}, Deny(Reason.NO_CHANNEL)),
        ({"shown": (Way.CALLED_BACK, Way.READ_BACK)}, {}, Deny(Reason.NOT_ENOUGH)),
        ({"told_apart": True}, {}, Deny(Reason.NOT_ENOUGH)),
        ({"told_apart": True, "shown": (Way.READ_BACK, Way.DOCUMENT)}, {}, Allow()),
        ({}, {"is_customer": True}, Deny(Reason.OWN_ACCOUNT)),
        ({"shown": (Way.CALLED_BACK,)}, {}, Deny(Reason.NOT_ENOUGH)),
    ],
)
def test_may_propose(change: dict[str, object], helper: dict[str, object], answer: Decision) -> None:
    case = replace(HELPED, shown=(Way.CALLED_BACK, Way.DOCUMENT))
    asked = replace(case, **change), replace(AGENT, **helper)  # type: ignore[arg-type]
    assert cases.may_propose(*asked, **ASK) == answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "helper", "answer"),
    [
        *((change, {}, answer) for change, answer in OVERTAKEN),
        ({}, {}, Allow()),
        ({}, {"is_approver": False}, Deny(Reason.NOT_YOUR_ROLE)),
        ({}, {"is_customer": True}, Deny(Reason.OWN_ACCOUNT)),
        ({}, {"acts_here": False}, Deny(Reason.NOT_YOUR_ROLE)),
        ({}, {"id": ANN}, Deny(Reason.SAME_PERSON)),
        ({"approved_by": BEN, "approver_stands": True}, {}, Deny(Reason.APPROVED_ALREADY)),
        ({"approved_by": EVE, "approver_stands": True}, {}, Allow()),
        ({"approved_by": EVE}, {}, Deny(Reason.APPROVER_GONE)),
        ({}, {"id": EVE}, Deny(Reason.NOTED_EVIDENCE)),
        ({"opened_by": BEN}, {}, Deny(Reason.NOTED_EVIDENCE)),
        ({"noted_by": (BEN, EVE)}, {}, Deny(Reason.NOTED_EVIDENCE)),
        ({"opened_by": None}, {}, Deny(Reason.NOT_HELPED)),
        ({"proposer_stands": False}, {}, Deny(Reason.PROPOSER_GONE)),
        ({"channel_stands": False}, {}, Deny(Reason.CHANNEL_GONE)),
        ({"proposed_by": None}, {}, Deny(Reason.SAME_PERSON)),
        ({"proposed_at": NOON - DAY}, {}, Deny(Reason.PROPOSAL_OLD)),
        ({"proposed_at": None}, {}, Deny(Reason.PROPOSAL_OLD)),
        ({"state": State.OPEN}, {}, Deny(Reason.NOT_POSSIBLE)),
    ],
)
def test_may_approve(change: dict[str, object], helper: dict[str, object], answer: Decision) -> None:
    asked = replace(PROPOSED, **change), replace(APPROVER, **helper)  # type: ignore[arg-type]
    assert cases.may_approve(*asked, **ASK) == answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("helper", "answer"),
    [
        (APPROVER, Allow()),
        (AGENT, Allow()),
        (replace(AGENT, id=EVE), Deny(Reason.NOT_YOUR_ROLE)),
        (replace(APPROVER, acts_here=False), Deny(Reason.NOT_YOUR_ROLE)),
        (replace(APPROVER, is_customer=True), Deny(Reason.OWN_ACCOUNT)),
    ],
)
def test_may_reject(helper: Helper, answer: Decision) -> None:
    assert cases.may_reject(PROPOSED, helper, **ASK) == answer  # type: ignore[arg-type]
    assert cases.may_reject(replace(PROPOSED, state=State.COOLING_OFF), helper, **ASK) == answer  # type: ignore[arg-type]
    over = replace(PROPOSED, state=State.COMPLETED)
    refused = answer if answer != Allow() else Deny(Reason.NOT_POSSIBLE)
    assert cases.may_reject(over, helper, **ASK) == refused  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (addresses.AddressFacts(2, is_known=False), Allow()),
        (addresses.AddressFacts(3, is_known=False), Deny(addresses.Reason.ENOUGH)),
        (addresses.AddressFacts(0, is_known=True), Deny(addresses.Reason.KNOWN)),
    ],
)
def test_may_add_an_address(facts: addresses.AddressFacts, answer: Decision) -> None:
    assert addresses.may_add(facts, **ASK) == answer  # type: ignore[arg-type]


SAVED = RenewalFacts(State.COMPLETED, (Way.MAIL, Way.SAVED), just_now=True, has_factor=True)


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, True),
        ({"state": State.COOLING_OFF}, False),
        ({"shown": (Way.MAIL, Way.CONTACT)}, False),
        ({"just_now": False}, False),
        ({"has_factor": False}, False),
    ],
)
def test_may_renew_backup_codes(change: dict[str, object], allowed: bool) -> None:
    answer = renewal.may_renew(replace(SAVED, **change), **ASK)  # type: ignore[arg-type]
    assert answer == (Allow() if allowed else Deny(renewal.Reason.NOT_NOW))


def test_the_longest_wait_must_fit_into_a_case() -> None:
    tables = limits_module.tables(limits_module.read(limits_module.DEFAULT))
    tables["recovery"] |= {"longest_wait_hours": 168, "case_days": 7}
    with pytest.raises(limits_module.UnsafePolicy, match="longest_wait_hours must be shorter"):
        limits_module.parse(tables)
