"""What a sign-up carries through its pages: when its form was opened, and, while it is challenged, what was typed.

All of it lies sealed in the page of the browser that typed it, for minutes, and nowhere else.
"""

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from ciam_portal.core.crypto import vault
from ciam_portal.core.policy import limits

_FORM = "sign-up form"
_TICKET = "sign-up ticket"
_LONGEST = 4096  # characters of what a page sends back


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sign-up that was asked for one more step. ``until``: seconds since 1970."""

    email: str
    password: str
    zone: str
    until: float


def opened(at: datetime) -> str:
    """What a form that is opened now carries."""
    return vault.seal(str(at.timestamp()).encode(), _FORM)


def filled_seconds(carried: str, at: datetime) -> float | None:
    """How long a form was filled in; None if it is none of ours, or lay open for too long to say anything."""
    try:
        seconds = at.timestamp() - float(vault.unseal(carried[:_LONGEST], _FORM))
    except (vault.CannotOpen, ValueError):
        return None
    return seconds if 0 <= seconds < limits.current().sign_up.form_hours * 3600 else None


def ticket(email: str, password: str, zone: str, at: datetime) -> str:
    """What the page of the challenge carries."""
    until = at + timedelta(minutes=limits.current().sign_up.challenge_minutes)
    made = Ticket(email, password, zone, until.timestamp())
    return vault.seal(json.dumps(asdict(made)).encode(), _TICKET)


def read(carried: str, at: datetime) -> Ticket | None:
    """The sign-up that goes on; None if this is no ticket of ours, or its time is over."""
    try:
        stored = json.loads(vault.unseal(carried[:_LONGEST], _TICKET))
        found = Ticket(**{field.name: stored[field.name] for field in fields(Ticket)})
    except (vault.CannotOpen, ValueError, KeyError):
        return None
    return found if at.timestamp() < found.until else None
