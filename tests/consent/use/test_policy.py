"""May it be used: a row for each reason in the order of the checks, and what no answer ever widens."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core.policy.decision import Allow, Deny
from consent.purposes.policy import Basis
from consent.purposes.policy import Reason as NoPurpose
from consent.records.policy import State
from consent.use import policy
from consent.use.policy import Purpose, Reason, Said, Use
from tests.conftest import NOON

PURPOSE = Purpose("product_news", 4, 3, Basis.CONSENT, frozenset({"email", "name"}))
YES = Said(State.GIVEN, 7, 3, frozenset({"email"}), NOON + timedelta(days=1))
USE = Use(
    frozenset({"email", "name", "phone"}),
    PURPOSE,
    None,
    is_known=True,
    is_its_purpose=True,
    is_ours=True,
    is_open=True,
    said=YES,
)
LIMITS = settings.LIMITS


def may(use: Use) -> Any:
    return policy.may_use(use, limits=LIMITS, at=NOON)


def with_(purpose: dict[str, Any] | None = None, said: dict[str, Any] | None = None, **use: Any) -> Use:
    made = replace(USE, **use)
    if purpose is not None:
        made = replace(made, purpose=replace(PURPOSE, **purpose))
    return made if said is None else replace(made, said=replace(YES, **said))


NO = [
    (with_(purpose=None, nothing=None), None),
    (with_({"is_refusable": False}, is_known=False), Reason.UNKNOWN_SUBJECT),
    (replace(USE, purpose=None, is_known=False), Reason.UNKNOWN_SUBJECT),
    (replace(USE, purpose=None), NoPurpose.UNKNOWN),
    (replace(USE, purpose=None, nothing=NoPurpose.RETIRED), NoPurpose.RETIRED),
    (replace(USE, purpose=None, nothing=NoPurpose.EDITED, is_open=False), NoPurpose.EDITED),
    (with_(is_its_purpose=False, is_open=False), Reason.NOT_ITS_PURPOSE),
    (with_(is_open=False), Reason.NOT_OPEN),
    (with_({"basis": Basis.LEGAL_OBLIGATION}, is_open=False), Reason.NOT_OPEN),
    (replace(USE, said=None), Reason.NEVER_ASKED),
    (with_(said={"state": State.REFUSED}), Reason.REFUSED),
    (with_(said={"state": State.WITHDRAWN}), Reason.WITHDRAWN),
    (with_(said={"state": State.EXPIRED}), Reason.EXPIRED),
    (with_(said={"state": State.SUPERSEDED}), Reason.ASKED_ANEW),
    (with_(said={"state": State.PAUSED}), Reason.PAUSED),
    (with_(said={"state": State.OBJECTED}), Reason.OBJECTED),
    (with_(said={"expires_at": NOON}), Reason.EXPIRED),  # the boundary belongs to "no", and waits for no sweeper
    (with_(said={"expires_at": NOON + timedelta(microseconds=1)}), None),
    (with_(said={"expires_at": None}), None),
    (with_(said={"version": 2}), Reason.ASKED_ANEW),
    (with_(said={"version": 4}), None),
    (with_(categories=frozenset({"phone"})), Reason.NOT_COVERED),
    (with_(categories=frozenset({"name"})), Reason.NOT_COVERED),
    (with_(categories=frozenset()), None),
    (with_({"basis": Basis.LEGITIMATE_INTEREST}, {"state": State.OBJECTED}), Reason.OBJECTED),
    (with_({"basis": Basis.LEGITIMATE_INTEREST}, {"state": State.WITHDRAWN}), Reason.WITHDRAWN),
    (with_({"basis": Basis.LEGITIMATE_INTEREST}, {"state": State.EXPIRED}), None),
    (replace(with_({"basis": Basis.LEGITIMATE_INTEREST}), said=None), None),
    (with_({"basis": Basis.CONTRACT}, {"state": State.WITHDRAWN}), None),
    (with_({"basis": Basis.CONTRACT}, {"state": State.PAUSED}), Reason.PAUSED),
    (with_({"basis": Basis.LEGAL_OBLIGATION}, {"state": State.PAUSED}), None),
    (with_({"is_refusable": False}, {"state": State.WITHDRAWN}, is_open=False), None),
    (with_({"is_refusable": False}, {"state": State.WITHDRAWN}, is_ours=False), Reason.WITHDRAWN),
]


@pytest.mark.parametrize(("use", "why"), NO)
def test_may_use(use: Use, why: Any) -> None:
    assert may(use) == (Allow() if why is None else Deny(why))
    assert bool(policy.permitted(use, NOON)) == (why is None and bool(use.categories))


def test_what_is_no_part_of_it_falls_out() -> None:
    assert policy.permitted(USE, NOON) == {"email"}
    assert policy.permitted(with_({"basis": Basis.CONTRACT}), NOON) == {"email", "name"}


@pytest.mark.parametrize("reason", Reason)
def test_only_what_a_yes_would_mend_is_asked(reason: Reason) -> None:
    assert (reason in policy.CAN_BE_ASKED) == (reason.value in {"use_never_asked", "use_expired", "use_asked_anew"})


CATEGORIES = st.frozensets(st.sampled_from(["email", "name", "phone", "behavior"]))
INSTANTS = st.none() | st.integers(-2, 2).map(lambda days: NOON + timedelta(days=days))
SAID = st.builds(
    Said, state=st.sampled_from(State), number=st.integers(1, 9), version=st.integers(1, 5), categories=CATEGORIES,
    expires_at=INSTANTS,
)  # fmt: skip
PURPOSES = st.builds(
    Purpose, key=st.just("x"), version=st.integers(1, 5), material=st.integers(1, 5), basis=st.sampled_from(Basis),
    categories=CATEGORIES, is_refusable=st.booleans(),
)  # fmt: skip
USES = st.builds(
    Use, categories=CATEGORIES, purpose=st.none() | PURPOSES, nothing=st.none() | st.sampled_from(NoPurpose),
    is_its_purpose=st.booleans(), is_ours=st.booleans(), is_open=st.booleans(), said=st.none() | SAID,
)  # fmt: skip
# What takes away: each may only ever tighten.
LESS = st.sampled_from([
    lambda use, said: replace(use, said=replace(said, state=State.WITHDRAWN)),
    lambda use, said: replace(use, said=replace(said, state=State.OBJECTED)),
    lambda use, said: replace(use, said=replace(said, state=State.PAUSED)),
    lambda use, said: replace(use, said=replace(said, state=State.EXPIRED)),
    lambda use, said: replace(use, said=replace(said, state=State.REFUSED)),
    lambda use, said: replace(use, said=replace(said, expires_at=NOON)),
    lambda use, said: replace(use, said=replace(said, categories=frozenset(sorted(said.categories)[1:]))),
    lambda use, said: replace(use, is_open=False),
    lambda use, said: replace(use, is_its_purpose=False),
    lambda use, said: replace(use, purpose=None),
])  # fmt: skip


@given(USES, SAID.filter(lambda said: said.state is State.GIVEN), LESS)
def test_taking_back_never_widens(use: Use, yes: Said, less: Any) -> None:
    before = replace(use, said=yes)
    after = less(before, yes)
    assert policy.permitted(after, NOON) <= policy.permitted(before, NOON)
    assert not isinstance(may(after), Allow) or isinstance(may(before), Allow)


@given(USES)
def test_it_answers_always_and_never_more_than_was_asked_for(use: Use) -> None:
    found = policy.permitted(use, NOON)
    assert found <= use.categories
    assert use.purpose is None or found <= use.purpose.categories
    if use.purpose is not None and use.purpose.basis is Basis.CONSENT and found:
        assert not use.purpose.is_refusable or (use.said is not None and found <= use.said.categories)
    assert isinstance(may(use), Allow) == bool(found or (not use.categories and isinstance(may(use), Allow)))
