"""Gathers the facts that accounts' policies ask about."""

from collections.abc import Iterable

from accounts import addresses, factors
from accounts.models import Session, User
from accounts.policy.account import CredentialFacts
from accounts.policy.sign_in import SignInFacts
from ciam_portal.policy.assurance import Assurance, Method


def for_sign_in(customer: User, proven: Iterable[Method]) -> SignInFacts:
    """The state of the account and what was just proven."""
    return SignInFacts(
        is_active=customer.is_active,
        address_proven=addresses.is_proven(customer),
        proven=tuple(proven),
        second_factors=tuple(sorted(factors.second_factors(customer))),
    )


def for_credentials(customer: User, session: Session | None) -> CredentialFacts:
    """How well this session is proven, beside the most that the account can prove."""
    return CredentialFacts(
        is_active=customer.is_active,
        assurance=session.assurance if session else Assurance(),
        highest=factors.highest_level(customer),
    )
