"""The link in every message about a succession that stops it."""

from datetime import datetime, timedelta
from typing import Any

from accounts.customer import proofs
from accounts.models import Proof
from recovery.models import Succession
from recovery.succession import facts, policy


def case_of(proof: Proof) -> Succession | None:
    """The case that a link speaks of."""
    rows = Succession.objects.select_related("customer", "successor__person")
    return rows.filter(pk=proof.bound_to, customer=proof.customer_id).first()


def _facts(proof: Proof, case: Succession | None, at: datetime) -> tuple[Any, ...] | None:
    return (facts.case(case),) if case is not None and proof.is_live(at) else None


STOP_SUCCESSION = proofs.declare(
    proofs.Link(
        name="stop_succession",
        route="succession/stop/",
        page="recovery:succession_stop",
        lives=lambda rules: timedelta(days=rules.succession.wait_days + rules.succession.grant_days),
        about=case_of,
        may=policy.may_stop,
        facts=_facts,
        dead=policy.Reason.LINK_DEAD,
        way_on="recovery/succession/stop_dead.html",
        opens=False,
    )
)
