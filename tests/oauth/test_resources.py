"""Resource servers: which token is for whom (RFC 8707), who is told about it, and what opens nothing elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.oauth.models import AccessToken, Resource
from ciam_portal.oauth.partners import Unacceptable
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.resources import ours, registry, targets
from consent.models import Consent
from tests.conftest import NOON
from tests.oauth.keyed import Keyed
from tests.oauth.walk import Walk, answer, register, serve

pytestmark = pytest.mark.django_db
AWAY = "openid profile offline_access"


@pytest.fixture
def api() -> Walk:
    """Who runs an API."""
    return Walk(*register("Warehouse", profile=Profile.SERVICE))


@pytest.fixture
def url(walk: Walk, api: Walk) -> str:
    """The API's address; the shop may ask tokens for it."""
    return serve(api, walk)


def switch(url: str, *, on: bool) -> None:
    registry.switch(Resource.objects.get(url=url), by=Actor.system(), at=NOON, on=on)


# --- one token, one resource


@pytest.mark.parametrize(
    ("granted", "asked", "target"),
    [
        ((), "", ""),
        ((), "{ours}/api/profile", "{ours}/api/profile"),
        ((), "{ours}/api/profile/", None),
        ((), "{ours}", None),
        ((), "https://a.example/", None),
        (("https://a.example/",), "", "https://a.example/"),
        (("https://a.example/",), "https://a.example/", "https://a.example/"),
        (("https://a.example/",), "https://a.example", None),
        (("https://a.example/",), "https://b.example/", None),
        (("https://a.example/",), "{ours}/api/profile", None),
        (("https://a.example/", "https://b.example/"), "", None),
        (("https://a.example/", "https://b.example/"), "https://b.example/", "https://b.example/"),
        (("{ours}/api/profile",), "{ours}/oauth/userinfo/", None),
    ],
)
def test_a_token_is_for_one_resource_of_its_grant(granted: tuple[str, ...], asked: str, target: str | None) -> None:
    here = {"ours": settings.PUBLIC_URL}
    found = targets.narrowed([each.format(**here) for each in granted], asked.format(**here))
    assert found == (None if target is None else target.format(**here))


def test_each_api_of_ours_takes_tokens_for_itself_or_for_all_of_ours(walk: Walk, url: str) -> None:
    wide = walk.tokens("openid activity")["access_token"]
    here = {path: settings.PUBLIC_URL + path for path in ours.PATHS}
    held = {path: walk.tokens("openid activity", resource=named)["access_token"] for path, named in here.items()}
    foreign = walk.tokens("openid activity", resource=url)["access_token"]
    known = {None, "insufficient_user_authentication", "insufficient_scope"}  # it is for that API, whatever it opens
    for path in ours.PATHS:
        assert walk.get(path, wide).json().get("error") in known
        refused = walk.get(path, foreign)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
        for other, token in held.items():
            error = walk.get(path, token).json().get("error")
            assert error in (known if other == path else {"invalid_token"})


@pytest.mark.control("RFC8707-2")
def test_what_is_for_one_resource_is_not_for_another(walk: Walk, api: Walk, url: str) -> None:
    other = serve(api, walk, url="https://api.example/v2")
    code = walk.code(AWAY, resource=url)
    assert walk.redeem(code, resource=other).json()["error"] == "invalid_target"
    first = walk.tokens(AWAY, resource=url)
    assert first["scope"] == AWAY
    refused = walk.refresh(first["refresh_token"], resource=other)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    again = walk.refresh(first["refresh_token"], resource=url).json()
    assert api.introspect(again["access_token"])["aud"] == url


def test_of_several_one_is_named_for_each_token(walk: Walk, api: Walk, url: str) -> None:
    other = serve(api, walk, url="https://api.example/v2", scopes=())
    code = walk.code(AWAY, resource=[url, other])
    assert walk.redeem(code).json()["error"] == "invalid_target"
    code = walk.code(AWAY, resource=[url, other])
    issued = walk.redeem(code, resource=url).json()
    second = walk.refresh(issued["refresh_token"], resource=other)
    assert second.json()["scope"] == "openid offline_access"  # its own ceiling; what speaks of the grant stays
    # The same again within the grace is the same answer, for the same resource only.
    repeated = walk.refresh(issued["refresh_token"], resource=other).json()
    assert repeated["access_token"] == second.json()["access_token"]
    assert walk.refresh(issued["refresh_token"], resource=url).json()["error"] == "invalid_grant"
    assert walk.refresh(second.json()["refresh_token"], resource=other).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "resource",
    ["https://unknown.example/", "https://api.example/v1#part", "https://api.example/v1/", "/api", "x" * 2000,
     [f"https://{n}.example/" for n in range(6)]],
)  # fmt: skip
def test_unknown_resources_are_refused_by_name(walk: Walk, url: str, resource: Any) -> None:
    assert answer(walk.ask(resource=resource))["error"] == "invalid_target"


def test_a_partner_reaches_what_it_was_registered_for(walk: Walk, api: Walk, url: str) -> None:
    stranger = Walk(*register("Stranger"), walk.browser)
    assert answer(stranger.ask(resource=url))["error"] == "invalid_target"
    token = walk.tokens("openid profile", resource=url)["access_token"]
    registry.let_reach(walk.partner, (), by=Actor.system(), at=NOON)
    assert answer(walk.ask(resource=url))["error"] == "invalid_target"
    assert api.introspect(token) == {"active": False}


def test_a_resource_that_is_switched_off_ends_every_token_and_every_grant_for_it(
    walk: Walk, api: Walk, url: str
) -> None:
    held, code = walk.tokens(AWAY, resource=url), walk.code(AWAY, resource=url)
    switch(url, on=False)
    assert api.introspect(held["access_token"]) == {"active": False}
    for refused in (walk.redeem(code), walk.refresh(held["refresh_token"])):
        assert refused.json()["error"] == "invalid_target"
    assert answer(walk.ask(resource=url))["error"] == "invalid_target"
    switch(url, on=True)
    assert walk.refresh(held["refresh_token"]).status_code == 200


def test_partners_for_themselves_name_their_resource_too(api: Walk) -> None:
    robot = Walk(*register("Robot", profile=Profile.SERVICE))
    url, form = serve(api, robot), {"grant_type": "client_credentials"}
    token = robot.post("/oauth/token/", form | {"resource": url}).json()["access_token"]
    assert api.introspect(token) | {"exp": 0, "iat": 0, "jti": ""} == {
        "active": True, "client_id": robot.partner.client_id, "iss": settings.PUBLIC_URL, "exp": 0, "iat": 0,
        "scope": "", "token_type": "Bearer", "aud": url, "jti": "",
    }  # fmt: skip
    assert robot.introspect(token) == {"active": False}
    refused = robot.post("/oauth/token/", form | {"resource": "https://elsewhere.example/"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")


def test_pushed_and_signed_requests_name_resources_as_others_do(
    customer: User, sign_in: Callable[..., Client], api: Walk
) -> None:
    bank = Keyed(sign_in(customer))
    urls = [serve(api, bank), serve(api, bank, url="https://api.example/v2")]
    for pushed in (
        bank.push(resource=urls).json(),
        bank.post("/oauth/par/", {"request": bank.request_object(resource=urls)}).json(),
    ):
        page = bank.open(pushed["request_uri"])
        response = bank.decide(page) if page.status_code == 200 else page
        code = answer(response)["code"]
        issued = bank.redeem(code, resource=urls[1])
        assert issued.status_code == 200, issued.content
        assert AccessToken.objects.latest("created").resource == [urls[1]]
    assert bank.push(resource="https://unknown.example/").json()["error"] == "invalid_target"


# --- who is told


@pytest.mark.control("RFC7662-4")
def test_only_the_audience_of_a_token_is_told_about_it(walk: Walk, api: Walk, url: str) -> None:
    """One row for each rule: whose token, who asks, and whether it is told."""
    second = Walk(*register("Second API", profile=Profile.SERVICE))
    serve(second, walk, url="https://second.example/")
    wide, narrow = (walk.tokens(AWAY, **said) for said in ({}, {"resource": url}))
    ours = walk.tokens(AWAY, resource=f"{settings.PUBLIC_URL}/api/profile")
    told = {
        (name, who): asking.introspect(token)["active"]
        for name, token in {
            "ours": wide["access_token"], "one of ours": ours["access_token"], "theirs": narrow["access_token"],
            "refresh": narrow["refresh_token"],
        }.items()
        for who, asking in {"holder": walk, "api": api, "other api": second}.items()
    }  # fmt: skip
    assert {pair for pair, active in told.items() if active} == {
        ("ours", "holder"), ("one of ours", "holder"), ("theirs", "api"), ("refresh", "holder"),
    }  # fmt: skip


def test_the_resource_knows_a_customer_by_its_own_name_whoever_sends_them(walk: Walk, api: Walk, url: str) -> None:
    other = Walk(*register("Other", redirect_uris=("https://shop.example/callback",), sector="other"), walk.browser)
    registry.let_reach(other.partner, (url,), by=Actor.system(), at=NOON)
    issued = [each.tokens("openid profile", resource=url)["access_token"] for each in (walk, other)]
    first, second = (api.introspect(token) for token in issued)
    assert first["sub"] == second["sub"] != walk.introspect(walk.tokens("openid")["access_token"])["sub"]
    assert first["client_id"] != second["client_id"]
    assert not {"name", "email"} & set(first)


def test_a_resource_that_never_asks_is_told_nothing(walk: Walk, api: Walk) -> None:
    url = serve(api, walk, introspects=False, signed=True)
    assert api.introspect(walk.tokens("openid", resource=url)["access_token"]) == {"active": False}


# --- what the customer says yes to


def test_the_page_says_where_and_the_yes_is_for_there_only(walk: Walk, api: Walk, url: str) -> None:
    walk.tokens("openid profile")
    assert Consent.objects.get().resources == []
    page = walk.ask("openid profile", resource=url)
    assert page.status_code == 200
    assert "Warehouse" in page.content.decode()
    assert url in page.content.decode()
    assert answer(walk.ask("openid profile", resource=url, prompt="none"))["error"] == "consent_required"
    walk.decide(page)
    assert Consent.objects.get().resources == [url]
    event = AuditEntry.objects.filter(name="consent.changed").latest("pk")
    assert event.data["resources"] == [str(Resource.objects.get().pk)]
    assert "code" in answer(walk.ask("openid profile", resource=url))
    detail = walk.browser.get(f"/connected-apps/{Consent.objects.get().pk}/").content.decode()
    assert "Warehouse" in detail
    assert walk.ask("openid profile", resource=serve(api, walk, url="https://api.example/v2")).status_code == 200


# --- registered


@pytest.mark.parametrize(
    "wrong",
    ["http://api.example:80/", "https://API.example/", "https://api.example:443/", "https://api.example/#x",
     "https://api.example/?x", "https://u@api.example/", "https://api.example/a/../b", "api.example", "https:///x",
     "https://api.example/ x", "{ours}/api/profile", "https://known.example/"],
)  # fmt: skip
def test_an_address_has_one_spelling_and_one_owner(api: Walk, wrong: str) -> None:
    serve(api, url="https://known.example/")
    with pytest.raises(Unacceptable):
        serve(api, url=wrong.format(ours=settings.PUBLIC_URL))


def test_the_command_adds_switches_and_lists(api: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    name = api.partner.client_id
    call_command("resource", "add", "https://api.example/v1", "Warehouse", "--partner", name, "--scope", "openid")
    call_command("resource", "disable", "https://api.example/v1")
    call_command("resource", "list")
    assert "off  https://api.example/v1  Warehouse" in capsys.readouterr().out
    call_command("resource", "reach", name, "--resource", "https://api.example/v1")
    api.partner.refresh_from_db()
    assert api.partner.resources_allowed == ["https://api.example/v1"]
    public, _ = register("App", profile=Profile.BROWSER)
    for words in (
        ("resource", "enable", "https://nowhere.example/"),
        ("resource", "add", "https://b.example/", "B", "--partner", "nobody"),
        ("resource", "add", "https://b.example/", "B", "--partner", public.client_id),
        ("resource", "add", "https://b.example/", " ", "--partner", name),
        ("resource", "add", "https://b.example/", "B", "--partner", name, "--scope", "offline_access"),
        ("resource", "reach", name, "--resource", "https://nowhere.example/"),
    ):
        with pytest.raises(CommandError):
            call_command(*words)
