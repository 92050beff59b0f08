"""The questions of the help desk's part, as tables: each condition that is missing is a no, with its own reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ciam_portal.core.policy import limits as limits_module
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold, Risk
from recovery.case.policy import cases
from recovery.case.policy.cases import CaseFacts, Helper
from recovery.case.policy.evidence import DESK, Needed, Strength, Way
from recovery.case.policy.states import State
from recovery.case.policy.waiting import Weighty
from recovery.desk import policy as desk
from recovery.desk.policy import AnswerFacts, BeginFacts, InquiryFacts, LinkFacts, Outcome, Reason, WhyRejected

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ASK: dict[str, Any] = {"limits": limits_module.load(), "at": NOON}
HOUR = timedelta(hours=1)
ANN, BEN, EVE = UUID(int=1), UUID(int=2), UUID(int=3)
AGENT = Helper(ANN, is_agent=True, is_customer=False, acts_here=True, has_opened=True)
OPEN = CaseFacts(State.OPEN, NOON - HOUR, (), Needed(factors=True), account_active=True, opened_by=EVE, noted_by=(EVE,))
WAITED = Weighty(NOON - timedelta(days=3), Strength.NONE, None, by_desk=True)
READY = replace(OPEN, state=State.COOLING_OFF, ready=WAITED)
CALL, PAPER = InquiryFacts(Way.CALLED_BACK, reachable=True, is_open=True), InquiryFacts(
    Way.DOCUMENT, reachable=True, is_open=True, asked_by=BEN
)  # fmt: skip

HELPER: list[tuple[dict[str, Any], Decision]] = [
    ({"is_agent": False}, Deny(cases.Reason.NOT_YOUR_ROLE)),
    ({"is_agent": False, "is_approver": True}, Deny(cases.Reason.NOT_YOUR_ROLE)),
    ({"acts_here": False}, Deny(cases.Reason.NOT_YOUR_ROLE)),
    ({"is_customer": True}, Deny(cases.Reason.OWN_ACCOUNT)),
    ({"has_opened": False}, Deny(cases.Reason.RECORD_SHUT)),
]
CASE: list[tuple[dict[str, Any], Decision]] = [
    ({"opened_by": None}, Deny(cases.Reason.NOT_HELPED)),
    ({"state": State.PROPOSED, "proposed_at": NOON}, Deny(cases.Reason.NOT_POSSIBLE)),
    ({"state": State.CANCELLED}, Deny(cases.Reason.NOT_POSSIBLE)),
    ({"account_active": False}, Deny(cases.Reason.ACCOUNT_CLOSED)),
    ({"opened_at": NOON - timedelta(days=14)}, Deny(cases.Reason.NOT_POSSIBLE)),
    ({"proven_elsewhere_at": NOON}, Deny(cases.Reason.SIGNED_IN_SINCE)),
]


def test_a_helper_of_whom_nothing_is_known_may_nothing() -> None:
    nobody = Helper(ANN)
    assert cases.helps(nobody) == cases.helps(nobody, agent=False) == Deny(cases.Reason.NOT_YOUR_ROLE)


@pytest.mark.parametrize(("change", "answer"), HELPER)
def test_who_may_help(change: dict[str, Any], answer: Decision) -> None:
    who = replace(AGENT, **change)
    assert desk.may_begin(BeginFacts(is_open=True), who, **ASK) == answer
    assert desk.may_ask(OPEN, who, CALL, **ASK) == answer
    assert desk.may_note(OPEN, who, CALL, **ASK) == answer
    assert desk.may_send_again(READY, who, **ASK) == answer


@pytest.mark.parametrize(
    ("caller", "answer"),
    [
        (BeginFacts(is_open=True), Allow()),
        (BeginFacts(), Deny(Reason.CLOSED)),
        (BeginFacts(is_open=True, live=State.OPEN), Allow()),
        (BeginFacts(is_open=True, live=State.OPEN, live_by_desk=True), Deny(Reason.ALREADY_RUNNING)),
        (BeginFacts(is_open=True, live=State.PROVEN), Deny(Reason.ALREADY_RUNNING)),
        (BeginFacts(is_open=True, live=State.PROPOSED, live_by_desk=True), Deny(Reason.ALREADY_RUNNING)),
        (BeginFacts(is_open=True, live=State.COOLING_OFF), Deny(Reason.ALREADY_RUNNING)),
    ],
)
def test_may_begin(caller: BeginFacts, answer: Decision) -> None:
    assert desk.may_begin(caller, AGENT, **ASK) == answer


@pytest.mark.parametrize(("change", "answer"), [*CASE, ({}, Allow())])
def test_what_the_case_allows(change: dict[str, Any], answer: Decision) -> None:
    case = replace(OPEN, **change)
    assert desk.may_ask(case, AGENT, CALL, **ASK) == answer
    assert desk.may_note(case, AGENT, CALL, **ASK) == answer
    assert desk.may_answer(case, AnswerFacts(is_asked=True, fits=True), **ASK) == answer


@pytest.mark.parametrize("way", Way)
def test_only_what_the_help_desk_weighs_is_asked_for(way: Way) -> None:
    answer = desk.may_ask(OPEN, AGENT, InquiryFacts(way, reachable=True), **ASK)
    assert answer == (Allow() if way in DESK else Deny(Reason.NOTHING_THERE))
    assert desk.may_ask(OPEN, AGENT, InquiryFacts(way), **ASK) == Deny(Reason.NOTHING_THERE)


@pytest.mark.parametrize(
    ("inquiry", "answer"),
    [
        (CALL, Allow()),
        (replace(CALL, is_open=False), Deny(Reason.NOT_ASKED)),
        (PAPER, Allow()),
        (replace(PAPER, asked_by=ANN), Deny(Reason.SECOND_AGENT)),
        (replace(CALL, asked_by=ANN), Allow()),
    ],
)
def test_may_note(inquiry: InquiryFacts, answer: Decision) -> None:
    assert desk.may_note(OPEN, AGENT, inquiry, **ASK) == answer


def test_whoever_opened_it_checks_no_document() -> None:
    assert desk.may_note(OPEN, replace(AGENT, id=EVE), PAPER, **ASK) == Deny(Reason.SECOND_AGENT)


@pytest.mark.parametrize("answer", [AnswerFacts(), AnswerFacts(is_asked=True), AnswerFacts(fits=True)])
def test_no_answer_where_nothing_was_asked_or_in_another_session(answer: AnswerFacts) -> None:
    assert desk.may_answer(OPEN, answer, **ASK) == Deny(Reason.NOT_HERE)


EARLY = replace(READY, ready=replace(WAITED, started_at=NOON - timedelta(days=3) + HOUR))


@pytest.mark.parametrize(
    ("case", "link", "answer"),
    [
        (READY, LinkFacts(is_live=True, stands=True), Allow()),
        (READY, LinkFacts(stands=True), Deny(cases.Reason.LINK_DEAD)),
        (READY, LinkFacts(is_live=True), Deny(cases.Reason.LINK_DEAD)),
        (replace(READY, opened_by=None), LinkFacts(is_live=True, stands=True), Deny(cases.Reason.LINK_DEAD)),
        (EARLY, LinkFacts(is_live=True, stands=True), Hold(cases.Reason.COOLING_OFF, NOON + HOUR)),
        (
            replace(READY, state=State.CANCELLED),
            LinkFacts(is_live=True, stands=True),
            Deny(cases.Reason.NOT_POSSIBLE),
        ),
        (
            replace(READY, channel_stands=False),
            LinkFacts(is_live=True, stands=True),
            Deny(cases.Reason.CHANNEL_GONE),
        ),
    ],
)
def test_may_claim(case: CaseFacts, link: LinkFacts, answer: Decision) -> None:
    assert desk.may_claim(case, link, **ASK) == answer


def test_may_send_again_only_what_can_be_finished() -> None:
    assert desk.may_send_again(READY, AGENT, **ASK) == Allow()
    assert desk.may_send_again(EARLY, AGENT, **ASK) == Hold(cases.Reason.COOLING_OFF, NOON + HOUR)
    assert desk.may_send_again(replace(READY, opened_by=None), AGENT, **ASK) == Deny(cases.Reason.NOT_HELPED)
    assert desk.may_send_again(OPEN, AGENT, **ASK) == Deny(cases.Reason.NOT_POSSIBLE)


@pytest.mark.parametrize("risk", [None, Risk.LOW, Risk.HIGH])
def test_what_the_help_desk_vouched_for_always_waits(risk: Risk | None) -> None:
    for shown in Strength:
        ready = replace(WAITED, started_at=NOON, strength=shown, risk=risk)
        answer = cases.may_complete(replace(READY, ready=ready), **ASK)
        assert isinstance(answer, Hold)
        assert answer.until is not None
        assert answer.until >= NOON + timedelta(hours=24)


def test_what_an_agent_opened_is_never_proven_by_codes_of_a_stranger() -> None:
    shown = replace(OPEN, shown=(Way.MAIL, Way.SMS))
    assert cases.may_show(shown, **ASK) == cases.may_prove(shown, **ASK) == Deny(cases.Reason.NOT_POSSIBLE)


def test_every_code_has_words_and_what_ends_a_case_says_why() -> None:
    assert all(item.words for kind in (Outcome, WhyRejected) for item in kind)
    assert set(desk.ENDS) == {Outcome.DENIED, Outcome.DIFFERS}
    assert set(desk.OF_CALL) & set(desk.OF_DOCUMENT) == {Outcome.CONFIRMED}
