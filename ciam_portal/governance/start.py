"""What happens when the portal is installed, and when a process of it starts: role, keys, policy file are looked at."""

import logging
from typing import Any

from django.apps.registry import Apps
from django.apps.registry import apps as all_apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from ciam_portal.core import clock
from ciam_portal.core.audit import database
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.limits import UnsafePolicy
from ciam_portal.governance import flows, keys

log = logging.getLogger(__name__)


def on_migrated(apps: Apps = all_apps, **_: Any) -> None:  # noqa: ANN401  (a signal's words)
    """After ``migrate``: the first version decides, another one is a candidate."""
    try:
        apps.get_model("governance", "PolicyVersion")
    except LookupError:  # migrated to a state before it
        return
    flows.see(settings.POLICY_TEXT, by=Actor.system(), at=clock.now())
    flows.see_model(by=Actor.system(), at=clock.now())


def on_start(**_: Any) -> None:  # noqa: ANN401  (a signal's words)
    """At the start of a web process. Leaves no connection that a fork could share. Raises ImproperlyConfigured."""
    try:
        _refuse_a_mighty_role()
        _look_at_keys()
        look()
    finally:
        connection.close()


def on_worker(**_: Any) -> None:  # noqa: ANN401  (as above)
    """The same for a worker, where only this stops the start."""
    try:
        on_start()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error


def _refuse_a_mighty_role() -> None:
    """In production the portal does not start as a role that could rewrite the audit; elsewhere it says so."""
    try:
        sentence = database.too_mighty()
    except DatabaseError:  # it does not answer yet; /readyz asks again
        return
    if sentence and settings.PRODUCTION:
        raise ImproperlyConfigured(sentence)
    if sentence:
        log.warning("%s", sentence)


def _look_at_keys() -> None:
    """Nothing starts without a key that stored data still needs; which keys are used is noted."""
    try:
        sentence = keys.missing()
        if not sentence:
            keys.see(at=clock.now())
    except DatabaseError as error:  # it does not answer, or was not migrated yet
        log.warning("which keys stored data needs could not be asked: %s", error)
        return
    if sentence:
        raise ImproperlyConfigured(sentence)


def look() -> None:
    """Keep what the policy file says, and say loudly if it is not what decides. Never stops the start."""
    try:
        seen = flows.see(settings.POLICY_TEXT, by=Actor.system(), at=clock.now())
        flows.see_model(by=Actor.system(), at=clock.now())
    except (DatabaseError, UnsafePolicy) as error:
        log.error("the policy file could not be compared with the approved version: %s", error)  # noqa: TRY400  (no traceback: the sentence says it)
        return
    if seen in {flows.Seen.FOUND, flows.Seen.KNOWN}:
        log.warning(
            "the policy file (version %s) is not the approved version and does not decide: "
            "two administrators must approve it on the staff site, under Policy versions",
            settings.LIMITS.version,
        )
