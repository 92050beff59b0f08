"""The wait: it begins, somebody stops it, it is over, or it has come to nothing. None of these lets anybody in."""

from datetime import datetime
from uuid import UUID

from accounts.customer import proofs
from accounts.sign_in.flows import Browser
from ciam_portal.core import gate
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import OnHold, Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow, Deny, Hold, Risk
from recovery.case import events, facts
from recovery.case.flows import claim_link
from recovery.case.policy import cases
from recovery.case.policy.cases import CaseFacts
from recovery.case.policy.evidence import strength
from recovery.case.policy.states import State, Verb
from recovery.case.policy.waiting import earliest_completion
from recovery.case.proofs import RECOVER, STOP_RECOVERY
from recovery.contacts.proofs import CONTACT_ASK
from recovery.models import Case
from recovery.news import flows as news
from recovery.news.flows import Step

VIA_LINK, VIA_SESSION = "link", "session"


def assess(
    action: Action, asked: gate.Facts, *, about: UUID, by: Actor, at: datetime
) -> tuple[Risk | None, UUID | None]:
    """The risk that has to be waited for, and the decision's id. Raises Refused, or OnHold until a named instant.

    Nobody who recovers has more to prove, nor always a browser from before: what the gate would hold counts as high
    risk, for which there is the longest wait. So there is always an instant to wait for. What strangers can cause does
    not count (``Decided.standing``).
    """
    decided = decisions.assess(action, asked, about=about, by=by, at=at)
    if isinstance(decided.answer, Deny):
        raise Refused(decided.answer.reason, decision=decided.id)
    if isinstance(decided.answer, Hold):
        if decided.answer.until is not None:
            raise OnHold(decided.answer.reason, decided.answer.until, decision=decided.id)
        return max(decided.standing or Risk.HIGH, Risk.HIGH), decided.id
    return decided.standing, decided.id


@flow
def cool_off(case: Case, browser: Browser, *, by: Actor, at: datetime) -> Case:
    """The wait begins, as long as evidence and risk ask for. Raises Refused."""
    case = news.locked(case.pk)
    customer = case.customer
    asked = facts.arriving(customer, browser, by=by, at=at)
    risk, decision = assess(Action.START_RECOVERY, asked, about=customer.pk, by=by, at=at)
    now = facts.of_case(case)
    require(cases.may_cool_off, now, about=customer.pk, by=by, at=at)
    ready_at = start(case, now, risk, at)
    event = events.RecoveryWaits(case=case.pk, strength=strength(now.shown, now.needed), ready_at=ready_at)
    record(event, about=customer.pk, by=by.known_as(customer.pk), at=at, decision=decision)
    news.announce(case, Step.WAITS, at=at, until=ready_at)
    return case


def start(case: Case, now: CaseFacts, risk: Risk | None, at: datetime) -> datetime:
    """The wait begins, now that it may; when it is over. Part of the flow that has decided, records and tells."""
    shown = int(strength(now.shown, now.needed))
    case.waits(since=at, until=at, risk=None if risk is None else int(risk), strength=shown)
    weighty = facts.weighty(case, now.shown, now.needed)
    ready_at = earliest_completion(weighty, limits=limits.current()) if weighty else at
    case.waits(since=at, until=ready_at, risk=case.risk, strength=shown)
    news.advance(case, Verb.COOL_OFF, at)
    return ready_at


@flow
def cancel(secret: str, *, by: Actor, at: datetime) -> Case:
    """Whoever holds a link from one of our messages stops that recovery. Raises Refused."""
    case = news.locked(proofs.use(secret, STOP_RECOVERY, by=by, at=at).about.pk)
    return _cancel(case, VIA_LINK, by=by, at=at)


@flow
def cancel_here(case: Case, *, by: Actor, at: datetime) -> Case:
    """The customer stops it in a session that is signed in. Raises Refused."""
    case = news.locked(case.pk)
    require(cases.may_cancel, facts.of_case(case), about=case.customer_id, by=by, at=at)
    return _cancel(case, VIA_SESSION, by=by, at=at)


def _cancel(case: Case, via: str, *, by: Actor, at: datetime) -> Case:
    event = events.RecoveryCancelled(case=case.pk, was=State(case.state), via=Code(via))
    news.advance(case, Verb.CANCEL, at)
    proofs.void(case.customer, RECOVER, CONTACT_ASK, at=at)
    record(event, about=case.customer_id, by=by, at=at)
    news.announce(case, Step.CANCELLED, at=at)
    return case


@flow
def say_ready(case: Case, *, by: Actor, at: datetime) -> Case:
    """Tell the customer, once, that the recovery can be finished now. Finishes nothing. Raises Refused or OnHold.

    After the help desk has vouched, the customer's own link goes where it was said to go, and nowhere else.
    """
    case = news.locked(case.pk)
    told = case.told_ready_at is not None
    require(cases.may_say_ready, facts.of_case(case), told, about=case.customer_id, by=by, at=at)
    case.told_ready(at)
    record(events.RecoveryReady(case=case.pk), about=case.customer_id, by=by, at=at)
    if case.opened_by is not None:
        claim_link.send(case, again=False, by=by, at=at)
    news.announce(case, Step.READY if case.opened_by is None else Step.DESK_READY, at=at)
    return case


@flow
def expire(case: Case, *, by: Actor, at: datetime) -> Case:
    """It can lead nowhere any more. Raises Refused while it still can."""
    case = news.locked(case.pk)
    now = facts.of_case(case)
    require(cases.may_expire, now, about=case.customer_id, by=by, at=at)
    news.advance(case, Verb.EXPIRE, at)
    since = now.proven_elsewhere_at
    event = events.RecoveryExpired(case=case.pk, was=now.state, signed_in=since is not None and since >= now.opened_at)
    record(event, about=case.customer_id, by=by, at=at)
    news.announce(case, Step.EXPIRED, at=at)
    return case


def is_over(case: Case, at: datetime) -> bool:
    """Whether the sweep has to end it; the flow asks again, under lock."""
    return isinstance(cases.may_expire(facts.of_case(case), limits=limits.current(), at=at), Allow)


def is_ready(case: Case, at: datetime) -> bool:
    """Whether it may be finished now; the flow asks again, under lock."""
    return isinstance(cases.may_complete(facts.of_case(case), limits=limits.current(), at=at), Allow)
