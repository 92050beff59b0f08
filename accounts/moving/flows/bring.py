"""Customers are brought in, a batch of lines in a transaction, with how far that is: killed, it goes on where it was.

Each has in the audit what made them; none gets a message. An address that an account has already is left out: accounts
are never merged.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from accounts.customer import addresses
from accounts.factors.verifier import app
from accounts.models import BrokenLine, Move, Totp, User
from accounts.moving import events
from accounts.moving.flows import two_people
from accounts.moving.lines import Wrong
from accounts.moving.shapes import Line, Person
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record_many
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow
from ciam_portal.core.themes import Joined

Brought = Sequence[tuple[User, Person]]
CARRIED = Joined[Callable[..., None]]()
"""What else comes with them, in the same transaction: ``(brought, *, by, at)``."""


class Elsewhere(Exception):
    """Somebody else has gone on with this file meanwhile."""


@flow
def take(move: Move, sha256: str, batch: Sequence[Line], *, by: Actor, at: datetime) -> list[Line]:
    """These lines, which follow what is done; those that are broken. Raises Refused, Elsewhere."""
    move = two_people.go_on(move, sha256, by=by, at=at)
    if batch[0].number != (move.line or 1) + 1:  # the first line brings nobody
        raise Elsewhere
    sorted_out = sort_out(batch)
    good = [(line, line.person) for line in sorted_out if line.person is not None]
    brought = [(_made(person, at), person) for _line, person in good]
    _keep(brought)
    pairs = zip(good, brought, strict=True)
    record_many(((made.pk, _event(move, line, person)) for (line, person), (made, _person) in pairs), by=by, at=at)
    for carry in CARRIED:
        carry(brought, by=by, at=at)
    broken = [line for line in sorted_out if line.person is None]
    BrokenLine.objects.bulk_create(BrokenLine(move=move, line=each.number, wrong=each.wrong) for each in broken)
    move.went(position=batch[-1].end, line=batch[-1].number, customers=len(good), broken=len(broken))
    return broken


@flow
def end(move: Move, sha256: str, *, by: Actor, at: datetime) -> Move:
    """The file is read to its end. Raises Refused."""
    move = two_people.go_on(move, sha256, by=by, at=at)
    two_people.end(move, by=by, at=at)
    return move


def sort_out(batch: Sequence[Line]) -> list[Line]:
    """The same lines; one whose address an account has, or a line before it in the batch, is broken."""
    named = [line.person.address for line in batch if line.person]
    taken = set(User.objects.filter(email__in=named).values_list("email", flat=True))
    found = []
    for line in batch:
        if line.person is not None and line.person.address in taken:
            found.append(Line(line.number, line.end, None, Wrong.TAKEN))
            continue
        taken |= {line.person.address} if line.person else set()
        found.append(line)
    return found


def counted(batch: Sequence[Line], counts: Counter[str]) -> None:
    """Add up what a batch says: for whoever approves it."""
    for line in batch:
        counts["lines"] += 1
        person = line.person
        if person is None:
            counts[f"broken: {line.wrong}"] += 1
            continue
        counts["customers"] += 1
        counts["address confirmed elsewhere"] += person.is_proven
        counts["dated back"] += person.since is not None
        counts["authenticator app"] += bool(person.seed)
        counts["choices"] += len(person.says)
        counts[f"password: {person.password.partition('$')[0] or 'none'}"] += 1


def _made(person: Person, at: datetime) -> User:
    customer = User(
        id=codes.new_id(), email=person.address, name=person.name, phone=person.phone, locale=person.locale,
        timezone=person.timezone, created_at=person.since or at, imported_at=at, password=person.password,
    )  # fmt: skip
    if not person.password:
        customer.set_unusable_password()
    return customer


def _keep(brought: Brought) -> None:
    User.objects.bulk_create(customer for customer, _person in brought)
    addresses.add_all([(customer, person.is_proven) for customer, person in brought])
    Totp.objects.bulk_create(app.carried(customer, person.seed) for customer, person in brought if person.seed)


def _event(move: Move, line: Line, person: Person) -> events.Imported:
    return events.Imported(
        move=move.pk,
        line=line.number,
        proven=person.is_proven,
        with_password=bool(person.password),
        with_app=bool(person.seed),
        asked=tuple(Code(key) for key, yes in sorted(person.says.items()) if yes),
    )
