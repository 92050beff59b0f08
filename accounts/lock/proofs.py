"""The link that takes one change back."""

from datetime import datetime, timedelta

from accounts.customer import proofs
from accounts.lock import policy
from accounts.models import Change, Proof


def _change(proof: Proof) -> Change | None:
    return Change.objects.filter(pk=proof.bound_to, customer=proof.customer_id).first()


def _facts(proof: Proof, change: Change | None, at: datetime) -> tuple[policy.UndoFacts]:
    stands, is_active = change is not None and change.undone_at is None, proof.customer.is_active
    return (policy.UndoFacts(is_live=proof.is_live(at), change_stands=stands, account_active=is_active),)


UNDO = proofs.declare(
    proofs.Link(
        name="undo",
        route="this-was-not-me/",
        page="accounts:undo",
        lives=lambda rules: timedelta(hours=rules.proof.disown_hours),
        about=_change,
        may=policy.may_undo,
        facts=_facts,
        dead=policy.Reason.UNDO_LINK_DEAD,
        way_on="accounts/undo/undo_dead.html",
        opens=False,
    )
)
