"""Agents that nobody registered: what their documents may say, when they are read, and what a change of one means."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.oauth import agents, partners
from ciam_portal.oauth.documents import names, shapes
from ciam_portal.oauth.documents.shapes import Unfit
from ciam_portal.oauth.models import Partner, Resource
from ciam_portal.oauth.profiles import Profile
from consent.agents import tasks
from consent.models import Consent, Delegation
from tests.oauth.connecting import TERMS, World, words
from tests.oauth.keyed import key_set, new_key
from tests.oauth.walk import VERIFIER, challenge

URL = "https://agent.example/tea/client.json"
BACK = "http://127.0.0.1/back"
GOOD: dict[str, Any] = {
    "client_id": URL, "client_name": "Kettle Bot", "redirect_uris": [BACK], "token_endpoint_auth_method": "none",
}  # fmt: skip


# --- addresses, documents, names: tables


@pytest.mark.parametrize(
    ("url", "good"),
    [
        (URL, True),
        ("https://agent.example:8443/a", True),
        ("http://agent.example/a", False),
        ("https://agent.example", False),
        ("https://agent.example/", False),
        ("https://agent.example/a?b=c", False),
        ("https://agent.example/a#b", False),
        ("https://me@agent.example/a", False),
        ("https://agent.example/a/../b", False),
        ("https://agent.example/a/%2e%2e/b", False),
        ("https://agent.example//a", False),
        ("https://Agent.example/a", False),
        ("https://agent.example:443/a", False),
        ("https://agent.example/" + "a" * 78, True),
        ("https://agent.example/" + "a" * 79, False),
        ("https:///a", False),
        ("ftp://agent.example/a", False),
        ("urn://a", False),
    ],
)
def test_which_addresses_name_an_agent(url: str, good: bool) -> None:
    try:
        shapes.check_address(url)
    except Unfit:
        assert not good
    else:
        assert good


@pytest.mark.parametrize(
    ("host", "good"), [("agent.example", True), ("example", True), ("gent.example", False), ("b.agent.example", False)]
)
def test_an_installation_may_name_the_hosts(host: str, good: bool) -> None:
    try:
        shapes.check_address(URL, (host,))
    except Unfit:
        assert not good
    else:
        assert good


KEYS = key_set(new_key())
SIGNS = {"token_endpoint_auth_method": "private_key_jwt", "redirect_uris": ["https://agent.example/back"]}


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "https://agent.example/tea/other.json"},
        {"client_id": None},
        {"client_secret": "s"},
        {"client_secret_expires_at": 0},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": ["none"]},
        {"client_name": None},
        {"client_name": ["Kettle Bot"]},
        {"redirect_uris": None},
        {"redirect_uris": []},
        {"redirect_uris": BACK},
        {"redirect_uris": [1]},
        {"redirect_uris": [BACK] * 11},
        {"redirect_uris": ["https://elsewhere.example/back"]},
        {"redirect_uris": ["https://notagent.example/back", "com.example.app:/back"]},
        {"logo_uri": "http://169.254.169.254/"},
        {"policy_uri": "file:///etc/passwd"},
        {"jwks_uri": 3},
        SIGNS,  # without keys
        SIGNS | {"jwks": KEYS, "jwks_uri": "https://agent.example/keys"},
        SIGNS | {"jwks": {"keys": []}},
        SIGNS | {"jwks": {"keys": [new_key().export(as_dict=True)]}},  # secret ones
        SIGNS | {"jwks": KEYS, "redirect_uris": [BACK]},  # on a device nobody keeps a key secret
    ],
)
def test_what_no_document_may_say(changed: dict[str, Any]) -> None:
    said = {name: value for name, value in (GOOD | changed).items() if value is not None}
    with pytest.raises(Unfit):
        shapes.read(URL, json.dumps(said).encode())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"[" * 5000, b"\xff", b'{"client_id": "a", "client_id": "b"}', b"<html>"]
)
def test_what_is_no_document(body: bytes) -> None:
    with pytest.raises(Unfit):
        shapes.read(URL, body)


def test_what_a_document_chooses_and_what_not() -> None:
    uris = [BACK, "https://agent.example/back", "https://app.agent.example/back", "https://elsewhere.example/"]
    said = GOOD | {"redirect_uris": uris, "scope": "openid admin", "client_uri": "https://agent.example/"}
    found = shapes.read(URL, json.dumps(said).encode())
    assert found.redirect_uris == tuple(uris[:3])
    assert (found.profile, found.jwks) == (Profile.AGENT_APP, None)
    signing = shapes.read(URL, json.dumps(GOOD | SIGNS | {"jwks": KEYS}).encode())
    assert (signing.profile, len((signing.jwks or {})["keys"])) == (Profile.AGENT, 1)
    other = replace(signing, jwks=key_set(new_key()))
    assert signing.snapshot(signing.jwks) != other.snapshot(other.jwks)


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("Kettle Bot", True),
        ("Чайник", True),
        ("Teekännchen 2", True),
        ("K", False),
        ("K" * 61, False),
        (" Kettle", False),
        ("12345", False),
        ("Kettle\u202eBot", False),
        ("Kettle\u200bBot", False),
        ("Kettle\nBot", False),
        ("Kеttle", False),
        ("kettle@agent.example", False),
        ("www.kettle.example", False),
        ("https://kettle", False),
        ("Te\u0301a Bot", False),  # not composed
    ],
)
def test_which_names_are_plain(name: str, good: bool) -> None:
    assert names.is_plain(name) is good


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("Tea House", True),
        ("TEAHOUSE", True),
        ("The Tea-House app", True),
        ("Tеа Ноuse", True),
        ("Tea H0use", True),
        ("Téa Hóuse", True),
        ("Tea Garden", False),
        ("Shop", True),
        ("Shopper", False),  # four letters are in many a word
    ],
)
def test_which_names_imitate(name: str, taken: bool) -> None:
    assert names.imitates(name, ["Tea House", "Shop", "!"]) is taken


@given(st.text(max_size=40))
def test_a_name_always_looks_like_itself(name: str) -> None:
    assert names.looks(name) == names.looks(name.upper()) or not name.isascii()
    assert names.imitates(name, [name]) is bool(names.looks(name))


# --- the whole way, with a document on this machine


class Site(http.server.BaseHTTPRequestHandler):
    """Serves what a test says stands there."""

    status, body, kind, control, asked = 200, b"", "application/json", "", 0

    def do_GET(self) -> None:
        Site.asked += 1
        self.send_response(Site.status)
        self.send_header("Content-Type", Site.kind)
        if Site.control:
            self.send_header("Cache-Control", Site.control)
        if Site.status == 302:
            self.send_header("Location", "/elsewhere.json")
        self.end_headers()
        self.wfile.write(Site.body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}/agent.json"
    running.shutdown()
    running.server_close()


class Asking:
    """An agent that nobody registered, and Rosa, who has connected another one."""

    def __init__(self, world: World, url: str) -> None:
        self.world, self.url = world, url
        self.serve()

    def serve(self, *, status: int = 200, kind: str = "application/json", control: str = "", **changed: Any) -> None:
        said = GOOD | {"client_id": self.url} | changed
        Site.status, Site.kind, Site.control, Site.asked = status, kind, control, 0
        Site.body = json.dumps({name: value for name, value in said.items() if value is not None}).encode()

    def ask(self, browser: Client | None = None, **changed: Any) -> Any:
        said = {
            "client_id": self.url, "redirect_uri": BACK.replace("/back", ":7777/back"), "response_type": "code",
            "scope": "profile email", "code_challenge": challenge(VERIFIER), "code_challenge_method": "S256",
            "resource": self.world.api, "state": "s",
        } | changed  # fmt: skip
        return (browser or self.world.browser).get("/oauth/authorize/", said)

    def connect(self) -> Partner:
        page = self.ask()
        assert page.status_code == 200, page.content
        response = self.world.agent.decide(page, scope=["profile"], **TERMS)
        assert response["Location"].startswith("http://127.0.0.1:7777/back?code="), response["Location"]
        return self.partner

    @property
    def partner(self) -> Partner:
        found: Partner = Partner.objects.get(client_id=self.url)
        return found


@pytest.fixture
def asking(db: None, sign_in: Callable[..., Client], address: str) -> Asking:
    world = World(sign_in)
    Resource.objects.update(for_unregistered=True)
    allow()
    return Asking(world, address)


def allow(**changed: Any) -> None:
    running = limits.current()
    rules = replace(running.unregistered_agents, **({"allowed": True} | changed))
    limits.install(replace(running, unregistered_agents=rules))


SERVER = "/.well-known/oauth-authorization-server"


def test_off_unless_the_policy_says_so(asking: Asking) -> None:
    assert Client().get(SERVER).json()["client_id_metadata_document_supported"] is True
    allow(allowed=False)
    assert "client_id_metadata_document_supported" not in Client().get(SERVER).json()
    assert asking.ask().status_code == 400
    assert Site.asked == 0


def test_a_customer_reads_where_it_comes_from_and_it_gets_our_ceiling(asking: Asking) -> None:
    asking.serve(scope="openid admin phone", dpop_bound_access_tokens=False)
    page = asking.ask()
    host = asking.url.split("/")[2]
    assert f"Unverified app at {host}" in words(page)
    assert "Nobody has registered this app" in words(page)
    assert 'value="email"' not in page.text  # our ceiling is the profile alone
    partner = asking.connect()
    assert (partner.scopes_allowed, partner.actions_allowed) == (["profile"], ["partner.payment"])
    assert (partner.profile, partner.owner, partner.name) == (Profile.AGENT_APP, None, f"Kettle Bot ({host})")
    assert Site.asked == 1  # and not again while it is fresh
    assert f"Unverified app at {host}" in words(asking.world.browser.get("/connected-apps/"))
    resource = asking.world.api
    assert "invalid_target" in asking.ask(resource=[resource, f"{resource}/other"])["Location"]
    Resource.objects.update(for_unregistered=False)
    assert "invalid_target" in asking.ask()["Location"]


def test_only_because_of_who_is_signed_in(asking: Asking) -> None:
    assert asking.ask(Client())["Location"].startswith("/sign-in/")
    assert Site.asked == 0
    pushed = Client().post("/oauth/par/", {"client_id": asking.url, "redirect_uri": BACK, "response_type": "code"})
    assert pushed.status_code == 401
    assert (Site.asked, Partner.objects.filter(client_id=asking.url).exists()) == (0, False)


@pytest.mark.parametrize(
    "served",
    [
        {"status": 404},
        {"status": 302},
        {"status": 500},
        {"kind": "text/html"},
        {"client_id": "https://agent.example/other.json"},
        {"client_name": "Shop"},  # whom customers know
        {"client_name": "x" * 5200},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://10.0.0.1/keys"},
        {"redirect_uris": ["https://elsewhere.example/back"]},
    ],
)
def test_what_cannot_be_read_is_nobody(asking: Asking, served: dict[str, Any]) -> None:
    asking.serve(**served)
    assert asking.ask().status_code == 400
    assert not Partner.objects.filter(client_id=asking.url).exists()


def test_not_too_often_and_one_at_a_time(asking: Asking) -> None:
    asking.serve(status=404)
    for _each in range(limits.current().unregistered_agents.per_host_per_minute):
        asking.ask()
    told, asked = asking.ask(), Site.asked
    assert "too often" in words(told)
    assert asked == limits.current().unregistered_agents.per_host_per_minute
    cache.clear()
    asking.serve()
    taken: list[str] = []
    real = cache.add

    def busy(key: str, *args: Any, **kwargs: Any) -> bool:
        taken.append(key)
        return not key.startswith("agent-document:") and real(key, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "add", busy)
        assert "too often" in words(asking.ask())
    assert (Site.asked, any(key.startswith("agent-document:") for key in taken)) == (0, True)


@pytest.mark.parametrize(
    ("control", "minutes"), [("", 60), ("max-age=60", 5), ("public, max-age=7200", 120), ("max-age=99999999", 1440)]
)
def test_for_how_long_it_is_fresh(asking: Asking, control: str, minutes: int) -> None:
    asking.serve(control=control)
    asking.ask()
    until = asking.partner.cimd_expires_at
    assert abs(until - clock.now() - timedelta(minutes=minutes)) < timedelta(seconds=30)


CHANGES: list[dict[str, Any]] = [
    {"client_name": "Kettle Bot Two"},
    {"redirect_uris": [BACK, "http://127.0.0.1/other"]},
    {"logo_uri": "https://agent.example/logo.png"},
]


def test_saying_something_else_it_is_another_whom_nobody_let_do_anything(asking: Asking) -> None:
    for changed in CHANGES:
        asking.serve()
        former = asking.connect()
        page = asking.ask(prompt="consent")
        asking.serve(**changed)
        Partner.objects.filter(pk=former.pk).update(cimd_expires_at=clock.now())
        assert asking.ask().status_code == 200  # asked anew
        assert asking.partner.pk != former.pk
        former.refresh_from_db()
        assert (former.is_enabled, former.retired_at is None) == (False, False)
        # Who still has the former's page open says yes to nobody.
        assert asking.world.agent.decide(page, scope=["profile"], **TERMS).status_code == 410
        assert tasks.end_retired() == 1
        assert not Consent.objects.live().filter(partner=former).exists()
        assert not Delegation.objects.live().filter(agent=former).exists()
        cache.clear()


def test_what_stays_the_same_stays_connected(asking: Asking) -> None:
    former = asking.connect()
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        asking.serve(control="max-age=7200", policy_uri="https://agent.example/policy")
        assert tasks.read_documents() == 0
        assert Site.asked == 1
        assert tasks.read_documents() == 0
        assert Site.asked == 1  # fresh
    assert (asking.partner, Consent.objects.live().filter(partner=former).count()) == (former, 1)


@pytest.mark.parametrize(
    ("served", "gone"), [({"status": 404}, 1), ({"status": 410}, 1), ({"client_secret": "s"}, 1), ({"status": 503}, 0)]
)
def test_gone_with_its_document_but_not_with_its_host(asking: Asking, served: dict[str, Any], gone: int) -> None:
    former = asking.connect()
    Partner.objects.filter(pk=former.pk).update(cimd_expires_at=clock.now())
    asking.serve(**served)
    assert tasks.read_documents() == gone
    former.refresh_from_db()
    assert former.is_enabled is not bool(gone)
    assert tasks.end_retired() == gone
    asking.serve()
    assert asking.ask().status_code == 200
    assert (asking.partner == former) is not bool(gone)


def test_switched_off_it_does_not_come_back_by_itself(asking: Asking, by: Actor) -> None:
    partner = asking.connect()
    partners.switch(partner, by=by, at=clock.now(), on=False)
    asking.serve(client_name="Kettle Bot Again")
    Partner.objects.filter(pk=partner.pk).update(cimd_expires_at=clock.now())
    assert asking.ask().status_code == 400
    agents.retire(partner, by=by, at=clock.now())
    assert asking.ask().status_code == 400
    assert (Site.asked, asking.partner) == (0, partner)


def test_with_keys_it_proves_itself_and_other_keys_are_another(asking: Asking) -> None:
    key = new_key()
    host = asking.url.removesuffix("/agent.json").replace("127.0.0.1", "localhost")
    url = f"{host}/agent.json"
    asking.url = url
    keyed: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "redirect_uris": [f"{host}/back"]}
    asking.serve(**keyed, jwks=key_set(key))
    assert asking.ask(redirect_uri=f"{host}/back").status_code == 200
    former = asking.partner
    assert [(each.kind, former.is_public) for each in former.credentials.all()] == [("keys", False)]
    asking.serve(**keyed, jwks=key_set(new_key()))
    Partner.objects.filter(pk=former.pk).update(cimd_expires_at=clock.now())
    asking.ask(redirect_uri=f"{host}/back")
    assert asking.partner != former


def test_off_by_policy_it_gets_no_token_and_does_nothing(asking: Asking) -> None:
    partner = asking.connect()
    assert partner.serves(User.objects.get(name="Rosa Lind").pk)
    allow(allowed=False)
    assert not partner.serves(asking.world.rosa.pk)
    form = {"grant_type": "authorization_code", "client_id": asking.url, "code": "x", "redirect_uri": BACK}
    assert asking.world.agent.machine.post("/oauth/token/", form).json()["error"] == "invalid_client"
