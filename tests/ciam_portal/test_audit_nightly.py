"""Every night the audit's tree is looked at, and what is not as it was written becomes an alert."""

from datetime import timedelta

import pytest

from accounts.models import Alert
from accounts.watch.tasks import verify_audit
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, Leaf
from ciam_portal.core.audit.tree import nightly, stored
from tests.ciam_portal.test_tree import _nothing_waits, rows, sealed, small, superuser

__all__ = ["_nothing_waits", "small"]
pytestmark = pytest.mark.django_db


def last() -> AuditEntry:
    found = nightly.last(clock.now())
    assert found is not None
    return found


def test_every_night_what_is_new_is_looked_at_and_then_what_is_old_in_turns(small: None) -> None:
    rows(40)
    sealed()
    assert verify_audit() == 0
    assert (last().data["fresh"], last().data["leaves"], last().data["faults"]) == (40, 40, 0)
    assert len(last().data["root"]) == 64
    row = Leaf.objects.get(index=2).row
    superuser(f"UPDATE audit_auditentry SET channel = 'web' WHERE id = '{row}'")  # noqa: S608  (superusers do)
    sealed()
    assert verify_audit() == 1  # an old one, in its turn
    assert Alert.objects.get().numbers == {"rows": 1}
    assert (last().data["fresh"], last().data["again"]) == (stored.size(), 40)


def test_a_night_that_is_too_short_goes_on_in_the_next(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ciam_portal.core.audit.tree.verify._CHUNK", 16)
    rows(40)
    sealed()
    ticks = iter(range(10_000))
    monkeypatch.setattr("ciam_portal.core.audit.tree.verify.time.monotonic", lambda: float(next(ticks)))
    reached = []
    for _ in range(4):
        nightly.look(3, by=Actor.system(), at=clock.now())
        reached.append(last().data["fresh"])
    assert reached[0] < 40
    assert reached == sorted(reached)
    assert reached[-1] >= 40


def test_what_somebody_else_says_was_looked_at_counts_for_nothing(small: None) -> None:
    """Whoever can add rows, but has no key: neither what they say of this night nor of one to come is believed."""
    rows(40)
    sealed()
    for days in (0, 30):
        at = clock.now() + timedelta(days=days)
        bulk = {"name": nightly.AuditVerified.name, "actor_kind": "system", "channel": "job", "seal": "x"}
        AuditEntry.objects.bulk_create([AuditEntry(at=at, data={"fresh": 40, "again": 40}, **bulk)])
    assert nightly.look(3, by=Actor.system(), at=clock.now()) > 0  # and those rows are named
    assert last().data["leaves"] >= 40
