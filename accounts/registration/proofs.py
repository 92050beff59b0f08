"""The link that comes before the form: whoever reads the mail chooses the password. And the one that appeals."""

from datetime import datetime, timedelta

from accounts.customer import addresses, proofs
from accounts.models import HeldSignUp, Proof, User
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


def _held(proof: Proof) -> HeldSignUp | None:
    return HeldSignUp.objects.filter(pk=proof.bound_to, customer=proof.customer_id).first()


def _appeal_facts(proof: Proof, held: HeldSignUp | None, at: datetime) -> tuple[policy.AppealFacts] | None:
    if held is None:
        return None
    is_rejected = held.state == HeldSignUp.State.REJECTED
    return (policy.AppealFacts(proof.is_live(at), is_rejected, was_appealed=held.appealed_at is not None),)


APPEAL = proofs.declare(
    proofs.Link(
        name="appeal_sign_up",
        route="sign-up/appeal/",
        page="accounts:appeal_sign_up_page",
        lives=lambda rules: timedelta(hours=rules.sign_up.appeal_hours),
        about=_held,
        may=policy.may_appeal,
        facts=_appeal_facts,
        dead=policy.Reason.NOTHING_TO_APPEAL,
        way_on="accounts/registration/appeal_dead.html",
        opens=False,
    )
)
