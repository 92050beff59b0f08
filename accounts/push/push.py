"""Messages to browsers, as the outbox hands them over: asked about at that moment, encrypted, and posted."""

import json
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.push import encryption, facts, flows, policy
from ciam_portal.core import clock, fetch
from ciam_portal.core.crypto import vault
from ciam_portal.core.outbox import channels
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import PUSH
from ciam_portal.core.outbox.tasks import MAY_BE_SENT
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow

_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


@MAY_BE_SENT.join
def may_be_sent(notice: Notice, *, at: datetime) -> bool:
    """Whether a browser may still be told this."""
    if notice.channel != PUSH:
        return True
    content = json.loads(vault.unseal(notice.sealed, notice.context))
    asked = facts.of(facts.row(content, at), content, notice.created_at, at)
    return isinstance(policy.may_push(asked, limits=limits.current(), at=at), Allow)


def deliver(notice: Notice, content: dict[str, Any]) -> None:
    """POST it to the browser's push service (RFC 8030). Raises Undeliverable, NotNow or OSError."""
    at = clock.now()
    row = facts.row(content, at)
    seed = facts.key(row.key) if row else None
    if row is None or seed is None:
        raise channels.Undeliverable("no address")
    asked = facts.of(row, content, notice.created_at, at)
    seconds = int(policy.keep(asked, limits=limits.current(), at=at).total_seconds())
    to, said = facts.endpoint(row), json.dumps({"title": settings.PORTAL_NAME, **content["words"]})
    body, headers = encryption.sealed(said.encode(), to, seed, keep_seconds=seconds)
    try:
        _judge(fetch.post(to.url, body, headers), row.pk, at)
    except fetch.Unreachable as error:
        raise channels.Unreachable(str(error)) from None


def _judge(status: int, row: UUID, at: datetime) -> None:
    if status in _GONE:
        flows.forget(row, at)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _LATER:
        raise channels.Undeliverable(f"HTTP {status}")
    raise channels.NotNow(f"HTTP {status}")
