"""What the customer gets once the help desk has vouched: a link of their own, sent again if need be, and used once."""

from datetime import datetime

from accounts.customer import proofs
from accounts.models import Proof, Session, User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from recovery.addresses import facts as addresses
from recovery.case import facts
from recovery.case.flows import claim_link as links
from recovery.case.flows import show, wait
from recovery.case.policy import cases
from recovery.desk import events, policy
from recovery.desk.flows import desk
from recovery.desk.policy import LinkFacts
from recovery.models import Case
from recovery.news import flows as news
from recovery.news.flows import Step

Purpose = Proof.Purpose.FINISH_RECOVERY


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
    proof = proofs.lock_link(secret, Purpose)
    case = wait.case_of_link(proof) if proof else None
    if proof is None or case is None:
        raise Refused(cases.Reason.LINK_DEAD)
    case = news.locked(case.pk)
    require(policy.may_claim, facts.of_case(case), _link(proof, case, at), about=case.customer_id, by=by, at=at)
    proof.spend(at)
    case.held_by(show.digest_of(key))
    record(events.RecoveryClaimed(case=case.pk), about=case.customer_id, by=by.known_as(case.customer_id), at=at)
    news.announce(case, Step.CLAIMED, at=at)
    return case


def can_claim(secret: str, at: datetime) -> bool:
    """Whether the page may show its button; the flow asks again, under lock."""
    proof = proofs.find_link(secret, Purpose) if secret else None
    case = wait.case_of_link(proof) if proof else None
    if proof is None or case is None:
        return False
    asked = facts.of_case(case), _link(proof, case, at)
    return isinstance(policy.may_claim(*asked, limits=limits.current(), at=at), Allow)


def _link(proof: Proof, case: Case, at: datetime) -> LinkFacts:
    return LinkFacts(
        is_live=proof.is_live(at),
        stands=any(
            addresses.is_channel(case.customer, each.by, proof.address, case.release_to)
            and each.address == proof.address
            for each in desk.channels(case)
        ),
    )
