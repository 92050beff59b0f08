"""A customer says yes or no to a purpose, or time or a new text ends what they said. The only writer of what was said.

Every change is one event and the record that follows it, in one transaction, in the order of the person's own count:
whoever writes waits for whoever writes about the same person (``write``). That lock is the last of a flow's locks.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db import connection
from django.db.models import Max
from django.utils import translation
from django.utils.translation import get_language

from accounts.customer import addresses
from accounts.models import User
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.notice import language_of
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.themes import Joined
from consent.models import ConsentEvent, ConsentRecord
from consent.purposes import facts as purposes
from consent.purposes.facts import Active
from consent.records import events, facts, notices, policy
from consent.records.policy import GivenBy, Reason, Says, State

CHANGED = Joined[Callable[..., None]]()
"""What else is written when something was said, in the same transaction: ``(event, *, by, at)``, an event at a time."""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 15))"


@dataclass(frozen=True, slots=True)
class Change:
    """What is said from now on about one purpose and recipient."""

    purpose: str
    version: UUID
    number: int
    """Of the version."""
    state: State
    categories: tuple[str, ...]
    access: str
    recipient: UUID | None = None
    scopes: tuple[str, ...] = ()
    details: tuple[UUID, ...] = ()
    connection: UUID | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Saying:
    """An answer about our own use. ``read``, ``ticked``: as ``answer`` takes them."""

    key: str
    says: Says
    read: UUID | None = None
    ticked: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Voice:
    """What whoever speaks for another is to them, and until when a yes of theirs counts at most."""

    is_a: GivenBy = GivenBy.DELEGATE
    until: datetime | None = None


@flow
def answer(
    customer: User, key: str, says: Says, read: UUID | None = None, *, ticked: Collection[str] = (),
    by: Actor, at: datetime,
) -> ConsentEvent:  # fmt: skip
    """The customer answers about our own use of their data. ``read``: the version of the text that they read.

    A no to what needs no yes is an objection, a yes to it takes that back. ``ticked`` are the categories that could be
    refused alone and were not. Raises Refused: nothing was said, among others because the text has changed.
    """
    return say(customer, Saying(key, says, read, ticked), by=by, at=at)


def say(customer: User, said: Saying, *, voice: Voice = Voice(), by: Actor, at: datetime) -> ConsentEvent:
    """The same, by whoever may, as part of a flow."""
    key, says, read = said.key, said.says, said.read
    is_current = read is not None and facts.still_active({read})
    hold(customer.pk)
    customer = User.objects.get(pk=customer.pk)
    now, found = purposes.active(at).get(key), ConsentRecord.objects.between(customer.pk, None).filter(purpose=key)
    before, version = found.first(), facts.read(key, read)
    asked = facts.for_answering(customer, now, before, says, is_current=is_current, by=by, at=at)
    require(policy.may_answer, asked, about=customer.pk, by=by, at=at)
    if now is None:  # which was refused just now
        raise Refused(Reason.NOT_ASKED)
    state = policy.becomes(now.basis, State(before.state) if before else None, says)
    change = own(now, state, said.ticked, at)
    if version is not None:
        change = replace(change, version=version.pk, number=version.number)
    if voice.until is not None and state is State.GIVEN:
        change = replace(change, expires_at=min(voice.until, change.expires_at or voice.until))
    return write(customer.pk, [change], as_=voice.is_a, by=by, at=at)[0]


@flow
def withdraw(customer: User, key: str, *, by: Actor, at: datetime) -> ConsentEvent:
    """The customer takes back what they allowed us, at any time and without reading anything. Raises Refused."""
    return answer(customer, key, Says.NO, by=by, at=at)


object_to = withdraw
"""The same of what rests on legitimate interest: the answer is no."""


@flow
def pause(customer: User, keys: Collection[str], *, by: Actor, at: datetime) -> int:
    """Restrict what is done for these purposes, by us and by every app (GDPR 18). How many; Refused if none is left.

    ``resume`` ends it. Meanwhile only a fresh yes of the customer's counts (GDPR 18(2)), and ends it for that purpose.
    """
    hold(customer.pk)
    active, found = purposes.active(at), list(ConsentRecord.objects.of(customer.pk).filter(purpose__in=keys))
    known = {each.purpose for each in found if each.recipient_id is None}
    changes = [replace(same(each), state=State.PAUSED) for each in found if each.state == State.GIVEN]
    unsaid = [active[key] for key in keys if key in active and key not in known]
    # What is done without a yes has no record yet.
    changes += [own(now, State.PAUSED, (), at) for now in unsaid if not now.is_asked]
    if not changes:
        raise Refused(Reason.NOTHING_THERE)
    return len(write(customer.pk, changes, by=by, at=at))


@flow
def resume(customer: User, keys: Collection[str], *, by: Actor, at: datetime) -> int:
    """End the restriction: what was said before it counts again, as far as it still does. How many; or Refused."""
    hold(customer.pk)
    rows = ConsentRecord.objects.of(customer.pk).filter(purpose__in=keys, state=State.PAUSED)
    changes = [replace(same(each), state=State.GIVEN) for each in rows]
    if not changes:
        raise Refused(Reason.NOTHING_THERE)
    return len(write(customer.pk, changes, by=by, at=at))


@flow
def expire(found: ConsentRecord, *, by: Actor, at: datetime) -> State:
    """Write down that a yes to ourselves no longer counts: its time is up, or its text changed. Raises Refused."""
    hold(found.subject_id)
    found = ConsentRecord.objects.select_related("version").get(pk=found.pk)
    lapsed = policy.lapse_of(facts.standing(found, at), at)
    if lapsed is None:
        raise Refused(Reason.STILL_GOOD)
    write(found.subject_id, [replace(same(found), state=lapsed)], by=by, at=at)
    return lapsed


@flow
def announce(customer: User, ending: Sequence[ConsentRecord], days: int, *, by: Actor, at: datetime) -> None:
    """Tell the customer that these end within so many days; once for each yes."""
    active = purposes.active(at)
    for each in ending:
        each.announce(at)
    keys = dict.fromkeys(each.purpose for each in ending)
    record(events.EndAnnounced(tuple(Code(key) for key in keys)), about=customer.pk, by=by, at=at)
    with translation.override(language_of(customer)):
        titles = tuple(dict.fromkeys(_named(each, active) for each in ending))
    notice = notices.ChoicesEnd(titles, days, links.absolute("consent:choices"))
    tell(customer, notice, to=addresses.proven(customer), at=at)


# --- writing


def hold(customer: UUID) -> None:
    """Nobody else says anything for this person before the transaction is through."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(customer)])


def write(
    customer: UUID, changes: Sequence[Change], *, as_: GivenBy = GivenBy.DELEGATE, by: Actor, at: datetime
) -> tuple[ConsentEvent, ...]:
    """One event for each change, by recipient, and the records that follow; the caller holds the person."""
    if not changes:
        return ()
    changes = sorted(changes, key=lambda each: str(each.recipient or ""))
    last = ConsentEvent.objects.filter(subject=customer).aggregate(last=Max("number"))["last"] or 0
    mine = ConsentRecord.objects.filter(subject=customer, purpose__in={each.purpose for each in changes})
    before = {(each.purpose, each.recipient_id): each for each in mine}
    written = tuple(
        _event(customer, each, _speaker(customer, as_, by, before.get((each.purpose, each.recipient))), by, at)
        for each in changes
    )
    for number, event in enumerate(written, last + 1):
        event.number = number
    ConsentEvent.objects.bulk_create(written)
    ConsentRecord.objects.bulk_create(
        [ConsentRecord(subject_id=customer, announced_at=None, **each.said()) for each in written],
        update_conflicts=True,
        unique_fields=["subject", "recipient", "purpose"],
        update_fields=[*ConsentRecord.SAID, "announced_at"],
    )
    for recipient, some in groupby(zip(changes, written, strict=True), key=lambda pair: pair[0].recipient):
        said, made = zip(*some, strict=True)
        told = events.ChoicesRecorded(
            events=tuple(each.pk for each in made),
            first=made[0].number,
            purposes=tuple(Code(each.purpose) for each in said),
            versions=tuple(each.number for each in said),
            states=tuple(each.state for each in said),
            partner=recipient,
        )
        record(told, about=customer, by=by, at=at)
    for event in written:
        for hear in CHANGED:
            hear(event, by=by, at=at)
    return written


def _event(customer: UUID, said: Change, speaker: tuple[GivenBy, UUID | None], by: Actor, at: datetime) -> ConsentEvent:
    given_by, actor = speaker
    return ConsentEvent(
        subject=customer,
        purpose=said.purpose,
        version_id=said.version,
        recipient_id=said.recipient,
        state=said.state,
        categories=list(said.categories),
        access=said.access,
        scopes=list(said.scopes),
        details=list(said.details),
        connection=said.connection,
        given_by=given_by,
        actor=actor,
        by_kind=by.kind,
        channel=by.channel,
        at=at,
        expires_at=said.expires_at,
        language=get_language() or "",
    )


def _speaker(customer: UUID, as_: GivenBy, by: Actor, before: ConsentRecord | None) -> tuple[GivenBy, UUID | None]:
    """Who speaks: the person, or somebody for them. What happens without anybody leaves that as it was."""
    if by.kind is not ActorKind.CUSTOMER:
        return (GivenBy(before.given_by), before.actor) if before else (GivenBy.SELF, None)
    return (GivenBy.SELF, None) if by.id == customer else (as_, by.id)


def same(found: ConsentRecord) -> Change:
    """What is said already, to be said again but for what is replaced."""
    return Change(
        purpose=found.purpose,
        version=found.version_id,
        number=found.version.number,
        state=State(found.state),
        categories=tuple(found.categories),
        access=found.access,
        recipient=found.recipient_id,
        scopes=tuple(found.scopes),
        connection=found.connection,
        expires_at=found.expires_at,
    )


def own(now: Active, state: State, ticked: Collection[str], at: datetime) -> Change:
    """What is said from now on about our own use."""
    categories = tuple(each for each in now.categories if each not in now.optional or each in ticked)
    ends = until(now, at) if state is State.GIVEN else None
    return Change(now.key, now.version, now.number, state, categories, now.access, expires_at=ends)


def until(now: Active, at: datetime) -> datetime | None:
    """How long a yes of this instant counts; None: without an end."""
    return at + now.valid_for if now.valid_for is not None else None


def _named(found: ConsentRecord, active: Mapping[str, Active]) -> str:
    title = active[found.purpose].title if found.purpose in active else found.purpose
    return f"{found.recipient.name}: {title}" if found.recipient else title
