"""The link with which a young person gets a sign-in of their own."""

from datetime import datetime, timedelta

from accounts.customer import proofs
from accounts.models import Proof
from consent.family import facts, policy
from consent.models import Dependant


def _child(proof: Proof) -> Dependant | None:
    return Dependant.objects.select_related("person").filter(pk=proof.bound_to, person=proof.customer_id).first()


def _facts(proof: Proof, child: Dependant | None, at: datetime) -> tuple[policy.Claiming] | None:
    return None if child is None else (facts.claiming(child, at, is_live=proof.is_live(at)),)


CLAIM = proofs.declare(
    proofs.Link(
        name="claim_account",
        route="family/claim/",
        page="consent:family_claim",
        lives=lambda rules: timedelta(hours=rules.family.claim_hours),
        about=_child,
        may=policy.may_claim,
        facts=_facts,
        dead=policy.Reason.LINK_DEAD,
        way_on="consent/family/claim_dead.html",
        alone=True,
    )
)
