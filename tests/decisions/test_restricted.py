"""A partner asks about a customer whom staff have restricted: no while suspended, or more proof first."""

from datetime import timedelta

import pytest
import time_machine

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import DecisionEntry
from tests.decisions.conftest import Shop

pytestmark = pytest.mark.django_db


def test_nothing_is_allowed_while_suspended_and_no_approval_is_redeemed(shop: Shop) -> None:
    approval = shop.approval()
    until = clock.now() + timedelta(seconds=30)
    User.objects.update(suspended_until=until)
    assert shop.decide_on().json()["outcome"] == "deny"
    refused = shop.redeem_approval(approval)
    assert (refused.status_code, refused.json()["error"]) == (403, "account_closed")
    with time_machine.travel(until, tick=False):
        assert shop.decide_on().json()["outcome"] == "allow"


def test_more_proof_is_asked_for_while_restricted_to_it(shop: Shop) -> None:
    assert shop.decide_on().json()["outcome"] == "allow"
    User.objects.update(step_up_until=clock.now() + timedelta(hours=1))
    Session.objects.update(challenged_at=clock.now() - timedelta(minutes=15))
    answer = shop.decide_on().json()
    assert (answer["outcome"], answer["step_up"]["max_age"]) == ("step_up", 900)
    assert DecisionEntry.objects.filter(action="partner.payment", reason="restricted").exists()
    Session.objects.update(challenged_at=clock.now(), level_at=clock.now(), auth_time=clock.now())
    assert shop.decide_on().json()["outcome"] == "allow"
