"""Everybody whom a customer can be reached through hears of every step of a recovery, and how to stop it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from accounts.customer import addresses as accounts
from accounts.customer import proofs
from accounts.lock.flows import everywhere
from accounts.models import User
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.outbox.notice import Asked, Medium
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.words import masked
from recovery.case import events, facts
from recovery.case.policy.cases import Reason
from recovery.case.policy.evidence import Way
from recovery.case.policy.states import State, Verb, after
from recovery.case.proofs import STOP_RECOVERY
from recovery.models import Case, Contact, RecoveryAddress
from recovery.news import notices


class Step(StrEnum):
    """What happened."""

    OPENED = "opened"
    SHOWN = "shown"
    WAITS = "waits"
    READY = "ready"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DESK_OPENED = "desk_opened"
    DESK_SHOWN = "desk_shown"
    PROPOSED = "proposed"
    APPROVED_ONCE = "approved_once"
    DESK_WAITS = "desk_waits"
    DESK_READY = "desk_ready"
    CLAIMED = "claimed"
    REJECTED = "rejected"


def announce(
    case: Case, step: Step, *, at: datetime, until: datetime | None = None, undo: dict[str, str] | None = None
) -> None:
    """Tell every proven address, each with a link of its own that stops the recovery while it can be stopped.

    ``undo``: what says how to take back what was done (``accounts.flows.reversible``).
    """
    customer = case.customer
    for by, address in accounts.every(customer):
        link = stop_link(case, address, at) if case.is_live else ""
        notice = notices.RecoveryNews(
            step=step.value,
            until=customer.local(until) if until else "",
            link=link,
            start_link=links.absolute("recovery:start"),
            finish_link=links.absolute("recovery:case") if step is Step.READY else "",
            **(undo or {}),
        )
        tell(customer, notice, to=[address], channel=by, at=at)


def stop_link(case: Case, address: str, at: datetime) -> str:
    """A link that stops the recovery, for as long as there is something to stop."""
    end = case.opened_at + facts.longest_life()
    return proofs.new_link(case.customer, STOP_RECOVERY, address, at, bound_to=case.pk, until=end).url


def announce_address(
    customer: User, item: RecoveryAddress, undo: dict[str, str] | None, *, added: bool, at: datetime
) -> None:
    """Tell every proven address, and this one, that it came or went, and how to take that back (None: it was an undo).

    One that was only just added is told too, but takes nothing back: it may be anybody's.
    """
    this = (Medium(item.kind), item.address)
    told = dict.fromkeys([*accounts.every(customer), this])
    for by, address in told:
        notice = notices.RecoveryAddressChanged(
            added=added,
            kind=item.kind,
            until=customer.local(item.usable_from) if added else "",
            security_link=links.absolute("accounts:security"),
            **({} if undo is None or (added and (by, address) == this) else undo),
            undone=undo is None,
        )
        tell(customer, notice, to=[address], channel=by, at=at)


def announce_lock(customer: User, at: datetime) -> None:
    """Tell the recovery addresses that the account is locked; the address to sign in with hears it from the lock."""
    told = {(Medium.MAIL, address) for address in accounts.proven(customer)}
    start = links.absolute("recovery:start")
    notice = notices.AccountIsLocked(way=customer.way_back, start_link=start)
    for by, address in accounts.every(customer):
        if (by, address) not in told:
            tell(customer, notice, to=[address], channel=by, at=at)


def announce_shut(customer: User, way: Way, *, until: datetime, asked: Asked | None = None, at: datetime) -> None:
    """Tell every proven address that this way is closed for a while, and until when."""
    start = links.absolute("recovery:start")
    notice = notices.RecoveryWayShut(way=way.value, until=customer.local(until), start_link=start)
    for by, address in accounts.every(customer):
        tell(customer, notice, to=[address], channel=by, at=at, asked=asked)


def announce_contact(customer: User, contact: Contact, what: str, *, at: datetime) -> None:
    """Tell every proven address that somebody is, or is no longer, to help the customer back in."""
    until = customer.local(contact.usable_from) if contact.usable_from and what == "accepted" else ""
    notice = notices.ContactChanged(
        what=what,
        person=f"{contact.name} ({masked(contact.address)})",
        until=until,
        security_link=links.absolute("recovery:addresses"),
        password_link=links.absolute("account_reset_password"),
    )
    everywhere.announce(customer, notice, at=at)


def announce_asked(customer: User, *, asked: Asked, at: datetime) -> None:
    """Tell every proven address that the customer's contacts were asked for a code. The first was counted before."""
    notice = notices.ContactsWereAsked(links.absolute("accounts:lock"), links.absolute("accounts:security"))
    for by, address in accounts.every(customer):
        counted = None if address == customer.email else asked
        tell(customer, notice, to=[address], channel=by, at=at, asked=counted)


def locked(case: UUID) -> Case:
    """The case with its customer, both locked: the customer first, as every flow does."""
    return locked_with(case)[0]


def locked_with(case: UUID, *others: UUID) -> tuple[Case, dict[UUID, User]]:
    """The same, with these people, who are locked together with the customer, always in the same order."""
    owner = Case.objects.values_list("customer", flat=True).get(pk=case)
    people = locked_people(owner, *others)
    found = Case.objects.select_for_update().get(pk=case)
    found.customer = people[owner]
    return found, people


def locked_people(*keys: UUID) -> dict[UUID, User]:
    """These people, locked in an order that is always the same, so that two flows never wait for each other."""
    return {user.pk: user for user in User.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")}


def advance(case: Case, verb: Verb, at: datetime) -> None:
    """The state that the table names. Raises Refused for whatever is not in it."""
    state = after(State(case.state), verb)
    if state is None:
        raise Refused(Reason.NOT_POSSIBLE)
    case.become(state, at)


def replace(case: Case, *, by: Actor, at: datetime) -> None:
    """One in which too little was shown gives way to another that begins now; part of that flow, which tells."""
    was = State(case.state)
    advance(case, Verb.CANCEL, at)
    event = events.RecoveryCancelled(case=case.pk, was=was, via=Code("replaced"))
    record(event, about=case.customer_id, by=by, at=at)
