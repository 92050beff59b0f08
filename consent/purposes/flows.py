"""Purposes as verbs: brought by the installation, drafted, proposed, approved, made active, retired."""

from datetime import datetime
from typing import Any

from django.apps.registry import Apps
from django.apps.registry import apps as all_apps
from django.db import transaction

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from consent.purposes import events, facts
from consent.purposes.models import Purpose, PurposeVersion
from consent.purposes.policy import State
from consent.purposes.shipped import SHIPPED


def on_migrated(apps: Apps = all_apps, **_: Any) -> None:  # noqa: ANN401  (a signal's words)
    """After ``migrate``: every database has the purposes that the portal comes with."""
    try:
        apps.get_model("consent", "PurposeVersion")
    except LookupError:  # migrated to a state before it
        return
    known = set(Purpose.objects.values_list("key", flat=True))
    if missing := tuple(each.key for each in SHIPPED if each.key not in known):
        install(missing, by=Actor.system(), at=clock.now())


@flow
def install(keys: tuple[str, ...], *, by: Actor, at: datetime) -> None:
    """The installation approves what it comes with. What staff made of a purpose since is never touched."""
    for shipped in SHIPPED:
        if shipped.key not in keys:
            continue
        purpose = Purpose.objects.create(key=shipped.key, made_at=at)
        version = PurposeVersion(
            purpose=purpose, number=1, state=State.ACTIVE, approved_at=at, activated_at=at, proposed_at=at
        )
        version.write(shipped.texts, shipped.terms, None, at, is_material=True)
    record(events.PurposesInstalled(tuple(Code(key) for key in keys)), about=None, by=by, at=at)
    _forget()


def _forget() -> None:
    """Here at once; elsewhere, and by whoever read meanwhile, once it is committed."""
    facts.forget()
    transaction.on_commit(facts.forget)
