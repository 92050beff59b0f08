"""Keys come and go: which one each ring begins with is noted, and a former one goes when nothing stored needs it."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto.columns import COLUMNS, Column, Moved, move
from ciam_portal.core.crypto.models import Key
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.limits import Limits
from ciam_portal.governance import events


def missing() -> str:
    """Which keys stored data still needs and the environment does not have, in a sentence; empty if it has all."""
    gone = [str(key) for key in Key.objects.missing()]
    if not gone:
        return ""
    return (
        f"Stored data still needs a key that is not there: {', '.join(gone)}. Put it back behind the first one of its "
        "setting; `manage.py reseal` says when it may go (README, Keys)."
    )


def see(*, at: datetime) -> None:
    """Note which key each ring begins with. May be called by many processes at the same time."""
    for ring in Key.objects.unnoted():
        begin(ring, by=Actor.system(), at=at)


@flow
def begin(ring: str, *, by: Actor, at: datetime) -> None:
    """The first key of this ring is used from now on."""
    name = Key.objects.note(ring, at)
    record(events.KeyTookOver(Code(f"{ring}:{name}")), about=None, by=by, at=at)


@flow
def release(key: Key, *, given_up: bool = False, by: Actor, at: datetime) -> None:
    """This key may go from the environment."""
    key.release(at)
    record(events.KeyReleased(Code(f"{key.ring}:{key.name}"), given_up), about=None, by=by, at=at)


def seal_anew(*, at: datetime) -> Iterator[tuple[Column, Moved]]:
    """Everything sealed moves to the first of DATA_KEYS; column by column, what became of its rows."""
    for column in COLUMNS:
        moved = move(column)
        for key in Key.objects.needed().filter(ring="DATA_KEYS", name__in=moved.anew, former_at__isnull=False):
            key.held(at)  # what was taken out of these rows before, such as a removed factor's, may still be under it
        yield column, moved


def needs(key: Key, remaining: Counter[str], at: datetime) -> list[str]:
    """Why a former key may not go yet, in the operator's words; nothing if it may.

    ``remaining``: by ring, how many values of an earlier release no other key can take over.
    """
    if key.ring == "SUBJECT_KEY":
        return ["partners know their customers by it: it can never change"]
    found = []
    if remaining[key.ring]:
        found.append(f"{remaining[key.ring]:,} values of an earlier release can be read by a former key only")
    if key.ring == "AUDIT_KEYS" and _seals(key.name):
        found.append("rows are sealed with it")
    until = (key.former_at or at) + _overlap(key.ring, limits.current())
    if at < until:
        found.append(f"what was given out with it lives until {until:%Y-%m-%d %H:%M %Z}")
    return found


def _overlap(ring: str, rules: Limits) -> timedelta:
    """How long what was made with a key can still come back."""
    links = timedelta(hours=rules.proof.disown_hours)  # the links that live longest
    browsers = timedelta(days=rules.session.device_days)
    return {
        "SECRET_KEY": timedelta(seconds=settings.SESSION_COOKIE_AGE),
        "DIGEST_KEYS": max(links, browsers, timedelta(days=rules.risk.history_days)),
        "DATA_KEYS": links,
        "DEVICE_KEYS": browsers,
        "VAPID_KEYS": timedelta(hours=rules.session.absolute_hours),
        "CHECKPOINT_KEYS": timedelta(days=rules.audit.witness_days),
        "OIDC_SIGNING_KEYS": timedelta(seconds=rules.oauth.id_token_seconds),
    }.get(ring, timedelta(0))


def _seals(name: str) -> bool:
    """Whether any row, of the audit or another, is sealed with the key of this name. Reads them all: no time limit."""
    own: tuple[Any, ...] = tuple(apps.get_models())
    kept = [each for each in own if any(field.name == "seal" for field in each._meta.local_fields)]  # noqa: SLF001  (Django's documented way)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        return any(each.objects.filter(seal__contains=f":{name}:").exists() for each in kept)
