"""A contact helps: they are asked by mail, are shown a code on a page, and pass it on by voice.

The code is not in the mail, so that nobody hands it on before having read that a call comes first. It counts in the try
that asked for it and nowhere else.
"""

from datetime import datetime
from uuid import UUID

from accounts.budgets import mails, outbound
from accounts.customer import proofs
from accounts.models import User
from ciam_portal.core import mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.notice import Asked, Medium
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from recovery.case.proofs import RECOVER
from recovery.contacts import events, facts
from recovery.contacts.proofs import CONTACT_ASK
from recovery.news import flows as news
from recovery.news import notices


def send(customer: User, attempt: UUID, own: str, asked: Asked, at: datetime) -> bool:
    """Mail every contact who can help now, and tell the customer; whether there was one. Part of asking for a code.

    Where strangers have used up what they may cause, nobody is asked: never without the customer hearing of it.

    ``own``: the bucket of the customer's own browser that asks (``accounts.budgets.bucket``); empty for all others.
    """
    every, what = facts.usable(customer, at), mails.MailFor.RECOVER
    told = [contact for contact in every if mails.within_budget(what, f"{contact.address} {own}")]
    if told and outbound.spend(codes.new_id(), Medium.MAIL, customer.email, asked, at):
        return False
    who, hours = mailbox.spelled_out(customer.email), limits.current().recovery.contact_code_hours
    for contact in told:
        link = proofs.new_link(customer, CONTACT_ASK, contact.address, at, bound_to=attempt)
        notice = notices.ContactAsked(who=who, link=link.url, hours=hours)
        tell(customer, notice, to=[contact.address], at=at, asked=asked)
    if told:
        news.announce_asked(customer, asked=asked, at=at)
    return bool(told)


@flow
def show_code(secret: str, *, by: Actor, at: datetime) -> str:
    """The code, this once: the link is spent by it. It ends when the link would have. Raises Refused."""
    link = proofs.use(secret, CONTACT_ASK, by=by, at=at)
    customer, proof = link.customer, link.proof
    code = proofs.new_code(customer, RECOVER, UUID(proof.bound_to), proof.address, at, until=proof.expires_at)
    record(events.ContactSawCode(key=link.about.pk), about=customer.pk, by=by, at=at)
    return code
