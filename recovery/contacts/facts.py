"""Who may help a customer back in, and whether they can do so now."""

from datetime import datetime
from typing import Any

from accounts.customer import addresses as accounts
from accounts.customer import proofs
from accounts.models import User
from ciam_portal.core.mailbox import reader
from ciam_portal.core.policy import limits
from recovery.contacts.proofs import CONTACT_INVITE
from recovery.models import Contact


def usable(customer: User, at: datetime) -> list[Contact]:
    """Who can be asked now. An address that has become the customer's own counts no more."""
    mine = accounts.mailboxes(customer)
    found = Contact.objects.usable(at).filter(customer=customer).order_by("pk")
    return [contact for contact in found if reader(contact.address) not in mine]


def waiting(customer: User, at: datetime) -> frozenset[str]:
    """The keys of those whose invitation can still be answered."""
    sent = proofs.waiting(customer, CONTACT_INVITE).filter(expires_at__gt=at)
    return frozenset(sent.values_list("bound_to", flat=True))


def listed(customer: User, at: datetime) -> dict[str, Any]:
    """What the settings page says of contacts: each with how far it has come, and whether there is room for more."""
    mine, open_invitations = accounts.mailboxes(customer), waiting(customer, at)
    kept = list(Contact.objects.kept().filter(customer=customer).order_by("invited_at"))
    rows = []
    for contact in kept:
        if reader(contact.address) in mine:
            state = "own"
        elif contact.usable_from is None:
            state = "waits" if str(contact.pk) in open_invitations else "expired"
        else:
            state = "rests" if at < contact.usable_from else "helps"
        until = customer.local(contact.usable_from) if contact.usable_from else ""
        rows.append({"contact": contact, "state": state, "until": until})
    return {"contacts": rows, "room_for_contacts": len(kept) < limits.current().recovery.contacts}
