"""The policy version that decides: the last one approved, kept in the database, whatever the policy file says.

``limits.current()`` asks here. Each process reads the approved version when it first needs it and again every
``SECONDS``, so an approval reaches every process within that time, and a steady state costs no statement. When the
database does not answer, neither does this: nothing is decided on what may no longer be approved.

Upgrades. Newer code may need a key that the approved text lacks, or know one no more. It then refuses to decide, says
which key, and is not ready (``/readyz``), until ``manage.py policy install --upgrade`` completes the approved version:
every number that two people approved stays as it is, missing keys are taken from the policy file, unknown ones go, and
the result is kept as a version of its own and audited. Processes that still run the older code go on with the version
they hold, because an upgrade changes nothing that they know of.
"""

import logging
import time
from dataclasses import dataclass

from django.conf import settings

from ciam_portal.core.policy.library_settings import derived
from ciam_portal.core.policy.limits import Limits, UnsafePolicy
from ciam_portal.governance.models import PolicyVersion, under
from ciam_portal.governance.policy import Origin, VersionState

log = logging.getLogger(__name__)

SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Kept:
    limits: Limits
    until: float  # on the monotonic clock


_kept: _Kept | None = None


def current() -> Limits:
    """The limits that decide. Raises UnsafePolicy if there are none that this code can use, and DatabaseError."""
    kept = _kept
    if kept is not None and time.monotonic() < kept.until:
        return kept.limits
    return _read(kept)


def forget() -> None:
    """Read again at the next question: another version was approved."""
    global _kept  # noqa: PLW0603  (one process, one policy)
    _kept = None


def _read(kept: _Kept | None) -> Limits:
    global _kept  # noqa: PLW0603  (one process, one policy)
    found = (
        PolicyVersion.objects.filter(state=VersionState.DECIDING)
        .values_list("version", "content", "origin", "against", named=True)
        .first()
    )
    if found is None:
        raise UnsafePolicy("No policy version is approved in the database: run manage.py migrate.")
    if kept is not None and found.version == kept.limits.version:
        limits = kept.limits
    else:
        limits = _understood(found.version, found.content, kept if _completes(found, kept) else None)
        follow(limits)
        log.info("policy version %s decides", limits.version)
    _kept = _Kept(limits, time.monotonic() + SECONDS)
    return limits


def _completes(found: tuple[str, str, str, str], kept: _Kept | None) -> bool:
    _version, _content, origin, against = found
    return kept is not None and origin == Origin.UPGRADE and against == kept.limits.version


def _understood(version: str, content: str, older: _Kept | None) -> Limits:
    try:
        return under(version, content)
    except UnsafePolicy as error:
        if older is not None:
            return older.limits
        hint = "If the software was just upgraded, run manage.py policy install --upgrade."
        raise UnsafePolicy(f"The approved policy cannot be used by this software. {error} {hint}") from error


def follow(limits: Limits) -> None:
    """Hand the numbers that libraries read from Django's settings over to them."""
    for name, value in derived(limits).items():
        setattr(settings, name, value)
