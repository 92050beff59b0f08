"""What staff must hear of: messages that wait too long, or that nobody gets."""

from datetime import datetime, timedelta

from django.db.models import Min

from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy import limits


def troubles(at: datetime) -> dict[str, dict[str, int]]:
    """The kinds of trouble there are now, with their numbers."""
    found: dict[str, dict[str, int]] = {}
    late = Notice.objects.late(at).aggregate(oldest=Min("created_at"))["oldest"]
    if late:
        found["late"] = {
            "messages": Notice.objects.late(at).count(),
            "oldest_minutes": (at - late) // timedelta(minutes=1),
        }
    kept = Notice.objects.kept()
    if given_up := kept.filter(state=Notice.State.GIVEN_UP).count():
        found["given_up"] = {"messages": given_up}
    refused = kept.filter(state=Notice.State.REFUSED, due_at__gt=at - timedelta(hours=1)).count()
    if refused >= limits.current().notices.undeliverable_per_hour:
        found["refused"] = {"messages": refused}
    return found
