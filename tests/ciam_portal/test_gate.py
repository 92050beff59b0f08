"""The gate: every row of the catalogue with its boundaries, and the laws that no policy file can break."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciam_portal.core import gate
from ciam_portal.core.gate import Facts, Reason, Trust
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.catalogue import (
    HELD,
    NEVER_DELEGATED,
    Action,
    InQuarantine,
    Needs,
    Row,
    Sensitivity,
    Trigger,
)
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold, Risk, StepUp, strictness
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.risk import assess
from ciam_portal.core.risk.evidence import Evidence, Term
from ciam_portal.core.risk.parameters import LIMITS as LIMITS_OF_RULES
from ciam_portal.core.risk.signals import Signals

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = limits.load()
SOON = NOON + timedelta(seconds=1)
NOW_AND = NOON + timedelta(hours=1)
HOME = Facts(
    channel=Channel.WEB,
    account_active=True,
    session_live=True,
    assurance=Assurance(Level.AAL1, NOON),
    highest=Level.AAL1,
    device=Trust.KNOWN,
    standing=Risk.LOW,
    signals=Signals(),
)
OWNER = replace(HOME, highest=Level.AAL2)
PROVEN = replace(OWNER, assurance=Assurance(Level.AAL2, NOON), challenged_at=NOON)
SEVERE = replace(OWNER, session_live=None, device=Trust.NONE, standing=Risk.SEVERE)
NEW = replace(HOME, device=Trust.NEW, device_known_at=NOON + timedelta(hours=3), challenged_at=NOON)


CHANGED = Signals(contact_changed_seconds=10 * 3600.0)
FORGOTTEN = replace(HOME, device=Trust.NONE, signals=replace(CHANGED, device_known=False))
YOUNG = replace(FORGOTTEN, device=Trust.NEW, signals=replace(CHANGED, device_known=True, device_age_seconds=60.0))
DAY_AFTER = NOON + timedelta(hours=14, seconds=1)


def ask(action: str, facts: Facts, policy: Limits = LIMITS) -> Decision:
    return gate.decide(action, facts, limits=policy, at=NOON)


def bare(answer: Decision) -> Decision:
    return replace(answer, findings=())


@pytest.mark.control("v5.0.0-7.5.1", "v5.0.0-7.5.3", "v5.0.0-8.2.4", "63B 4.1.2.1/b", "v5.0.0-8.1.3", "v5.0.0-8.1.4")
@pytest.mark.parametrize(
    ("action", "facts", "answer"),
    [
        # From home, freshly proven: go on.
        ("change_email", HOME, Allow()),
        ("change_email", PROVEN, Allow()),
        ("delete_account", PROVEN, Allow()),
        # Owning a second factor means using it.
        ("change_email", OWNER, StepUp(Level.AAL2, Reason.PROVE_MORE, 300)),
        ("sign_in", replace(OWNER, session_live=None), StepUp(Level.AAL2, Reason.PROVE_MORE)),
        ("sign_in", replace(PROVEN, session_live=None), Allow()),
        # Stale by one second, at the boundary, and proven in the future.
        ("change_email", replace(HOME, assurance=Assurance(Level.AAL1, NOON - timedelta(seconds=299))), Allow()),
        (
            "change_email",
            replace(HOME, assurance=Assurance(Level.AAL1, NOON - timedelta(seconds=300))),
            StepUp(Level.AAL1, Reason.PROVE_MORE, 300),
        ),
        (
            "change_email",
            replace(HOME, assurance=Assurance(Level.AAL1, NOON + timedelta(seconds=1))),
            StepUp(Level.AAL1, Reason.PROVE_MORE, 300),
        ),
        # A new browser: a challenge at the door, a challenge for what is sensitive, a hold for binding factors.
        (
            "sign_in",
            replace(HOME, device=Trust.NONE, session_live=None),
            StepUp(Level.AAL1, Reason.UNUSUAL, None, challenge=True),
        ),
        ("sign_in", replace(HOME, device=Trust.NONE, session_live=None, challenged_at=NOON), Allow()),
        ("change_password", NEW, Allow()),
        (
            "change_password",
            replace(NEW, challenged_at=NOON - timedelta(seconds=600)),
            StepUp(Level.AAL1, Reason.UNUSUAL, 600, challenge=True),
        ),
        ("add_factor", NEW, Hold(Reason.ON_HOLD, NOON + timedelta(hours=3))),
        ("add_factor", replace(NEW, device=Trust.NONE), Hold(Reason.ON_HOLD, None)),
        # Mailbox and another channel, both freshly, settle it too, but raise no level and lower no high risk.
        ("add_factor", replace(NEW, recognized_at=NOON), Allow()),
        ("add_factor", replace(NEW, recognized_at=NOON, standing=Risk.MODERATE), Allow()),
        ("add_factor", replace(NEW, recognized_at=NOON, standing=Risk.HIGH), Hold(Reason.ON_HOLD, NEW.device_known_at)),
        (
            "add_factor",
            replace(NEW, recognized_at=NOON - timedelta(seconds=600)),
            Hold(Reason.ON_HOLD, NEW.device_known_at),
        ),
        (
            "add_factor",
            replace(NEW, recognized_at=NOON, challenged_at=NOON - timedelta(seconds=600)),
            StepUp(Level.AAL1, Reason.UNUSUAL, 600, challenge=True),
        ),
        # What waits until a change has grown old says when that is, however well the browser is known; a risk that
        # the session carries for another reason ends with the session only.
        ("change_email", FORGOTTEN, Hold(Reason.ON_HOLD, DAY_AFTER)),
        ("change_email", replace(FORGOTTEN, standing=Risk.HIGH), Hold(Reason.ON_HOLD, DAY_AFTER)),
        ("change_email", replace(YOUNG, device_known_at=SOON), Hold(Reason.ON_HOLD, SOON)),
        ("change_email", replace(HOME, standing=Risk.HIGH, signals=CHANGED), Hold(Reason.ON_HOLD)),
        ("add_factor", FORGOTTEN, Hold(Reason.ON_HOLD)),
        # A second factor that was held before lowers the worry about the browser.
        (
            "add_factor",
            replace(NEW, highest=Level.AAL2),
            StepUp(Level.AAL2, Reason.PROVE_MORE, 600, challenge=True),
        ),
        ("add_factor", replace(NEW, highest=Level.AAL2, assurance=Assurance(Level.AAL2, NOON)), Allow()),
        # High risk waits; a passkey lowers it to moderate, an app does not.
        ("change_email", replace(PROVEN, standing=Risk.HIGH), Hold(Reason.ON_HOLD)),
        (
            "change_email",
            replace(PROVEN, standing=Risk.HIGH, highest=Level.PHR),
            StepUp(Level.PHR, Reason.PROVE_MORE, 300, challenge=True),
        ),
        (
            "change_email",
            replace(PROVEN, standing=Risk.HIGH, highest=Level.PHR, assurance=Assurance(Level.PHR, NOON)),
            Allow(),
        ),
        # Severe risk is a no, whatever is proven.
        (
            "change_email",
            replace(PROVEN, standing=Risk.SEVERE, highest=Level.PHR, assurance=Assurance(Level.PHR, NOON)),
            Deny(Reason.TOO_RISKY),
        ),
        # But nobody with the right password reads that it is wrong: coming in asks for the strongest proof, or waits.
        ("sign_in", SEVERE, Hold(Reason.SIGN_IN_HELD)),
        ("sign_in", replace(SEVERE, device=Trust.NEW, device_known_at=SOON), Hold(Reason.SIGN_IN_HELD, SOON)),
        ("sign_in", replace(SEVERE, highest=Level.PHR), StepUp(Level.PHR, Reason.UNUSUAL, None, challenge=True)),
        (
            "sign_in",
            replace(SEVERE, highest=Level.PHR, assurance=Assurance(Level.AAL2, NOON), challenged_at=NOON),
            StepUp(Level.PHR, Reason.PROVE_MORE, None, challenge=True),
        ),
        (
            "sign_in",
            replace(SEVERE, highest=Level.PHR, assurance=Assurance(Level.PHR, NOON), challenged_at=NOON),
            Allow(),
        ),
        (
            "sign_in",
            replace(SEVERE, device=Trust.KNOWN),
            StepUp(Level.AAL2, Reason.UNUSUAL, None, challenge=True),
        ),
        (
            "sign_in",
            replace(SEVERE, device=Trust.KNOWN, assurance=Assurance(Level.AAL2, NOON), challenged_at=NOON),
            Allow(),
        ),
        ("sign_in", replace(SEVERE, highest=Level.AAL1, device=Trust.KNOWN, challenged_at=NOON), Allow()),
        # The help desk's word does what a known browser does, until the instant.
        ("sign_in", replace(SEVERE, vouched_until=SOON), StepUp(Level.AAL2, Reason.UNUSUAL, None, challenge=True)),
        (
            "sign_in",
            replace(SEVERE, vouched_until=SOON, assurance=Assurance(Level.AAL2, NOON), challenged_at=NOON),
            Allow(),
        ),
        ("sign_in", replace(SEVERE, vouched_until=NOON), Hold(Reason.SIGN_IN_HELD)),
        ("change_email", replace(PROVEN, standing=Risk.SEVERE, vouched_until=SOON), Deny(Reason.TOO_RISKY)),
        # What is not known is not low, and for critical actions it is high.
        ("change_password", replace(PROVEN, standing=None), Allow()),
        (
            "change_password",
            replace(HOME, standing=None),
            StepUp(Level.AAL1, Reason.UNUSUAL, 600, challenge=True),
        ),
        ("change_email", replace(PROVEN, standing=None), Hold(Reason.ON_HOLD)),
        # Closed doors.
        ("change_email", replace(PROVEN, account_active=False), Deny(Reason.ACCOUNT_CLOSED)),
        ("change_email", replace(PROVEN, session_live=False), Deny(Reason.SESSION_OVER)),
        ("change_email", replace(PROVEN, channel=Channel.API), Deny(Reason.WRONG_DOOR)),
        ("change_email", replace(PROVEN, channel=None), Deny(Reason.WRONG_DOOR)),
        ("see_profile", replace(PROVEN, channel=Channel.GATEWAY), Deny(Reason.WRONG_DOOR)),
        # After a recovery, whatever is proven: until the instant, which belongs to "over". A no stays a no.
        ("change_email", replace(PROVEN, quarantine_until=SOON), Hold(Reason.QUARANTINE, SOON)),
        ("change_email", replace(OWNER, quarantine_until=SOON), Hold(Reason.QUARANTINE, SOON)),
        ("change_email", replace(PROVEN, standing=Risk.HIGH, quarantine_until=SOON), Hold(Reason.QUARANTINE, SOON)),
        ("change_email", replace(PROVEN, quarantine_until=NOON), Allow()),
        ("change_email", replace(PROVEN, standing=Risk.SEVERE, quarantine_until=SOON), Deny(Reason.TOO_RISKY)),
        ("change_email", replace(PROVEN, session_live=False, quarantine_until=SOON), Deny(Reason.SESSION_OVER)),
        ("change_password", replace(PROVEN, quarantine_until=SOON), Allow()),
        ("add_factor", replace(PROVEN, quarantine_until=SOON), Allow()),
        ("use_token", replace(PROVEN, channel=Channel.API, quarantine_until=SOON), Allow()),
        ("refresh_token", replace(PROVEN, channel=Channel.API, quarantine_until=SOON), Allow()),
        ("issue_token", replace(PROVEN, channel=Channel.API, quarantine_until=SOON), Allow()),
        # Suspended by staff: nothing is done until the instant, which belongs to "over"; a recovery may wait meanwhile.
        ("see_profile", replace(PROVEN, suspended_until=SOON), Hold(Reason.SUSPENDED, SOON)),
        ("change_email", replace(OWNER, suspended_until=SOON, quarantine_until=NOW_AND), Hold(Reason.SUSPENDED, SOON)),
        ("sign_in", replace(PROVEN, session_live=None, suspended_until=SOON), Hold(Reason.SUSPENDED, SOON)),
        ("use_token", replace(PROVEN, channel=Channel.API, suspended_until=SOON), Hold(Reason.SUSPENDED, SOON)),
        ("refresh_token", replace(PROVEN, channel=Channel.API, suspended_until=SOON), Hold(Reason.SUSPENDED, SOON)),
        ("issue_token", replace(PROVEN, channel=Channel.API, suspended_until=SOON), Hold(Reason.SUSPENDED, SOON)),
        ("complete_recovery", replace(PROVEN, suspended_until=SOON), Hold(Reason.SUSPENDED, SOON)),
        ("start_recovery", replace(PROVEN, suspended_until=SOON), Allow()),
        ("change_email", replace(PROVEN, suspended_until=NOON), Allow()),
        ("change_email", replace(PROVEN, standing=Risk.SEVERE, suspended_until=SOON), Deny(Reason.TOO_RISKY)),
        ("change_email", replace(PROVEN, session_live=False, suspended_until=SOON), Deny(Reason.SESSION_OVER)),
        # Restricted to proving more: the most that the customer has, within a quarter of an hour, for everything.
        ("see_profile", replace(PROVEN, step_up_until=SOON), Allow()),
        ("see_profile", replace(HOME, step_up_until=SOON), StepUp(Level.AAL1, Reason.RESTRICTED, 900, challenge=True)),
        ("see_profile", replace(HOME, step_up_until=SOON, challenged_at=NOON), Allow()),
        ("see_profile", replace(HOME, step_up_until=NOON), Allow()),
        ("see_profile", replace(OWNER, step_up_until=SOON), StepUp(Level.AAL2, Reason.RESTRICTED, 900, challenge=True)),
        (
            "see_profile",
            replace(PROVEN, step_up_until=SOON, highest=Level.PHR),
            StepUp(Level.PHR, Reason.RESTRICTED, 900, challenge=True),
        ),
        (
            "see_profile",
            replace(PROVEN, step_up_until=SOON, challenged_at=NOON - timedelta(seconds=900)),
            StepUp(Level.AAL2, Reason.RESTRICTED, 900, challenge=True),
        ),
        (
            "see_profile",
            replace(PROVEN, step_up_until=SOON, assurance=Assurance(Level.AAL2, NOON - timedelta(seconds=900))),
            StepUp(Level.AAL2, Reason.RESTRICTED, 900, challenge=True),
        ),
        (
            "change_email",  # its own freshness is shorter
            replace(PROVEN, step_up_until=SOON, challenged_at=NOON - timedelta(seconds=300)),
            StepUp(Level.AAL2, Reason.RESTRICTED, 300, challenge=True),
        ),
        (
            "use_token",
            replace(OWNER, channel=Channel.API, step_up_until=SOON),
            StepUp(Level.AAL2, Reason.RESTRICTED, 900, challenge=True),
        ),
        (
            "sign_in",
            replace(HOME, session_live=None, step_up_until=SOON),
            StepUp(Level.AAL1, Reason.RESTRICTED, 900, challenge=True),
        ),
        ("sign_in", replace(PROVEN, session_live=None, step_up_until=SOON), Allow()),
        ("start_recovery", replace(HOME, step_up_until=SOON), Allow()),
        ("complete_recovery", replace(HOME, step_up_until=SOON), Allow()),
        ("change_email", replace(PROVEN, standing=Risk.HIGH, step_up_until=SOON), Hold(Reason.ON_HOLD)),
        ("fly_to_the_moon", PROVEN, Deny(Reason.UNKNOWN_ACTION)),
        ("", PROVEN, Deny(Reason.UNKNOWN_ACTION)),
        ("change_email", Facts(), Deny(Reason.WRONG_DOOR)),
    ],
)
def test_decide(action: str, facts: Facts, answer: Decision) -> None:
    assert bare(ask(action, facts)) == answer


API = replace(PROVEN, channel=Channel.API)


@pytest.mark.parametrize(
    ("amount", "currency", "is_large"),
    [
        (9_999, "EUR", False),
        (10_000, "EUR", True),
        (0, "EUR", False),
        (-1, "EUR", True),
        (None, "EUR", True),
        (1, "XXX", True),
        (1, None, True),
        (1, "eur", True),
    ],
)
def test_a_large_amount_asks_for_more(amount: int | None, currency: str | None, is_large: bool) -> None:
    facts = replace(
        API, amount=amount, currency=currency, assurance=Assurance(Level.AAL2, NOON - timedelta(minutes=30))
    )
    facts = replace(facts, challenged_at=facts.assurance.at)
    expected = StepUp(Level.AAL2, Reason.PROVE_MORE, 300) if is_large else Allow()
    assert bare(ask("partner.payment", facts)) == expected


def test_a_first_sign_in_from_the_browser_the_account_was_made_in_is_no_surprise() -> None:
    facts = replace(HOME, session_live=None, standing=None, evidence=Evidence())
    assert ask("sign_in", facts) == Allow()
    elsewhere = ask("sign_in", replace(facts, device=Trust.NONE))
    assert elsewhere == StepUp(Level.AAL1, Reason.UNUSUAL, challenge=True)
    unscored = ask("sign_in", replace(facts, evidence=None))
    assert unscored == StepUp(Level.AAL1, Reason.UNUSUAL, challenge=True)


# --- the laws

risks = st.sampled_from([Risk.LOW, Risk.MODERATE, Risk.HIGH, Risk.SEVERE])
instants = st.integers(-5, 4000).map(lambda seconds: NOON - timedelta(seconds=seconds))
levels = st.sampled_from(Level)
shares = st.floats(0, 1)
weights = st.floats(0, 1e6)
terms = st.builds(
    Term,
    new=st.booleans(),
    share=shares,
    exposure=weights,
    own_exposure=weights,
    own_changes=weights,
    all_exposure=weights,
    all_changes=weights,
    weight=weights,
    within=weights,
    distinct=weights,
)
evidences = st.builds(Evidence, history=weights, gap=weights, asn=st.none() | terms, address=st.none() | terms)
counts = st.none() | st.integers(0, 100)
seconds = st.none() | st.floats(0, 4e7)
signals = st.builds(
    Signals,
    failures_on_account=counts,
    accounts_from_address=counts,
    country_changed_seconds=seconds,
    recovered_seconds=seconds,
    contact_changed_seconds=seconds,
    password_breached=st.none() | st.booleans(),
)
ends = st.integers(-4000, 4000).map(lambda seconds: NOON + timedelta(seconds=seconds))
facts_of = st.builds(
    Facts,
    channel=st.sampled_from(Channel),
    account_active=st.booleans(),
    session_live=st.sampled_from([None, True, False]),
    assurance=st.builds(Assurance, levels, st.none() | instants),
    highest=levels,
    challenged_at=st.none() | instants,
    recognized_at=st.none() | instants,
    device=st.sampled_from(Trust),
    device_known_at=st.none() | instants,
    standing=st.none() | risks,
    evidence=st.none() | evidences,
    signals=st.none() | signals,
    quarantine_until=st.none() | ends,
    suspended_until=st.none() | ends,
    step_up_until=st.none() | ends,
    vouched_until=st.none() | ends,
    amount=st.none() | st.integers(-10, 20_000),
    currency=st.sampled_from([None, "EUR", "XXX"]),
)
actions = st.sampled_from(sorted(LIMITS.actions))


@given(st.text(max_size=30) | actions, facts_of)
def test_every_question_has_an_answer(action: str, facts: Facts) -> None:
    strictness(ask(action, facts))


@given(actions, facts_of)
def test_what_waits_for_time_alone_waits_until_then_and_no_longer(action: str, facts: Facts) -> None:
    answer = ask(action, facts)
    if not isinstance(answer, Hold) or answer.reason not in {Reason.ON_HOLD, Reason.SIGN_IN_HELD}:
        return
    turns = facts.turns(LIMITS_OF_RULES, NOON)
    found = assess.worst(answer.findings, LIMITS_OF_RULES)
    at = {turn: gate.decide(action, facts.later(NOON, turn, found=found), limits=LIMITS, at=turn) for turn in turns}
    over = [turn for turn in turns if not isinstance(at[turn], Hold | Deny)]
    assert answer.until == (over[0] if over else None)


@given(actions, facts_of, risks, risks)
def test_more_risk_never_loosens(action: str, facts: Facts, one: Risk, two: Risk) -> None:
    less, more = sorted((one, two))
    looser, tighter = (ask(action, replace(facts, standing=risk)) for risk in (less, more))
    assert strictness(tighter) >= strictness(looser)


@given(actions, facts_of, st.integers(0, 8000))
def test_a_staler_session_never_loosens(action: str, facts: Facts, age: int) -> None:
    older = None if facts.assurance.at is None else facts.assurance.at - timedelta(seconds=age)
    stale = replace(facts, assurance=replace(facts.assurance, at=older))
    if facts.assurance.at is None or facts.assurance.at <= NOON:
        assert strictness(ask(action, stale)) >= strictness(ask(action, facts))
    proven = facts.challenged_at
    if proven is not None and proven <= NOON:
        unproven = replace(facts, challenged_at=proven - timedelta(seconds=age))
        assert strictness(ask(action, unproven)) >= strictness(ask(action, facts))


@given(actions, facts_of)
def test_a_weaker_session_never_loosens(action: str, facts: Facts) -> None:
    weaker = replace(facts, assurance=replace(facts.assurance, level=Level(max(facts.assurance.level - 1, 0))))
    assert strictness(ask(action, weaker)) >= strictness(ask(action, facts))


@given(actions, facts_of)
def test_a_less_trusted_device_never_loosens(action: str, facts: Facts) -> None:
    less = replace(facts, device=Trust(max(facts.device - 1, 0)))
    assert strictness(ask(action, less)) >= strictness(ask(action, facts))


@given(actions, facts_of, st.integers(0, 8000))
def test_a_quarantine_and_a_later_end_of_it_never_loosen(action: str, facts: Facts, longer: int) -> None:
    without = replace(facts, quarantine_until=None)
    assert strictness(ask(action, facts)) >= strictness(ask(action, without))
    if facts.quarantine_until is not None:
        later = replace(facts, quarantine_until=facts.quarantine_until + timedelta(seconds=longer))
        assert strictness(ask(action, later)) >= strictness(ask(action, facts))


@given(st.sampled_from(sorted(HELD)), facts_of)
def test_nothing_that_a_quarantine_is_for_happens_in_it(action: str, facts: Facts) -> None:
    answer = ask(action, replace(facts, quarantine_until=SOON, suspended_until=None))
    assert isinstance(answer, Hold | Deny)
    if isinstance(answer, Hold):
        assert (answer.reason, answer.until) == (Reason.QUARANTINE, SOON)


@given(actions, facts_of, st.sampled_from(["suspended_until", "step_up_until"]), st.integers(0, 8000))
def test_a_restriction_and_a_later_end_of_it_never_loosen(action: str, facts: Facts, name: str, longer: int) -> None:
    without = replace(facts, **{name: None})  # type: ignore[arg-type]
    assert strictness(ask(action, facts)) >= strictness(ask(action, without))
    ends_at = getattr(facts, name)
    if ends_at is not None:
        later = replace(facts, **{name: ends_at + timedelta(seconds=longer)})
        assert strictness(ask(action, later)) >= strictness(ask(action, facts))


@given(actions, facts_of)
def test_while_suspended_nothing_happens_but_that_a_recovery_waits(action: str, facts: Facts) -> None:
    answer = ask(action, replace(facts, suspended_until=SOON))
    if action != Action.START_RECOVERY:
        assert isinstance(answer, Hold | Deny)
    if isinstance(answer, Hold) and action != Action.START_RECOVERY:
        assert (answer.reason, answer.until) == (Reason.SUSPENDED, SOON)


@given(actions, facts_of)
def test_while_restricted_nothing_is_allowed_without_the_most_there_is_shown_lately(action: str, facts: Facts) -> None:
    if LIMITS.actions[action].needs is not Needs.NOTHING and isinstance(
        ask(action, replace(facts, step_up_until=SOON)), Allow
    ):
        most = LIMITS.staff.step_up_minutes * 60
        assert facts.assurance.meets(max(facts.highest, Level.AAL1), most, NOON)
        assert gate.within(facts.challenged_at, most, NOON)


@given(actions, facts_of)
def test_a_restriction_that_is_over_changes_nothing(action: str, facts: Facts) -> None:
    without = replace(facts, suspended_until=None, step_up_until=None)
    assert ask(action, replace(facts, suspended_until=NOON, step_up_until=NOON)) == ask(action, without)


OPEN_TO_DELEGATES = replace(
    LIMITS, actions={name: replace(row, channels=tuple(Channel)) for name, row in LIMITS.actions.items()}
)


@given(actions, facts_of)
def test_what_is_never_delegated_is_denied_by_name_whatever_the_policy_says(action: str, facts: Facts) -> None:
    delegated = replace(facts, channel=Channel.DELEGATED)
    for policy in (LIMITS, OPEN_TO_DELEGATES):
        assert (ask(action, delegated, policy) == Deny(Reason.NEVER_DELEGATED)) is (action in NEVER_DELEGATED)


def test_all_that_anybody_may_do_for_somebody_else_is_written_here() -> None:
    open_to_them = {name for name, row in LIMITS.actions.items() if Channel.DELEGATED in row.channels}
    assert open_to_them == {
        "see_profile", "use_delegation", "issue_token", "refresh_token", "use_token", "partner.payment",
        "partner.large_payment", "partner.appointment",
    }  # fmt: skip
    assert {action for action in Action if action not in NEVER_DELEGATED} == {
        "see_profile", "use_delegation", "issue_token", "refresh_token", "use_token",
    }  # fmt: skip


@settings(max_examples=300)
@given(actions.filter(lambda name: name not in NEVER_DELEGATED), facts_of, facts_of)
def test_acting_is_never_looser_than_asking_for_oneself(action: str, own: Facts, owner: Facts) -> None:
    acting = ask(action, own.for_owner(owner), OPEN_TO_DELEGATES)
    assert strictness(acting) >= strictness(ask(action, own, OPEN_TO_DELEGATES))


@settings(max_examples=300)
@given(actions, facts_of, facts_of)
def test_acting_is_never_looser_than_what_restricts_the_owner(action: str, own: Facts, owner: Facts) -> None:
    row, acting = OPEN_TO_DELEGATES.actions[action], ask(action, own.for_owner(owner), OPEN_TO_DELEGATES)
    if row.needs is not Needs.NOTHING and not owner.account_active:
        assert isinstance(acting, Deny)
    if owner.suspended_until is not None and owner.suspended_until > NOON:
        assert isinstance(acting, Hold | Deny)
    waits = row.in_quarantine is InQuarantine.HOLD
    if waits and owner.quarantine_until is not None and owner.quarantine_until > NOON:
        assert isinstance(acting, Hold | Deny)
    if isinstance(acting, Allow) and owner.step_up_until is not None and owner.step_up_until > NOON:
        assert own.assurance.meets(max(own.highest, Level.AAL1), LIMITS.staff.step_up_minutes * 60, NOON)
    mine, theirs = own.for_owner(owner).signals, owner.signals or Signals()
    assert mine is not None
    for name in ("account_age_seconds", "recovered_seconds", "contact_changed_seconds"):
        bound = getattr(theirs, name)
        assert bound is None or getattr(mine, name) <= bound


MISSING = {
    "channel": None,
    "account_active": False,
    "session_live": False,
    "assurance": Assurance(),
    "challenged_at": None,
    "device": Trust.NONE,
    "vouched_until": None,
    "recognized_at": None,
    "amount": None,
    "currency": None,
}


@given(actions, facts_of, st.sampled_from(sorted(MISSING)))
def test_a_missing_fact_counts_against(action: str, facts: Facts, name: str) -> None:
    known = replace(facts, device=max(facts.device, Trust.NONE))
    poorer = replace(known, **{name: MISSING[name]})  # type: ignore[arg-type]
    assert strictness(ask(action, poorer)) >= strictness(ask(action, known))


@given(actions, facts_of, risks)
def test_risk_that_is_not_known_is_not_low(action: str, facts: Facts, risk: Risk) -> None:
    unknown = replace(facts, standing=None, evidence=None)
    low = replace(unknown, standing=Risk.LOW)
    assert strictness(ask(action, unknown)) >= strictness(ask(action, low))


@given(facts_of)
def test_no_risk_turns_a_sign_in_away_or_stays_severe(facts: Facts) -> None:
    came = replace(facts, channel=Channel.WEB, account_active=True, session_live=None)
    assessed = gate.assess("sign_in", came, limits=LIMITS, at=NOON)
    assert not isinstance(assessed.decision, Deny)
    assert assessed.standing is None or assessed.standing < Risk.SEVERE


@given(facts_of)
def test_what_was_denied_at_the_door_is_never_let_in_without_the_strongest_proof_held(facts: Facts) -> None:
    came = replace(facts, channel=Channel.WEB, account_active=True, session_live=None, standing=Risk.SEVERE)
    if isinstance(ask("sign_in", came), Allow):
        assert facts.assurance.level >= min(facts.highest, Level.PHR)
        assert facts.challenged_at is not None
        recognized = facts.vouched_until is not None and facts.vouched_until > NOON
        assert facts.assurance.level is Level.PHR or facts.device is Trust.KNOWN or recognized


def test_a_sign_in_that_was_denied_is_denied_when_asked_as_it_was_then() -> None:
    then = gate.assess("sign_in", SEVERE, limits=LIMITS, at=NOON, equations=2)
    assert then.decision == Deny(Reason.TOO_RISKY)
    assert then.standing is Risk.SEVERE


rows = st.builds(
    Row,
    sensitivity=st.sampled_from(Sensitivity),
    triggers=st.just((Trigger.FRAUD,)),
    needs=st.sampled_from(Needs),
    fresh_seconds=st.integers(1, 5000),
    channels=st.just(tuple(Channel)),
    challenge_from=st.none() | st.sampled_from([Risk.MODERATE, Risk.HIGH, Risk.SEVERE]),
    hold_from=st.none() | st.sampled_from([Risk.MODERATE, Risk.HIGH, Risk.SEVERE]),
    deny_from=st.none() | st.sampled_from([Risk.MODERATE, Risk.HIGH, Risk.SEVERE]),
    in_quarantine=st.sampled_from(InQuarantine),
)


@settings(max_examples=300)
@given(rows, facts_of)
def test_a_more_sensitive_action_never_loosens(row: Row, facts: Facts) -> None:
    stricter = replace(row, sensitivity=Sensitivity(min(row.sensitivity + 1, Sensitivity.CRITICAL)))

    def under(which: Row) -> Decision:
        return ask("the_action", facts, replace(LIMITS, actions={"the_action": which}))

    assert strictness(under(stricter)) >= strictness(under(row))
    held = replace(row, in_quarantine=InQuarantine.HOLD)
    assert strictness(under(held)) >= strictness(under(row))


# --- the catalogue


def test_every_action_has_a_row() -> None:
    assert {action.value for action in Action} <= set(LIMITS.actions)


# What each row as it is shipped asks for: the level and for how long it counts, from which risk on it challenges, holds
# and denies, in quarantine, and through which doors. Whoever changes one of them changes this table knowingly.
SHIPPED = {
    "sign_up": "nothing 0 moderate high severe allow web mobile api",
    "sign_in": "second_factor_if_held 0 moderate never severe allow web mobile api",
    "see_profile": "aal1 0 never never severe allow web mobile delegated",
    "edit_profile": "aal1 0 high never severe allow web mobile",
    "change_email": "highest 300 moderate high severe hold web mobile",
    "change_recovery_address": "highest 300 moderate high severe hold web mobile",
    "change_phone": "highest 600 moderate high severe hold web mobile",
    "change_password": "highest 600 moderate severe severe allow web mobile",
    "add_factor": "highest 600 moderate moderate severe allow web mobile",
    "remove_factor": "highest 600 moderate high severe hold web mobile",
    "link_sign_in": "highest 600 moderate moderate severe hold web",
    "view_backup_codes": "highest 600 moderate high severe allow web",
    "answer_about_sign_in": "highest 600 moderate severe severe allow web mobile",
    "approve_consent": "aal1 0 moderate high severe hold web mobile",
    "widen_consent": "aal1 0 moderate high severe hold web mobile",
    "approve_offline": "second_factor_if_held 300 moderate high severe hold web mobile",
    "export_data": "highest 600 moderate high severe hold web",
    "delete_account": "highest 300 moderate high severe hold web",
    "create_delegation": "highest 600 moderate high severe hold web",
    "accept_delegation": "aal2 600 moderate high severe hold web",
    "use_delegation": "second_factor_if_held 3600 moderate high severe allow delegated",
    "prove_identity": "highest 3600 moderate high severe hold web mobile",
    "start_recovery": "nothing 0 high never severe allow web mobile help_desk",
    "complete_recovery": "nothing 0 moderate high severe allow web",
    "answer_help_desk": "highest 300 moderate high severe hold web mobile",
    "staff_enter": "aal2 0 high severe severe hold help_desk",
    "staff_open_record": "aal2 3600 moderate high severe hold help_desk",
    "staff_note_evidence": "aal2 3600 moderate high severe hold help_desk",
    "staff_propose_recovery": "aal2 600 moderate high severe hold help_desk",
    "staff_approve_recovery": "aal2 600 moderate high severe hold help_desk",
    "staff_approve_policy": "aal2 600 moderate high severe hold help_desk",
    "staff_propose_role": "aal2 600 moderate high severe hold help_desk",
    "staff_approve_role": "aal2 600 moderate high severe hold help_desk",
    "staff_break_glass": "aal2 600 moderate high severe hold help_desk",
    "staff_restrict": "aal2 600 moderate high severe hold help_desk",
    "staff_review_restriction": "aal2 600 moderate high severe hold help_desk",
    "issue_token": "aal1 0 high never severe allow api delegated",
    "refresh_token": "aal1 0 high never severe allow api delegated",
    "use_token": "aal1 0 never never severe allow api gateway delegated",
    "use_scope.activity": "aal2 900 moderate high severe allow api gateway",
    "partner.payment": "second_factor_if_held 3600 moderate high severe allow api gateway delegated",
    "partner.large_payment": "aal2 300 moderate high severe hold api gateway delegated",
    "partner.appointment": "aal1 0 high high severe allow api gateway delegated",
    "partner.change_payee": "highest 600 moderate high severe hold api gateway",
    "gateway.page": "aal1 0 high never severe allow gateway",
    "gateway.admin": "aal2 900 moderate high severe hold gateway",
    "manage_partner": "highest 600 moderate high severe hold web",
    "staff_decide_partner": "aal2 600 moderate high severe hold help_desk",
    "staff_move_customers": "aal2 600 moderate high severe hold help_desk",
    "staff_decide_purpose": "aal2 600 moderate high severe hold help_desk",
}


@pytest.mark.control("63B 4.1.2.1/b", "v5.0.0-8.1.3", "v5.0.0-8.1.4")
def test_the_shipped_rows_ask_for_what_they_asked_for() -> None:
    rows_of = tomllib.loads(limits.DEFAULT.read_text())["actions"]
    names = "needs", "fresh_seconds", "challenge_from", "hold_from", "deny_from", "in_quarantine"
    said = {of: " ".join([*(str(row[name]) for name in names), *row["channels"]]) for of, row in rows_of.items()}
    assert said == SHIPPED


def catalogue(rows_of: Mapping[str, object]) -> dict[str, Row]:
    return limits.parse(tomllib.loads(limits.DEFAULT.read_text()) | {"actions": rows_of}).actions


def table(**changed: object) -> dict[str, object]:
    return {
        "sensitivity": "low",
        "triggers": ["fraud"],
        "needs": "highest",
        "fresh_seconds": 0,
        "channels": ["web"],
        "challenge_from": "never",
        "hold_from": "never",
        "deny_from": "never",
        "in_quarantine": "hold",
    } | changed


HIGH = {
    "sensitivity": "high",
    "fresh_seconds": 60,
    "challenge_from": "moderate",
    "hold_from": "high",
    "deny_from": "severe",
}
CRITICAL = HIGH | {"sensitivity": "critical", "needs": "highest"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (table(sensitivity="grave"), "sensitivity must be one of low, moderate, high, critical"),
        (table(triggers=[]), "triggers must have at least 1 item"),
        (table(triggers=["fraud", "fraud"]), "triggers must name each entry once"),
        (table(triggers=["boredom"]), "triggers.0 must be 'fraud', 'data_exposure' or 'regulatory'"),
        (table(needs="aal9"), "needs must be 'nothing', .* or 'phr'"),
        (table(channels=["telepathy"]), "channels.0 must be 'web'"),
        (table(fresh_seconds=-1), "fresh_seconds must be greater than or equal to 0"),
        (table(fresh_seconds=43_201), "fresh_seconds must be less than or equal to 43200"),
        (table(fresh_seconds=True), "fresh_seconds must be a valid integer"),
        (table(fresh_seconds="60"), "fresh_seconds must be a valid integer"),
        (table(deny_from="low"), "deny_from must be one of moderate, high, severe, never"),
        (table(deny_from="sometimes"), "deny_from must be one of moderate, high, severe, never"),
        (table(deny_from=3), "deny_from must be one of moderate, high, severe, never"),
        (table(sensitivity=0), "sensitivity must be one of low, moderate, high, critical"),
        (table(sensitivity="moderate"), "is moderate, so challenge_from may not be above high"),
        (table(**HIGH | {"fresh_seconds": 0}), "is high, so fresh_seconds must be 1..3600"),
        (table(**HIGH | {"fresh_seconds": 3601}), "is high, so fresh_seconds must be 1..3600"),
        (table(**HIGH | {"challenge_from": "high"}), "challenge_from may not be above moderate"),
        (table(**HIGH | {"hold_from": "never"}), "hold_from may not be above severe"),
        (table(**CRITICAL | {"needs": "aal1"}), "needs must be highest, aal2 or phr"),
        (table(**CRITICAL | {"fresh_seconds": 901}), "fresh_seconds must be 1..900"),
        (table(**CRITICAL | {"hold_from": "severe"}), "hold_from may not be above high"),
        (table(**HIGH | {"hold_from": "severe", "deny_from": "high"}), "must not fall"),
        (table(in_quarantine="never"), "in_quarantine must be 'allow' or 'hold'"),
        (table(large={"EUR": 0}), "large.EUR must be greater than or equal to 1"),
        (table(large={"EUR": True}), "large.EUR must be a valid integer"),
        (table(large={"euro": 5}), "large.euro must match pattern"),
        (table(large=[5]), "large must be a table"),
        (table(large={"EUR": 5}, large_action="nothing"), "large_action must name a row"),
        (table(large={"EUR": 5}, large_action="partner.x"), "large_action must name a row that has no large_action"),
        (table(colour="red"), r"actions\.partner\.x\.colour is not known"),
        ({"sensitivity": "low"}, r"actions\.partner\.x\.triggers is missing"),
        ("a word", r"actions\.partner\.x must be a table"),
    ],
)
def test_a_row_that_cannot_be_used_says_so(row: object, words: str) -> None:
    rows_of = {action.value: table() for action in Action} | {"partner.x": row}
    with pytest.raises(limits.UnsafePolicy, match=words):
        catalogue(rows_of)


def test_a_catalogue_lacks_nothing_and_invents_nothing() -> None:
    whole = {action.value: table() for action in Action}
    assert set(catalogue(whole)) == set(whole)
    with pytest.raises(limits.UnsafePolicy, match=r"actions\.sign_in is missing"):
        catalogue({name: row for name, row in whole.items() if name != "sign_in"})
    with pytest.raises(limits.UnsafePolicy, match=r"actions\.sing_in is not known"):
        catalogue(whole | {"sing_in": table()})


@pytest.mark.parametrize("name", sorted(HELD))
def test_a_policy_that_lets_go_in_quarantine_what_it_is_for_is_refused(name: str) -> None:
    rows_of = {action.value: table() for action in Action} | {name: table(in_quarantine="allow")}
    with pytest.raises(limits.UnsafePolicy, match="is what a quarantine is for, so in_quarantine must be hold"):
        catalogue(rows_of)


@pytest.mark.parametrize("name", sorted(NEVER_DELEGATED & set(Action)))
def test_a_policy_that_lets_delegates_do_what_is_never_delegated_is_refused(name: str) -> None:
    rows_of = {action.value: table() for action in Action} | {name: table(channels=["web", "delegated"])}
    with pytest.raises(limits.UnsafePolicy, match="never done for somebody else, so channels may not name delegated"):
        catalogue(rows_of)


def test_a_large_amount_is_held_in_quarantine_when_a_small_one_is() -> None:
    small = table(large={"EUR": 5}, large_action="partner.large")
    rows_of = {action.value: table() for action in Action}
    catalogue(rows_of | {"partner.small": small, "partner.large": table()})
    with pytest.raises(limits.UnsafePolicy, match=r"partner.large must be held in quarantine too"):
        catalogue(rows_of | {"partner.small": small, "partner.large": table(in_quarantine="allow")})


def test_the_version_follows_the_catalogue() -> None:
    content = tomllib.loads(limits.DEFAULT.read_text())
    content["actions"]["change_email"]["fresh_seconds"] -= 1
    assert limits.parse(content).version != LIMITS.version
