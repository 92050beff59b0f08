"""Alerts: raised once a day for each kind, and acknowledged by a person."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Alert, RiskState, User
from accounts.watch import events
from accounts.watch.policy import alerts
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.roles import Role, roles_of

log = logging.getLogger(__name__)

LOOKERS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
_QUIET = timedelta(days=1)


def raise_once(kind: str, numbers: dict[str, Any], *, by: Actor, at: datetime) -> Alert | None:
    """Raise an alert unless one of this kind was raised within a day."""
    with transaction.atomic():
        RiskState.locked("alerts")
        if Alert.objects.filter(kind=kind, at__gt=at - _QUIET).exists():
            return None
        return _raise(kind, numbers, by=by, at=at)


@flow
def _raise(kind: str, numbers: dict[str, Any], *, by: Actor, at: datetime) -> Alert:
    alert = Alert.objects.create(kind=kind, numbers=numbers, at=at)
    record(events.AlertRaised(alert=alert.pk, kind=Code(kind)), about=None, by=by, at=at)
    log.warning("risk alert %s: %s", kind, " ".join(f"{name}={value}" for name, value in sorted(numbers.items())))
    return alert


@flow
def acknowledge(alert: Alert, person: User, *, by: Actor, at: datetime) -> None:
    """A person of the staff has looked at it."""
    alert = Alert.objects.select_for_update().get(pk=alert.pk)
    facts = alerts.AlertFacts(is_open=alert.acknowledged_at is None, may_look=bool(roles_of(person) & LOOKERS))
    decision = require(alerts.may_acknowledge, facts, about=None, by=by, at=at)
    alert.acknowledge(by.id, at)
    event = events.AlertAcknowledged(alert=alert.pk, kind=Code(alert.kind))
    record(event, about=None, by=by, at=at, decision=decision)
