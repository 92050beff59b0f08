"""Apps on devices stand beside browsers, by name, and each can be signed out."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth.models import RefreshToken
from ciam_portal.oauth.profiles import Profile
from tests import factories
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(customer: User, sign_in: Callable[..., Client]) -> Walk:
    return Walk(*register("Pocket Shop", profile=Profile.NATIVE), sign_in(customer))


def sign_out(app: Walk, browser: Client | None = None) -> int:
    family = RefreshToken.objects.latest("created").token_family
    return (browser or app.browser).post(f"/sessions/apps/{family}/end/").status_code


def test_an_app_is_listed_by_name_once_however_often_it_refreshes(app: Walk) -> None:
    first = app.tokens("openid offline_access")
    app.refresh(first["refresh_token"])
    page = app.browser.get("/sessions/").text
    assert "Apps on your devices" in page
    assert page.count('<h3 class="break">Pocket Shop</h3>') == 1


def test_what_is_no_app_on_a_device_or_does_not_stay_is_not_listed(
    app: Walk, customer: User, sign_in: Callable[..., Client]
) -> None:
    Walk(*register("Server"), app.browser).tokens("openid offline_access")
    app.tokens("openid")
    assert "Apps on your devices" not in app.browser.get("/sessions/").text


def test_it_is_signed_out_and_nothing_else(app: Walk, customer: User) -> None:
    first, other = app.tokens("openid offline_access"), app.tokens("openid offline_access")
    assert sign_out(app) == 302
    assert app.refresh(other["refresh_token"]).status_code == 400
    assert app.userinfo(other["access_token"]).status_code == 401
    assert app.refresh(first["refresh_token"]).status_code == 200
    entry = AuditEntry.objects.get(name="session.app_ended")
    assert (entry.about, entry.data["tokens_ended"]) == (customer.pk, 2)
    assert "An app on a device was signed out" in app.browser.get("/activity/").text
    assert sign_out(app, app.browser) in {302, 404}


def test_only_by_its_owner(app: Walk) -> None:
    kept = app.tokens("openid offline_access")
    other = Client()
    factories.signed_in(other, factories.customer("other@example.com"), (Method.PASSWORD,))
    assert sign_out(app, other) == 404
    assert app.refresh(kept["refresh_token"]).status_code == 200
