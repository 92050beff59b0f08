"""The two people of delegations, one of whom acts."""

from datetime import timedelta

import pytest

from ciam_portal.core import clock
from consent.delegation.shapes import Kind, State
from consent.models import Delegation
from tests.consent.delegation.conftest import BILLS, Party, ada, bob, party

__all__ = ["ada", "bob", "party"]


def let(owner: Party, delegate: Party) -> Delegation:
    """The one may pay the other's bills, and see name, language and time zone."""
    at = clock.now()
    row = Delegation(
        owner=owner.user, delegate=delegate.user, kind=Kind.PERSON, state=State.ACTIVE, made_at=at, starts_at=at,
        accepted_at=at, ends_at=at + timedelta(days=90),
    )  # fmt: skip
    row.take(BILLS)
    row.save(force_insert=True)
    return row


@pytest.fixture
def begun(ada: Party, bob: Party) -> Delegation:
    """He may act for her."""
    return let(ada, bob)
