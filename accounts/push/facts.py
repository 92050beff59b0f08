"""Whether browsers can be told anything here, where one is told, and what is asked before it is."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.models import PushSubscription, Session
from accounts.push.policy import PushFacts
from accounts.push.shapes import Endpoint
from ciam_portal.core.crypto import vault
from ciam_portal.core.crypto.rings import name_of


def is_there() -> bool:
    """Whether this installation has a key for it; without one nothing is said of it anywhere."""
    return bool(settings.VAPID_KEYS)


def key(name: str) -> bytes | None:
    """Our key of this name."""
    return next((each for each in settings.VAPID_KEYS if name_of(each) == name), None)


def here(session: Session, at: datetime) -> PushSubscription | None:
    """Where this session's browser is told, if it is."""
    return PushSubscription.objects.standing(at).filter(session=session).first()


def row(content: dict[str, Any], at: datetime) -> PushSubscription | None:
    """Where a message goes, if its session stands."""
    rows = PushSubscription.objects.standing(at).select_related("session__customer")
    return rows.filter(pk=UUID(content["to"])).first()


def endpoint(found: PushSubscription) -> Endpoint:
    """The address that was kept, opened."""
    return Endpoint(**json.loads(vault.unseal(found.sealed, found.context)))


def of(found: PushSubscription | None, content: dict[str, Any], written_at: datetime, at: datetime) -> PushFacts:
    """All that is asked of one message."""
    if found is None:
        return PushFacts()
    return PushFacts(
        stands=True,
        has_key=key(found.key) is not None,
        written_at=written_at,
        minutes=content["minutes"],
        local=at.astimezone(found.session.customer.zone),
        at_night=found.at_night,
        asked=content["asked"],
    )
