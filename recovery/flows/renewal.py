"""Whoever used up a backup code to get back in is given new ones at the end: their sheet is short of one."""

from datetime import datetime

from accounts import factors
from accounts.flows import factors as factor_flows
from accounts.policy.factors import STRONG
from ciam_portal.audit.actor import Actor
from ciam_portal.flow import flow, require
from ciam_portal.policy import limits
from ciam_portal.policy.decision import Allow
from recovery.flows import news
from recovery.models import Case
from recovery.policy import renewal as policy
from recovery.policy.evidence import Way
from recovery.policy.states import State


def _facts(case: Case, at: datetime) -> policy.RenewalFacts:
    return policy.RenewalFacts(
        state=State(case.state),
        shown=tuple(Way(way) for way in case.shown.order_by("at", "pk").values_list("way", flat=True)),
        just_now=case.ended_at == at,
        has_factor=bool(factors.second_factors(case.customer) & STRONG),
    )


def is_due(case: Case, at: datetime) -> bool:
    """Whether there is something to renew; the flow asks again, under lock."""
    return isinstance(policy.may_renew(_facts(case, at), limits=limits.running(), at=at), Allow)


@flow
def renew(case: Case, *, by: Actor, at: datetime) -> list[str]:
    """A new set, to be shown this once, told to the customer; older codes are dead. ``at``: as it was completed.

    Raises Refused.
    """
    case = news.locked(case.pk)
    customer = case.customer
    require(policy.may_renew, _facts(case, at), about=customer.pk, by=by, at=at)
    return factor_flows.renew_backup_codes(customer, by=by.known_as(customer.pk), at=at)
