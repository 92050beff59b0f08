"""The customer's own link, once the help desk has vouched and the wait is over. Staff never see it."""

from datetime import datetime

from accounts.customer import proofs
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from recovery.addresses import facts as addresses
from recovery.case import facts
from recovery.case.policy.cases import Reason, ends_at
from recovery.desk import events
from recovery.desk.proofs import FINISH_RECOVERY
from recovery.models import Case
from recovery.news import notices


def send(case: Case, *, again: bool, by: Actor, at: datetime) -> None:
    """To the address that was chosen, if it still is what it was before the call. Part of the flow that has decided.

    An older link is dead, and so is the browser that it was used in. Raises Refused.
    """
    customer = case.customer
    channel = addresses.find(customer, addresses.before_call(customer, case.opened_at), case.release_to)
    if channel is None:
        raise Refused(Reason.CHANNEL_GONE)
    end = ends_at(facts.of_case(case), limits=limits.current())
    link = proofs.new_link(customer, FINISH_RECOVERY, channel.address, at, bound_to=case.pk, until=end)
    case.held_by("")
    notice = notices.FinishYourRecovery(link=link.url, until=customer.local(link.until))
    tell(customer, notice, to=[channel.address], channel=channel.by, at=at)
    record(events.RecoveryLinkSent(case=case.pk, again=again), about=customer.pk, by=by, at=at)
