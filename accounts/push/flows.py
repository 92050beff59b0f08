"""Switching it on and off in a browser, and telling those that are on."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import PushSubscription, Session, User
from accounts.push import events, facts
from accounts.push.shapes import Endpoint
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.crypto.rings import name_of
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.notice import PUSH, NoticeBase, language_of
from ciam_portal.core.outbox.tell import ALSO, put

OFF, GONE = "off", "gone"
_TEST = _("This is the test message. Notices reach this browser.")


@flow
def switch_on(session: Session, endpoint: Endpoint, *, by: Actor, at: datetime) -> None:
    """This session's browser is told from now on. Whoever was told there before is not any more."""
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk, ended_at=None)
    same = Q(session=session) | Q(digest__in=codes.digests(endpoint.url, PUSH))
    PushSubscription.objects.filter(same).delete()
    row = PushSubscription(
        session=session,
        digest=codes.digest(endpoint.url, PUSH),
        key=name_of(settings.VAPID_KEYS[0]),
        made_at=at,
        expires_at=session.expires_at,
    )
    row.sealed = vault.seal(json.dumps(asdict(endpoint)).encode(), row.context)
    row.save()
    record(events.PushSwitchedOn(session=session.pk), about=session.customer_id, by=by, at=at)


@flow
def choose_nights(row: PushSubscription, *, at_night: bool, by: Actor, at: datetime) -> None:
    """Whether this browser is told at night too."""
    row.nights(at_night)
    event = events.PushNightsChosen(session=row.session_id, at_night=at_night)
    record(event, about=row.session.customer_id, by=by, at=at)


@flow
def switch_off(row: PushSubscription, *, by: Actor, at: datetime, why: str = OFF) -> None:
    """This browser is told no more. Twice is once."""
    PushSubscription.objects.filter(pk=row.pk).delete()
    event = events.PushSwitchedOff(session=row.session_id, why=Code(why))
    record(event, about=row.session.customer_id, by=by, at=at)


@flow
def test(row: PushSubscription, *, by: Actor, at: datetime) -> None:
    """Send this browser a message, whatever the hour: its customer waits for it."""
    customer = row.session.customer
    with override(language_of(customer)):
        said = {"body": str(_TEST), "path": reverse("accounts:push")}
    _put(row, customer, said, at, asked=True)
    record(events.PushTested(session=row.session_id), about=row.session.customer_id, by=by, at=at)


@ALSO.join
def tell_browsers(customer: User, notice: NoticeBase, *, at: datetime) -> None:
    """Every browser of this customer's that is told things. The text is the notice's own, of nobody in particular."""
    if not facts.is_there():
        return
    said = {"body": str(notice.push), "path": reverse(notice.push_page)}
    for row in PushSubscription.objects.of(customer.pk).standing(at):
        _put(row, customer, said, at, minutes=notice.push_minutes)


def _put(
    row: PushSubscription, customer: User, words: dict[str, str], at: datetime, *, minutes: int = 0, asked: bool = False
) -> None:
    host = urlsplit(facts.endpoint(row).url).hostname
    content: dict[str, Any] = {"to": str(row.pk), "words": words, "minutes": minutes, "asked": asked}
    put(customer, f"{PUSH}:{host}"[:64], PUSH, content, at)


def forget(key: UUID, at: datetime) -> None:
    """The push service does not know this browser any more."""
    row = PushSubscription.objects.select_related("session").filter(pk=key).first()
    if row is not None:
        switch_off(row, by=Actor.system(), at=at, why=GONE)
