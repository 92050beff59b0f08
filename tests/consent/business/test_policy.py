"""Who may look after a business, who belongs to it, and what removing an owner takes: tables."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.roles import Role
from consent.business import policy
from consent.business.policy import Reason
from consent.business.shapes import Removal, Stands
from consent.delegation.policy import Reason as NotDelegated
from consent.delegation.shapes import Terms
from tests.conftest import NOON

RULES = limits.load()
ASK: dict[str, Any] = {"limits": RULES, "at": NOON}
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
OWNER = policy.Manager(is_owner=True, has_second_step=True, business_open=True)
SEES = Terms(("see_profile",), ("openid",))
INVITING = policy.Inviting(is_own=False, is_there=False, terms=SEES)
ANSWERING = policy.Answering(
    stands=Stands.INVITED, is_theirs=True, is_there=False, business_open=True, person_open=True, has_second_step=True,
    expires_at=NOON + SECOND,
)  # fmt: skip
MEMBER = policy.Member(stands=Stands.MEMBER, has_second_step=True, others=1, is_asked=False)
OTHER_OWNER = replace(MEMBER, is_owner=True)
ME = replace(OTHER_OWNER, is_self=True)
ADA, BOB, EVE, AGENT, APPROVER = (uuid4() for _ in range(5))
CASE = policy.Case(
    state=Removal.ASKED, by=ADA, who=BOB, by_stands=True, who_stands=True, others=0, ready_at=NOON, agreed=False
)
OLD = NOON - RULES.business.owner_rest_days * DAY


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_self": False}, Deny(Reason.NOT_YOURS)),
        ({"is_open": False}, Deny(Reason.PERSON_SHUT)),
        ({"has_second_step": False}, Deny(Reason.NO_SECOND_STEP)),
        ({"owned": RULES.business.per_customer}, Deny(Reason.ENOUGH_BUSINESSES)),
        ({"owned": RULES.business.per_customer - 1}, Allow()),
    ],
)
def test_may_found(change: dict[str, Any], answer: Decision) -> None:
    facts = policy.Founding(is_self=True, is_open=True, has_second_step=True)
    assert policy.may_found(replace(facts, **change), **ASK) == answer


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        (OWNER, Allow()),
        (policy.Manager(), Deny(Reason.NOT_AN_OWNER)),
        (replace(OWNER, has_second_step=False), Deny(Reason.NO_SECOND_STEP)),
        (replace(OWNER, business_open=False), Deny(Reason.SHUT)),
    ],
)
def test_who_manages(who: policy.Manager, answer: Decision) -> None:
    assert policy.may_manage(who, **ASK) == answer
    assert policy.may_invite(who, INVITING, **ASK) == answer
    assert policy.may_assign(who, MEMBER, Terms(), SEES, **ASK) == answer
    assert policy.may_make_owner(who, MEMBER, **ASK) == answer
    assert policy.may_let_go_on(who, MEMBER, **ASK) == answer
    assert policy.may_ask_removal(who, OTHER_OWNER, **ASK) == answer
    assert policy.may_close(who, 0, **ASK) == answer
    stops = Allow() if who.is_owner else Deny(Reason.NOT_AN_OWNER)  # what stops somebody takes no proof
    assert policy.may_pause(who, **ASK) == stops
    assert policy.may_remove(who, MEMBER, **ASK) == stops


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"is_own": True}, Deny(Reason.OWN)),
        ({"is_there": True}, Deny(Reason.SAME)),
        ({"members": RULES.business.members}, Deny(Reason.ENOUGH_MEMBERS)),
        ({"today": RULES.business.invitations_per_day}, Deny(Reason.TOO_MANY)),
        ({"terms": Terms()}, Deny(NotDelegated.NOTHING)),
        ({"terms": Terms(("delete_account",))}, Deny(NotDelegated.NOT_OFFERED)),
        ({"terms": Terms(("partner.payment",))}, Deny(NotDelegated.NO_LIMIT)),
    ],
)
def test_whom_an_owner_invites(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_invite(OWNER, replace(INVITING, **change), **ASK) == answer


@pytest.mark.parametrize(
    ("change", "joins", "refuses"),
    [
        ({}, Allow(), Allow()),
        ({"is_theirs": False}, Deny(Reason.NOT_FOR_YOU), Deny(Reason.NOT_FOR_YOU)),
        ({"expires_at": NOON}, Deny(Reason.NOT_OPEN), Deny(Reason.NOT_OPEN)),
        ({"expires_at": None}, Deny(Reason.NOT_OPEN), Deny(Reason.NOT_OPEN)),
        ({"stands": Stands.GONE}, Deny(Reason.NOT_OPEN), Deny(Reason.NOT_OPEN)),
        ({"business_open": False}, Deny(Reason.SHUT), Allow()),
        ({"person_open": False}, Deny(Reason.PERSON_SHUT), Allow()),
        ({"has_second_step": False}, Deny(Reason.NO_SECOND_STEP), Allow()),
        ({"is_there": True}, Deny(Reason.SAME), Allow()),
    ],
)
def test_who_joins(change: dict[str, Any], joins: Decision, refuses: Decision) -> None:
    facts = replace(ANSWERING, **change)
    assert policy.may_join(facts, **ASK) == joins
    assert policy.may_answer(facts, **ASK) == refuses
    due = facts.stands is Stands.INVITED and facts.expires_at in {None, NOON}
    assert policy.may_lapse(facts, **ASK) == (Allow() if due else Deny(Reason.NOT_OPEN))


@pytest.mark.parametrize(
    ("member", "leaves", "steps_down"),
    [
        (ME, Allow(), Allow()),
        (replace(ME, others=0), Deny(Reason.LAST_OWNER), Deny(Reason.LAST_OWNER)),
        (replace(ME, is_owner=False, others=0), Allow(), Deny(Reason.NOT_AN_OWNER)),
        (OTHER_OWNER, Deny(Reason.NOT_YOURS), Deny(Reason.NOT_YOURS)),
        (replace(ME, stands=Stands.GONE), Deny(Reason.NOT_A_MEMBER), Deny(Reason.NOT_A_MEMBER)),
    ],
)
def test_the_last_owner_stays(member: policy.Member, leaves: Decision, steps_down: Decision) -> None:
    assert policy.may_leave(member, **ASK) == leaves
    assert policy.may_step_down(member, **ASK) == steps_down


def test_nobody_lets_themselves_do_more_while_there_is_another_owner() -> None:
    more, alone = Terms(("see_profile", "partner.appointment"), ("openid",)), replace(ME, others=0)
    assert policy.may_assign(OWNER, ME, SEES, more, **ASK) == Deny(Reason.OWN_RIGHTS)
    assert policy.may_assign(OWNER, ME, more, SEES, **ASK) == Allow()
    assert policy.may_assign(OWNER, alone, SEES, more, **ASK) == Allow()
    assert policy.may_let_go_on(OWNER, ME, **ASK) == Deny(Reason.OWN_RIGHTS)
    assert policy.may_let_go_on(OWNER, alone, **ASK) == Allow()
    saving = policy.Saving(roles=0, terms=SEES, widens_own=False)
    assert policy.may_save_role(OWNER, saving, **ASK) == Allow()
    assert policy.may_save_role(OWNER, replace(saving, widens_own=True), **ASK) == Deny(Reason.OWN_RIGHTS)
    full = replace(saving, roles=RULES.business.roles)
    assert policy.may_save_role(OWNER, full, **ASK) == Deny(Reason.ENOUGH_ROLES)


def test_an_owner_is_removed_by_no_single_press() -> None:
    assert policy.may_remove(OWNER, OTHER_OWNER, **ASK) == Deny(Reason.TAKES_TWO)
    assert policy.may_ask_removal(OWNER, ME, **ASK) == Deny(Reason.NOT_THEIR_OWN)
    assert policy.may_ask_removal(OWNER, MEMBER, **ASK) == Deny(Reason.NOT_A_MEMBER)
    asked = replace(OTHER_OWNER, is_asked=True)
    assert policy.may_ask_removal(OWNER, asked, **ASK) == Deny(Reason.ASKED_ALREADY)
    assert policy.may_close(OWNER, 1, **ASK) == Deny(Reason.OTHER_OWNERS)


@pytest.mark.parametrize(
    ("owner", "answer"),
    [
        (policy.Owner(EVE, OLD), Allow()),
        (policy.Owner(EVE, OLD + SECOND), Deny(Reason.TOO_NEW)),
        (policy.Owner(ADA, OLD), Deny(Reason.SAME_PERSON)),
        (policy.Owner(BOB, OLD), Deny(Reason.SAME_PERSON)),
        (policy.Owner(EVE), Deny(Reason.NOT_AN_OWNER)),
        (policy.Owner(), Deny(Reason.NOT_AN_OWNER)),
    ],
)
def test_who_agrees(owner: policy.Owner, answer: Decision) -> None:
    assert policy.may_agree(CASE, owner, **ASK) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"ready_at": NOON + SECOND}, Deny(Reason.STILL_WAITS)),
        ({"ready_at": None}, Deny(Reason.STILL_WAITS)),
        ({"others": 1}, Deny(Reason.NEEDS_ANOTHER)),
        ({"others": 1, "agreed": True, "ready_at": None}, Allow()),
        ({"state": Removal.OBJECTED, "agreed": True}, Deny(Reason.DESK_DECIDES)),
        ({"state": Removal.OFF}, Deny(Reason.NOT_WAITING)),
        ({"by_stands": False}, Deny(Reason.NOT_WAITING)),
        ({"who_stands": False, "agreed": True}, Deny(Reason.NOT_WAITING)),
    ],
)
def test_when_an_owner_is_removed(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_carry_out(replace(CASE, **change), **ASK) == answer


def test_who_objects_and_who_calls_it_off() -> None:
    assert policy.may_object(CASE, policy.Owner(BOB, NOON), **ASK) == Allow()
    assert policy.may_object(CASE, policy.Owner(ADA, OLD), **ASK) == Deny(Reason.NOT_YOURS)
    objected = replace(CASE, state=Removal.OBJECTED)
    assert policy.may_object(objected, policy.Owner(BOB, NOON), **ASK) == Deny(Reason.DESK_DECIDES)
    assert policy.may_call_off(objected, policy.Owner(ADA, OLD), **ASK) == Allow()
    assert policy.may_call_off(objected, policy.Owner(BOB, OLD), **ASK) == Deny(Reason.NOT_YOURS)


def test_the_help_desk_decides_by_two() -> None:
    agent = policy.Helper(AGENT, (Role.AGENT,), is_party=False)
    second = policy.Helper(APPROVER, (Role.APPROVER,), is_party=False)
    objected = replace(CASE, state=Removal.OBJECTED)
    proposed = replace(objected, proposed_by=AGENT)
    assert policy.may_propose_verdict(objected, agent, **ASK) == Allow()
    assert policy.may_propose_verdict(proposed, agent, **ASK) == Deny(Reason.PROPOSED_ALREADY)
    assert policy.may_propose_verdict(CASE, agent, **ASK) == Deny(Reason.NOT_WAITING)
    assert policy.may_propose_verdict(objected, replace(agent, is_party=True), **ASK) == Deny(Reason.NOT_STAFF)
    assert policy.may_propose_verdict(objected, second, **ASK) == Deny(Reason.NOT_STAFF)
    assert policy.may_settle(proposed, second, **ASK) == Allow()
    both = policy.Helper(AGENT, (Role.AGENT, Role.APPROVER), is_party=False)
    assert policy.may_settle(proposed, both, **ASK) == Deny(Reason.DESK_SAME_PERSON)
    assert policy.may_settle(objected, second, **ASK) == Deny(Reason.NOT_PROPOSED)
    assert policy.may_settle(proposed, agent, **ASK) == Deny(Reason.NOT_STAFF)


@given(
    st.builds(
        policy.Case, state=st.sampled_from(Removal), by_stands=st.booleans(), who_stands=st.booleans(),
        others=st.integers(0, 3), agreed=st.booleans(), ready_at=st.none() | st.just(NOON) | st.just(NOON + SECOND),
        by=st.just(ADA), who=st.just(BOB),
    )
)  # fmt: skip
def test_one_owner_alone_removes_nobody_before_the_time_to_object_is_over(case: policy.Case) -> None:
    if isinstance(policy.may_carry_out(case, **ASK), Allow):
        assert case.by_stands
        assert case.agreed or (case.ready_at is not None and case.ready_at <= NOON)
        assert case.state is Removal.ASKED
