"""A contact helps: they are asked by mail, are shown a code on a page, and pass it on by voice.

The code is not in the mail, so that nobody hands it on before having read that a call comes first. It counts in the try
that asked for it and nowhere else.
"""

from datetime import datetime
from uuid import UUID

from accounts.budgets import mails
from accounts.customer import proofs
from accounts.models import User
from ciam_portal.core import mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from recovery.case.proofs import RECOVER
from recovery.contacts import events, facts
from recovery.contacts.proofs import CONTACT_ASK
from recovery.news import flows as news
from recovery.news import notices


def send(customer: User, attempt: UUID, own: str, at: datetime) -> bool:
    """Mail every contact who can help now, and tell the customer; whether there was one. Part of asking for a code.

    ``own``: the bucket of the customer's own browser that asks (``accounts.budgets.bucket``); empty for all others.
    """
    every, asked = facts.usable(customer, at), mails.MailFor.RECOVER
    told = [contact for contact in every if mails.within_budget(asked, f"{contact.address} {own}")]
    who, hours = mailbox.spelled_out(customer.email), limits.current().recovery.contact_code_hours
    for contact in told:
        link = proofs.new_link(customer, CONTACT_ASK, contact.address, at, bound_to=attempt)
        notice = notices.ContactAsked(who=who, link=link.url, hours=hours)
        tell(customer, notice, to=[contact.address], at=at)
    if told:
        news.announce_asked(customer, at=at)
    return bool(told)


@flow
def show_code(secret: str, *, by: Actor, at: datetime) -> str:
    """The code, this once: the link is spent by it. It ends when the link would have. Raises Refused."""
    link = proofs.use(secret, CONTACT_ASK, by=by, at=at)
    customer, proof = link.customer, link.proof
    code = proofs.new_code(customer, RECOVER, UUID(proof.bound_to), proof.address, at, until=proof.expires_at)
    record(events.ContactSawCode(key=link.about.pk), about=customer.pk, by=by, at=at)
    return code
