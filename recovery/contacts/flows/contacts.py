"""Recovery contacts, people a customer trusts: asked first, told to everybody, resting at first, gone at once."""

from datetime import datetime, timedelta

from accounts.budgets import mails
from accounts.customer import addresses, proofs
from accounts.models import Session, User
from accounts.step_up.flows import permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.mailbox import reader, spelled_out
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from recovery.case.proofs import RECOVER
from recovery.contacts import events, policy
from recovery.contacts.proofs import CONTACT_ASK, CONTACT_INVITE
from recovery.models import Contact
from recovery.news import flows as news
from recovery.news import notices


@flow
def invite(customer: User, session: Session, name: str, address: str, *, by: Actor, at: datetime) -> Contact:
    """Ask somebody by mail. Raises ProveMore, Refused; TooMany if this customer asked that mailbox often already.

    ``name`` is what the customer calls them. It is not in the mail to them, and neither is anything else that the
    customer can choose: who asks is said by their proven address.
    """
    customer, session = permitted(Action.CHANGE_RECOVERY_ADDRESS, customer, session, by=by, at=at)
    kept = [
        reader(known) for known in Contact.objects.kept().filter(customer=customer).values_list("address", flat=True)
    ]
    asked = policy.ContactFacts(
        kept=len(kept), is_known=reader(address) in kept, is_own=reader(address) in addresses.mailboxes(customer)
    )
    require(policy.may_invite, asked, about=customer.pk, by=by, at=at)
    counted = mails.take_new_address(customer, address)
    made = Contact.objects.create(customer=customer, name=name, address=address, invited_at=at)
    link = proofs.new_link(customer, CONTACT_INVITE, address, at, bound_to=made.pk)
    hours = limits.current().recovery.contact_invite_hours
    notice = notices.ContactInvitation(who=spelled_out(customer.email), link=link.url, hours=hours)
    tell(customer, notice, to=[address], at=at, asked=counted)
    record(events.ContactInvited(key=made.pk, sent=True), about=customer.pk, by=by, at=at)
    news.announce_contact(customer, made, "invited", at=at)
    return made


@flow
def answer(secret: str, *, accept: bool, by: Actor, at: datetime) -> Contact:
    """Whoever reads that mailbox says yes or no, once. Raises Refused."""
    link = proofs.use(secret, CONTACT_INVITE, by=by, at=at)
    customer, contact = link.customer, link.about
    if accept:
        usable_from = at + timedelta(hours=limits.current().recovery.address_rest_hours)
        contact.accept(at, usable_from)
        record(events.ContactAccepted(key=contact.pk, usable_from=usable_from), about=customer.pk, by=by, at=at)
    else:
        contact.decline(at)
        record(events.ContactDeclined(key=contact.pk), about=customer.pk, by=by, at=at)
    news.announce_contact(customer, contact, "accepted" if accept else "declined", at=at)
    return contact


@flow
def remove(customer: User, session: Session, contact: Contact, *, by: Actor, at: datetime) -> None:
    """They can help no more, with what is under way either. Everybody is told, they too. Raises ProveMore, Refused."""
    customer, session = permitted(Action.CHANGE_RECOVERY_ADDRESS, customer, session, by=by, at=at)
    found = Contact.objects.kept().filter(pk=contact.pk, customer=customer).first()
    if found is None:
        raise Refused(policy.Reason.NOT_THERE)
    _remove(customer, found, by=by, at=at)


def _remove(customer: User, contact: Contact, *, by: Actor, at: datetime) -> None:
    contact.remove(at)
    sent = proofs.waiting(customer, CONTACT_INVITE, CONTACT_ASK, RECOVER)
    sent.filter(address=contact.address).update(used_at=at)
    record(events.ContactRemoved(key=contact.pk), about=customer.pk, by=by, at=at)
    news.announce_contact(customer, contact, "removed", at=at)
    tell(customer, notices.ContactDismissed(who=spelled_out(customer.email)), to=[contact.address], at=at)


def as_before(customer: User, since: datetime, *, by: Actor, at: datetime) -> int:
    """Part of an undo: whoever was named since is removed, whoever was removed since is back. How many."""
    mine = Contact.objects.filter(customer=customer)
    added = list(mine.kept().filter(invited_at__gte=since))
    removed = list(mine.filter(removed_at__gte=since, invited_at__lt=since, declined_at__isnull=True))
    for contact in added:
        _remove(customer, contact, by=by, at=at)
    for contact in removed:
        contact.remove(None)
        record(events.ContactPutBack(key=contact.pk), about=customer.pk, by=by, at=at)
        news.announce_contact(customer, contact, "back", at=at)
    return len(added) + len(removed)
