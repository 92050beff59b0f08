"""Somebody, whom they named, and two of the help desk."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from ciam_portal.core import clock
from recovery.models import Succession, Successor
from recovery.succession import flows
from recovery.succession.shapes import Kind, May
from tests.consent.delegation.conftest import Party, ada, bob, party

__all__ = ["ada", "bob", "party"]
DAY = timedelta(days=1)


def name(ada: Party, address: str, *may: May, at: datetime | None = None) -> Successor:
    """She names whoever reads that address."""
    return flows.name(ada.user, ada.session, address, may or (May.BILLS,), by=ada.by, at=at or clock.now())


@pytest.fixture
def named(ada: Party, bob: Party) -> Successor:
    """He agreed, long ago; she was here long ago, too."""
    row = name(ada, bob.user.email, May.BILLS, May.DETAILS)
    flows.accept(row, bob.user, bob.session, by=bob.by, at=clock.now())
    Successor.objects.filter(pk=row.pk).update(accepted_at=clock.now() - 40 * DAY, named_at=clock.now() - 41 * DAY)
    row.refresh_from_db()
    return row


@pytest.fixture
def opened(named: Successor, bob: Party) -> Callable[[], Succession]:
    """He says that she has died."""
    return lambda: flows.open_case(named, bob.user, bob.session, Kind.DEATH, by=bob.by, at=clock.now())
