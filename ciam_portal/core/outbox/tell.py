"""tell(): put a message in the outbox, in the same transaction as what it tells about; delivery follows the commit."""

import dataclasses
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation

from ciam_portal.core import request_id
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.outbox import tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Asked, Medium, NoticeBase, language_of
from ciam_portal.core.themes import Joined

ALSO = Joined[Callable[..., None]]()
"""How a notice that says so goes beside its mail: ``(customer, notice, *, at)``."""


def tell(
    customer: Any,  # noqa: ANN401  (the swapped user)
    notice: NoticeBase,
    *,
    to: Iterable[str],
    at: datetime,
    channel: Medium = Medium.MAIL,
    asked: Asked | None = None,
) -> None:
    """Queue ``notice`` to each address in ``to``, reached through ``channel``, in the customer's language.

    ``asked``: what is counted of it before it goes; None: it tells of something that happened.

    A lost nudge costs seconds: beat sweeps what is due. Nothing is queued for a medium that nobody carries. What goes
    beside a mail goes once, with the one to the address that they sign in with.
    """
    if not channel.is_there:
        return
    language = language_of(customer)
    with translation.override(language):
        story = {"when": customer.local(at), "where": request_id.visitor.get()()} if notice.to_owner else {}
        words = json.loads(json.dumps(story | dataclasses.asdict(notice), default=str))
    counted = {"asked": dataclasses.asdict(asked)} if asked else {}
    for address in dict.fromkeys(to):
        content = {"to": address, "words": words, "language": language, **counted}
        put(customer, notice.template, channel, content, at, purpose=notice.purpose if notice.to_owner else "")
        if notice.push and notice.to_owner and channel is Medium.MAIL and address == customer.email:
            _also(customer, notice, language, at)


def _also(customer: Any, notice: NoticeBase, language: str, at: datetime) -> None:  # noqa: ANN401  (as above)
    with translation.override(language):
        for also in ALSO:
            also(customer, notice, at=at)


def put(
    customer: Any,  # noqa: ANN401  (as above)
    kind: str,
    channel: str,
    content: dict[str, Any],
    at: datetime,
    *,
    purpose: str = "",
) -> None:
    """One row of the outbox; ``content`` is what the channel needs to deliver it."""
    key = codes.new_id()
    Notice.objects.create(
        pk=key,
        customer=customer,
        kind=kind,
        purpose=purpose,
        channel=channel,
        sealed=vault.seal(json.dumps(content).encode(), f"notice:{key}"),
        created_at=at,
        due_at=at,
    )
    if settings.NUDGE_WORKERS:
        transaction.on_commit(partial(tasks.nudge, key, channel), robust=True)
