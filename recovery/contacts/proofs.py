"""The links that go to somebody whom a customer trusts: will you help, and please help now."""

from datetime import datetime, timedelta

from accounts.customer import addresses, proofs
from accounts.models import Proof
from ciam_portal.core.mailbox import reader
from recovery.contacts import policy
from recovery.models import Contact


def _invited(proof: Proof) -> Contact | None:
    return Contact.objects.kept().filter(customer=proof.customer_id, pk=proof.bound_to).first()


def _asked(proof: Proof) -> Contact | None:
    return Contact.objects.kept().filter(customer=proof.customer_id, address=proof.address).first()


def _facts(proof: Proof, contact: Contact | None, at: datetime) -> tuple[policy.LinkFacts] | None:
    if contact is None:
        return None
    return (
        policy.LinkFacts(
            is_live=proof.is_live(at),
            account_active=proof.customer.is_active,
            is_kept=True,
            is_own=reader(contact.address) in addresses.mailboxes(proof.customer),
            usable_from=contact.usable_from,
        ),
    )


CONTACT_INVITE = proofs.declare(
    proofs.Link(
        name="contact_invite",
        route="recover/contact/",
        page="recovery:invitation",
        lives=lambda rules: timedelta(hours=rules.recovery.contact_invite_hours),
        about=_invited,
        may=policy.may_answer,
        facts=_facts,
        dead=policy.Reason.LINK_DEAD,
        way_on="recovery/contacts/contact_dead.html",
    )
)
# Bound to the try that asked for it, and about whoever the customer keeps under the address that it went to.
CONTACT_ASK = proofs.declare(
    proofs.Link(
        name="contact_ask",
        route="recover/help/",
        page="recovery:help",
        lives=lambda rules: timedelta(hours=rules.recovery.contact_code_hours),
        about=_asked,
        may=policy.may_see_code,
        facts=_facts,
        dead=policy.Reason.LINK_DEAD,
        way_on="recovery/contacts/contact_dead.html",
    )
)
