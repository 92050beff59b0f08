"""What owners are told of sign-ins: from a new browser, stopped ones, and a browser whose key was used twice."""

from datetime import datetime

from accounts.activity import notices
from accounts.activity.proofs import DISOWN
from accounts.budgets import counter as budget
from accounts.customer import addresses, proofs
from accounts.lock.flows.everywhere import announce
from accounts.models import Device, Session, User
from accounts.sign_in import events
from accounts.watch.flows import alerts
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.words import agent


def of_new_device(customer: User, session: Session, at: datetime) -> None:
    """A mail with a link that answers "was this you?" for this session, whoever is signed in where by then."""
    link = proofs.new_link(customer, DISOWN, customer.email, at, bound_to=session.pk)
    notice = notices.NewDevice(link=link.url, until=customer.local(link.until))
    tell(customer, notice, to=addresses.proven(customer), at=at)


def of_stopped(customer: User, at: datetime) -> None:
    """Somebody knows the password. At most a few such mails an hour: whoever has it can cause them."""
    most = limits.current().notices.stopped_sign_ins_per_hour
    if not budget.spend("sign_in_stopped", str(customer.pk), limit=most, seconds=3600):
        return
    notice = notices.SignInStopped(password_link=links.absolute("account_reset_password"))
    tell(customer, notice, to=addresses.proven(customer), at=at)


def of_copied_key(customer: User, device: Device, *, by: Actor, at: datetime) -> None:
    """Somebody with the right password showed a key that was renewed since: one of two browsers has a copy.

    Nobody can say which, so the device is known no more: whoever comes next is asked, owner and thief alike.
    """
    device.revoke(at)
    record(events.DeviceCopied(device=device.pk), about=customer.pk, by=by, at=at)
    alerts.raise_once("device_copied", {"devices": 1}, by=by, at=at)
    notice = notices.DeviceCopied(
        browser=agent(device.browser, device.system),
        password_link=links.absolute("account_reset_password"),
    )
    announce(customer, notice, at=at)
