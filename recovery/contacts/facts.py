"""Who may help a customer back in, and whether they can do so now."""

from datetime import datetime
from typing import Any

from accounts.customer import addresses as accounts
from accounts.models import Proof, User
from ciam_portal.core.mailbox import reader
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits
from recovery.contacts import policy
from recovery.models import Contact


def own(customer: User) -> frozenset[str]:
    """The customer's own mailboxes: whoever reads one of them must not count as somebody else."""
    known = [address for by, address in accounts.every(customer) if by is Medium.MAIL]
    return frozenset(reader(address) for address in (customer.email, *known))


def usable(customer: User, at: datetime) -> list[Contact]:
    """Who can be asked now. An address that has become the customer's own counts no more."""
    mine = own(customer)
    found = Contact.objects.usable(at).filter(customer=customer).order_by("pk")
    return [contact for contact in found if reader(contact.address) not in mine]


def waiting(customer: User, at: datetime) -> frozenset[str]:
    """The keys of those whose invitation can still be answered."""
    sent = customer.proofs.filter(purpose=Proof.Purpose.CONTACT_INVITE, used_at__isnull=True, expires_at__gt=at)
    return frozenset(sent.values_list("bound_to", flat=True))


def of_link(proof: Proof) -> Contact | None:
    """Whom a link was sent to: one invitation, or whoever the customer keeps under that address."""
    kept = Contact.objects.kept().filter(customer=proof.customer_id)
    if proof.purpose == Proof.Purpose.CONTACT_INVITE:
        return kept.filter(pk=proof.bound_to).first()
    return kept.filter(address=proof.address).first()


def link_facts(proof: Proof, contact: Contact | None, at: datetime) -> policy.LinkFacts:
    """What the policies ask about a link."""
    return policy.LinkFacts(
        is_live=proof.is_live(at),
        account_active=proof.customer.is_active,
        is_kept=contact is not None,
        is_own=contact is not None and reader(contact.address) in own(proof.customer),
        usable_from=contact.usable_from if contact else None,
    )


def listed(customer: User, at: datetime) -> dict[str, Any]:
    """What the settings page says of contacts: each with how far it has come, and whether there is room for more."""
    mine, open_invitations = own(customer), waiting(customer, at)
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
