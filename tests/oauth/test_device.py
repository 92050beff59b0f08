"""The device flow (RFC 8628): a television shows a code, its customer types it, compares, and allows it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.decision import Risk
from ciam_portal.oauth import partners
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.subjects import subject
from consent.models import Consent, DeviceCode
from tests import factories
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Television(Walk):
    """Shows a code; its customer is at a browser."""

    def __init__(self, browser: Client | None = None) -> None:
        words = {"profile": Profile.DEVICE, "redirect_uris": (), "post_logout_redirect_uris": ()}
        super().__init__(*register("Television", **words), browser)

    def start(self, scope: str = "openid profile offline_access", **more: Any) -> dict[str, Any]:
        answer = self.post("/oauth/device/", {"scope": scope} | more)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def type_code(self, code: str, browser: Client | None = None) -> Any:
        return (browser or self.browser).post("/device/", {"code": code})

    def answer(self, path: str, decision: str = "allow", browser: Client | None = None) -> Any:
        browser = browser or self.browser
        page = browser.get(path).text if decision == "allow" else ""
        read = re.findall(r'name="read" value="([^"]+)"', page)
        return browser.post(path, {"decision": decision, "scope": ["profile", "offline_access"], "read": read})

    def allowed(self, **more: Any) -> str:
        asked = self.start(**more)
        page = self.type_code(asked["user_code"])
        assert self.answer(page["Location"]).status_code == 200
        return str(asked["device_code"])

    def poll(self, code: str, **more: Any) -> Any:
        return self.post("/oauth/token/", {"grant_type": GRANT, "device_code": code} | more)

    def error(self, code: str) -> str:
        response = self.poll(code)
        assert response.status_code == 400, response.content
        return str(response.json()["error"])


@pytest.fixture
def tv(customer: User, sign_in: Callable[..., Client]) -> Television:
    return Television(sign_in(customer))


def after(seconds: int) -> Any:
    return time_machine.travel(clock.now() + timedelta(seconds=seconds), tick=True)


@pytest.mark.control("RFC8628-3.2", "RFC8628-5.2")
def test_from_the_code_on_the_screen_to_the_tokens(tv: Television) -> None:
    asked = tv.start()
    assert re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", asked["user_code"])
    assert (asked["expires_in"], asked["interval"]) == (300, 5)
    assert "verification_uri_complete" not in asked  # nobody is sent a link that carries the code
    assert tv.error(asked["device_code"]) == "authorization_pending"
    typed = tv.type_code(asked["user_code"].lower().replace("-", " "))
    assert asked["user_code"] not in typed["Location"]
    page = tv.browser.get(typed["Location"])
    for words in ("Television", "Where it is", "network", "Code on the device", "Your name"):
        assert words in page.text
    assert asked["user_code"][:4] in page.text
    assert "checked" not in page.text
    assert "Go back to your device" in tv.answer(typed["Location"]).text
    with after(6):
        got = tv.poll(asked["device_code"])
        assert got.status_code == 200, got.content
        assert {"access_token", "refresh_token", "id_token"} <= set(got.json())
        assert tv.userinfo(got.json()["access_token"]).json()["locale"]
        assert tv.refresh(got.json()["refresh_token"]).status_code == 200
    with after(20):
        assert tv.error(asked["device_code"]) == "invalid_grant"
    names = AuditEntry.objects.filter(name__startswith="oauth.device").order_by("pk").values_list("name", flat=True)
    assert list(names) == [
        "oauth.device_asked",
        "oauth.device_code_typed",
        "oauth.device_allowed",
        "oauth.device_connected",
    ]


@pytest.mark.control("RFC8628-3.5")
def test_what_the_device_hears_while_it_waits(tv: Television) -> None:
    asked = tv.start()
    assert tv.error(asked["device_code"]) == "authorization_pending"
    assert tv.error(asked["device_code"]) == "slow_down"
    with after(6):  # it was told to wait five seconds longer
        assert tv.error(asked["device_code"]) == "slow_down"
    with after(40):
        assert tv.error(asked["device_code"]) == "authorization_pending"
    no = tv.start()
    assert "You did not allow it" in tv.answer(tv.type_code(no["user_code"])["Location"], "deny").text
    assert tv.error(no["device_code"]) == "access_denied"
    with after(301):
        assert tv.error(asked["device_code"]) == "expired_token"
        assert tv.type_code(asked["user_code"]).status_code == 400
    assert tv.error("invented") == "invalid_grant"
    assert tv.poll("").json()["error"] == "invalid_request"
    assert tv.poll("x", authorization_details="[]").json()["error"] == "invalid_authorization_details"


def test_an_allowance_that_nobody_fetched_in_time_is_over(tv: Television) -> None:
    code = tv.allowed()
    with after(301):
        assert tv.error(code) == "expired_token"


def test_whoever_typed_the_code_answers_and_nobody_else(
    tv: Television, customer: User, sign_in: Callable[..., Client]
) -> None:
    asked = tv.start()
    path = tv.type_code(asked["user_code"])["Location"]
    stranger, elsewhere = sign_in(factories.customer(), on=Client()), sign_in(customer, on=Client())
    for other in (stranger, elsewhere):
        assert other.get(path).status_code == 410
        assert tv.answer(path, browser=other).status_code == 410
        assert tv.type_code(asked["user_code"], other).status_code == 400
    assert Client().get(path)["Location"].startswith("/sign-in/")
    assert Client().post(path, {"decision": "allow"})["Location"].startswith("/sign-in/")
    assert tv.error(asked["device_code"]) == "authorization_pending"
    assert tv.answer(path).status_code == 200
    assert tv.answer(path).status_code == 410
    with after(20):
        told = tv.userinfo(tv.poll(asked["device_code"]).json()["access_token"]).json()
    assert told["sub"] == subject(tv.partner, customer.pk)


@pytest.mark.control("RFC8628-5.1")
def test_tries_are_few_and_each_customers_own(tv: Television, sign_in: Callable[..., Client]) -> None:
    thief = sign_in(factories.customer(), on=Client())
    for _ in range(5):
        assert tv.type_code("BBBB-BBBB", thief).status_code == 400
    asked = tv.start()
    assert tv.type_code(asked["user_code"], thief).status_code == 429
    assert tv.type_code(asked["user_code"]).status_code == 302
    assert AuditEntry.objects.filter(name="oauth.device_code_typed", data__code=None).count() == 5


def test_a_device_abroad_is_said_so(tv: Television) -> None:
    asked = tv.start()
    DeviceCode.objects.update(country="BR", network="203.0.113.0/24")
    page = tv.browser.get(tv.type_code(asked["user_code"])["Location"])
    assert "in another country than you" in page.text
    assert "Brazil, network 203.0.113.0/24" in page.text


def test_the_gate_is_asked_before_the_page_at_the_answer_and_at_the_end(tv: Television) -> None:
    asked = tv.start()
    path = tv.type_code(asked["user_code"])["Location"]
    Session.objects.update(risk=Risk.MODERATE)
    assert tv.browser.get(path)["Location"].startswith("/prove/")
    assert tv.answer(path)["Location"] == path
    assert not Consent.objects.exists()
    Session.objects.update(risk=Risk.LOW)
    assert tv.answer(path).status_code == 200
    User.objects.update(locked_at=clock.now(), way_back="mailbox")
    assert tv.error(asked["device_code"]) == "access_denied"
    assert AuditEntry.objects.get(name="oauth.device_not_connected").data["why"] == "not_allowed"
    User.objects.update(locked_at=None, way_back="")
    with after(20):
        assert tv.error(asked["device_code"]) == "access_denied"  # presented once, it is over


def test_only_for_partners_that_were_registered_for_it(tv: Television, walk: Walk) -> None:
    assert walk.post("/oauth/device/", {"scope": "openid"}).json()["error"] == "unauthorized_client"
    code = tv.allowed()
    assert walk.post("/oauth/token/", {"grant_type": GRANT, "device_code": code}).json()["error"] == (
        "unauthorized_client"
    )
    assert tv.ask().status_code == 400  # and it signs nobody in by redirect
    other = Television(tv.browser)
    assert other.error(code) == "invalid_grant"
    assert tv.poll(code).status_code == 200
    with pytest.raises(partners.Unacceptable):
        register("Television", profile=Profile.DEVICE)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "flying"}, "invalid_scope"),
        ({"scope": "openid", "authorization_details": "[]"}, "invalid_request"),
        ({"scope": "openid", "request": "x"}, "invalid_request"),
        ({"scope": ["openid", "openid"]}, "invalid_request"),
        ({"scope": "openid", "client_id": "somebody"}, "invalid_client"),
    ],
)
def test_bad_requests_of_devices(tv: Television, form: dict[str, Any], error: str) -> None:
    assert tv.post("/oauth/device/", form).json()["error"] == error


def test_devices_ask_so_often_and_not_oftener(tv: Television) -> None:
    for _ in range(30):
        tv.start()
    refused = tv.post("/oauth/device/", {"scope": "openid"})
    assert (refused.status_code, refused["Retry-After"] != "") == (429, True)


def test_discovery_says_it(client: Client) -> None:
    told = client.get("/.well-known/oauth-authorization-server").json()
    assert told["device_authorization_endpoint"].endswith("/oauth/device/")
    assert GRANT in told["grant_types_supported"]


def test_a_user_code_has_no_vowels_and_34_bits() -> None:
    found = {codes.new_user_code() for _ in range(200)}
    assert len(found) == 200
    assert not set("".join(found)) & set("AEIOUY0123456789")
