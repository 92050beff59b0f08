"""What somebody did while they held a role for an hour, for whoever reviews it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import BreakGlass
from ciam_portal.core.audit.models import AuditEntry

_MOST = 200


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was recorded of them; ``more`` is what the record says of it."""

    at: datetime
    name: str
    about: UUID | None
    channel: str
    more: str
    decision: UUID | None


@dataclass(frozen=True, slots=True)
class Deeds:
    """All of it, newest first, from and until when; ``cut`` if there was more than is shown."""

    since: datetime
    until: datetime
    rows: list[Deed]
    cut: bool


def of(use: BreakGlass, at: datetime) -> Deeds:
    """Every row of the audit that this person caused from the moment they took the role until it ended."""
    until = min(at, use.expires_at)
    rows = AuditEntry.objects.filter(actor=use.person_id, at__gte=use.asked_at, at__lte=until)
    found = list(rows.order_by("-at", "-pk")[: _MOST + 1])
    return Deeds(use.asked_at, until, [_deed(row) for row in found[:_MOST]], len(found) > _MOST)


def _deed(row: AuditEntry) -> Deed:
    more = ", ".join(f"{name} {value}" for name, value in row.data.items())
    return Deed(row.at, row.name, row.about, row.channel, more, row.decision)
