"""manage.py outbox [--again STATE|ID …]: what was not delivered and why, never to whom; and to try it again."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Min, Q

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.outbox import flows
from ciam_portal.core.outbox.models import Notice, NoticeQuerySet

_STATES = {state.value: state for state in (Notice.State.WAITING, Notice.State.REFUSED, Notice.State.GIVEN_UP)}
_SHOWN = 50


class Command(BaseCommand):
    """Count by state and trouble, list the oldest; or make them due now."""

    help = (
        "Show messages that were not delivered: how many for which reason, then the oldest of them by id, never to "
        "whom they go. With --again they are tried again now: all of a state (waiting, refused, given_up), or by id."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which ones."""
        parser.add_argument("--again", nargs="+", metavar="STATE|ID", default=[])

    def handle(self, *args: Any, **options: Any) -> None:
        """Send again, or list."""
        if options["again"]:
            again = flows.send_again(_named(options["again"]), by=Actor.system(), at=clock.now())
            self.stdout.write(f"{again} to be tried again.")
            return
        rows = Notice.objects.filter(state__in=_STATES).exclude(sealed="")
        kinds = rows.values("state", "channel", "trouble").annotate(rows=Count("pk"), oldest=Min("created_at"))
        for each in kinds.order_by("state", "-rows"):
            why = each["trouble"] or "not tried yet"
            since = f"{each['oldest']:%Y-%m-%d %H:%M}"
            self.stdout.write(f"{each['rows']:>7}  {each['state']:<8}  {each['channel']:<4}  oldest {since}  {why}")
        for row in rows.order_by("created_at")[:_SHOWN]:
            head = f"{row.pk}  {row.created_at:%Y-%m-%d %H:%M}  {row.state:<8}  {row.channel:<4}"
            self.stdout.write(f"{head}  {row.kind:<24}  tries {row.attempts:<4}  {row.trouble}".rstrip())
        if not rows.exists():
            self.stdout.write("Everything is delivered.")


def _named(words: list[str]) -> NoticeQuerySet:
    states = [_STATES[word] for word in words if word in _STATES]
    try:
        keys = [UUID(word) for word in words if word not in _STATES]
    except ValueError as error:
        raise CommandError(f"This is neither an id nor one of {', '.join(_STATES)}: {error}.") from None
    return Notice.objects.filter(Q(state__in=states) | Q(pk__in=keys, state__in=_STATES))
