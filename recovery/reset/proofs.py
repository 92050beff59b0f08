"""The link that sets a new password without the old one."""

from datetime import datetime, timedelta

from accounts.customer import addresses, proofs
from accounts.models import Proof, User
from recovery.reset import policy


def _account(proof: Proof) -> User:
    return proof.customer


def _facts(proof: Proof, _account: User | None, at: datetime) -> tuple[policy.ResetFacts]:
    return (
        policy.ResetFacts(
            is_live=proof.is_live(at),
            state_unchanged=proofs.is_unchanged(proof),
            account_active=proof.customer.is_active,
            address_proven=proof.address in addresses.proven(proof.customer),
        ),
    )


# Anybody may ask for one, and voids none that the owner is about to use.
RESET_PASSWORD = proofs.declare(
    proofs.Link(
        name="reset_password",
        route="forgotten-password/link/",
        page="recovery:new_password",
        lives=lambda rules: timedelta(hours=rules.proof.link_hours),
        about=_account,
        may=policy.may_reset_password,
        facts=_facts,
        dead=policy.Reason.LINK_DEAD,
        way_on="recovery/reset/link_dead.html",
    )
)
