"""A sign-up that was challenged goes on by mail: the link first, then the form."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password

from accounts.account import events as account_events
from accounts.account import flows as account
from accounts.account.proofs import void_confirmations
from accounts.customer import addresses, proofs
from accounts.models import User
from accounts.registration import notices
from accounts.registration.proofs import FINISH
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits

if TYPE_CHECKING:
    from accounts.sign_in.flows import Browser


@flow
def by_mail(email: str, browser: "Browser", *, by: Actor, at: datetime) -> None:
    """Mail the link behind which the password is chosen; the owner of a known address is told as ever.

    Reading the mail passes the challenge, so the gate is asked as if it were passed. Raises TooMany, OnHold, Refused.
    """
    passed = replace(browser, form=replace(browser.form, challenged_at=at))
    customer = account.open_account(email, None, passed, by=by, at=at)
    if customer is None:
        account.tell_owner(email, by=by, at=at)
    else:
        _send(customer, by=by, at=at)


def _send(customer: User, *, by: Actor, at: datetime) -> None:
    link = proofs.new_link(customer, FINISH, customer.email, at)
    record(account_events.ProofSent(purpose=Code(FINISH.name)), about=customer.pk, by=by, at=at)
    notice = notices.FinishSigningUp(link=link.url, hours=limits.current().proof.link_hours)
    tell(customer, notice, to=[customer.email], at=at)


@flow
def finish(secret: str, password: str, *, by: Actor, at: datetime) -> User:
    """Whoever reads the mail has chosen the password: the account is ready. Raises Refused for a link that is dead."""
    customer = proofs.use(secret, FINISH, by=by, at=at).customer
    account.set_first_password(customer, make_password(password), at)
    addresses.confirm(customer)
    void_confirmations(customer, at)
    proofs.void(customer, FINISH, at=at)
    record(account_events.EmailConfirmed(), about=customer.pk, by=by.known_as(customer.pk), at=at)
    return customer
