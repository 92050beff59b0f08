"""Who is staff, and in which roles; and looking for and at customers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as lazy

from accounts.budgets import counter as budget
from accounts.customer import addresses
from accounts.models import Dispute, Session, User
from accounts.sessions import flows as sessions
from accounts.staff import events, notices, policy
from accounts.staff.policy import SENSITIVE, InstallFacts, LookFacts, Sought, StaffFacts, WhyLook
from accounts.step_up.flows import by_staff
from ciam_portal.core import mailbox, phones, reference
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.audit.record import record as note
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.roles import Role, roles_of
from ciam_portal.core.themes import Joined

MORE = Joined[Callable[[Sought], list[UUID]]]()
"""By what else staff find customers."""
_MOST_FOUND = 5
_LONGEST = 254
REQUEST = timedelta(minutes=5)  # longer than any request takes, and than clocks differ


def on_migrated(**_: Any) -> None:  # noqa: ANN401  (a signal's words)
    """There is a group for each role."""
    for role in Role:
        Group.objects.get_or_create(name=role.value)


@flow
def grant_role(person: User, role: Role, *, by: Actor, at: datetime) -> None:
    """The installation gives a role, only while there is no administrator. Later: ``role_changes``. Raises Refused."""
    alone()
    person = User.objects.locked(person.pk)
    asked = InstallFacts(
        has_administrator=administrators().exists(),
        by_system=by.kind is ActorKind.SYSTEM,
        person_open=is_ready(person, at),
    )
    decision = require(policy.may_install, asked, about=person.pk, by=by, at=at)
    give(person, role, decision, by=by, at=at)


def give(person: User, role: Role, decision: UUID | None, *, by: Actor, at: datetime) -> None:
    """Part of a flow that has decided. Sessions begun before end, so that none carries a role it was not assessed with.

    ``person`` is locked.
    """
    person.groups.add(Group.objects.get(name=role.value))
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    sessions.end_all(person, by=by, at=at, reason=sessions.ROLE_CHANGED)
    note(events.RoleGranted(role=role), about=person.pk, by=by, at=at, decision=decision)


@flow
def revoke_role(person: User, role: Role, *, by: Actor, at: datetime) -> None:
    """Take a role away, and what was taken by break-glass; who holds none is no longer staff. All sessions end."""
    person = User.objects.locked(person.pk)
    person.groups.remove(Group.objects.get(name=role.value))
    person.is_staff = person.groups.exists()
    person.save(update_fields=["is_staff"])
    person.break_glass.filter(expires_at__gt=at).update(expires_at=at)
    sessions.end_all(person, by=by, at=at, reason=sessions.ROLE_CHANGED)
    note(events.RoleRevoked(role=role), about=person.pk, by=by, at=at)


def alone() -> None:
    """Changes of roles happen one after the other: each sees what the one before has done."""
    Group.objects.select_for_update(no_key=True).get(name=Role.ADMINISTRATOR.value)


def administrators() -> QuerySet[User]:
    """Those who were given the role; an emergency's do not count."""
    return User.objects.filter(is_active=True, is_staff=True, groups__name=Role.ADMINISTRATOR.value)


def is_ready(person: User, at: datetime) -> bool:
    """Whether this account may be given a role: neither closed nor suspended, and its address proven."""
    return person.is_active and not person.is_suspended(at) and addresses.is_proven(person)


def staff_facts(person: User) -> StaffFacts:
    """Who asks, as the rows stand now."""
    return StaffFacts(id=person.pk, is_administrator=administrators().filter(pk=person.pk).exists())


@flow
def find(text: str, person: User, *, by: Actor, at: datetime) -> list[User]:
    """The customers with exactly this address, phone number or reference, or number of something theirs: a few at most.

    Counted for each member of staff. What was typed is kept nowhere. Raises Refused.
    """
    most = limits.current().staff.searches_per_hour
    within = budget.spend("staff_search", str(person.pk), limit=most, seconds=3600)
    asked = LookFacts(staff=person.pk, roles=tuple(sorted(roles_of(person))), within_budget=within)
    decision = require(policy.may_look, asked, about=None, by=by, at=at)
    found = _matching(text.strip()[:_LONGEST])
    note(events.CustomerSearched(found=len(found)), about=None, by=by, at=at, decision=decision)
    return found


def _matching(text: str) -> list[User]:
    if not text or "\x00" in text:
        return []
    sought = sought_for(text)
    above = [key for find in MORE for key in find(sought)]
    about = {key for key in (*_whose(sought), *above) if key is not None}
    return list(User.objects.filter(pk__in=about).order_by("pk")[:_MOST_FOUND])


def sought_for(text: str) -> Sought:
    """What somebody looks for, in every form in which it may be stored."""
    try:
        return Sought(number=UUID(text))
    except ValueError:
        pass
    try:
        phone = phones.normal(text)
    except ValueError:
        phone = ""
    return Sought(address=mailbox.named(text) if "@" in text else "", phone=phone, ending=reference.end_of(text))


def _whose(sought: Sought) -> Iterable[UUID | None]:
    """The customers whom rows of this app name."""
    if sought.number is not None:
        yield from DecisionEntry.objects.filter(pk=sought.number).values_list("about", flat=True)
        asked = Dispute.objects.filter(Q(pk=sought.number) | Q(decision=sought.number))
        yield from asked.values_list("customer", flat=True)
        yield from _in_request(sought.number)
    if sought.address:
        yield from User.objects.filter(email=sought.address).values_list("pk", flat=True)
    if sought.phone:
        yield from User.objects.filter(phone=sought.phone).values_list("pk", flat=True)[:_MOST_FOUND]
    if sought.ending:
        for rows, number, column in (
            (User.objects.all(), "id", "pk"),
            (Dispute.objects.all(), "id", "customer"),
            (DecisionEntry.objects.all(), "id", "about"),
            (AuditEntry.objects.all(), "request_id", "about"),
        ):
            found = rows.alias(ending=reference.end(number)).filter(ending=sought.ending).order_by()
            yield from found.values_list(column, flat=True).distinct()[:_MOST_FOUND]


def _in_request(number: UUID) -> Iterable[UUID | None]:
    """Whom that was about which a request caused: our error pages ask people to quote its number, which says when."""
    begun = codes.moment_of(number)
    if begun is None:
        return ()
    rows = AuditEntry.objects.filter(at__range=(begun - REQUEST, begun + REQUEST), request_id=number.hex)
    return rows.values_list("about", flat=True).distinct()[:_MOST_FOUND]


@flow
def open_record(customer: User, reason: WhyLook, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """``person`` of the staff opens a customer's record: on the customer's timeline at once, and told where sensitive.

    Raises ProveMore, OnHold, Refused.
    """
    decision = by_staff(Action.STAFF_OPEN_RECORD, person, session, about=customer.pk, by=by, at=at)
    looking = LookFacts(customer=customer.pk, staff=person.pk, roles=tuple(sorted(roles_of(person))))
    require(policy.may_look, looking, about=customer.pk, by=by, at=at)
    opened = events.RecordOpened(kind=Code("user"), record=customer.pk, reason=Code(reason.value))
    note(opened, about=customer.pk, by=by, at=at, decision=decision)
    if reason in SENSITIVE:
        notice = notices.RecordViewed(reason=lazy(reason.words))
        tell(customer, notice, to=addresses.proven(customer), at=at)


@flow
def unmask(customer: User, kind: str, row: UUID, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """``person`` needs one hidden value of an opened record: on the customer's timeline at once.

    Raises ProveMore, OnHold, Refused.
    """
    decision = by_staff(Action.STAFF_OPEN_RECORD, person, session, about=customer.pk, by=by, at=at)
    looking = LookFacts(customer=customer.pk, staff=person.pk, roles=tuple(sorted(roles_of(person))))
    opened = is_opened(customer.pk, session, at)
    require(policy.may_unmask, looking, opened, about=customer.pk, by=by, at=at)
    note(events.ValueShown(kind=Code(kind), record=row), about=customer.pk, by=by, at=at, decision=decision)


def openings(customer: UUID, session: Session, at: datetime) -> list[tuple[WhyLook, datetime]]:
    """Why this session of staff has opened the customer's record lately, and when; the newest first."""
    rows = AuditEntry.objects.filter(about=customer, name=events.RecordOpened.name, session=session.pk)
    found = rows.filter(at__gt=lately(at), data__has_key="reason").order_by("-at").values_list("data__reason", "at")
    return [(WhyLook(reason), when) for reason, when in found]


@flow
def look(page: str, person: User, *, about: UUID | None, by: Actor, at: datetime) -> None:  # noqa: ARG001  (who acts is in ``by``)
    """``person`` looks through a page of the staff site that names customers; ``about``: whom alone, if anybody."""
    note(events.Looked(page=Code(page)), about=about, by=by, at=at)


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken away: which table, in which form, narrowed by what, and about whom alone, if anybody."""

    page: str
    form: str
    asked: tuple[str, ...] = ()
    about: UUID | None = None


@flow
def export(taken: Taken, person: User, session: Session, *, by: Actor, at: datetime) -> int:
    """``person`` takes rows of a table away; at most so many. Raises ProveMore, OnHold, Refused."""
    decision = by_staff(Action.STAFF_OPEN_RECORD, person, session, about=taken.about, by=by, at=at)
    most = limits.current().staff.exported_rows
    event = events.Exported(Code(taken.page), Code(taken.form), tuple(map(Code, taken.asked)), most)
    note(event, about=taken.about, by=by, at=at, decision=decision)
    return most


def is_opened(customer: UUID, session: Session, at: datetime, *, because: Iterable[WhyLook] = WhyLook) -> bool:
    """Whether this very session of staff has opened the customer's record, for such a reason, a short while ago."""
    rows = AuditEntry.objects.filter(about=customer, name=events.RecordOpened.name, session=session.pk)
    return rows.filter(at__gt=lately(at), data__reason__in=[reason.value for reason in because]).exists()


def shuts_at(opened: datetime) -> datetime:
    """When a record that was opened then is shut again for that session."""
    return opened + timedelta(minutes=limits.current().staff.record_minutes)


def lately(at: datetime) -> datetime:
    """Since when what staff did with a customer's record still counts."""
    return at - timedelta(minutes=limits.current().staff.record_minutes)
