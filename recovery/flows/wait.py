"""The wait: it begins, somebody stops it, it is over, or it has come to nothing. None of these lets anybody in."""

from datetime import datetime

from accounts import proofs
from accounts.flows.sign_in import Browser
from accounts.models import Proof, User
from ciam_portal.audit import decide as decisions
from ciam_portal.audit.actor import Actor
from ciam_portal.audit.events import Code
from ciam_portal.audit.record import record
from ciam_portal.errors import OnHold, ProveMore, Refused
from ciam_portal.flow import flow, go_on, require
from ciam_portal.gate import Reason as GateReason
from ciam_portal.policy import limits
from ciam_portal.policy.catalogue import Action
from ciam_portal.policy.decision import Allow
from recovery import events, facts
from recovery.flows import news
from recovery.flows.news import Step
from recovery.models import Case
from recovery.policy import cases as policy
from recovery.policy.evidence import strength
from recovery.policy.states import Verb
from recovery.policy.waiting import earliest_completion

Purpose = Proof.Purpose
VIA_LINK, VIA_SESSION = "link", "session"


@flow
def cool_off(case: Case, browser: Browser, *, by: Actor, at: datetime) -> Case:
    """The wait begins, as long as evidence and risk ask for. Raises Refused or OnHold."""
    case = news.locked(case.pk)
    customer = case.customer
    asked = facts.arriving(customer, browser, by=by, at=at)
    decided = decisions.weigh(Action.START_RECOVERY, asked, about=customer.pk, by=by, at=at)
    try:
        go_on(decided)
    except ProveMore as more:  # everything that can be shown here was shown
        raise OnHold(GateReason.ON_HOLD, None, decision=more.decision) from None
    now = facts.of_case(case)
    require(policy.may_cool_off, now, about=customer.pk, by=by, at=at)
    shown = strength(now.shown, now.needed)
    case.waits(since=at, until=at, risk=None if decided.risk is None else int(decided.risk), strength=int(shown))
    weighty = facts.weighty(case, shown)
    ready_at = earliest_completion(weighty, limits=limits.running()) if weighty else at
    case.waits(since=at, until=ready_at, risk=case.risk, strength=int(shown))
    news.advance(case, Verb.COOL_OFF, at)
    event = events.RecoveryWaits(case=case.pk, strength=shown, ready_at=ready_at)
    record(event, about=customer.pk, by=by.known_as(customer.pk), at=at, decision=decided.id)
    news.spread(case, Step.WAITS, at=at, until=ready_at)
    return case


@flow
def cancel(secret: str, *, by: Actor, at: datetime) -> Case:
    """Whoever holds a link from one of our messages stops that recovery. Raises Refused."""
    proof = proofs.find_link(secret, Purpose.STOP_RECOVERY)
    if proof is None:
        raise Refused(policy.Reason.LINK_DEAD)
    User.objects.select_for_update().get(pk=proof.customer_id)
    proof = proofs.find_link(secret, Purpose.STOP_RECOVERY, lock=True)
    case = case_of_link(proof) if proof else None
    if proof is None or case is None or not proof.is_live(at):
        raise Refused(policy.Reason.LINK_DEAD)
    proof.spend(at)
    return _cancel(news.locked(case.pk), VIA_LINK, by=by, at=at)


def case_of_link(proof: Proof) -> Case | None:
    """The recovery that a link stops."""
    return Case.objects.select_related("customer").filter(pk=proof.bound_to, customer=proof.customer_id).first()


def can_stop(secret: str, at: datetime) -> bool:
    """Whether the page may show its button; the flow asks again, under lock."""
    proof = proofs.find_link(secret, Purpose.STOP_RECOVERY) if secret else None
    case = case_of_link(proof) if proof else None
    if proof is None or case is None or not proof.is_live(at):
        return False
    return isinstance(policy.may_cancel(facts.of_case(case), limits=limits.running(), at=at), Allow)


@flow
def cancel_here(case: Case, *, by: Actor, at: datetime) -> Case:
    """The customer stops it in a session that is signed in. Raises Refused."""
    return _cancel(news.locked(case.pk), VIA_SESSION, by=by, at=at)


def _cancel(case: Case, via: str, *, by: Actor, at: datetime) -> Case:
    now = facts.of_case(case)
    require(policy.may_cancel, now, about=case.customer_id, by=by, at=at)
    news.advance(case, Verb.CANCEL, at)
    proofs.void_recovery(case.customer, at)
    event = events.RecoveryCancelled(case=case.pk, was=now.state, via=Code(via))
    record(event, about=case.customer_id, by=by, at=at)
    news.spread(case, Step.CANCELLED, at=at)
    return case


@flow
def say_ready(case: Case, *, by: Actor, at: datetime) -> Case:
    """Tell the customer, once, that the recovery can be finished now. Finishes nothing. Raises Refused or OnHold."""
    case = news.locked(case.pk)
    told = case.told_ready_at is not None
    require(policy.may_say_ready, facts.of_case(case), told, about=case.customer_id, by=by, at=at)
    case.told_ready(at)
    record(events.RecoveryReady(case=case.pk), about=case.customer_id, by=by, at=at)
    news.spread(case, Step.READY, at=at)
    return case


@flow
def expire(case: Case, *, by: Actor, at: datetime) -> Case:
    """It can lead nowhere any more. Raises Refused while it still can."""
    case = news.locked(case.pk)
    now = facts.of_case(case)
    require(policy.may_expire, now, about=case.customer_id, by=by, at=at)
    news.advance(case, Verb.EXPIRE, at)
    since = now.proven_elsewhere_at
    event = events.RecoveryExpired(case=case.pk, was=now.state, signed_in=since is not None and since >= now.opened_at)
    record(event, about=case.customer_id, by=by, at=at)
    news.spread(case, Step.EXPIRED, at=at)
    return case


def is_over(case: Case, at: datetime) -> bool:
    """Whether the sweep has to end it; the flow asks again, under lock."""
    return isinstance(policy.may_expire(facts.of_case(case), limits=limits.running(), at=at), Allow)


def is_ready(case: Case, at: datetime) -> bool:
    """Whether it may be finished now; the flow asks again, under lock."""
    return isinstance(policy.may_complete(facts.of_case(case), limits=limits.running(), at=at), Allow)
