"""The end of a recovery: a new password, the lost factors replaced, everybody signed out. Nobody is signed in by it."""

from dataclasses import replace
from datetime import datetime

from accounts.account import flows as account
from accounts.factors import bound as factors
from accounts.factors import restore
from accounts.factors.policy import STRONG
from accounts.factors.restore import NewApp, NewPasskey
from accounts.lock.flows import locks, reversible
from accounts.models import Change, User
from accounts.sign_in.flows import Browser
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Risk
from recovery.case import events, facts
from recovery.case.flows import wait
from recovery.case.flows.show import holds
from recovery.case.policy import cases
from recovery.case.policy.states import Verb
from recovery.models import Case
from recovery.news import flows as news
from recovery.news.flows import Step


def needs_factor(case: Case) -> bool:
    """Whether a new factor has to be added at once: the account has some, and would be left with none."""
    held = factors.second_factors(case.customer) & STRONG
    return bool(held) and not held - {Method(name) for name in case.lost}


@flow
def complete(
    case: Case, key: str, password: str, new: NewApp | NewPasskey | None, browser: Browser, *, by: Actor, at: datetime
) -> User:
    """Finish it, in the browser that began it, once the wait is over. Raises Refused or OnHold."""
    case = news.locked(case.pk)
    customer = case.customer
    if not holds(case, key):
        raise Refused(cases.Reason.NOT_POSSIBLE)
    require(cases.may_complete, facts.of_case(case), about=customer.pk, by=by, at=at)
    asked = facts.arriving(customer, browser, by=by, at=at)
    _settled(case, asked, by=by, at=at)
    if new is None and needs_factor(case):
        raise Refused(cases.Reason.FACTOR_NEEDED)
    known = by.known_as(customer.pk)
    lost = tuple(Method(name) for name in case.lost)
    dropped = restore.replace_factors(customer, lost, new, by=known, at=at)
    if customer.locked_at is not None:  # what was shown is at least what the lock asks for (facts.needed)
        locks.unlock(customer, by=known, at=at)
    undo = reversible.note(customer, Change.Kind.PASSWORD, None, at=at)
    ended = account.restore_access(customer, password, by=known, at=at)
    news.advance(case, Verb.COMPLETE, at)
    event = events.RecoveryCompleted(
        case=case.pk, dropped=dropped, added=new is not None, sessions_ended=ended[0], tokens_ended=ended[1]
    )
    record(event, about=customer.pk, by=known, at=at)
    news.announce(case, Step.COMPLETED, at=at, undo=undo)
    return customer


def _settled(case: Case, asked: gate.Facts, *, by: Actor, at: datetime) -> None:
    """What unsettles the gate now has to be waited for as if it had been so from the start. Raises Refused, OnHold."""
    risk, _id = wait.assess(Action.COMPLETE_RECOVERY, asked, about=case.customer_id, by=by, at=at)
    now = facts.of_case(case)
    if now.ready is None or risk is None or risk < Risk.HIGH:
        return
    worried = replace(now.ready, risk=max(risk, now.ready.risk or risk))
    require(cases.may_complete, replace(now, ready=worried), about=case.customer_id, by=by, at=at)
