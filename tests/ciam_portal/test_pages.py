"""Health, headers, error pages, the staff site's door."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.models import User
from accounts.staff.flows import people as staff
from ciam_portal import views
from ciam_portal.core import clock
from ciam_portal.core.admin_site import ReadOnlyAdmin
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from tests.factories import at_home
from tests.factories import customer as new_customer

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def test_probes_are_answered_by_address_and_nothing_else_is(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["id.example"]
    settings.PUBLIC_URL = "https://id.example"
    for path in ("/healthz", "/readyz"):
        assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/", headers={"host": "10.0.0.7:8000"}).status_code == 400


def test_what_everybody_looks_for_is_there(client: Client, settings: Any) -> None:
    assert client.get("/.well-known/change-password")["Location"] == "/security/password/"
    pages = client.get("/.well-known/passkey-endpoints").json()
    for page in pages.values():
        assert client.get(page.removeprefix(settings.PUBLIC_URL)).status_code == 302  # it is there, behind the sign-in
    for path in ("/favicon.ico", "/apple-touch-icon.png"):
        icon = client.get(path)["Location"]
        assert finders.find(icon.removeprefix(settings.STATIC_URL)), icon
    assert client.get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT = "mailto:security@example.com"
    said = dict(line.split(": ", 1) for line in client.get("/.well-known/security.txt").text.splitlines())
    assert said["Contact"] == "mailto:security@example.com"
    assert clock.now() < datetime.fromisoformat(said["Expires"]) < clock.now() + timedelta(days=365)


@pytest.mark.parametrize("name", ["help", "terms", "accessibility"])
def test_the_foot_of_each_page_leads_to_ours_or_to_the_pages_of_the_business(
    client: Client, settings: Any, name: str
) -> None:
    assert f'<a href="/{name}/">' in client.get("/sign-in/").text
    assert client.get(f"/{name}/").status_code == 200
    setattr(settings, f"{name.upper()}_URL", f"https://www.example.com/{name}")
    assert client.get(f"/{name}/")["Location"] == f"https://www.example.com/{name}"


@pytest.mark.control("v5.0.0-3.4.3", "v5.0.0-3.4.4", "v5.0.0-3.4.5", "v5.0.0-3.4.6")
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/sign-up/", "/forgotten-password/", "/nowhere/"])
def test_every_page_carries_the_safe_headers(client: Client, path: str) -> None:
    page = client.get(path)
    policy = page["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"
    for_partners = path in {"/sign-in/", "/sign-up/"}  # which open them in windows of their own
    assert page["Cross-Origin-Opener-Policy"] == ("unsafe-none" if for_partners else "same-origin")
    assert page["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in page["Permissions-Policy"]
    assert page["X-Request-ID"]
    assert "<script>" not in page.text
    assert "style=" not in page.text


@pytest.mark.control("v5.0.0-3.3.1", "v5.0.0-3.3.2", "v5.0.0-3.3.4")
def test_cookies_are_kept_from_scripts_and_other_sites(client: Client, customer: User) -> None:
    at_home(client, customer)
    client.post("/sign-in/", {"login": customer.email, "password": "correct horse battery staple"})
    assert {"session", "device"} <= set(client.cookies)
    for cookie in client.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


def test_a_request_id_from_outside_is_not_believed(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "forged"})["X-Request-ID"] != "forged"


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (lambda request: views.bad_request(request, SuspiciousOperation()), 400),
        (lambda request: views.forbidden(request, PermissionError()), 403),
        (lambda request: views.not_found(request, LookupError()), 404),
        (views.server_error, 500),
        (views.csrf_failure, 403),
    ],
)
def test_error_pages_show_words_whom_to_call_and_a_reference_that_can_be_read_out(
    rf: RequestFactory, view: Callable[[HttpRequest], HttpResponse], status: int
) -> None:
    request = rf.get("/broken/")
    request.user = User()
    request.reference = "7KQ4-M2XR"  # type: ignore[attr-defined]
    page = view(request)
    assert page.status_code == status
    assert b"<h1>" in page.content
    assert b"Traceback" not in page.content
    words = page.content.decode()
    desk = settings.HELP_DESK
    assert all(word in words for word in ("7KQ4-M2XR", desk.phone, f"tel:{desk.dialed}", desk.email, desk.hours))


def test_without_the_shared_cache_nobody_comes_in_and_nothing_breaks(
    client: Client, customer: User, settings: Any
) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:9/0"}}
    form = {"login": customer.email, "password": "correct horse battery staple"}
    page = client.post("/sign-in/", form)
    assert page.status_code == 503
    assert page["Retry-After"] == "10"
    assert client.get("/profile/").status_code == 302


def test_a_form_without_its_token_is_refused() -> None:
    page = Client(enforce_csrf_checks=True).post("/sign-in/", {"login": "a@example.com", "password": "x"})
    assert page.status_code == 403
    assert "<h1>" in page.text


def test_pages_of_the_customer_ask_to_sign_in(client: Client) -> None:
    for path in ("/profile/", "/sessions/", "/security/", "/connected-apps/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"] == f"/sign-in/?next={path}"


class TestStaffSite:
    """Only with a role, only with two factors, only to look."""

    @pytest.fixture
    def agent(self) -> User:
        person = new_customer("agent@example.com")
        staff.grant_role(person, Role.AGENT, by=Actor.system(), at=clock.now())
        return User.objects.get(pk=person.pk)

    def test_strangers_customers_and_weak_sessions_do_not_enter(
        self, sign_in: SignIn, customer: User, agent: User
    ) -> None:
        assert Client().get("/staff/")["Location"].startswith("/staff/login/")
        assert Client().get("/staff/login/")["Location"].startswith("/sign-in/")
        ordinary = sign_in(customer, Method.PASSWORD, Method.TOTP, on=Client())
        assert ordinary.get("/staff/", follow=True).request["PATH_INFO"] == "/"
        weak = sign_in(agent, on=Client())
        assert weak.get("/staff/login/?next=/staff/")["Location"].startswith("/prove/?ref=")
        assert weak.get("/staff/", follow=True).request["PATH_INFO"] == "/prove/"

    @pytest.mark.control("v5.0.0-6.4.6")
    def test_an_agent_looks_and_cannot_change_or_see_secrets(
        self, sign_in: SignIn, agent: User, customer: User
    ) -> None:
        client = sign_in(agent, Method.PASSWORD, Method.TOTP, on=Client())
        assert client.get("/staff/").status_code == 200
        page = client.get(f"/staff/accounts/user/{customer.pk}/change/")
        assert page.status_code == 200
        assert "argon2" not in page.text
        assert 'name="email"' not in page.text
        assert client.post(f"/staff/accounts/user/{customer.pk}/change/", {"email": "x@example.com"}).status_code == 403
        for path in (
            "/staff/accounts/user/add/",
            f"/staff/accounts/user/{customer.pk}/password/",
            f"/staff/accounts/user/{customer.pk}/delete/",
        ):
            assert client.get(path).status_code in {302, 403, 404}
        assert client.get("/staff/audit/auditentry/").status_code == 403  # another role's page

    def test_a_role_taken_away_bites_at_the_next_request(self, sign_in: SignIn, agent: User) -> None:
        client = sign_in(agent, Method.PASSWORD, Method.TOTP, on=Client())
        assert client.get("/staff/").status_code == 200
        staff.revoke_role(agent, Role.AGENT, by=Actor.system(), at=clock.now())
        assert client.get("/staff/").status_code == 302
        agent.refresh_from_db()
        assert not agent.is_staff

    @pytest.mark.control("v5.0.0-6.4.6")
    def test_no_page_is_for_writing_or_shows_a_secret(self) -> None:
        assert len(admin.site._registry) >= 7
        for model, page in admin.site._registry.items():
            assert isinstance(page, ReadOnlyAdmin), model
            assert page.roles, model
            fields = " ".join(str(field) for field in page.get_fields(HttpRequest()))
            assert not re.search(r"password\b|secret|token|digest|sealed|browser_key|seed", fields), (model, fields)

    def test_every_role_is_a_group(self) -> None:
        assert set(Group.objects.values_list("name", flat=True)) == {role.value for role in Role}
