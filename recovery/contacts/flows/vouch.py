"""A contact helps: they are asked by mail, are shown a code on a page, and pass it on by voice.

The code is not in the mail, so that nobody hands it on before having read that a call comes first. It counts in the try
that asked for it and nowhere else.
"""

from datetime import datetime, timedelta
from uuid import UUID

from accounts.budgets import mails
from accounts.customer import proofs
from accounts.models import Proof, User
from ciam_portal.core import links, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow
from recovery.contacts import events, facts, policy
from recovery.news import flows as news
from recovery.news import notices

ASK = Proof.Purpose.CONTACT_ASK


def send(customer: User, attempt: UUID, own: str, at: datetime) -> bool:
    """Mail every contact who can help now, and tell the customer; whether there was one. Part of asking for a code.

    ``own``: the bucket of the customer's own browser that asks (``accounts.budgets.bucket``); empty for all others.
    """
    every, asked = facts.usable(customer, at), mails.MailFor.RECOVER
    told = [contact for contact in every if mails.within_budget(asked, f"{contact.address} {own}")]
    hours = limits.current().recovery.contact_code_hours
    until = at + timedelta(hours=hours)
    for contact in told:
        secret = proofs.new_contact_link(customer, ASK, attempt, contact.address, at=at, until=until)
        notice = notices.ContactAsked(
            who=mailbox.spelled_out(customer.email), link=links.absolute("recovery:open_help", secret), hours=hours
        )
        tell(customer, notice, to=[contact.address], at=at)
    if told:
        news.announce_asked(customer, at=at)
    return bool(told)


def is_open(proof: Proof, at: datetime) -> bool:
    """Whether the page may show its button; the flow asks again, under lock."""
    asked = facts.link_facts(proof, facts.of_link(proof), at)
    return isinstance(policy.may_see_code(asked, limits=limits.current(), at=at), Allow)


@flow
def show_code(secret: str, *, by: Actor, at: datetime) -> str:
    """The code, this once: the link is spent by it. It ends when the link would have. Raises Refused."""
    proof = proofs.lock_link(secret, ASK)
    contact = facts.of_link(proof) if proof else None
    if proof is None or contact is None:
        raise Refused(policy.Reason.LINK_DEAD)
    customer = proof.customer
    require(policy.may_see_code, facts.link_facts(proof, contact, at), about=customer.pk, by=by, at=at)
    proof.spend(at)
    code = proofs.new_contact_code(customer, UUID(proof.bound_to), proof.address, at, proof.expires_at)
    record(events.ContactSawCode(key=contact.pk), about=customer.pk, by=by, at=at)
    return code
