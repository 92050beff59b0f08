"""The link, in every message about a deletion, that keeps the account."""

from datetime import datetime, timedelta

from accounts.customer import proofs
from accounts.models import Proof
from ciam_portal.core.policy.limits import Limits
from consent.erasure import policy
from consent.erasure.models import Deletion


def _lives(rules: Limits) -> timedelta:
    """As long as there is something to keep: also while a legal hold has it wait."""
    return timedelta(days=rules.erasure.cooling_off_days + rules.erasure.hold_days)


def _deletion(proof: Proof) -> Deletion | None:
    return Deletion.objects.filter(pk=proof.bound_to, customer=proof.customer_id).first()


def _facts(proof: Proof, deletion: Deletion | None, at: datetime) -> tuple[policy.KeepFacts]:
    waits = deletion is not None and deletion.waits
    return (policy.KeepFacts(waits=waits, link_is_live=proof.is_live(at)),)


KEEP = proofs.declare(
    proofs.Link(
        name="keep_account",
        route="keep-my-account/",
        page="consent:keep_account",
        lives=_lives,
        about=_deletion,
        may=policy.may_keep,
        facts=_facts,
        dead=policy.Reason.KEEP_LINK_DEAD,
        way_on="consent/erasure/keep_dead.html",
        opens=False,
    )
)
