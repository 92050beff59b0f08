"""What one guardian asks for waits for somebody else. Parts of flows."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from consent.delegation.shapes import Asked
from consent.family import events
from consent.family.flows import locking, news
from consent.family.policy import Reason
from consent.family.shapes import Asks
from consent.models import Dependant, FamilyRequest, ParentalResponsibility
from consent.records.flows import Saying
from consent.records.policy import Says


def ask(child: Dependant, asker: User, kind: Asks, at: datetime, **said: Any) -> FamilyRequest:  # noqa: ANN401  (columns)
    """It waits from now on."""
    until = at + timedelta(days=limits.current().family.request_days)
    return FamilyRequest.objects.create(
        child=child.person, asker=asker, kind=kind, made_at=at, expires_at=until, **said
    )


def ask_other(child: Dependant, asker: User, kind: Asks, *, by: Actor, at: datetime, **said: Any) -> None:  # noqa: ANN401
    """The other guardian has to say yes first. What was asked before about the same gives way."""
    open_now = FamilyRequest.objects.select_for_update().filter(child=child.person, kind=kind, state=Asked.OPEN)
    for each in open_now.filter(key=said["key"]):
        end(each, Asked.WITHDRAWN, by=by, at=at)
    request = ask(child, asker, kind, at, **said)
    for found in ParentalResponsibility.objects.live().of(child.person_id):
        is_asker = found.guardian_id == asker.pk
        event = events.Asked(request.pk, child.person_id, Code(kind.value), asker=is_asker)
        record(event, about=found.guardian_id, by=by, at=at)
    news.tell_guardians("asked", child, besides=asker.pk, until=request.expires_at, at=at)


def locked(request: FamilyRequest) -> tuple[Dependant, FamilyRequest]:
    """It as it stands, with its child. Raises Refused if it is gone."""
    child = locking.child(request.child_id)
    found = FamilyRequest.objects.select_for_update(of=("self",)).select_related("asker").filter(pk=request.pk).first()
    if found is None:
        raise Refused(Reason.NOT_OPEN)
    return child, found


def end(request: FamilyRequest, state: Asked, *, by: Actor, at: datetime) -> None:
    """Answered, taken back or too old."""
    request.end(state, at)
    told = events.Answered(request.pk, request.child_id, Code(request.kind), Code(state.value))
    record(told, about=request.asker_id, by=by, at=at)


def saying(request: FamilyRequest) -> Saying:
    """The yes that it is about."""
    return Saying(request.key, Says.YES, request.version, tuple(request.ticked))


def waits(child: UUID, kind: Asks, key: str = "") -> bool:
    """Whether the same is asked for already."""
    return FamilyRequest.objects.filter(child=child, kind=kind, key=key, state=Asked.OPEN).exists()
