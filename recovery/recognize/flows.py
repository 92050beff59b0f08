"""Another kind of proof in a live session: a code to a recovery phone that has rested.

For whoever has no second factor and whose browser forgets them: mailbox and phone together settle that it is them, for
as long as the action allows. A mailbox alone never does; a phone added with nothing but it rests first, and everybody
is told.
"""

from datetime import datetime

from accounts.account.policy import Reason
from accounts.budgets import mails
from accounts.customer import proofs
from accounts.models import Session, User
from accounts.sign_in import events
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.outbox.tell import tell
from recovery.addresses import facts
from recovery.models import RecoveryAddress
from recovery.news import notices

_RECOGNIZE = proofs.declare(proofs.Code("recognize"))


def phone_of(customer: User, at: datetime) -> RecoveryAddress | None:
    """The recovery phone that such a code goes to: the one proven first of those that have rested."""
    phones = RecoveryAddress.objects.usable(at).filter(customer=customer, kind=Medium.SMS)
    return next((phone for phone in phones.order_by("proven_at") if facts.is_still(phone)), None)


@flow
def ask(customer: User, session: Session, phone: RecoveryAddress, *, by: Actor, at: datetime) -> bool:
    """Send a code to it that works in this session only; False after too many wrong ones. Raises TooMany."""
    sent = proofs.blocked_until(customer, _RECOGNIZE, session.pk, at) is None
    if sent:
        what, who = mails.MailFor.STEP_UP, str(session.pk)
        mails.take(what, who, reason=Reason.SEVERAL_CODES)
        code = proofs.new_code(customer, _RECOGNIZE, session.pk, phone.address, at)
        notice, asked = notices.CodeToRecognize(code=code), mails.by(what, who)
        tell(customer, notice, to=[phone.address], channel=Medium.SMS, at=at, asked=asked)
    record(events.Recognition(step=Code("asked" if sent else "too_many")), about=customer.pk, by=by, at=at)
    return sent


@flow
def answer(customer: User, session: Session, code: str, *, by: Actor, at: datetime) -> bool:
    """The code came back in the same session, while the phone is still one of theirs."""
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    right = phone_of(customer, at) is not None and proofs.guess_code(customer, _RECOGNIZE, session.pk, code, at)
    if right:
        session.recognized(at)
    record(events.Recognition(step=Code("right" if right else "wrong")), about=customer.pk, by=by, at=at)
    return right
