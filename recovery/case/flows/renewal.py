"""Whoever used up a backup code to get back in is given new ones at the end: their sheet is short of one."""

from datetime import datetime

from accounts.factors import bound as factors
from accounts.factors import flows as factor_flows
from accounts.factors.policy import STRONG
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow
from recovery.case.policy import renewal
from recovery.case.policy.evidence import Way
from recovery.case.policy.states import State
from recovery.models import Case
from recovery.news import flows as news


def _facts(case: Case, at: datetime) -> renewal.RenewalFacts:
    return renewal.RenewalFacts(
        state=State(case.state),
        shown=tuple(Way(way) for way in case.shown.order_by("at", "pk").values_list("way", flat=True)),
        just_now=case.ended_at == at,
        has_factor=bool(factors.second_factors(case.customer) & STRONG),
    )


def is_due(case: Case, at: datetime) -> bool:
    """Whether there is something to renew; the flow asks again, under lock."""
    return isinstance(renewal.may_renew(_facts(case, at), limits=limits.current(), at=at), Allow)


@flow
def renew(case: Case, *, by: Actor, at: datetime) -> list[str]:
    """A new set, to be shown this once, told to the customer; older codes are dead. ``at``: as it was completed.

    Raises Refused.
    """
    case = news.locked(case.pk)
    customer = case.customer
    require(renewal.may_renew, _facts(case, at), about=customer.pk, by=by, at=at)
    return factor_flows.renew_backup_codes(customer, by=by.known_as(customer.pk), at=at)
