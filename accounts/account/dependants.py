"""Accounts of people who cannot sign in, because others look after them, until they have a sign-in of their own."""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from accounts.account import events, policy
from accounts.account.flows import clear
from accounts.customer import addresses
from accounts.models import User
from ciam_portal.core import mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow


@flow
def open_dependant(name: str, locale: str, timezone: str, *, by: Actor, at: datetime) -> User:
    """An account for somebody else, a child: without an address or a password, so that nobody can sign in to it."""
    made = User(email=mailbox.nowhere(codes.new_id().hex), name=name, locale=locale, timezone=timezone, created_at=at)
    made.set_unusable_password()
    made.save(force_insert=True)
    record(events.OpenedForAnother(), about=made.pk, by=by, at=at)
    return made


@flow
def take_over(customer: User, address: str, password: str, *, by: Actor, at: datetime) -> None:
    """Who could not sign in so far does from now on, with an address that they have just proven. Raises Refused."""
    clear(address, by=by, at=at)
    try:
        with transaction.atomic():
            customer.move_to(address)
            customer.password, customer.password_changed_at = make_password(password), at
            customer.save(update_fields=["email", "unsettled", "password", "password_changed_at"])
    except IntegrityError:
        raise Refused(policy.Reason.ADDRESS_TAKEN) from None
    addresses.replace(customer, address)
    record(events.EmailConfirmed(), about=customer.pk, by=by, at=at)
