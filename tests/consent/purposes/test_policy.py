"""What a purpose may say, when a change asks again, and who may bring it on its way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from consent.purposes import policy
from consent.purposes.policy import Access, Basis, Reason, Recipient, Sensitivity, StaffFacts, State, Terms, Wrong

PETRA, MONA = StaffFacts(UUID(int=1), is_officer=True), StaffFacts(UUID(int=2), is_officer=True)
OTTO = StaffFacts(UUID(int=3))
OLD, OTHER = UUID(int=8), UUID(int=9)
NEWS = Terms(
    Basis.CONSENT, Access.CONTACT, ("email", "name"), ("name",), (Recipient.OURSELVES,), 365, 395, Sensitivity.ORDINARY
)
DRAFT = policy.VersionFacts(State.DRAFT, drafted_by=PETRA.id, active=OLD)
PROPOSED = replace(DRAFT, state=State.PROPOSED, proposed_by=PETRA.id, against=OLD)
APPROVED = replace(PROPOSED, state=State.APPROVED)
ACTIVE = replace(APPROVED, state=State.ACTIVE)
RETIRED = replace(ACTIVE, state=State.RETIRED)


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({}, False),
        ({"basis": Basis.CONTRACT}, True),
        ({"access": Access.SHARE}, True),
        ({"categories": ("email",)}, True),
        ({"categories": ("name", "email")}, False),
        ({"categories": ("email", "name", "phone")}, True),
        ({"optional": ()}, True),
        ({"optional": ("email",)}, True),
        ({"optional": ("name", "email")}, False),
        ({"recipients": (Recipient.OURSELVES, Recipient.PROCESSOR)}, True),
        ({"sensitivity": Sensitivity.SPECIAL}, True),
        ({"retention_days": 366}, True),
        ({"retention_days": 364}, False),
        ({"retention_days": None}, True),
        ({"valid_for_days": 396}, True),
        ({"valid_for_days": 394}, False),
        ({"valid_for_days": None}, True),
    ],
)  # fmt: skip
def test_what_asks_again_whatever_is_said(change: dict[str, Any], asks: bool) -> None:
    assert policy.is_material(NEWS, replace(NEWS, **change), said=False) is asks
    assert policy.is_material(NEWS, replace(NEWS, **change), said=True)


def test_the_first_version_asks() -> None:
    assert policy.is_material(None, NEWS, said=False)
    assert policy.is_material(replace(NEWS, retention_days=None), NEWS, said=False) is False


_DAYS = st.none() | st.integers(1, 1000)


@given(before=_DAYS, after=_DAYS)
def test_no_data_is_kept_for_longer_without_asking(before: int | None, after: int | None) -> None:
    longer = (after or 10**6) > (before or 10**6)
    asked = policy.is_material(replace(NEWS, retention_days=before), replace(NEWS, retention_days=after), said=False)
    assert asked is longer


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, ()),
        ({"categories": ("email", "name", "shoe_size")}, (Wrong.UNKNOWN_CATEGORY,)),
        ({"categories": (), "optional": ()}, (Wrong.NO_CATEGORY,)),
        ({"recipients": ()}, (Wrong.NO_RECIPIENT,)),
        ({"optional": ("phone",)}, (Wrong.NOT_A_PART,)),
        ({"valid_for_days": None}, (Wrong.ENDLESS,)),
        ({"basis": Basis.CONTRACT}, (Wrong.REFUSED_ALONE, Wrong.ENDS)),
        ({"basis": Basis.CONTRACT, "optional": (), "valid_for_days": None}, ()),
    ],
)
def test_terms_fit_together(change: dict[str, Any], wrong: tuple[Wrong, ...]) -> None:
    assert policy.wrong(replace(NEWS, **change), CATEGORIES) == wrong


@pytest.mark.parametrize(
    ("question", "version", "staff", "answer"),
    [
        (policy.may_draft, DRAFT, PETRA, Allow()),
        (policy.may_draft, DRAFT, OTTO, Deny(Reason.NOT_AN_OFFICER)),
        (policy.may_draft, DRAFT, replace(PETRA, id=None), Deny(Reason.NOT_AN_OFFICER)),
        (policy.may_draft, PROPOSED, PETRA, Deny(Reason.NOT_A_DRAFT)),
        (policy.may_draft, replace(DRAFT, is_as_shown=False), PETRA, Deny(Reason.CHANGED_MEANWHILE)),
        (policy.may_propose, DRAFT, PETRA, Allow()),
        (policy.may_propose, DRAFT, OTTO, Deny(Reason.NOT_AN_OFFICER)),
        (policy.may_propose, APPROVED, PETRA, Deny(Reason.NOT_A_DRAFT)),
        (policy.may_propose, replace(DRAFT, is_new=False), PETRA, Deny(Reason.NOTHING_NEW)),
        (policy.may_propose, replace(DRAFT, is_sound=False), PETRA, Deny(Reason.UNSOUND)),
        (policy.may_propose, replace(DRAFT, is_intact=False), PETRA, Deny(Reason.EDITED)),
        (policy.may_propose, replace(DRAFT, is_as_shown=False), PETRA, Deny(Reason.CHANGED_MEANWHILE)),
        (policy.may_approve, PROPOSED, MONA, Allow()),
        (policy.may_approve, PROPOSED, OTTO, Deny(Reason.NOT_AN_OFFICER)),
        (policy.may_approve, PROPOSED, PETRA, Deny(Reason.SAME_PERSON)),
        (policy.may_approve, replace(PROPOSED, proposed_by=MONA.id), PETRA, Deny(Reason.SAME_PERSON)),
        (policy.may_approve, replace(PROPOSED, drafted_by=MONA.id), MONA, Deny(Reason.SAME_PERSON)),
        (policy.may_approve, DRAFT, MONA, Deny(Reason.NOT_PROPOSED)),
        (policy.may_approve, replace(PROPOSED, proposed_by=None), MONA, Deny(Reason.NOT_PROPOSED)),
        (policy.may_approve, replace(PROPOSED, is_as_shown=False), MONA, Deny(Reason.CHANGED_MEANWHILE)),
        (policy.may_approve, replace(PROPOSED, is_intact=False), MONA, Deny(Reason.EDITED)),
        (policy.may_approve, replace(PROPOSED, is_sound=False), MONA, Deny(Reason.UNSOUND)),
        (policy.may_approve, replace(PROPOSED, active=OTHER), MONA, Deny(Reason.BASE_CHANGED)),
        (policy.may_reject, PROPOSED, PETRA, Allow()),
        (policy.may_reject, PROPOSED, OTTO, Deny(Reason.NOT_AN_OFFICER)),
        (policy.may_reject, replace(PROPOSED, is_intact=False), PETRA, Deny(Reason.EDITED)),
        (policy.may_reject, APPROVED, PETRA, Deny(Reason.NOT_PROPOSED)),
        (policy.may_activate, APPROVED, PETRA, Allow()),
        (policy.may_activate, APPROVED, OTTO, Deny(Reason.NOT_AN_OFFICER)),
        (policy.may_activate, PROPOSED, MONA, Deny(Reason.NOT_APPROVED)),
        (policy.may_activate, ACTIVE, MONA, Deny(Reason.NOT_APPROVED)),
        (policy.may_activate, RETIRED, MONA, Deny(Reason.NOT_APPROVED)),
        (policy.may_activate, replace(APPROVED, is_intact=False), MONA, Deny(Reason.EDITED)),
        (policy.may_activate, replace(APPROVED, active=None), MONA, Deny(Reason.BASE_CHANGED)),
        (policy.may_retire, ACTIVE, PETRA, Allow()),
        (policy.may_retire, DRAFT, PETRA, Allow()),
        (policy.may_retire, APPROVED, PETRA, Allow()),
        (policy.may_retire, ACTIVE, OTTO, Deny(Reason.NOT_AN_OFFICER)),
        (policy.may_retire, RETIRED, PETRA, Deny(Reason.RETIRED_ALREADY)),
        (policy.may_retire, replace(ACTIVE, is_intact=False), PETRA, Allow()),
        (policy.may_retire, replace(ACTIVE, is_needed=True), PETRA, Deny(Reason.NEEDED)),
        (policy.may_retire, replace(DRAFT, is_needed=True), PETRA, Allow()),
    ],
)
def test_who_may_do_what(
    question: Callable[..., Decision], version: policy.VersionFacts, staff: StaffFacts, answer: Decision, noon: datetime
) -> None:
    assert question(version, staff, limits=_NO_LIMITS, at=noon) == answer


_NO_LIMITS: Any = None  # none of these questions asks for a number of the policy
