"""Purposes that say something new, or were edited behind their approval."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from ciam_portal.core import clock
from consent.models import Purpose, PurposeVersion
from consent.purposes import facts
from consent.purposes.policy import State


def rewritten(key: str, *, material: bool = True, words: str = "Otherwise.", **terms: Any) -> PurposeVersion:
    """Another version of this purpose is active from now on."""
    at = clock.now()
    former = PurposeVersion.objects.get(purpose__key=key, state=State.ACTIVE)
    former.state, former.retired_at = State.RETIRED, at
    former.keep()
    made = PurposeVersion(purpose=former.purpose, number=former.number + 1, state=State.ACTIVE)
    made.proposed_at = made.approved_at = made.activated_at = at
    texts = {language: said | {"words": words} for language, said in former.texts.items()}
    made.write(texts, replace(former.terms(), **terms), None, at, is_material=material)
    facts.forget()
    return made


def edit(sql: str, *values: Any) -> None:
    """As the database's superuser does it, whom no trigger stops."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE consent_purposeversion DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE consent_purposeversion SET {sql}", values)  # noqa: S608  (a test's own)
        cursor.execute("ALTER TABLE consent_purposeversion ENABLE TRIGGER USER")
    facts.forget()


@contextmanager
def edited(key: str) -> Iterator[None]:
    """Another text stands there; afterwards the first again."""
    row = PurposeVersion.objects.get(purpose__key=key, state=State.ACTIVE)
    other = {"en": {"title": "Other", "words": "To sell it on."}}
    edit("texts = %s WHERE id = %s", Jsonb(other), row.pk)
    yield
    edit("texts = %s WHERE id = %s", Jsonb(row.texts), row.pk)


def retired(key: str) -> None:
    """This purpose is not in use any more."""
    active = PurposeVersion.objects.get(purpose=Purpose.objects.get(key=key), state=State.ACTIVE)
    active.state, active.retired_at = State.RETIRED, clock.now() - timedelta(seconds=1)
    active.keep()
    facts.forget()
