"""What each recorded event means to the customer it is about, as its theme says (the theme's ``timeline`` file).

An event that no theme tells is not shown to them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_
from types import MappingProxyType
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.words import Text

Data = Mapping[str, Any]
METHODS: dict[str, Text] = {
    Method.PASSWORD: _("password"),
    Method.TOTP: _("authenticator app"),
    Method.BACKUP_CODE: _("backup code"),
    Method.PASSKEY: _("passkey"),
    Method.SECURITY_KEY: _("security key"),
    Method.EMAIL_CODE: _("code by mail"),
    Method.UPSTREAM: _("sign-in elsewhere"),
    Method.UPSTREAM_MFA: _("sign-in elsewhere in two steps"),
    Method.UPSTREAM_PHR: _("sign-in elsewhere with a passkey"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One line: its title, a few words more, and a badge. ``kind`` as in badge.html."""

    title: Text
    more: str = ""
    badge: Text = ""
    kind: str = ""


Teller = Callable[[Data], Said | None]
_tellers: dict[str, Teller] = {}
_silent: set[str] = set()
_repeated: set[str] = set()
_unless: list[Q] = []
TOLD: Mapping[str, Teller] = MappingProxyType(_tellers)


def tell(
    tellers: Mapping[type[AuditEvent], Teller],
    *,
    silent: Iterable[type[AuditEvent]] = (),
    repeated: Iterable[type[AuditEvent]] = (),
    unless: Q | None = None,
) -> None:
    """How a theme's events read.

    ``silent``: those that are not the customer's business, or told by another event. ``repeated``: those that strangers
    can cause again and again, so that a run of them is one line. ``unless``: which rows are left out.
    """
    _tellers.update({event.name: teller for event, teller in tellers.items()})
    _silent.update(event.name for event in silent)
    _repeated.update(event.name for event in repeated)
    if unless is not None:
        _unless.append(unless)


def told() -> Q:
    """The audit rows that have a line."""
    left_out = [~each for each in _unless]
    return reduce(and_, left_out, Q(name__in=TOLD))


def repeated() -> frozenset[str]:
    """The events of which a run is one line."""
    return frozenset(_repeated)


def is_decided(event: type[AuditEvent]) -> bool:
    """Whether its theme said how it reads, or that it does not."""
    return event.name in _tellers or event.name in _silent


def say(name: str, data: Data) -> Said | None:
    """The line for an event; None if it is not the customer's business, or not in a form this release knows."""
    known = TOLD.get(name)
    try:
        return known(data) if known else None
    except (KeyError, TypeError, ValueError):
        return None


def plain(title: Text, *, badge: Text = "", kind: str = "") -> Teller:
    """Always the same line."""
    return lambda _data: Said(title, badge=badge, kind=kind)


def of_method(title: Text, *, badge: Text = "", kind: str = "") -> Teller:
    """The same line, and the way of proving that the event names."""
    return lambda data: Said(title, methods([data["method"]]).capitalize(), badge, kind)


def methods(names: Any) -> str:  # noqa: ANN401  (a stored list)
    """Ways of proving, in words; one that this release does not know is left out."""
    return ", ".join(str(METHODS[name]) for name in names if name in METHODS)
