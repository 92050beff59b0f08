"""Asked, answered and fetched at the same moment, on a real database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Session
from ciam_portal.core import clock
from ciam_portal.oauth.models import AccessToken, Partner
from consent.approvals import flows
from consent.models import ApprovalRequest, AuthorizationDetail
from consent.release.access import acting
from consent.release.flows.family import Exchanged
from tests.at_once import at_once, together
from tests.oauth.asking import Asking


@pytest.mark.django_db(transaction=True)
def test_of_all_that_happens_at_once_one_thing_does(unlocked_audit: None, sign_in: Callable[..., Client]) -> None:
    world = Asking(sign_in)
    session, at = Session.objects.get(customer=world.rosa), clock.now()
    agent = Partner.objects.get(pk=world.agent.partner.pk)
    asked = world.asks()
    row = world.row

    def approve() -> object:
        return flows.approve(row, session, (), by=world.by, at=at)

    # A yes and a no, in two tabs: one of them.
    answers = together(approve, lambda: flows.refuse(row, by=world.by, at=at), approve)
    assert sorted(answers) == ["ask_over", "ask_over", "done"]
    if world.row.state == "refused":
        asked = world.asks()
        flows.approve(world.row, session, (), by=world.by, at=at)
    assert AuthorizationDetail.objects.count() == 1

    # Twenty fetch it: one token.
    found = world.row

    def redeem() -> Any:
        return flows._redeem(found, agent, "", jkt="x", by=acting(agent), at=clock.now())

    tokens = at_once(*[redeem] * 20)
    assert [isinstance(each, Exchanged) for each in tokens].count(True) == 1, tokens
    assert AccessToken.objects.filter(details__isnull=False).count() == 1
    assert world.error(asked) == "invalid_grant"

    # Four ask: one waits.
    world.agent.nonce = ""
    starts: list[Any] = at_once(*[lambda: world.start().status_code] * 4)
    assert sorted(starts) == [200, 429, 429, 429]
    assert ApprovalRequest.objects.filter(state="waiting").count() == 1
