"""Agents as partners: what one is registered with, its ceiling, and that it can be switched off for good."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from ciam_portal.console.models import ChangeRequest
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.roles import Role
from ciam_portal.oauth import agents, partners
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Kind, Profile
from tests.accounts.staff.people import Member
from tests.oauth.keyed import key_set, new_key
from tests.oauth.walk import register

pytestmark = pytest.mark.django_db
PAY = "partner.payment"


def agent(**said: Any) -> Partner:
    """An agent that runs on people's devices, unless said otherwise."""
    words: dict[str, Any] = {"profile": Profile.AGENT_APP, "maker": "Robots Ltd", "scopes": ("profile",)}
    words |= {"actions": (PAY,), "purpose": "Orders tea for you."} | said
    return register("Helper", **words)[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"maker": " "},
        {"scopes": ("openid",)},  # it signs nobody in
        {"scopes": ("offline_access",)},  # it works until its grant ends, and never longer
        {"scopes": ("activity",)},
        {"scopes": ("ssf.read",)},
        {"scopes": (), "actions": ()},
        {"actions": ("partner.fly",)},
        {"actions": ("export_data",)},
        {"actions": ("gateway.page",)},
        {"environment": Environment.SANDBOX, "redirect_uris": ("https://x.test/",), "post_logout_redirect_uris": ()},
        {"profile": Profile.AGENT},  # without keys
        {"profile": Profile.AGENT, "jwks": key_set(new_key()), "may_exchange": True},
        {"profile": Profile.BROWSER},
        {"profile": Profile.BROWSER, "maker": "", "actions": (PAY,)},
        {"redirect_uris": ()},
    ],
)
def test_what_no_agent_is_registered_with(changed: dict[str, Any]) -> None:
    with pytest.raises(partners.Unacceptable):
        agent(**changed)
    assert not Partner.objects.exists()


def test_an_agent_proves_itself_with_keys_or_runs_on_a_device_and_its_tokens_are_bound() -> None:
    on_device, server = agent(), agent(profile=Profile.AGENT, jwks=key_set(new_key()))
    for each, public in ((on_device, True), (server, False)):
        assert (each.kind, each.is_public, each.rules.bound) == (Kind.AGENT, public, True)
        assert (each.maker, each.actions_allowed, each.scopes_allowed) == ("Robots Ltd", [PAY], ["profile"])
    assert [each.kind for each in server.credentials.all()] == ["keys"]
    assert not on_device.credentials.exists()
    assert AuditEntry.objects.filter(name="partner.registered", data__actions=[PAY]).count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Partner.objects.update(maker="")
    assert register()[0].kind is Kind.APP
    assert register("Job", profile=Profile.SERVICE)[0].kind is Kind.SERVICE


def test_what_is_retired_is_off_for_good(by: Actor) -> None:
    found, at = agent(), clock.now()
    agents.retire(found, by=by, at=at)
    with pytest.raises(Refused):
        partners.switch(found, by=by, at=at, on=True)
    with pytest.raises(Refused):
        agents.retire(found, by=by, at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        Partner.objects.update(is_enabled=True)
    assert not Partner.objects.get().is_enabled


def run(*words: str) -> str:
    out = StringIO()
    call_command("partner", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_registers_and_retires_one() -> None:
    known = agent()
    add: tuple[str, ...]
    add = ("add", "Helper 2", "--profile", "agent_app", "--owner", "owner@shop.example", "--purpose", "Helps.")
    add += ("--redirect-uri", "http://127.0.0.1/back", "--maker", "Robots Ltd", "--scope", "email", "--action", PAY)
    assert run(*add).startswith("client_id=")
    assert Partner.objects.get(name="Helper 2").actions_allowed == [PAY]
    assert "none" in run("actions", known.client_id)
    assert Partner.objects.get(pk=known.pk).actions_allowed == []
    with pytest.raises(CommandError, match=r"partner\.fly"):
        run("actions", known.client_id, "--action", "partner.fly")
    assert "for good" in run("retire", known.client_id)
    with pytest.raises(CommandError, match="off for good"):
        run("enable", known.client_id)
    plain = register()[0]
    with pytest.raises(CommandError, match="Only agents"):
        run("actions", plain.client_id, "--action", PAY)


def test_its_owner_asks_for_another_ceiling_and_somebody_else_approves_it(sign_in: Any) -> None:
    found = agent()
    mine: Client = sign_in(found.owner)
    page = mine.get(f"/your-apps/{found.pk}/")
    assert "Robots Ltd" in page.text
    form = {"redirect_uris": found.redirect_uris, "scopes": [], "actions": [PAY, "partner.change_payee"]}
    assert "offline_access" not in mine.get(f"/your-apps/{found.pk}/change/").text
    for wrong in ({"actions": ["export_data"]}, {"scopes": ["openid"]}):
        assert 'class="error' in mine.post(f"/your-apps/{found.pk}/change/", form | wrong).text
    assert mine.post(f"/your-apps/{found.pk}/change/", form).status_code == 302
    change = ChangeRequest.objects.get()
    event = AuditEntry.objects.get(name="partner.change_asked").data
    assert (event["actions_added"], event["scopes_removed"]) == (["partner.change_payee"], ["profile"])
    admin = Member(Role.ADMINISTRATOR)
    path = f"/staff/console/changerequest/{change.pk}"
    assert "<strong>+</strong> partner.change_payee" in admin.client.get(f"{path}/change/").text
    admin.client.post(f"{path}/decide/", {"do": "approve"})
    after = Partner.objects.get(pk=found.pk)
    assert (after.scopes_allowed, after.actions_allowed) == ([], [PAY, "partner.change_payee"])


def test_staff_see_its_maker_and_ceiling_and_switch_it_off_for_good() -> None:
    found, admin = agent(), Member(Role.ADMINISTRATOR)
    page, path = f"/staff/oauth/partner/{found.pk}/change/", f"/staff/oauth/partner/{found.pk}/switch/"
    assert "Robots Ltd" in admin.client.get(page).text
    admin.client.post(path, {"do": "retire"})
    assert Partner.objects.get(pk=found.pk).retired_at is not None
    assert "Switch it" not in admin.client.get(page).text
    admin.client.post(path, {"do": "on"})
    assert not Partner.objects.get(pk=found.pk).is_enabled


def test_an_ordinary_app_is_offered_no_actions(sign_in: Any) -> None:
    shop = register()[0]
    assert "let it do" not in sign_in(shop.owner).get(f"/your-apps/{shop.pk}/change/").text
