"""A purpose is taken back at the very moment of an exchange: whatever was handed out tells nothing from then on."""

from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from consent.models import Consent, ConsentRecord, Use
from consent.permission import flows
from tests.at_once import at_once
from tests.factories import customer as new_customer
from tests.oauth.walk import Walk, register


@pytest.mark.control("GDPR 7(3)")
@pytest.mark.django_db(transaction=True)
def test_what_is_taken_back_meanwhile_is_not_told(unlocked_audit: None, sign_in: Callable[..., Client]) -> None:
    for _ in range(3):
        customer = new_customer()
        walk, by = (
            Walk(*register(), sign_in(customer, on=Client())),
            Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB),
        )
        secret = walk.code("openid email profile")
        consent = Consent.objects.live().get(customer=customer)

        redeem = partial(Walk(walk.partner, walk.secret).redeem, secret)
        narrow = partial(flows.narrow, consent, ("email",), by=by, at=clock.now())
        answer, _narrowed = at_once(redeem, narrow)
        tokens = answer.json()  # type: ignore[attr-defined]  # a response
        told = walk.userinfo(tokens["access_token"]).json()
        assert "locale" in told
        assert "email" not in told
        assert ConsentRecord.objects.get(subject=customer, purpose="contact_details").state == "withdrawn"
    assert not Use.objects.filter(way="userinfo", result="allowed", categories__contains=["email"]).exists()
