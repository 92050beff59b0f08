"""Two adults and a child of the first one's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ciam_portal.core import clock
from consent.family import flows
from consent.family.facts import Wish
from consent.models import Delegation, Dependant, ParentalResponsibility
from tests.accounts.staff.people import Member
from tests.consent.delegation.conftest import Party, ada, bob, party

__all__ = ["ada", "bob", "party"]

MIA = Wish("Mia", date(clock.now().year - 8, 5, 1), "DE", "Europe/Berlin", says_adult=True, says_responsible=True)


def added(guardian: Party, **changes: Any) -> ParentalResponsibility:
    """Somebody adds a child."""
    return flows.add(guardian.user, guardian.session, replace(MIA, **changes), by=guardian.by, at=clock.now())


def row_of(found: ParentalResponsibility) -> Delegation:
    """By what they act for the child."""
    assert found.delegation is not None
    return found.delegation


@pytest.fixture
def staff(db: None) -> Callable[..., Member]:
    """One of our staff."""
    return Member


@pytest.fixture
def mia(ada: Party) -> ParentalResponsibility:
    """Ada answers for her."""
    return added(ada)


@pytest.fixture
def child(mia: ParentalResponsibility) -> Dependant:
    """She herself."""
    return Dependant.objects.select_related("person").get(person=mia.child)
