"""The browsers that a customer is known in: given a name, and forgotten."""

from datetime import datetime

from accounts.activity import events, notices
from accounts.models import Device, Session, User
from accounts.sessions import flows as sessions
from accounts.step_up.flows import permitted
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy.catalogue import Action


@flow
def rename(device: Device, name: str, *, by: Actor, at: datetime) -> None:
    """What the customer calls it. Nothing rests on that."""
    device.call(name)
    record(events.BrowserNamed(device=device.pk), about=device.customer_id, by=by, at=at)


@flow
def forget(customer: User, device: Device, here: Session, *, by: Actor, at: datetime) -> None:
    """A stranger from now on: its other sessions end, and the next sign-in from it is one from a new browser.

    A thief in a live session would make the owner's browsers strange in this way, so it takes the proof that any answer
    about another browser takes. Raises ProveMore, OnHold or Refused.
    """
    customer, here = permitted(Action.ANSWER_ABOUT_SIGN_IN, customer, here, by=by, at=at)
    device = Device.objects.select_for_update(no_key=True).get(pk=device.pk, customer=customer)
    if device.revoked_at is None:
        device.revoke(at)
        for session in sessions.live(customer, at).filter(device=device).exclude(pk=here.pk):
            sessions.end(session, by=by, at=at)
        link = links.absolute("accounts:security")
        notice = notices.BrowserForgotten(browser=device.agent, security_link=link)
        tell(customer, notice, to=[customer.email], at=at)
    record(events.BrowserForgotten(device=device.pk), about=customer.pk, by=by, at=at)
