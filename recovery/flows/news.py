"""Everybody whom a customer can be reached through hears of every step of a recovery, and how to stop it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from accounts import proofs
from accounts.flows.account import link_to
from accounts.models import User
from ciam_portal.errors import Refused
from ciam_portal.notifications.notice import By
from ciam_portal.notifications.tell import tell
from ciam_portal.words import masked
from recovery import addresses, facts, notices
from recovery.models import Case, Contact, RecoveryAddress
from recovery.policy.cases import Reason
from recovery.policy.states import State, Verb, after


class Step(StrEnum):
    """What happened."""

    OPENED = "opened"
    SHOWN = "shown"
    WAITS = "waits"
    READY = "ready"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


def spread(case: Case, step: Step, *, at: datetime, until: datetime | None = None) -> None:
    """Tell every proven address, each with a link of its own that stops the recovery while it can be stopped."""
    customer = case.customer
    end = case.opened_at + facts.longest_life()
    for by, address in addresses.every(customer):
        link = ""
        if case.is_live:
            secret = proofs.new_stop_link(customer, case.pk, address, at, end)
            link = link_to("recovery:open_stop", secret)
        kind = notices.RecoveryNewsSms if by is By.SMS else notices.RecoveryNews
        notice = kind(
            step=step.value,
            when=customer.local(at),
            until=customer.local(until) if until else "",
            link=link,
            start_link=settings.PUBLIC_URL + reverse("recovery:start"),
        )
        tell(customer, notice, to=[address], at=at)


def spread_address(customer: User, item: RecoveryAddress, *, added: bool, at: datetime) -> None:
    """Tell every proven address, and this one, that it came or went."""
    told = dict.fromkeys([*addresses.every(customer), (By(item.kind), item.address)])
    for by, address in told:
        kind = notices.RecoveryAddressChangedSms if by is By.SMS else notices.RecoveryAddressChanged
        notice = kind(
            added=added,
            kind=item.kind,
            when=customer.local(at),
            until=customer.local(item.usable_from) if added else "",
            security_link=settings.PUBLIC_URL + reverse("accounts:security"),
        )
        tell(customer, notice, to=[address], at=at)


def spread_contact(customer: User, contact: Contact, what: str, *, at: datetime) -> None:
    """Tell every proven address that somebody is, or is no longer, to help the customer back in."""
    until = customer.local(contact.usable_from) if contact.usable_from and what == "accepted" else ""
    for by, address in addresses.every(customer):
        kind = notices.ContactChangedSms if by is By.SMS else notices.ContactChanged
        notice = kind(
            what=what,
            person=f"{contact.name} ({masked(contact.address)})",
            when=customer.local(at),
            until=until,
            security_link=settings.PUBLIC_URL + reverse("recovery:addresses"),
        )
        tell(customer, notice, to=[address], at=at)


def spread_asked(customer: User, *, at: datetime) -> None:
    """Tell every proven address that the customer's contacts were asked for a code."""
    for by, address in addresses.every(customer):
        kind = notices.ContactsWereAskedSms if by is By.SMS else notices.ContactsWereAsked
        link = settings.PUBLIC_URL + reverse("accounts:security")
        tell(customer, kind(when=customer.local(at), security_link=link), to=[address], at=at)


def locked(case: UUID) -> Case:
    """The case with its customer, both locked: the customer first, as every flow does."""
    owner = Case.objects.values_list("customer", flat=True).get(pk=case)
    customer = User.objects.select_for_update().get(pk=owner)
    found = Case.objects.select_for_update().get(pk=case)
    found.customer = customer
    return found


def advance(case: Case, verb: Verb, at: datetime) -> None:
    """The state that the table names. Raises Refused for whatever is not in it."""
    state = after(State(case.state), verb)
    if state is None:
        raise Refused(Reason.NOT_POSSIBLE)
    case.become(state, at)
