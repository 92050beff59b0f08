"""Getting back in with a new password: asked for by anyone, answered alike for everyone, finished by the mailbox."""

from datetime import datetime
from uuid import UUID

from accounts.account import flows as account
from accounts.budgets import mails
from accounts.customer import addresses, proofs
from accounts.lock.flows import reversible
from accounts.lock.flows.everywhere import announce
from accounts.models import Change, User
from accounts.sign_in import flows as sign_in
from accounts.sign_in.flows import Browser
from accounts.step_up import facts
from accounts.step_up.flows import by_stranger
from ciam_portal.core import gate, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import OnHold, ProveMore
from ciam_portal.core.flow import flow, require_action
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from recovery.case.flows.show import bucket_of
from recovery.news import notices
from recovery.reset import events
from recovery.reset.proofs import RESET_PASSWORD


@flow
def ask_reset(email: str, browser: Browser, *, by: Actor, at: datetime) -> None:
    """Mail a link if a proven account has this address; nobody outside can tell whether one did.

    For a stranger the same rows are recorded; only the link and its mail are left out, and they cost a few
    milliseconds that the caller evens out. Raises TooMany or Refused, by how often and from where it is asked alone.
    """
    email = mailbox.named(email)
    customer = User.objects.filter(email=email, is_active=True).first()
    by_stranger(Action.START_RECOVERY, email, browser, about=customer.pk if customer else None, by=by, at=at)
    mails.take_to(mails.MailFor.RESET, email, browser.bucket)
    send = customer is not None and addresses.is_proven(customer)
    if customer is not None and send:
        link = proofs.new_link(customer, RESET_PASSWORD, email, at)
        notice = notices.ResetYourPassword(link=link.url, hours=limits.current().proof.link_hours)
        tell(customer, notice, to=[email], at=at, asked=mails.by(mails.MailFor.RESET, browser.bucket))
    about: UUID | None = customer.pk if customer else None
    record(events.ResetAsked(bucket=bucket_of(email, customer), sent=bool(send)), about=about, by=by, at=at)


@flow
def reset_password(secret: str, new: str, browser: Browser, *, by: Actor, at: datetime) -> User:
    """Set the new password; end every session, token and remembered device. Raises Refused for a dead link, OnHold.

    The second factors stay as they are: the next sign-in asks for them as ever. The link itself passes a challenge, for
    it shows who reads the mail; there is no more that could be proven here, so whatever asks for more has to wait.
    """
    customer = proofs.use(secret, RESET_PASSWORD, by=by, at=at).customer
    device = sign_in.device_of(customer, browser, at)
    asked = facts.for_recovery(customer, device, browser.seen, absurd=browser.absurd, by=by, at=at)
    try:
        require_action(Action.COMPLETE_RECOVERY, asked, about=customer.pk, by=by, at=at)
    except ProveMore as more:
        raise OnHold(gate.Reason.ON_HOLD, None, decision=more.decision) from None
    known = by.known_as(customer.pk)
    undo = reversible.note(customer, Change.Kind.PASSWORD, None, at=at)
    ended = account.restore_access(customer, new, by=known, at=at)
    record(events.PasswordReset(sessions_ended=ended[0], tokens_ended=ended[1]), about=customer.pk, by=known, at=at)
    announce(customer, notices.PasswordWasReset(**undo), at=at)
    return customer
