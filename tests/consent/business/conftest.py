"""A business with its first owner, and people who could belong to it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from ciam_portal.core import clock
from consent.business import flows
from consent.business.lines import Shipped
from consent.business.models import Business, BusinessMember
from tests.consent.delegation.conftest import Party, ada, bob, party

__all__ = ["ada", "bob", "party"]
DAY = timedelta(days=1)
Joined = Callable[..., BusinessMember]


@pytest.fixture
def acme(ada: Party) -> Business:
    """Hers."""
    return flows.found(ada.user, ada.session, "Acme Bakery", by=ada.by, at=clock.now())


@pytest.fixture
def joined(acme: Business, ada: Party) -> Joined:
    """Somebody is a member; an owner, if they are said to be."""

    def make(who: Party, *, owner: bool = False, role: str = Shipped.BOOKS) -> BusinessMember:
        at = clock.now()
        row = flows.invite(acme, ada.user, ada.session, who.user.email, role, by=ada.by, at=at)
        row = flows.join(row, who.user, who.session, by=who.by, at=at)
        if owner:
            flows.make_owner(row, ada.user, ada.session, by=ada.by, at=at)
        row.refresh_from_db()
        return row

    return make


def of(acme: Business, who: Party) -> BusinessMember:
    """By which they belong to it, or did."""
    return BusinessMember.objects.get(business=acme, person=who.user)
