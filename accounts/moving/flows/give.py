"""All customers are given away: each a line that only the recipient opens, in the form in which an import reads it.

Not among them: staff, who is closed or about to be erased, and accounts to which nobody signs in.
"""

import base64
import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import QuerySet

from accounts.customer import addresses
from accounts.models import Move, Totp, User
from accounts.moving.flows import two_people
from accounts.passwords.hashers import reading
from accounts.watch.flows import alerts
from ciam_portal.core import clock, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes, parcel
from ciam_portal.core.flow import flow
from ciam_portal.core.themes import Joined

BATCH = 500
SOURCE = "portal"
ANSWERS = Joined[Callable[[Sequence[UUID]], dict[UUID, dict[str, bool]]]]()
"""What these customers said, yes or no, to which purposes."""


def everybody() -> QuerySet[User]:
    """Who is given away."""
    found = User.objects.filter(is_active=True, is_staff=False, erase_at=None, unsettled="")
    return found.exclude(email__endswith=f"@{mailbox.NOWHERE}")


def write(move: Move, path: Path, recipient: Any, *, by: Actor) -> Move:  # noqa: ANN401  (jwcrypto's key)
    """To a new file that nobody else reads; what is not through is removed. Raises Refused, OSError."""
    digest, count = parcel.digest_of(recipient), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            file.write(parcel.sealed(json.dumps(_first()).encode(), recipient) + b"\n")
            for some in _batches(move, digest, by):
                count += len(some)
                file.writelines(parcel.sealed(json.dumps(each).encode(), recipient) + b"\n" for each in some)
            return end(move, digest, count, by=by, at=clock.now())
        except BaseException:
            path.unlink()
            raise


@flow
def end(move: Move, digest: str, count: int, *, by: Actor, at: datetime) -> Move:
    """It is through: whoever watches hears of it. Raises Refused."""
    move = two_people.go_on(move, digest, by=by, at=at)
    move.went(position=0, line=0, customers=count, broken=0)
    two_people.end(move, by=by, at=at)
    alerts.raise_once("customers_given", {"customers": count}, by=by, at=at)
    return move


def _first() -> dict[str, Any]:
    known = codes.new_token()
    vector = {"password": known, "hash": reading.said(make_password(known))}
    return {"customers": 1, "sources": {SOURCE: {"vector": vector}}}


def _batches(move: Move, digest: str, by: Actor) -> Iterator[list[dict[str, Any]]]:
    """So many at a time, as they stand then; asked each time whether it may go on."""
    after = UUID(int=0)
    while True:
        with transaction.atomic():
            two_people.go_on(move, digest, by=by, at=clock.now())
            rows = list(everybody().filter(pk__gt=after).order_by("pk")[:BATCH])
            if not rows:
                return
            some = _said(rows)
        yield some
        after = rows[-1].pk


def _said(rows: list[User]) -> list[dict[str, Any]]:
    keys = [row.pk for row in rows]
    proven = addresses.proven_of(keys)
    seeds = {each.user_id: each.bin_key for each in Totp.objects.filter(user__in=keys, confirmed=True)}
    answers: dict[UUID, dict[str, bool]] = {}
    for part in ANSWERS:
        answers |= part(keys)
    return [_line(row, row.pk in proven, seeds.get(row.pk, b""), answers.get(row.pk, {})) for row in rows]


def _line(row: User, is_proven: bool, seed: bytes, answers: dict[str, bool]) -> dict[str, Any]:  # noqa: FBT001  (a fact)
    line = {
        "email": row.email,
        "email_proven": is_proven,
        "name": row.name,
        "phone": row.phone,
        "locale": row.locale,
        "timezone": row.timezone,
        "since": row.created_at.isoformat(),
        "totp": base64.b32encode(seed).decode(),
        "consents": {key: "yes" if yes else "no" for key, yes in answers.items()},
    }
    if row.has_usable_password():
        line |= {"source": SOURCE, "hash": reading.said(row.password)}
    return line
