"""Gathers what stands behind an account. Of one that is old enough nothing need be read."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.customer import addresses
from accounts.factors import bound as factors
from accounts.models import User
from accounts.trust import policy
from accounts.trust.policy import Doing, Evidence, Limited, Trust
from ciam_portal.core.policy import limits


def evidence_of(customer: User, at: datetime) -> Evidence:
    """What speaks for it."""
    by_age = Evidence(opened_at=customer.created_at)
    if policy.level_of(by_age, limits.current(), at) is Trust.SETTLED:
        return by_age
    return Evidence(
        opened_at=customer.created_at,
        has_second_step=bool(factors.second_factors(customer)),
        has_phone=addresses.proven_phone(customer) is not None,
    )


def doing(what: Limited, customer: User, times: list[datetime], at: datetime) -> Doing | None:
    """One more of these, beside those of the last day (``times``); None: so few that nothing is asked."""
    allowed = policy.most(what, Trust.NEW, limits.current())
    if allowed is None or len(times) < allowed:
        return None
    return Doing(what, evidence_of(customer, at), len(times), min(times, default=None))


def lines(customer: User, at: datetime) -> list[str]:
    """The limits that stand, for a page; none of an account that has no more than everybody's."""
    rules, evidence = limits.current(), evidence_of(customer, at)
    level = policy.level_of(evidence, rules, at)
    apps, offers = (policy.most(what, level, rules) for what in Limited)
    ends = policy.settles_at(evidence, rules)
    if apps is None or offers is None or ends is None:
        return []
    return [
        ngettext("You can connect %(n)d app in a day.", "You can connect %(n)d apps in a day.", apps) % {"n": apps},
        ngettext(
            "You can invite or ask %(n)d person in a day to act for somebody.",
            "You can invite or ask %(n)d people in a day to act for somebody.",
            offers,
        )
        % {"n": offers},
        _("These limits end on %(day)s, or sooner with a second step and a confirmed phone number.")
        % {"day": customer.local(ends)},
    ]
