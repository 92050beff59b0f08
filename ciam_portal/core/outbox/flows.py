"""What operators do with messages that were not delivered."""

from datetime import datetime, timedelta

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox import events
from ciam_portal.core.outbox.models import Notice, NoticeQuerySet
from ciam_portal.core.policy import limits


@flow
def send_again(rows: NoticeQuerySet, *, by: Actor, at: datetime) -> int:
    """They are due now, and tried for as many days as new ones; what was delivered or wiped is left alone. How many."""
    until = at + timedelta(days=limits.current().notices.retry_days)
    again = rows.exclude(sealed="").update(state=Notice.State.WAITING, due_at=at, tried_until=until, attempts=0)
    record(events.NoticesSentAgain(notices=again), about=None, by=by, at=at)
    return again
