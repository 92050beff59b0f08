"""Purposes that say something new."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

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


def retired(key: str) -> None:
    """This purpose is not in use any more."""
    active = PurposeVersion.objects.get(purpose=Purpose.objects.get(key=key), state=State.ACTIVE)
    active.state, active.retired_at = State.RETIRED, clock.now() - timedelta(seconds=1)
    active.keep()
    facts.forget()
