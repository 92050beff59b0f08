"""The clock of successions. An alarm clock: what is due, the flow decides again."""

from datetime import timedelta

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow
from recovery.models import Succession
from recovery.succession import facts, flows, policy

_BATCH = 200


@shared_task(name="succession.sweep")
def sweep() -> int:
    """Who has to be told again is, and what has waited long enough begins. How many."""
    at, number, by = clock.now(), 0, Actor.system()
    rules = limits.current()
    told = Succession.objects.to_tell(at - timedelta(days=rules.succession.tell_days))
    waited = Succession.objects.due(at).select_related("customer", "successor__person").order_by("pk")[:_BATCH]
    ready = [row for row in waited if isinstance(policy.may_begin(facts.case(row), limits=rules, at=at), Allow)]
    due = [(flows.begin, row) for row in ready]
    due += [(flows.tell_again, row) for row in told.order_by("pk")[:_BATCH]]
    for verb, row in due:
        try:
            verb(row, by=by, at=at)
        except Refused:  # meanwhile it is not
            continue
        number += 1
    return number
