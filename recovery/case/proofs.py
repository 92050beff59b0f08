"""What is sent about a recovery: codes to open and prove it, and the link in every message that stops it."""

from datetime import datetime
from typing import Any

from accounts.customer import proofs
from accounts.models import Proof
from recovery.case import facts
from recovery.case.policy import cases
from recovery.models import Case

RECOVER = proofs.declare(proofs.Code("recover"))


def case_of(proof: Proof) -> Case | None:
    """The recovery that a link speaks of."""
    return Case.objects.select_related("customer").filter(pk=proof.bound_to, customer=proof.customer_id).first()


def _facts(proof: Proof, case: Case | None, at: datetime) -> tuple[Any, ...] | None:
    return (facts.of_case(case),) if case is not None and proof.is_live(at) else None


STOP_RECOVERY = proofs.declare(
    proofs.Link(
        name="stop_recovery",
        route="recover/stop/",
        page="recovery:stop",
        lives=lambda _rules: facts.longest_life(),
        about=case_of,
        may=cases.may_cancel,
        facts=_facts,
        dead=cases.Reason.LINK_DEAD,
        way_on="recovery/case/stop_dead.html",
        opens=False,
    )
)
