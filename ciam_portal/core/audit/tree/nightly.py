"""Every night the tree is looked at: what is new first, then what is older, in turns, as far as the time reaches."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import ClassVar

from django.db import connection, transaction

from ciam_portal.core.audit import seal
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.audit.record import record
from ciam_portal.core.audit.tree.verify import Fault, Verification

log = logging.getLogger(__name__)

_SAID = 100  # faults that the log names
_LOOKED_AT = 20  # records; if somebody added as many, all is looked at anew
_UNSEALED_SINCE = timedelta(days=8)
_STATEMENT = "SET LOCAL statement_timeout = '60s'"


@dataclass(frozen=True, slots=True)
class AuditVerified(AuditEvent):
    """The tree was looked at. As this is audited, the root that was found becomes part of the tree itself.

    ``fresh``: up to which leaf, of those that were new; ``again``: up to which one, of those that had been looked at.
    """

    name: ClassVar[str] = "audit.verified"
    fresh: int
    again: int
    leaves: int
    faults: int
    root: Code


def last(at: datetime) -> AuditEntry | None:
    """When it was looked at last, and what was found: only what a record with an unbroken seal says."""
    said = AuditEntry.objects.filter(name=AuditVerified.name, at__lte=at).order_by("-at")[:_LOOKED_AT]
    return next((entry for entry in said if seal.check(entry).holds), None)


def look(seconds: float, *, by: Actor, at: datetime) -> int:
    """Do it for about so long. How many things are not as they were written; the log names them."""
    end, before = time.monotonic() + seconds, last(at)
    fresh = Verification(before.data["fresh"] if before else 0)
    begin = before.data["again"] if before and before.data["again"] < fresh.first else 0
    old = Verification(begin, fresh.first)
    faults = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_STATEMENT)
        for fault in chain(fresh.faults(seconds), fresh.unsealed(at - _UNSEALED_SINCE), _rest(old, end)):
            faults += 1
            if faults <= _SAID:
                log.error("the audit is not as it was written: %s", fault)
        leaves = fresh.reached - fresh.first + old.reached - old.first
        root = Code(fresh.root.hex())
        record(AuditVerified(fresh.reached, old.reached, leaves, faults, root), about=None, by=by, at=at)
    return faults


def _rest(old: Verification, end: float) -> Iterator[Fault]:
    yield from old.faults(end - time.monotonic())
