"""What a sign-up carries through its pages: when its form was opened, and, while it is challenged, what was typed.

All of it lies sealed in the page of the browser that typed it, for minutes, and nowhere else. The work that passes a
challenge is for this ticket alone, whose digest is the puzzle: numbers of which each, with the digest and the number of
its part, has a SHA-256 that begins with so many zero bits. Many small parts take about as long for everybody, where one
large one is a lottery. It is checked in microseconds, and counts once.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.registration.models import SpentTicket
from accounts.registration.policy import Reason
from accounts.registration.shapes import Form, Work
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits

PARTS = 16
_FORM = "sign-up form"
_TICKET = "sign-up ticket"
_LONGEST = 8192  # characters of what a page sends back
_DIGITS = 10  # of one number of the work


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sign-up that was asked for one more step, with how its form was filled in. ``until``: seconds since 1970."""

    email: str
    password: str
    zone: str
    filled_seconds: float | None
    trapped: bool
    bits: int
    until: float

    @property
    def form(self) -> Form:
        """How the form was filled in that came before it."""
        return Form(filled_seconds=self.filled_seconds, trapped=self.trapped)


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


def ticket(typed: Mapping[str, Any], form: Form, bits: int, at: datetime) -> str:
    """What the page of the challenge carries. ``bits``: how much work passes it."""
    until = at + timedelta(minutes=limits.current().sign_up.challenge_minutes)
    email, password, zone = typed["email"], typed["password1"], typed["zone"]
    made = Ticket(email, password, zone, form.filled_seconds, form.trapped, bits, until.timestamp())
    return vault.seal(json.dumps(asdict(made), ensure_ascii=False).encode(), _TICKET)


def seed(carried: str) -> str:
    """What the work is done on: a digest of the ticket, so that it is for this one alone."""
    return codes.handle(carried, "sign-up work")


def is_solved(carried: str, bits: int, work: str) -> bool:
    """Whether this is the work: as many numbers as there are parts, each with its zero bits."""
    numbers = work.split(",", PARTS)
    if len(numbers) != PARTS or not all(each.isascii() and each.isdecimal() for each in numbers):
        return False
    puzzle = seed(carried)
    return all(len(each) <= _DIGITS and _zeros(f"{puzzle}:{part}:{each}", bits) for part, each in enumerate(numbers))


def spend(work: Work, at: datetime) -> None:
    """The ticket of this work has opened an account: it opens no other one. Part of that flow. Raises Refused."""
    if not SpentTicket.spend(UUID(seed(work.ticket)), datetime.fromtimestamp(work.until, at.tzinfo)):
        raise Refused(Reason.SPENT)


def _zeros(message: str, bits: int) -> bool:
    return int.from_bytes(hashlib.sha256(message.encode()).digest()[:4]) >> (32 - bits) == 0


def read(carried: str, at: datetime) -> Ticket | None:
    """The sign-up that goes on; None if this is no ticket of ours, or its time is over."""
    try:
        stored = json.loads(vault.unseal(carried[:_LONGEST], _TICKET))
        found = Ticket(**{field.name: stored[field.name] for field in fields(Ticket)})
    except (vault.CannotOpen, ValueError, KeyError):
        return None
    return found if at.timestamp() < found.until else None
