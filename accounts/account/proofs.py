"""The links that prove an address: of a new account, and a new one of an account that there is."""

from datetime import datetime, timedelta

from accounts.account import policy
from accounts.customer import proofs
from accounts.models import Proof, User
from ciam_portal.core.policy.limits import Limits


def _hours(rules: Limits) -> timedelta:
    return timedelta(hours=rules.proof.link_hours)


def _account(proof: Proof) -> User:
    return proof.customer


def _facts(proof: Proof, _account: User | None, at: datetime) -> tuple[policy.LinkFacts]:
    unchanged, is_open = proofs.is_unchanged(proof), proof.customer.is_open_at(at)
    return (policy.LinkFacts(is_live=proof.is_live(at), state_unchanged=unchanged, account_active=is_open),)


# Anybody may ask for one, and voids none that the owner is about to use. It brings the password of its own sign-up.
CONFIRM_EMAIL = proofs.declare(
    proofs.Link(
        name="confirm_email",
        route="confirm-email/",
        page="accounts:confirm_email_page",
        lives=_hours,
        about=_account,
        may=policy.may_use_link,
        facts=_facts,
        dead=policy.Reason.LINK_DEAD,
        way_on="accounts/sign_in/confirm_email_dead.html",
    )
)
CHANGE_EMAIL = proofs.declare(
    proofs.Link(
        name="change_email",
        route="security/email/confirm/",
        page="accounts:confirm_new_email_page",
        lives=_hours,
        about=_account,
        may=policy.may_use_link,
        facts=_facts,
        dead=policy.Reason.LINK_DEAD,
        way_on="accounts/account/confirm_new_email_dead.html",
        alone=True,
    )
)


def void_confirmations(customer: User, at: datetime) -> None:
    """The address is proven: every other link that would prove it is dead, and the password that it brought is gone."""
    proofs.void(customer, CONFIRM_EMAIL, at=at)
    customer.proofs.filter(purpose=CONFIRM_EMAIL.name).update(password="")
