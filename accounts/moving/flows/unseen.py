"""A password from elsewhere with which nobody came for long opens nothing any more: it may be known to others."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.customer import addresses
from accounts.models import User
from accounts.moving import events, notices
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits


@transaction.atomic
def end_unseen(batch: int, *, by: Actor, at: datetime) -> int:
    """End them, and tell whoever has a proven address how to come in. How many: a batch at most."""
    before = at - timedelta(days=limits.current().moving.unseen_days)
    found = User.objects.with_foreign_passwords().filter(imported_at__lt=before).select_for_update(skip_locked=True)
    rows = list(found.order_by("imported_at")[:batch])
    for customer in rows:
        customer.set_unusable_password()
        customer.save(update_fields=["password"])
        record(events.OldPasswordEnded(), about=customer.pk, by=by, at=at)
        notice = notices.OldPasswordEnded(links.absolute("account_reset_password"))
        tell(customer, notice, to=addresses.proven(customer), at=at)
    return len(rows)
