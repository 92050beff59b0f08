"""What the customer gets once the help desk has vouched: a link of their own, sent again if need be, and used once."""

from datetime import datetime

from accounts.customer import proofs
from accounts.models import Session, User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy.catalogue import Action
from recovery.case import facts
from recovery.case.flows import claim_link as links
from recovery.case.flows import show
from recovery.desk import events, policy
from recovery.desk.flows import desk
from recovery.desk.proofs import FINISH_RECOVERY
from recovery.models import Case
from recovery.news import flows as news
from recovery.news.flows import Step


@flow
def send_again(case: Case, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """An agent has the customer's link sent once more, to the same place. The one before is dead.

    Raises ProveMore, OnHold, Refused.
    """
    here = desk.at_desk(case, Action.STAFF_PROPOSE_RECOVERY, person, session, by=by, at=at)
    case = here.case
    require(policy.may_send_again, facts.of_case(case), here.helper, about=case.customer_id, by=by, at=at)
    links.send(case, again=True, by=by, at=at)
    news.announce(case, Step.DESK_READY, at=at)
    return case


@flow
def claim(secret: str, key: str, *, by: Actor, at: datetime) -> Case:
    """The browser with this key opened the customer's link: it, and no other, can finish. Raises Refused, OnHold."""
    case = news.locked(proofs.use(secret, FINISH_RECOVERY, by=by, at=at).about.pk)
    case.held_by(show.digest_of(key))
    record(events.RecoveryClaimed(case=case.pk), about=case.customer_id, by=by.known_as(case.customer_id), at=at)
    news.announce(case, Step.CLAIMED, at=at)
    return case
