"""The link that comes before the form: whoever reads the mail chooses the password."""

from datetime import datetime, timedelta

from accounts.customer import addresses, proofs
from accounts.models import Proof, User
from accounts.registration import policy
from ciam_portal.core.policy.limits import Limits


def _hours(rules: Limits) -> timedelta:
    return timedelta(hours=rules.proof.link_hours)


def _account(proof: Proof) -> User:
    return proof.customer


def _facts(proof: Proof, _account: User | None, at: datetime) -> tuple[policy.FinishFacts]:
    is_proven, is_open = addresses.is_proven(proof.customer), proof.customer.is_open_at(at)
    return (policy.FinishFacts(is_live=proof.is_live(at), address_proven=is_proven, account_active=is_open),)


FINISH = proofs.declare(
    proofs.Link(
        name="finish_sign_up",
        route="sign-up/finish/",
        page="accounts:finish_sign_up_page",
        lives=_hours,
        about=_account,
        may=policy.may_finish,
        facts=_facts,
        dead=policy.Reason.FINISHED,
        way_on="accounts/registration/finish_dead.html",
    )
)
