"""Your apps: what owners see and do, what staff decide."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from ciam_portal.console.models import ChangeRequest
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.roles import Role
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import AccessToken, Partner
from ciam_portal.oauth.profiles import Profile
from consent.data_use import flows as data_use
from tests.accounts.staff.people import Member
from tests.oauth.keyed import Keyed, key_set, new_key
from tests.oauth.walk import Walk, owner, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(sign_in: Callable[..., Client]) -> Client:
    """The browser of who answers for the partners of these tests."""
    return sign_in(User.objects.get(pk=owner()))


@pytest.fixture
def shop(mine: Client) -> Walk:
    return Walk(*register("Shop", scopes=("openid", "email")), mine)


def at(shop: Walk, rest: str = "") -> str:
    return f"/your-apps/{shop.partner.pk}/{rest}"


def local(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def opens(shop: Walk, secret: str) -> bool:
    answer = shop.post("/oauth/introspect/", {"token": "x"}, HTTP_AUTHORIZATION=shop.basic(secret))
    return bool(answer.status_code == 200)


def test_an_owner_sees_their_apps_and_nobody_else_does(shop: Walk, customer: User, sign_in: Any) -> None:
    assert "Shop" in shop.browser.get("/your-apps/").text
    assert "see your apps" in shop.browser.get("/connected-apps/").text
    page = shop.browser.get(at(shop)).text
    assert shop.partner.client_id in page
    assert "Never used" in page
    other = sign_in(customer, on=Client())
    assert "Shop" not in other.get("/your-apps/").text
    assert "see your apps" not in other.get("/connected-apps/").text
    for rest in ("", "replace/", "new-secret/", "change/", "configuration/", "try/"):
        assert other.get(at(shop, rest)).status_code == 404
        assert Client().get(at(shop, rest)).status_code == 302


def test_a_stale_proof_is_renewed_first(shop: Walk) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        led = shop.browser.get(at(shop))
        assert (led.status_code, urlsplit(led["Location"]).path) == (302, "/prove/")


def test_a_secret_is_replaced_shown_once_and_the_former_one_ended(shop: Walk) -> None:
    assert shop.browser.get(at(shop, "replace/")).status_code == 200
    shown = shop.browser.post(at(shop, "replace/"), {"former": "later"}, follow=True)
    secret = re.findall(r"<code class=\"break\">([\w-]{43})</code>", shown.text)[0]
    assert "no-store" in shown["Cache-Control"]
    assert opens(shop, secret)
    assert opens(shop, shop.secret)
    third = shop.browser.post(at(shop, "replace/"), {"former": "later"}, follow=True)
    assert "Two work already" in third.text
    page = shop.browser.get(at(shop)).text
    former = re.findall(rf"/your-apps/{shop.partner.pk}/end/[\w-]+/", page)[0]
    assert shop.browser.post(former, follow=True).status_code == 200
    assert not opens(shop, shop.secret)
    assert "has ended already" in shop.browser.post(former, follow=True).text
    cache.clear()  # as after five minutes
    assert secret not in shop.browser.get(at(shop, "new-secret/"), follow=True).text
    assert secret not in shop.browser.get(at(shop)).text


def test_what_others_have_seen_ends_at_once(shop: Walk) -> None:
    shop.browser.post(at(shop, "replace/"), {"former": "now"})
    assert not opens(shop, shop.secret)


def test_keys_are_replaced_by_keys(mine: Client) -> None:
    bank = Keyed(mine)
    path = f"/your-apps/{bank.partner.pk}/replace/"
    for wrong in ({}, {"jwks": "{"}, {"jwks": '{"keys": []}'}, {"jwks_uri": "http://bank.example/"}):
        assert 'class="error' in mine.post(path, {"former": "later"} | wrong).text, wrong
    assert mine.post(path, {"former": "later", "jwks": json.dumps(key_set(new_key()))}).status_code == 302
    assert bank.partner.credentials.count() == 2


def test_a_change_is_asked_for_and_approved_by_somebody_else(shop: Walk, outbox: Any) -> None:
    form = {"redirect_uris": "https://shop.example/callback\nhttps://shop.example/other", "scopes": ["openid", "phone"]}
    assert 'class="error' in shop.browser.post(at(shop, "change/"), form | {"redirect_uris": "http://x.example/"}).text
    assert shop.browser.post(at(shop, "change/"), form).status_code == 302
    change = ChangeRequest.objects.get()
    assert Partner.objects.get().scopes_allowed == ["openid", "email"]
    again = shop.browser.post(at(shop, "change/"), form, follow=True)
    assert "asked for a change already" in again.text
    admin = Member(Role.ADMINISTRATOR)
    page = admin.client.get(f"/staff/console/changerequest/{change.pk}/change/")
    assert "https://shop.example/other" in page.text
    assert admin.client.post(f"/staff/console/changerequest/{change.pk}/decide/", {"do": "approve"}).status_code == 302
    partner = Partner.objects.get()
    assert partner.redirect_uri_allowed("https://shop.example/other")
    assert partner.scopes_allowed == ["openid", "phone"]
    assert [each.kind for each in outbox()] == ["partner_change_decided"]
    assert "approved on" in shop.browser.get(at(shop)).text


def test_its_owner_never_approves_it_and_can_take_it_back(mine: Client) -> None:
    admin = Member(Role.ADMINISTRATOR)
    own = Walk(*register("Own", scopes=("openid",), owner=admin.user.pk))
    form = {"redirect_uris": "https://shop.example/other", "scopes": ["openid"]}
    assert admin.client.post(at(own, "change/"), form).status_code == 302
    change = ChangeRequest.objects.get()
    path = f"/staff/console/changerequest/{change.pk}"
    assert 'value="approve"' not in admin.client.get(f"{path}/change/").text
    admin.client.post(f"{path}/decide/", {"do": "approve"})
    assert ChangeRequest.objects.get().state == "open"
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeRequest.objects.update(state="approved", decided_by=admin.user.pk, decided_at=clock.now())
    assert admin.client.post(at(own, "take-back/")).status_code == 302
    assert ChangeRequest.objects.get().state == "withdrawn"
    assert admin.client.post(at(own, "take-back/")).status_code == 302


def test_staff_see_the_inventory_and_switch_an_app(shop: Walk) -> None:
    opens(shop, shop.secret)
    shop.post("/oauth/introspect/", {"token": "x"}, REMOTE_ADDR="192.0.2.7")
    admin, auditor = Member(Role.ADMINISTRATOR), Member(Role.AUDITOR)
    row = auditor.client.get("/staff/oauth/partner/").text
    assert 'field-networks">2<' in row
    page = auditor.client.get(f"/staff/oauth/partner/{shop.partner.pk}/change/").text
    assert "192.0.2.0/24" in page
    assert "Switch it" not in page
    assert "<dd>email</dd>" in page
    shop.tokens("openid email")
    assert "<dd>email</dd>" not in auditor.client.get(f"/staff/oauth/partner/{shop.partner.pk}/change/").text
    for do, on in (("off", False), ("on", True)):
        admin.client.post(f"/staff/oauth/partner/{shop.partner.pk}/switch/", {"do": do})
        assert Partner.objects.get().is_enabled is on
    assert auditor.client.post(f"/staff/oauth/partner/{shop.partner.pk}/switch/", {"do": "off"}).status_code in {
        302,
        403,
    }
    assert Partner.objects.get().is_enabled


def test_an_owner_says_whether_customers_act_for_others_in_it(shop: Walk, customer: User, sign_in: Any) -> None:
    assert "Nobody acts for others" in shop.browser.get(at(shop)).text
    for do, on in (("on", True), ("off", False)):
        assert shop.browser.post(at(shop, "delegates/"), {"do": do}).status_code == 302
        assert Partner.objects.get().delegates is on
    said = [row.data["enabled"] for row in AuditEntry.objects.filter(name="partner.delegates_let").order_by("at", "pk")]
    assert said == [True, False]
    assert not AuditEntry.objects.filter(name="partner.managed").exists()
    app = Walk(*register("App", profile=Profile.BROWSER, scopes=("openid",)), shop.browser)
    assert "proves who it is" in app.browser.post(at(app, "delegates/"), {"do": "on"}, follow=True).text
    assert not Partner.objects.filter(delegates=True).exists()
    other = sign_in(customer, on=Client())
    assert other.post(at(shop, "delegates/"), {"do": "on"}).status_code == 404


def test_how_deliveries_fare(shop: Walk) -> None:
    now = clock.now()
    for minute, (state, trouble) in enumerate((("sent", ""), ("waiting", "HTTP 503"), ("given_up", "HTTP 500"))):
        Notice.objects.create(
            kind=f"logout:{shop.partner.pk}", channel="partner", state=state, trouble=trouble,
            created_at=now + timedelta(minutes=minute),
            due_at=now, sent_at=now if state == "sent" else None,
        )  # fmt: skip
    page = shop.browser.get(at(shop)).text
    assert "Arrived: 1, waiting: 1, given up: 1" in page
    assert "HTTP 500" in page


@pytest.mark.parametrize("profile", [Profile.STANDARD, Profile.BROWSER, Profile.SERVICE])
def test_configuration_to_copy_holds_what_this_app_needs_and_no_secret(mine: Client, profile: Profile) -> None:
    shop = Walk(*register("Shop", profile=profile), mine)
    page = mine.get(at(shop, "configuration/")).text
    assert shop.partner.client_id in page
    assert not shop.secret or shop.secret not in page
    assert ("PORTAL_CLIENT_SECRET" in page) is (profile is not Profile.BROWSER)
    assert ("openid-client" in page) is (profile is not Profile.SERVICE)


def test_a_sign_in_is_tried_in_the_sandbox_and_what_came_of_it_thrown_away(mine: Client) -> None:
    said: dict[str, Any] = {"redirect_uris": ("https://shop.test/cb",), "post_logout_redirect_uris": ()}
    shop = Walk(*register("Shop", environment=Environment.SANDBOX, scopes=("openid", "email"), **said), mine)
    assert shop.browser.get(at(shop, "try/")).status_code == 200
    begun = mine.post(at(shop, "try/"))
    page: Any = mine.get(local(begun["Location"]))
    back = shop.decide(page)["Location"]
    assert urlsplit(back).path == "/your-apps/tried/"
    tried = mine.get(local(back))
    assert "It works" in tried.text
    assert "owner@shop.example" in tried.text
    assert not AccessToken.objects.exists()
    assert mine.get(local(back))["Location"] == "/your-apps/"  # once
    begun = mine.post(at(shop, "try/"))
    page = mine.get(local(begun["Location"]))
    back = shop.decide(page, "deny")["Location"]
    assert "access_denied" in mine.get(local(back)).text
    begun = mine.post(at(shop, "try/"))
    page = mine.get(re.sub(r"nonce=[^&]+", "nonce=%C3%B6", local(begun["Location"])))
    tried = mine.get(local(shop.decide(page)["Location"]))
    assert (tried.status_code, "It works" in tried.text) == (200, False)


def test_in_production_nothing_is_tried(shop: Walk) -> None:
    assert "Start" not in shop.browser.get(at(shop, "try/")).text
    assert shop.browser.post(at(shop, "try/")).status_code == 200
    assert not shop.partner.redirect_uri_allowed("http://localhost:8000/your-apps/tried/")


def test_what_it_may_use_data_for_is_shown_and_no_older_request_gives_that_back(shop: Walk) -> None:
    by, now = Actor.system(), clock.now()
    data_use.let_use(shop.partner, ("product_news",), by=by, at=now)
    admin = Member(Role.ADMINISTRATOR)
    assert "Send you news" in shop.browser.get(at(shop)).text
    assert "product_news" in admin.client.get(f"/staff/oauth/partner/{shop.partner.pk}/change/").text
    form = {"redirect_uris": "https://shop.example/other", "scopes": ["openid"]}
    assert shop.browser.post(at(shop, "change/"), form).status_code == 302
    data_use.let_use(shop.partner, (), by=by, at=now)
    change = ChangeRequest.objects.get()
    assert admin.client.post(f"/staff/console/changerequest/{change.pk}/decide/", {"do": "approve"}).status_code == 302
    assert Partner.objects.get().scopes_allowed == ["openid"]
    assert "May use data for" not in shop.browser.get(at(shop)).text
