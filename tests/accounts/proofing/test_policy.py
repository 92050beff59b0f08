"""What is known of who somebody is, and who may decide about it, as tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.proofing import policy
from accounts.proofing.policy import Checker, CheckFacts, Evidence, Held, StartFacts, TrainFacts, TwinFacts
from accounts.proofing.shapes import Found, State, Strength
from ciam_portal.core import gate
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.core.policy.identity import Identity
from ciam_portal.core.roles import Role

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
TODAY = limits.load()
ERIN, FRANK, ADA = uuid4(), uuid4(), uuid4()
R = policy.Reason
GOOD = Evidence(Strength.STRONG, NOON - DAY, NOON + DAY, waits=False)
SHOWN = Held(address=True, phone=True, evidence=(GOOD,))
AGENT = Checker(ERIN, (Role.AGENT,), NOON + DAY, has_opened=True, assurance=Assurance(Level.AAL2, NOON))
STARTED = CheckFacts(ADA, State.STARTED, NOON + DAY, document_expires_at=NOON + DAY)
NOTED = replace(STARTED, state=State.NOTED, noted_by=FRANK)
MORE = StepUp(Level.AAL2, gate.Reason.PROVE_MORE)


@pytest.mark.control("63A 5.1/b")
@pytest.mark.parametrize(
    ("held", "level"),
    [
        (Held(), Identity.SELF_ASSERTED),
        (Held(phone=True, evidence=(GOOD,)), Identity.SELF_ASSERTED),
        (Held(address=True), Identity.ADDRESS),
        (Held(address=True, phone=True), Identity.PHONE),
        (SHOWN, Identity.DOCUMENT),
        (replace(SHOWN, phone=False), Identity.DOCUMENT),
        (replace(SHOWN, evidence=(replace(GOOD, strength=Strength.SUPERIOR),)), Identity.DOCUMENT),
        (replace(SHOWN, evidence=(replace(GOOD, strength=Strength.FAIR),)), Identity.PHONE),
        (replace(SHOWN, evidence=(replace(GOOD, waits=True),)), Identity.PHONE),
        (replace(SHOWN, evidence=(replace(GOOD, expires_at=NOON),)), Identity.PHONE),
        (replace(SHOWN, evidence=(replace(GOOD, expires_at=NOON + SECOND),)), Identity.DOCUMENT),
        (replace(SHOWN, evidence=(replace(GOOD, given_at=NOON + SECOND),)), Identity.PHONE),
        (replace(SHOWN, evidence=(Evidence(),)), Identity.PHONE),
    ],
)
def test_level(held: Held, level: Identity) -> None:
    assert policy.level(held, NOON) is level


@given(
    address=st.booleans(),
    phone=st.booleans(),
    rows=st.lists(st.builds(Evidence, st.sampled_from(Strength), st.just(NOON), st.just(NOON + DAY), st.booleans())),
)
def test_no_path_raises_the_level_without_its_evidence(address: bool, phone: bool, rows: list[Evidence]) -> None:
    level = policy.level(Held(address, phone, tuple(rows)), NOON)
    assert (level is Identity.DOCUMENT) <= any(each.strength is not Strength.FAIR and not each.waits for each in rows)
    assert (level >= Identity.ADDRESS) == address
    assert (level is Identity.PHONE) <= phone


def test_it_is_due_again_shortly_before_it_ends() -> None:
    soon = timedelta(days=TODAY.proofing.reminder_days)
    assert not policy.is_due(replace(SHOWN, evidence=(replace(GOOD, expires_at=NOON + soon + SECOND),)), TODAY, NOON)
    assert policy.is_due(replace(SHOWN, evidence=(replace(GOOD, expires_at=NOON + soon),)), TODAY, NOON)
    assert not policy.is_due(Held(), TODAY, NOON)
    later = replace(GOOD, expires_at=NOON + 365 * DAY)
    assert policy.proven_until(replace(SHOWN, evidence=(GOOD, later)), NOON) == NOON + 365 * DAY


def test_evidence_never_outlives_its_document() -> None:
    most = NOON + timedelta(days=TODAY.proofing.evidence_days)
    assert policy.expires_at(None, TODAY, NOON) == most
    assert policy.expires_at(NOON + DAY, TODAY, NOON) == NOON + DAY
    assert policy.expires_at(most + DAY, TODAY, NOON) == most


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (StartFacts(is_offered=True, running=0, failures_today=0), Allow()),
        (StartFacts(is_offered=True, running=0, failures_today=TODAY.proofing.failures_per_day - 1), Allow()),
        (StartFacts(is_offered=True, running=0, failures_today=TODAY.proofing.failures_per_day), Deny(R.TOO_OFTEN)),
        (StartFacts(is_offered=True, running=0), Deny(R.TOO_OFTEN)),
        (StartFacts(is_offered=True, running=1, failures_today=0), Deny(R.RUNNING)),
        (StartFacts(), Deny(R.NOT_OFFERED)),
    ],
)
def test_may_start(facts: StartFacts, answer: Decision) -> None:
    assert policy.may_start(facts, limits=TODAY, at=NOON) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"state": State.NOTED}, Allow()),
        ({"document_expires_at": None}, Allow()),
        ({"state": State.PASSED}, Deny(R.OVER)),
        ({"expires_at": NOON}, Deny(R.OVER)),
        ({"expires_at": None}, Deny(R.OVER)),
        ({"document_expires_at": NOON}, Deny(R.NOT_CONFIRMED)),
        ({"failures_of_it": TODAY.proofing.failures_per_day}, Deny(R.NOT_CONFIRMED)),
    ],
)
def test_may_pass(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_pass(replace(STARTED, **change), limits=TODAY, at=NOON) == answer
    stop = policy.may_stop(replace(STARTED, **change), limits=TODAY, at=NOON)
    assert isinstance(stop, Allow) == (answer != Deny(R.OVER))


STAFF: list[tuple[dict[str, Any], Decision]] = [
    ({}, Allow()),
    ({"roles": (Role.APPROVER,)}, Allow()),
    ({"roles": (Role.ADMINISTRATOR, Role.AUDITOR)}, Deny(R.NOT_STAFF)),
    ({"id": ADA}, Deny(R.NOT_STAFF)),
    ({"id": None}, Deny(R.NOT_STAFF)),
    ({"trained_until": None}, Deny(R.NOT_TRAINED)),
    ({"trained_until": NOON}, Deny(R.NOT_TRAINED)),
    ({"has_opened": False}, Deny(R.NOT_OPENED)),
    ({"assurance": Assurance(Level.AAL1, NOON)}, MORE),
    ({"assurance": Assurance()}, MORE),
]


@pytest.mark.control("63A 3.2.1(13)")
@pytest.mark.parametrize(("change", "answer"), STAFF)
def test_who_checks(change: dict[str, Any], answer: Decision) -> None:
    checker = replace(AGENT, **change)
    assert policy.may_note(STARTED, checker, limits=TODAY, at=NOON) == answer
    assert policy.may_decide(NOTED, checker, limits=TODAY, at=NOON) == answer


@pytest.mark.control("63A 3.2.1(13)")
def test_two_people_look_and_the_second_only_at_what_was_noted() -> None:
    both: Any = {"limits": TODAY, "at": NOON}
    assert policy.may_note(NOTED, AGENT, **both) == Deny(R.OVER)
    assert policy.may_note(replace(STARTED, expires_at=NOON), AGENT, **both) == Deny(R.OVER)
    assert policy.may_note(replace(STARTED, document_expires_at=NOON), AGENT, **both) == Deny(R.DOCUMENT_EXPIRED)
    assert policy.may_note(replace(STARTED, document_expires_at=None), AGENT, **both) == Deny(R.DOCUMENT_EXPIRED)
    assert policy.may_decide(STARTED, AGENT, **both) == Deny(R.NOTHING_NOTED)
    assert policy.may_decide(replace(NOTED, noted_by=ERIN), AGENT, **both) == Deny(R.SAME_PERSON)
    assert policy.may_decide(replace(NOTED, noted_by=None), AGENT, **both) == Deny(R.NOTHING_NOTED)
    assert policy.may_decide(replace(NOTED, expires_at=NOON), AGENT, **both) == Deny(R.OVER)


@pytest.mark.parametrize(
    ("twin", "checker", "answer"),
    [
        ({}, {}, Allow()),
        ({}, {"trained_until": None}, Allow()),
        ({"proposed": Found.DIFFERENT, "proposed_by": FRANK}, {}, Allow()),
        ({"proposed": Found.ONE_ACCOUNT, "proposed_by": ERIN}, {}, Allow()),
        ({"proposed": Found.DIFFERENT, "proposed_by": ERIN}, {}, Deny(R.SAME_PERSON)),
        ({"is_open": False}, {}, Deny(R.SETTLED)),
        ({"people": (ADA, ERIN)}, {}, Deny(R.NOT_STAFF)),
        ({}, {"roles": (Role.AUDITOR,)}, Deny(R.NOT_STAFF)),
        ({}, {"id": None}, Deny(R.NOT_STAFF)),
        ({}, {"has_opened": False}, Deny(R.NOT_OPENED)),
        ({}, {"assurance": Assurance()}, MORE),
    ],
)
def test_may_find(twin: dict[str, Any], checker: dict[str, Any], answer: Decision) -> None:
    facts = replace(TwinFacts(is_open=True, people=(ADA, FRANK)), **twin)
    found = policy.may_find(facts, Found.DIFFERENT, replace(AGENT, **checker), limits=TODAY, at=NOON)
    assert found == answer


def test_two_people_who_say_the_same_have_decided() -> None:
    proposed = TwinFacts(is_open=True, people=(ADA,), proposed=Found.DIFFERENT, proposed_by=FRANK)
    assert policy.settles(proposed, Found.DIFFERENT, ERIN)
    assert not policy.settles(proposed, Found.DIFFERENT, FRANK)
    assert not policy.settles(proposed, Found.ONE_ACCOUNT, ERIN)
    assert not policy.settles(TwinFacts(is_open=True), Found.DIFFERENT, ERIN)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"person_roles": (Role.AUDITOR,)}, Deny(R.NOT_STAFF)),
        ({"is_administrator": False}, Deny(R.NOT_AN_ADMINISTRATOR)),
        ({"by": ADA}, Deny(R.NOT_AN_ADMINISTRATOR)),
        ({"by": None}, Deny(R.NOT_AN_ADMINISTRATOR)),
        ({"person": None}, Deny(R.NOT_AN_ADMINISTRATOR)),
    ],
)
def test_may_train(change: dict[str, Any], answer: Decision) -> None:
    facts = replace(TrainFacts(ADA, (Role.AGENT,), ERIN, is_administrator=True), **change)
    assert policy.may_train(facts, limits=TODAY, at=NOON) == answer
