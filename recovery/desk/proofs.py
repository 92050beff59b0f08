"""What goes to a caller's own channel: a code to read to the help desk, and the link that only they get."""

from datetime import datetime, timedelta
from typing import Any

from accounts.customer import proofs
from accounts.models import Proof
from recovery.addresses import facts as addresses
from recovery.case import facts
from recovery.case.policy import cases
from recovery.case.proofs import case_of
from recovery.desk import policy
from recovery.models import Case

READ_BACK = proofs.declare(proofs.Code("read_back"))


def _facts(proof: Proof, case: Case | None, at: datetime) -> tuple[Any, ...] | None:
    if case is None:
        return None
    stands = any(
        addresses.is_channel(case.customer, each.by, proof.address, case.release_to) and each.address == proof.address
        for each in addresses.before_call(case.customer, case.opened_at)
    )
    return facts.of_case(case), policy.LinkFacts(is_live=proof.is_live(at), stands=stands)


FINISH_RECOVERY = proofs.declare(
    proofs.Link(
        name="finish_recovery",
        route="recover/link/",
        page="recovery:claim",
        lives=lambda rules: timedelta(hours=rules.recovery.release_hours),
        about=case_of,
        may=policy.may_claim,
        facts=_facts,
        dead=cases.Reason.LINK_DEAD,
        way_on="recovery/desk/claim_dead.html",
        alone=True,
    )
)
