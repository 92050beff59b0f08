"""The demo partner says on a page what the portal refused, and never breaks."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from flask.testing import FlaskClient

from accounts.models import Session, Totp, User
from ciam_portal.core import clock
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.oauth.models import Partner, RefreshToken
from consent.delegation.shapes import State
from consent.models import Delegation
from tests.factories import customer as new_customer
from tests.oauth.acting import let
from tests.oauth.walk import Walk, register
from tests.partner_app.app import create_app

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]
HERE = "https://tea.example"


@pytest.fixture
def tea_house(
    live_server: Any,
    customer: User,
    sign_in: Callable[..., Client],
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> FlaskClient:
    """The demo partner, a portal that answers it, and a customer who is signed in to both."""
    settings.PUBLIC_URL = settings.STAFF_URL = live_server.url
    walk = Walk(*register("Tea House", redirect_uris=(f"{HERE}/callback",)), sign_in(customer))
    told = {"PORTAL_URL": live_server.url, "PARTNER_URL": HERE}
    keys = {"PARTNER_CLIENT_ID": walk.partner.client_id, "PARTNER_CLIENT_SECRET": walk.secret}
    for name, value in (told | keys).items():
        monkeypatch.setenv(name, value)
    tea = create_app().test_client()
    asked = urlsplit(tea.get("/sign-in", base_url=HERE).headers["Location"])
    page: Any = walk.browser.get(asked.path, dict(parse_qsl(asked.query)))
    back = urlsplit(walk.decide(page)["Location"])
    assert tea.get(f"{back.path}?{back.query}", base_url=HERE).status_code == 302
    return tea


def test_its_refresh_and_its_calls_say_what_was_refused(tea_house: FlaskClient) -> None:
    assert "The tokens are new." in tea_house.post("/refresh", base_url=HERE).text
    RefreshToken.objects.update(revoked=clock.now())
    refused = tea_house.post("/refresh", base_url=HERE)
    assert (refused.status_code, "The portal said no" in refused.text) == (403, True)
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True):
        for path in ("/api", "/sign-ins"):
            refused = tea_house.post(path, base_url=HERE)
            assert (path, refused.status_code) == (path, 403)
            assert "The portal said no" in refused.text


def test_its_call_renews_a_token_that_is_over_and_the_next_one_once_more(tea_house: FlaskClient) -> None:
    at = clock.now()
    for minutes in (6, 12):
        with time_machine.travel(at + timedelta(minutes=minutes), tick=True):
            answer = tea_house.post("/api", base_url=HERE)
            assert (answer.status_code, "The API says" in answer.text) == (200, True)


def test_somebody_acts_in_it_for_another_until_they_may_no_more(
    tea_house: FlaskClient, customer: User, client: Client, sign_in: Callable[..., Client]
) -> None:
    """With a client library of somebody else's: it asks for whom, exchanges, and reads who acts."""
    partner, rosa = Partner.objects.get(name="Tea House"), new_customer(name="Rosa Lind")
    Partner.objects.update(delegates=True)
    Totp.objects.create(user=customer, confirmed=True, created_at=clock.now())
    Session.objects.update(level=Level.AAL2, methods=[Method.PASSWORD, Method.TOTP], level_at=clock.now())
    back = f"{HERE}/callback"
    hers = Walk(partner, "", sign_in(rosa, on=Client()))
    hers.decide(hers.ask("openid profile", redirect_uri=back))
    delegation = let(rosa, customer)
    asked = urlsplit(tea_house.post("/others", base_url=HERE).headers["Location"])
    page: Any = client.get(asked.path, dict(parse_qsl(asked.query)))
    found = urlsplit(Walk(partner, "", client).decide(page)["Location"])
    shown = tea_house.get(f"{found.path}?{found.query}", base_url=HERE, follow_redirects=True).text
    (sub,) = re.findall(r'name="sub" value="([^"]+)"', shown)
    acting = tea_house.post("/others", data={"sub": sub}, base_url=HERE).text
    assert "Rosa Lind" in acting
    assert "&#39;sub_profile&#39;: &#39;user&#39;" in acting
    Delegation.objects.filter(pk=delegation.pk).update(state=State.PAUSED)
    assert "You may act for nobody here." in tea_house.post("/others", data={"sub": sub}, base_url=HERE).text
