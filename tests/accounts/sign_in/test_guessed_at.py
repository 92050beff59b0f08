"""A stranger guesses at an account, or from an address its owner shares: the owner is left alone in their browser."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.baseline.history import Seen
from accounts.budgets import velocity
from accounts.factors import verifier as factors
from accounts.models import Session, User
from accounts.step_up import facts
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Deny, Hold, Risk
from ciam_portal.governance import recompute
from tests.factories import PASSWORD, at_home
from tests.recovery import steps
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db


def guess_at(customer: User) -> None:
    """From many addresses, and from the owner's own."""
    for number in range(12):
        for address in (f"198.51.100.{number}", "127.0.0.1"):
            velocity.failed(facts.source_of(customer.email, Seen(address=address)), clock.now())
    for number in range(25):
        velocity.failed(facts.source_of(f"n{number}@example.com", Seen(address="127.0.0.1")), clock.now())


def arrive(client: Client, customer: User) -> Any:
    return client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})


def test_the_owner_is_let_in_at_home_challenged_elsewhere_and_waits_for_nothing_after(
    client: Client, customer: User
) -> None:
    at_home(client, customer)
    guess_at(customer)
    assert arrive(Client(), customer)["Location"] == "/sign-in/prove/"
    assert arrive(client, customer)["Location"] == "/"  # no message stands between, for it might not come
    session = Session.objects.select_related("device").get()
    assert session.risk == Risk.LOW
    kept = DecisionEntry.objects.filter(action="sign_in").latest("at")
    assert kept.risk == Risk.HIGH
    assert recompute.recompute(kept) == ()
    at, by = clock.now(), Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB)
    asked = facts.for_action(customer, session, by=by, at=at)
    for action in ("add_factor", "change_email", "change_password", "delete_account"):
        assert not isinstance(gate.decide(action, asked, limits=limits.current(), at=at), (Hold, Deny))


def test_a_recovery_in_a_known_browser_waits_no_longer_for_it(customer: User, sign_in: Callable[..., Client]) -> None:
    steps.with_app(customer)
    sheet = factors.make_backup_codes(customer, clock.now())
    home = sign_in(customer, on=Client())
    with steps.later(minutes=1):
        person = Person(home)
        person.start(customer.email)
        person.show("mail", steps.latest("recovery_code"))
        guess_at(customer)
        assert "Please wait until" in person.show("saved", sheet[0]).text
        case, decided = steps.case_of(customer), DecisionEntry.objects.filter(action="start_recovery").latest("at")
    assert decided.risk == Risk.LOW  # what others do at its address is not counted against a browser of the customer's
    assert case.risk is not None
    assert case.risk < Risk.HIGH
