"""Rows that ask how well it is known who the customer is."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.step_up import facts as step_up
from ciam_portal.core import clock, gate
from ciam_portal.core.facts import Facts
from ciam_portal.core.gate import Reason
from ciam_portal.core.policy import catalogue, limits
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.policy.decision import Allow, Deny, Risk
from ciam_portal.core.policy.identity import Identity
from ciam_portal.governance import difference
from tests.accounts.proofing.conftest import Party

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
TODAY = limits.load()
HERE = Facts(
    channel=Channel.WEB, account_active=True, session_live=True, assurance=Assurance(Level.PHR, NOON),
    highest=Level.PHR, challenged_at=NOON, device=gate.Trust.KNOWN, standing=Risk.LOW,
)  # fmt: skip


def asking(least: Identity, action: str = "export_data") -> limits.Limits:
    return replace(TODAY, actions=TODAY.actions | {action: replace(TODAY.actions[action], proofing=least)})


@pytest.mark.parametrize("least", Identity)
@pytest.mark.parametrize("known", [None, *Identity])
def test_who_is_not_known_well_enough_is_refused(least: Identity, known: Identity | None) -> None:
    answer = gate.decide("export_data", replace(HERE, identity=known), limits=asking(least), at=NOON)
    enough = least <= (known or Identity.SELF_ASSERTED)
    assert answer == (Allow() if enough else Deny(Reason.SHOW_IDENTITY))


@given(known=st.none() | st.sampled_from(Identity), least=st.sampled_from(Identity), risk=st.sampled_from(Risk))
def test_more_risk_never_loosens(known: Identity | None, least: Identity, risk: Risk) -> None:
    facts = replace(HERE, identity=known, standing=risk)
    answer = gate.decide("export_data", facts, limits=asking(least), at=NOON)
    if least > (known or Identity.SELF_ASSERTED):
        assert isinstance(answer, Deny)
    else:
        assert answer == gate.decide("export_data", facts, limits=TODAY, at=NOON)


def test_of_two_people_the_lesser_counts() -> None:
    for mine, theirs, counts in (
        (Identity.DOCUMENT, Identity.PHONE, Identity.PHONE),
        (Identity.ADDRESS, Identity.PHONE, Identity.ADDRESS),
        (Identity.DOCUMENT, None, None),
        (None, Identity.DOCUMENT, None),
    ):
        assert replace(HERE, identity=mine).for_owner(replace(HERE, identity=theirs)).identity is counts


def test_nobody_is_shut_out_of_showing_it() -> None:
    for action in ("sign_in", "prove_identity", "start_recovery"):
        assert [*catalogue.weaknesses(asking(Identity.PHONE, action).actions)]
    assert not [*catalogue.weaknesses(asking(Identity.DOCUMENT).actions)]
    assert [*catalogue.weaknesses(asking(Identity.DOCUMENT, "partner.payment").actions)]  # its large one asks for less
    (change,) = difference.between(TODAY, asking(Identity.PHONE))
    assert (change.old, change.new, change.lean) == ("self_asserted", "phone", difference.Lean.STRICTER)


@pytest.mark.django_db
def test_it_is_read_only_where_a_row_asks_for_it(ada: Party, shows: Any) -> None:
    assert step_up.for_action(ada.user, ada.session, by=ada.by, at=clock.now()).identity is None
    limits.install(asking(Identity.DOCUMENT))
    try:
        assert step_up.for_action(ada.user, ada.session, by=ada.by, at=clock.now()).identity is Identity.ADDRESS
        shows(ada)
        assert step_up.for_action(ada.user, ada.session, by=ada.by, at=clock.now()).identity is Identity.DOCUMENT
    finally:
        limits.install(TODAY)
