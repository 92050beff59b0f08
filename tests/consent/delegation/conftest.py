"""Two people who can act for one another, and what one of them wants."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Session, Totp, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy.assurance import Method
from consent.delegation import flows
from consent.delegation.flows import Wish
from consent.delegation.shapes import Terms
from consent.models import Delegation
from tests import factories

PAY, SEE = "partner.payment", "see_profile"
BILLS = Terms((PAY, SEE), ("openid", "profile"), currency="EUR", amount_each=5_000, amount_month=8_000, times_day=3)


@dataclass
class Party:
    """Somebody who is signed in with two steps."""

    user: User
    client: Client
    session: Session

    @property
    def by(self) -> Actor:
        return Actor(ActorKind.CUSTOMER, self.user.pk, Channel.WEB, self.session.pk)


@pytest.fixture
def party(db: None) -> Callable[..., Party]:
    """Make one."""

    def make(email: str = "", *, second: bool = True) -> Party:
        user, client = factories.customer(email), Client()
        if second:
            Totp.objects.create(user=user, confirmed=True, created_at=clock.now())
        session = factories.signed_in(client, user, (Method.PASSWORD, Method.TOTP), clock.now())
        return Party(user, client, session)

    return make


@pytest.fixture
def ada(party: Callable[..., Party]) -> Party:
    """The owner."""
    return party("ada@example.com")


@pytest.fixture
def bob(party: Callable[..., Party]) -> Party:
    """Who may act for her."""
    return party("bob@example.com")


def wish(terms: Terms = BILLS, *, days: int = 90, reason: str = "") -> Wish:
    return Wish(terms, clock.now() + timedelta(days=days), "pay_bills", reason)


@pytest.fixture
def begun(ada: Party, bob: Party) -> Delegation:
    """He may pay her bills."""
    made = flows.offer(ada.user, ada.session, bob.user.email, wish(), by=ada.by, at=clock.now())
    return flows.accept(made, bob.user, bob.session, by=bob.by, at=clock.now())
