"""When a succession begins somebody may act, by a delegation of limited terms; when the customer is there, no more."""

from dataclasses import replace
from datetime import datetime, timedelta

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Preset
from ciam_portal.core.policy.limits import Limits
from consent.delegation import facts, lines
from consent.delegation.flows import life
from consent.delegation.policy import has_amount
from consent.delegation.shapes import LIVE, Ended, Kind, Terms
from consent.models import Delegation
from recovery.models import Succession
from recovery.succession import flows
from recovery.succession.shapes import May

_EACH, _MONTH = 50_000, 200_000  # minor units: bills that go on, no estate


def terms(may: list[str], rules: Limits) -> Terms:
    """What of all that can be let somebody gets: to see details, and to pay bills up to an amount."""
    found = lines.terms_of(Preset.VIEW_ONLY, rules) if May.DETAILS in may else Terms()
    if May.BILLS not in may:
        return found
    bills = lines.terms_of(Preset.PAY_BILLS, rules)
    both = Terms(
        tuple(sorted({*found.actions, *bills.actions})), tuple(sorted({*found.scopes, *bills.scopes}))
    )  # fmt: skip
    if not any(has_amount(action, rules) for action in both.actions):
        return both
    return replace(both, currency=lines.currencies(rules)[0][0], amount_each=_EACH, amount_month=_MONTH)


@flows.BEGUN.join
def let_act(case: Succession, until: datetime, *, by: Actor, at: datetime) -> None:
    """From now on, until then at most."""
    rules, person = limits.current(), case.successor.person
    if person is None:
        return
    for row in _between(case):
        life.stop(row, Ended.OTHERWISE, by=by, at=at)
    made = Delegation(
        owner=case.customer,
        kind=Kind.PERSON,
        delegate=person,
        made_at=at,
        starts_at=at,
        ends_at=min(until, at + timedelta(days=rules.delegation.longest_days)),
    )
    made.take(terms(case.successor.may, rules))
    life.begin(made, by=by, at=at)


@flows.OVER.join
def let_nobody_act(case: Succession, *, by: Actor, at: datetime) -> None:
    """The customer is there: it is over, at once."""
    for row in _between(case):
        life.stop(row, Ended.OTHERWISE, by=by, at=at)


def _between(case: Succession) -> list[Delegation]:
    rows = facts.with_people(life.locked()).filter(owner=case.customer_id, delegate=case.successor.person_id)
    return list(rows.filter(state__in=LIVE).order_by("pk"))
