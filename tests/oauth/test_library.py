"""The library's own views, should anybody use one: they ask our validator, and an ID token opens nothing."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from oauth2_provider.views.generic import ScopedProtectedResourceView

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth.backend import core
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Profile
from consent.models import Consent
from consent.permission import flows
from tests import factories
from tests.at_once import at_once
from tests.factories import customer as new_customer
from tests.oauth.walk import Walk, register


class Resource(ScopedProtectedResourceView):
    required_scopes = ("profile",)

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(request.resource_owner.pk))  # type: ignore[attr-defined]  # set by the library


def ask(token: str) -> Any:
    return Resource.as_view()(RequestFactory().get("/x", headers={"Authorization": f"Bearer {token}"}))


@pytest.mark.control("v5.0.0-9.2.2")
@pytest.mark.django_db
def test_only_access_tokens_with_the_scope_open_the_librarys_views(walk: Walk, customer: User) -> None:
    tokens = walk.tokens("openid profile offline_access")
    assert ask(tokens["access_token"]).content.decode() == str(customer.pk)
    for wrong in (tokens["id_token"], tokens["refresh_token"], walk.tokens("openid")["access_token"], "x"):
        assert ask(wrong).status_code in {401, 403}
    Consent.objects.update(ended_at=clock.now())
    assert ask(tokens["access_token"]).status_code in {401, 403}


@pytest.mark.control("v5.0.0-10.4.10")
@pytest.mark.django_db
def test_only_a_partner_without_a_secret_may_leave_it_at_its_name() -> None:
    validator = core().server.request_validator
    for profile in (Profile.STANDARD, Profile.BROWSER):
        is_public, name = profile.rules.public, register(profile=profile)[0].client_id
        asked = SimpleNamespace(client=None, client_id=name, client_secret=None, headers={})
        assert validator.client_authentication_required(asked) is not is_public
        assert validator.authenticate_client_id(name, asked) is is_public
        assert not validator.authenticate_client(asked)


def test_nobodys_password_and_no_jwt_is_ever_taken() -> None:
    validator = core().server.request_validator
    assert not validator.validate_user("a@example.com", "secret", None, None)
    assert not validator.validate_id_token("x.y.z", [], None)
    assert not validator.validate_jwt_bearer_token("x.y.z", [], None)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_answering_at_once_leave_one_consent(unlocked_audit: None) -> None:
    customer, (partner, _) = new_customer(), register()
    session = factories.signed_in(Client(), customer, (Method.PASSWORD,))

    def answer(partner: Partner = partner) -> None:
        by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB)
        flows.give(session, partner, factories.answered("openid"), by=by, at=clock.now())

    assert at_once(*[answer] * 4) == [None] * 4
    assert Consent.objects.filter(customer=customer, ended_at=None).count() == 1
