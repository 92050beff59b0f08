"""A session that ends while a change waits for it makes the change no more, on a real database."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.account import flows as account
from accounts.activity.flows import disown
from accounts.activity.proofs import DISOWN
from accounts.customer import proofs
from accounts.factors import flows as factor_flows
from accounts.models import Session, User
from accounts.sessions import flows as session_flows
from accounts.step_up import flows as permission
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.errors import Refused
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.oauth.models import Partner
from consent.models import Consent
from consent.permission import flows as consent_flows
from recovery.addresses import flows as addresses
from tests import factories
from tests.at_once import SOON, waits_for_a_lock
from tests.oauth.walk import register

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]
Change = Callable[[User, Session, Actor], object]


@pytest.fixture
def owner() -> User:
    return factories.customer()


@pytest.fixture
def here(owner: User) -> Session:
    return factories.signed_in(Client(), owner, (Method.PASSWORD,))


@pytest.fixture
def actor(owner: User, here: Session) -> Actor:
    return Actor(ActorKind.CUSTOMER, owner.pk, Channel.WEB, here.pk)


def give(owner: User, here: Session, by: Actor) -> object:
    answered = factories.answered("openid", "email")
    return consent_flows.give(here, Partner.objects.get(), answered, by=by, at=clock.now())


def answer(owner: User, here: Session, by: Actor) -> object:
    other = factories.signed_in(Client(), owner, (Method.PASSWORD,))
    return disown.disown(owner, other, here, by=by, at=clock.now())


CHANGES: dict[str, Change] = {
    "password": lambda owner, here, by: account.change_password(owner, "a new one", here, by=by, at=clock.now()),
    "profile": lambda owner, here, by: account.edit_profile(owner, {"name": "Eve"}, here, by=by, at=clock.now()),
    "address": lambda owner, here, by: account.ask_email_change(owner, "eve@x.test", here, by=by, at=clock.now()),
    "factor": lambda owner, here, by: factor_flows.add_app(owner, here, b"x" * 20, "000000", by=by, at=clock.now()),
    "recovery": lambda owner, here, by: addresses.ask_address(
        owner, here, Medium.MAIL, "eve@x.test", by=by, at=clock.now()
    ),
    "consent": give,
    "answer": answer,
}


@pytest.mark.control("v5.0.0-2.3.3", "v5.0.0-7.4.1")
@pytest.mark.parametrize("change", CHANGES)
def test_a_session_that_ends_while_a_change_waits_makes_it_no_more(
    owner: User, here: Session, actor: Actor, change: str
) -> None:
    register("Tea House")
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(CHANGES[change](owner, here, actor))
        except Refused as refused:
            outcome.append(refused)
        finally:
            connection.close()

    with transaction.atomic():
        session_flows.end(here, by=actor, at=clock.now())
        thread = threading.Thread(target=run)
        thread.start()
        assert waits_for_a_lock()
    thread.join(SOON)
    assert isinstance(outcome[0], Refused)
    before = User.objects.get(pk=owner.pk)
    assert (before.password, before.name) == (owner.password, owner.name)
    assert not Consent.objects.filter(customer=owner).exists()


def test_a_change_waits_for_nobody_who_merely_points_at_the_customer(owner: User, here: Session) -> None:
    """A row that points at the customer or session may be made meanwhile: so withdrawal and exchange cannot lock up."""
    done: list[bool] = []

    def point() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            proofs.new_link(owner, DISOWN, owner.email, clock.now(), bound_to=here.pk)
            done.append(True)
        connection.close()

    with transaction.atomic():
        permission.locked(owner.pk, here.pk)
        thread = threading.Thread(target=point)
        thread.start()
        thread.join(SOON)
    assert done == [True]


def test_somebody_elses_session_permits_nothing(owner: User, here: Session, actor: Actor) -> None:
    other = factories.customer()
    with pytest.raises(Refused), transaction.atomic():
        permission.permitted(Action.EDIT_PROFILE, other, here, by=actor, at=clock.now())
