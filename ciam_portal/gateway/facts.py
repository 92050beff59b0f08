"""Whose browser it is that holds a value at an application, with what its customer said: one statement."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef

from accounts.models import Session
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.core.postgres.prepared import Prepared
from ciam_portal.gateway.models import PURPOSE
from consent.use import facts as using
from consent.use.facts import Person

_ENTERED = Prepared(
    lambda digest, app, idle_from, at: (
        Session.objects.standing_since(idle_from, at)
        .filter(entries__digest=digest, entries__app=app)
        .annotate(choices=using.said_to_us(OuterRef("customer")))
        .defer("visit", "device__former_digests", "device__cookie_digest")
    )
)


def entered(value: str, app: str, at: datetime) -> tuple[Session, Person] | None:
    """The live session of the browser that holds this value at this application, as its row stands now."""
    idle_from = at - timedelta(minutes=limits.current().session.idle_minutes)
    found = (_ENTERED.first(digest, app, idle_from, at) for digest in codes.digests(value, PURPOSE))
    session: Any = next((session for session in found if session is not None), None)  # annotated
    return None if session is None else (session, using.ours(session.customer, session.choices, at))
