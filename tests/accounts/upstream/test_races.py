"""Two at once: one sign-in is one account's, and one account has one of each service."""

from datetime import datetime

import pytest
from django.test import Client

from accounts.models import Session, User
from accounts.upstream import flows, policy
from accounts.upstream.bound import Link
from accounts.upstream.shapes import Identity
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy.assurance import Method
from tests import factories
from tests.accounts.upstream.twin import Twin
from tests.at_once import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]


def entered() -> tuple[User, Session]:
    customer = factories.customer()
    return customer, factories.signed_in(Client(), customer, (Method.PASSWORD,), clock.now())


def link(who: tuple[User, Session], twin: Twin, subject: str, at: datetime) -> None:
    by = Actor(ActorKind.CUSTOMER, who[0].pk, Channel.WEB)
    flows.link(*who, Identity("acme", twin.issuer, subject), int(at.timestamp()), by=by, at=at)


def test_one_sign_in_for_one_account_and_one_account_for_each_service(twin: Twin) -> None:
    ada, eve, bob = entered(), entered(), entered()
    at = clock.now()
    answers = at_once(lambda: link(ada, twin, "same", at), lambda: link(eve, twin, "same", at))
    assert sorted(map(str, answers)) == sorted(["None", policy.Reason.TAKEN])
    answers = at_once(lambda: link(bob, twin, "one", at), lambda: link(bob, twin, "two", at))
    assert sorted(map(str, answers)) == sorted(["None", policy.Reason.ONE_OF_EACH])
    assert Link.objects.count() == 2
