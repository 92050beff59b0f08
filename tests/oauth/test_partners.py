"""Adding a partner, replacing its secret, switching it off; by function and by command."""

import uuid
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.oauth import partners
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Profile
from tests.oauth.walk import owner, register

pytestmark = pytest.mark.django_db


@pytest.mark.control("FAPI2-SP-5.3.2.2-8")
@pytest.mark.parametrize(
    "changed",
    [
        {"name": " "},
        {"purpose": " "},
        {"owner": None},
        {"owner": uuid.uuid4()},
        {"contact": "nobody"},
        {"scopes": ("openid", "everything")},
        {"redirect_uris": ()},
        {"redirect_uris": ("http://shop.example/callback",)},
        {"redirect_uris": ("https://shop.example/*",)},
        {"redirect_uris": ("https://shop.example/#x",)},
        {"redirect_uris": ("https://me@shop.example/",)},
        {"redirect_uris": ("https://[shop/",)},
        {"redirect_uris": ("javascript:alert(1)",)},
        {"redirect_uris": ("https://shop.example/a b",)},
        {"redirect_uris": ("https://a.example/", "https://b.example/")},
        {"post_logout_redirect_uris": ("ftp://shop.example/",)},
        {"decision_actions": ("partner.fly",)},
        {"decision_actions": ("sign_in",)},
        {"decision_actions": ("partner.payment",), "profile": Profile.BROWSER},
        {"delegates": True, "profile": Profile.BROWSER},
        {"delegates": True, "environment": Environment.SANDBOX, "redirect_uris": ("https://shop.test/",)},
        {"profile": Profile.SERVICE, "scopes": ("openid",)},
        {"profile": Profile.SERVICE, "scopes": (), "redirect_uris": ("https://shop.example/",)},
    ],
)
def test_what_cannot_be_registered(changed: dict[str, Any]) -> None:
    with pytest.raises(partners.Unacceptable):
        register(**changed)
    assert not Partner.objects.exists()


@pytest.mark.control("FAPI2-SP-5.3.2.2-8")
def test_plain_http_to_this_machine_is_for_development(settings: Any) -> None:
    register(redirect_uris=("http://localhost:8001/callback",))
    settings.PRODUCTION = True
    with pytest.raises(partners.Unacceptable):
        register(redirect_uris=("http://localhost:8001/callback",))


def test_it_is_recorded_without_its_secret() -> None:
    partner, secret = register()
    entry = AuditEntry.objects.get(name="partner.registered")
    assert entry.data["partner"] == str(partner.pk)
    assert secret not in str(entry.data)


WHOSE = ("--owner", "owner@shop.example", "--purpose", "Sells shoes.")


def run(*words: str) -> str:
    owner()
    out = StringIO()
    call_command("partner", *words, *(WHOSE if words[0] == "add" else ()), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command() -> None:
    said = run(
        "add", "Shop", "--redirect-uri", "https://shop.example/callback", "--scope", "openid", "--scope", "email"
    )
    known = dict(line.split("=", 1) for line in said.split())
    assert Partner.objects.get().owner_id == owner()
    partner = Partner.objects.get(client_id=known["client_id"])
    assert partner.scopes_allowed == ["openid", "email"]
    assert partner.sector == "shop.example"
    assert "Shop" in run("list")
    again = run("secret", partner.client_id, "--at-once")
    assert known["client_secret"] not in again
    assert again.split("client_secret=")[1][:43] not in run("credentials", partner.client_id)
    run("secret", partner.client_id)
    with pytest.raises(CommandError, match="Two work already"):
        run("secret", partner.client_id)
    assert len(run("credentials", partner.client_id).splitlines()) == 2
    run("disable", partner.client_id)
    assert not Partner.objects.get().is_enabled
    run("enable", partner.client_id)
    assert Partner.objects.get().is_enabled


def test_the_command_says_what_may_be_asked() -> None:
    run("add", "Gateway", "--profile", "service", "--decision-action", "partner.payment")
    gateway = Partner.objects.get()
    assert gateway.decision_actions == ["partner.payment"]
    run("decisions", gateway.client_id, "--decision-action", "partner.change_payee")
    assert Partner.objects.get().decision_actions == ["partner.change_payee"]
    assert AuditEntry.objects.get(name="partner.may_ask").data["decision_actions"] == ["partner.change_payee"]
    with pytest.raises(CommandError, match="large_payment"):
        run("decisions", gateway.client_id, "--decision-action", "partner.fly")
    assert "none" in run("decisions", gateway.client_id)
    assert Partner.objects.get().decision_actions == []


def test_the_command_lets_customers_act_for_others() -> None:
    run("add", "Shop", "--redirect-uri", "https://shop.example/cb", "--delegates")
    shop = Partner.objects.get()
    assert shop.delegates
    assert AuditEntry.objects.get(name="partner.registered").data["delegates"] is True
    run("delegates", shop.client_id, "off")
    assert not Partner.objects.get().delegates
    assert AuditEntry.objects.get(name="partner.takes_delegates").data["enabled"] is False


def test_the_command_says_what_data_may_be_used_for() -> None:
    run("add", "Newsroom", "--profile", "service", "--data-purpose", "product_news")
    service = Partner.objects.get()
    assert (service.data_purposes, service.scopes_allowed) == (["product_news"], ["data.use"])
    assert "research" in run("purposes", service.client_id, "--data-purpose", "research")
    assert Partner.objects.get().data_purposes == ["research"]
    assert AuditEntry.objects.filter(name="partner.may_use").latest("at").data["data_purposes"] == ["research"]
    with pytest.raises(CommandError, match="In use: "):
        run("add", "Newsroom 2", "--profile", "service", "--data-purpose", "product_mews")
    assert Partner.objects.count() == 1
    assert "none" in run("purposes", service.client_id)
    assert (Partner.objects.get().data_purposes, Partner.objects.get().scopes_allowed) == ([], [])


def test_the_command_adds_public_partners_and_machines() -> None:
    assert "secret" not in run("add", "App", "--redirect-uri", "https://app.example/cb", "--profile", "browser")
    run("add", "Robot", "--profile", "service")
    robot = Partner.objects.get(name="Robot")
    assert robot.authorization_grant_type == Partner.GRANT_CLIENT_CREDENTIALS


def test_the_command_says_what_is_wrong() -> None:
    public, _ = register("App", profile=Profile.BROWSER)
    for words in (("add", "X"), ("secret", "nobody"), ("secret", public.client_id)):
        with pytest.raises(CommandError):
            run(*words)
