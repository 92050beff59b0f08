"""A customer asks for something about their data; a privacy officer answers. What is restricted rests meanwhile."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as lazy

from accounts.customer import addresses
from accounts.models import Session, User
from accounts.staff.flows import people
from accounts.step_up.flows import by_staff, locked
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.roles import Role, roles_of
from consent.models import Request
from consent.purposes import facts as purposes
from consent.purposes.policy import Basis
from consent.records import flows as records
from consent.records.policy import Reason as Choice
from consent.rights import events, notices, policy
from consent.rights.policy import About, Answer, Kind, State, WhyLonger

_A_DAY = timedelta(hours=24)
_RESTS = frozenset({Basis.CONSENT, Basis.LEGITIMATE_INTEREST})
"""What rests under a restriction; what the account itself needs, and what a law asks for, goes on."""


@flow
def ask(customer: User, session: Session, kind: Kind, about: About, text: str, *, by: Actor, at: datetime) -> Request:
    """The customer asks; what they want restricted rests from now on. Raises Refused."""
    customer, _session = locked(customer.pk, session.pk)
    theirs, rules = Request.objects.of(customer.pk), limits.current().rights
    same = theirs.filter(state=State.OPEN, kind=kind, about=about)
    restricted = kind is Kind.RESTRICT and theirs.restricting().exists()
    asking = policy.Asking(
        is_owner=by.is_self(customer.pk),
        kind=kind,
        about=about,
        is_open=restricted or same.exists(),
        asked_today=theirs.filter(asked_at__gt=at - _A_DAY).count(),
    )
    decision = require(policy.may_ask, asking, about=customer.pk, by=by, at=at)
    due = at + timedelta(days=rules.answer_days)
    made = Request(customer=customer, kind=kind, about=about, asked_at=at, due_at=due)
    made.write(text)
    made.save(force_insert=True)
    event = events.RequestMade(request=made.pk, kind=Code(kind), due_at=due)
    record(event, about=customer.pk, by=by, at=at, decision=decision)
    if kind is Kind.RESTRICT:
        _pause(made, by=by, at=at)
    notice = notices.RequestReceived(
        what=lazy(kind.words),
        until=customer.local(due),
        number=made.reference,
        restricted=made.is_restricted,
        link=links.absolute("consent:rights"),
        password_link=links.absolute("account_reset_password"),
    )
    tell(customer, notice, to=addresses.proven(customer), at=at)
    return made


@flow
def withdraw(request: Request, *, by: Actor, at: datetime) -> None:
    """The customer takes it back; what it restricted goes on to rest until they lift that. Raises Refused."""
    request, customer = _held(request)
    standing, asker = _standing(request), by.is_self(customer.pk)
    decision = require(policy.may_withdraw, standing, asker, about=customer.pk, by=by, at=at)
    request.end(State.WITHDRAWN, at)
    event = events.RequestWithdrawn(request=request.pk, kind=Code(request.kind))
    record(event, about=customer.pk, by=by, at=at, decision=decision)


@flow
def lift(request: Request, *, by: Actor, at: datetime) -> None:
    """The customer ends the restriction. A request that is still open is taken back with it. Raises Refused."""
    request, customer = _held(request)
    standing, asker = _standing(request), by.is_self(customer.pk)
    require(policy.may_lift, standing, asker, about=customer.pk, by=by, at=at)
    if request.state == State.OPEN:
        request.end(State.WITHDRAWN, at)
        record(events.RequestWithdrawn(request=request.pk, kind=Code(request.kind)), about=customer.pk, by=by, at=at)
    _resume(request, by_staff=False, by=by, at=at)
    notice = notices.RestrictionLifted(
        link=links.absolute("consent:rights"), password_link=links.absolute("account_reset_password")
    )
    tell(customer, notice, to=addresses.proven(customer), at=at)


@flow
def answer(
    request: Request, said: Answer, person: User, session: Session, *, lifts: bool = False, by: Actor, at: datetime
) -> None:
    """A privacy officer answers, and the customer is told. ``lifts``: the restriction ends with it.

    Raises ProveMore, OnHold or Refused.
    """
    request, customer = _held(request)
    by_staff(Action.STAFF_OPEN_RECORD, person, session, about=customer.pk, by=by, at=at)
    standing, asker = _standing(request), _officer(customer, person, session, at)
    decision = require(policy.may_answer, standing, asker, about=customer.pk, by=by, at=at)
    late = at >= request.due_at
    request.end(State.ANSWERED, at, answer=said.value, by=person.pk)
    event = events.RequestAnswered(request=request.pk, kind=Code(request.kind), answer=Code(said.value), late=late)
    record(event, about=customer.pk, by=by, at=at, decision=decision)
    lifts = lifts and request.is_restricted
    if lifts:
        _resume(request, by_staff=True, by=by, at=at)
    notice = notices.RequestAnswered(
        what=lazy(Kind(request.kind).words),
        answer=lazy(said.words),
        number=request.reference,
        lifted=lifts,
        link=links.absolute("consent:rights"),
    )
    tell(customer, notice, to=addresses.proven(customer), at=at)


@flow
def extend(request: Request, why: WhyLonger, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """It takes longer, and the customer reads why and until when. Raises ProveMore, OnHold or Refused."""
    request, customer = _held(request)
    by_staff(Action.STAFF_OPEN_RECORD, person, session, about=customer.pk, by=by, at=at)
    standing, asker = _standing(request), _officer(customer, person, session, at)
    decision = require(policy.may_extend, standing, asker, about=customer.pk, by=by, at=at)
    request.extend(why.value, limits.current().rights.extension_days)
    event = events.RequestExtended(
        request=request.pk, kind=Code(request.kind), reason=Code(why.value), due_at=request.due_at
    )
    record(event, about=customer.pk, by=by, at=at, decision=decision)
    notice = notices.RequestExtended(
        what=lazy(Kind(request.kind).words),
        why=lazy(why.words),
        until=customer.local(request.due_at),
        number=request.reference,
        link=links.absolute("consent:rights"),
    )
    tell(customer, notice, to=addresses.proven(customer), at=at)


@flow
def remind(due: Iterable[Request], *, by: Actor, at: datetime) -> int:
    """Privacy officers, or administrators where there are none, hear that these wait. How many."""
    keys = [each.pk for each in due]
    found = list(Request.objects.to_remind(at).filter(pk__in=keys).select_for_update(of=("self",)).order_by("due_at"))
    late = sum(at >= each.due_at for each in found)
    record(events.StaffReminded(requests=len(found), late=late), about=None, by=by, at=at)
    for each in found:
        each.reminded(at)
    for person in _officers() if found else ():
        notice = notices.RequestsWait(
            requests=len(found), late=late, until=person.local(found[0].due_at), link=links.absolute("admin:index")
        )
        tell(person, notice, to=[person.email], at=at)
    return len(found)


def _officers() -> list[User]:
    for role in (Role.PRIVACY_OFFICER, Role.ADMINISTRATOR):
        groups = Group.objects.filter(name=role)
        found = list(User.objects.filter(groups__in=groups, is_active=True, is_staff=True).order_by("pk").distinct())
        if found:
            return found
    return []


def _pause(request: Request, *, by: Actor, at: datetime) -> None:
    rests = [key for key, now in purposes.active(at).items() if now.basis in _RESTS]
    keys = (*rests, *purposes.edited(at))  # of what was edited nobody knows what it rests on
    try:
        number = records.pause(request.customer, keys, by=by, at=at)
    except Refused as refused:
        if refused.reason is not Choice.NOTHING_THERE:
            raise
        number = 0  # nothing is used; what is asked for later waits for a fresh yes anyway
    request.restrict(True)  # noqa: FBT003  (a fact)
    record(events.UseRestricted(request=request.pk, purposes=number), about=request.customer_id, by=by, at=at)


def _resume(request: Request, *, by_staff: bool, by: Actor, at: datetime) -> None:
    try:
        records.resume(request.customer, (*purposes.active(at), *purposes.edited(at)), by=by, at=at)
    except Refused as refused:
        if refused.reason is not Choice.NOTHING_THERE:
            raise
    request.restrict(False)  # noqa: FBT003  (a fact)
    record(events.UseGoesOn(request=request.pk, by_staff=by_staff), about=request.customer_id, by=by, at=at)


def _held(request: Request) -> tuple[Request, User]:
    """The request as it stands, under the lock on its customer."""
    customer = User.objects.locked(request.customer_id)
    request = Request.objects.select_for_update(of=("self",)).get(pk=request.pk)
    request.customer = customer
    return request, customer


def _standing(request: Request) -> policy.Standing:
    return policy.Standing(
        customer=request.customer_id,
        state=State(request.state),
        asked_at=request.asked_at,
        is_extended=bool(request.longer),
        is_restricted=request.is_restricted,
    )


def _officer(customer: User, person: User, session: Session, at: datetime) -> policy.Officer:
    opened = people.is_opened(customer.pk, session, at)
    return policy.Officer(id=person.pk, roles=tuple(sorted(roles_of(person))), opened=opened)
