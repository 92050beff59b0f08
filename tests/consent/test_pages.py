"""Connected apps: what a customer sees, takes back in part, or ends; and what the partner gets from then on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from consent.models import Consent
from tests.factories import Message
from tests.factories import customer as new_customer
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]


def test_an_app_is_listed_with_what_it_sees(walk: Walk) -> None:
    assert "No app is connected" in walk.browser.get("/connected-apps/").text
    code = walk.code("openid email")
    page = walk.browser.get("/connected-apps/").text
    assert "Shop" in page
    assert "your email address" in page
    assert "Not yet" in page
    walk.redeem(code)  # the ID token tells it about the customer
    assert "Not yet" not in walk.browser.get("/connected-apps/").text


def test_many_apps_cost_as_much_as_one(
    walk: Walk, customer: User, sign_in: Callable[..., Client], django_assert_max_num_queries: Any
) -> None:
    User.objects.update(created_at=clock.now() - timedelta(days=30))  # a new account connects fewer in a day
    for number in range(12):
        Walk(*register(f"App {number}"), walk.browser).tokens("openid email")
    with django_assert_max_num_queries(4):
        assert walk.browser.get("/connected-apps/").text.count("Disconnect<") == 12


@pytest.mark.control("GDPR 7(3)", "v5.0.0-10.7.3")
def test_withdrawing_ends_everything_at_once_and_is_told(walk: Walk, customer: User, outbox: Outbox) -> None:
    tokens = walk.tokens("openid email offline_access")
    consent = Consent.objects.get()
    assert walk.browser.get(f"/connected-apps/{consent.pk}/withdraw/").status_code == 200  # looking changes nothing
    assert walk.userinfo(tokens["access_token"]).status_code == 200
    assert walk.browser.post(f"/connected-apps/{consent.pk}/withdraw/").status_code == 302
    assert walk.userinfo(tokens["access_token"]).status_code == 401
    assert walk.introspect(tokens["access_token"]) == {"active": False}
    assert walk.refresh(tokens["refresh_token"]).status_code == 400
    assert "consent_withdrawn" in [mail.kind for mail in outbox()]
    assert AuditEntry.objects.filter(name="consent.withdrawn", about=customer.pk).count() == 1
    assert walk.ask("openid email").status_code == 200  # asked anew


def test_a_code_not_yet_redeemed_dies_with_the_consent(walk: Walk) -> None:
    code = walk.code()
    walk.browser.post(f"/connected-apps/{Consent.objects.get().pk}/withdraw/")
    assert walk.redeem(code).status_code == 400


def test_taking_back_a_part_bites_at_the_next_call(walk: Walk) -> None:
    tokens = walk.tokens("openid email profile")
    consent = Consent.objects.get()
    assert walk.browser.post(f"/connected-apps/{consent.pk}/", {"keep": ["profile"]}).status_code == 302
    assert "email" not in walk.userinfo(tokens["access_token"]).json()
    consent.refresh_from_db()
    assert set(consent.scopes) == {"openid", "profile"}


def test_withdrawing_twice_and_from_two_tabs_is_harmless(walk: Walk) -> None:
    walk.tokens()
    path = f"/connected-apps/{Consent.objects.get().pk}/withdraw/"
    assert walk.browser.post(path).status_code == 302
    assert walk.browser.post(path).status_code < 500
    assert AuditEntry.objects.filter(name="consent.withdrawn").count() == 1


def test_the_consent_of_somebody_else_is_not_there(walk: Walk, sign_in: Callable[..., Client]) -> None:
    walk.tokens()
    key = Consent.objects.get().pk
    stranger = sign_in(new_customer(), on=Client())
    for path in (f"/connected-apps/{key}/", f"/connected-apps/{key}/withdraw/"):
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, {"keep": []}).status_code == 404
    assert Consent.objects.live().count() == 1


@pytest.mark.parametrize("keep", [["flying"], ["x" * 5000], ["openid", "email", "email"]])
def test_odd_forms_take_nothing_more_and_give_nothing(walk: Walk, keep: list[str]) -> None:
    walk.tokens("openid email")
    key = Consent.objects.get().pk
    assert walk.browser.post(f"/connected-apps/{key}/", {"keep": keep}).status_code in {200, 302}
    assert set(Consent.objects.get(pk=key).scopes) <= {"openid", "email"}
