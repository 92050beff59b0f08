"""What the last day's messages came to, for staff and for the alarms."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum

from accounts.budgets.models import Outgoing
from accounts.budgets.policy import Over
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Spent:
    """Codes to phones in the last day, and what they are taken to cost; and the same of what tells of changes."""

    texts: int
    cents: int
    notice_cents: int


def spent(at: datetime) -> Spent:
    """By all customers together."""
    rows = Outgoing.objects.sent().filter(at__gt=at - _DAY, channel=Medium.SMS)
    asked = ~Q(purpose="")
    found = rows.aggregate(
        texts=Count("pk", filter=asked),
        paid=Sum("cents", filter=asked, default=0),
        paid_for_news=Sum("cents", filter=~asked, default=0),
    )
    return Spent(found["texts"], found["paid"], found["paid_for_news"])


def by_kind(at: datetime) -> list[dict[str, Any]]:
    """How many messages of each kind went in the last day, and how many of them which limit stopped."""
    rows = Outgoing.objects.filter(at__gt=at - _DAY).order_by("channel", "purpose", "stranger", "over")
    counted = rows.values("channel", "purpose", "stranger", "over").annotate(messages=Count("pk"), cost=Sum("cents"))
    return [dict(each) for each in counted]


def troubles(at: datetime) -> dict[str, dict[str, int]]:
    """The limits of the whole installation that stop text messages now, with their numbers."""
    stopped = Outgoing.objects.filter(at__gt=at - _DAY, over__in=[Over.TOTAL, Over.MONEY]).values("over")
    found = {each["over"]: {"stopped": each["messages"]} for each in stopped.annotate(messages=Count("pk"))}
    rules, now = limits.current().outbound, spent(at)
    return {over: {**numbers, "cents": now.cents, "most_cents": rules.text_cents_per_day, "texts": now.texts}
            for over, numbers in found.items()}  # fmt: skip
