"""Grant Management for OAuth 2.0: the connection is the grant; its app asks about it, changes it, gives it up."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.oauth.models import AccessToken, RefreshToken, Resource
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.scopes import GRANT_QUERY, GRANT_REVOKE
from consent.models import Consent, ConsentEvent
from consent.records.policy import State
from tests import factories
from tests.oauth.test_details import OTHER, PAYMENT, open_bank
from tests.oauth.walk import ALL, Walk, answer, register, serve

pytestmark = pytest.mark.django_db
OFFLINE = "openid profile offline_access"


class Manager(Walk):
    """A partner that may manage its grants."""

    def __init__(self, browser: Client, name: str = "Bank", **said: Any) -> None:
        super().__init__(*register(name, scopes=(*ALL, GRANT_QUERY, GRANT_REVOKE), **said), browser)

    def path(self, grant: object) -> str:
        return f"/oauth/grants/{grant}"

    def token(self, scope: str) -> str:
        issued = self.post("/oauth/token/", {"grant_type": "client_credentials", "scope": scope}).json()
        return str(issued["access_token"])

    def query(self, path: str, scope: str = GRANT_QUERY) -> Any:
        return self.get(path, self.token(scope))

    def revoke(self, path: str, scope: str = GRANT_REVOKE) -> Any:
        return self.machine.delete(path, HTTP_AUTHORIZATION=f"Bearer {self.token(scope)}")

    def manage(self, action: str, grant: str, scope: str = "openid email", **more: Any) -> Any:
        return self.ask(scope, grant_management_action=action, grant_id=grant, **more)


@pytest.fixture
def bank(customer: User, sign_in: Callable[..., Client]) -> Manager:
    User.objects.update(name="Rosa Lind")
    return Manager(sign_in(customer))


@pytest.mark.control("GM-6.1", "GM-6.4")
def test_what_a_grant_holds(bank: Manager) -> None:
    tokens = bank.tokens("openid email offline_access")
    said = bank.query(bank.path(tokens["grant_id"])).json()
    assert said["scopes"] == [{"scope": "openid email offline_access"}]
    assert said["claims"] == ["email", "email_verified", "sub"]
    assert said["authorization_details"] == []
    assert said["created_at"] <= said["updated_at"]
    text = json.dumps(said)
    assert tokens["access_token"] not in text
    assert tokens["refresh_token"] not in text
    assert bank.refresh(tokens["refresh_token"]).json()["grant_id"] == tokens["grant_id"]


@pytest.mark.control("GM-6.3")
def test_only_its_app_with_the_right_token_reaches_a_grant(bank: Manager) -> None:
    tokens = bank.tokens("openid")
    path, other = bank.path(tokens["grant_id"]), Manager(bank.browser, "Other")
    for each in (path, bank.path(uuid4()), bank.path("nonsense")):
        assert other.query(each).json() == other.revoke(each).json() == bank.query(bank.path(uuid4())).json()
        assert other.query(each).status_code == other.revoke(each).status_code == 404
    assert bank.query(path, GRANT_REVOKE).status_code == bank.revoke(path, GRANT_QUERY).status_code == 403
    assert Client().get(path).status_code == 401
    assert bank.get(path, tokens["access_token"]).status_code == 401
    assert bank.machine.post(path).status_code == 405
    assert Consent.objects.live().count() == 1


@pytest.mark.control("GM-6.5")
def test_an_app_that_gives_a_grant_up(bank: Manager, customer: User, outbox: Callable[[], list[Any]]) -> None:
    tokens = bank.tokens(OFFLINE)
    path = bank.path(tokens["grant_id"])
    assert (bank.revoke(path).status_code, bank.revoke(path).status_code) == (204, 404)
    assert bank.query(path).status_code == 404
    assert bank.userinfo(tokens["access_token"]).status_code == 401
    assert bank.refresh(tokens["refresh_token"]).status_code == 400
    assert outbox()[-1].kind == "consent_withdrawn"
    last = ConsentEvent.objects.filter(subject=customer.pk).order_by("number").last()
    assert last is not None
    assert (last.state, last.by_kind) == (State.WITHDRAWN, "partner")
    assert AuditEntry.objects.get(name="consent.withdrawn").actor == bank.partner.pk


@pytest.mark.control("GM-5.1")
def test_merging_shows_and_holds_the_sum_and_ends_old_refresh_tokens(bank: Manager) -> None:
    old = bank.tokens(OFFLINE)
    page = bank.manage("merge", old["grant_id"])
    assert all(f'value="{name}"' in page.text for name in ("profile", "email", "offline_access"))
    new = bank.redeem(answer(bank.decide(page))["code"]).json()
    assert (new["grant_id"], new["scope"]) == (old["grant_id"], "openid profile email offline_access")
    assert bank.refresh(old["refresh_token"]).status_code == 400
    assert bank.userinfo(old["access_token"]).status_code == 200


@pytest.mark.control("GM-5.1")
def test_replacing_shrinks_and_says_so_and_ends_what_was_out(bank: Manager) -> None:
    old = bank.tokens(OFFLINE)
    assert answer(bank.manage("replace", old["grant_id"], prompt="none"))["error"] == "consent_required"
    page = bank.manage("replace", old["grant_id"])
    assert "What it gives up" in page.text
    assert "Your name" in page.text
    code = answer(bank.decide(page))["code"]
    assert not AccessToken.objects.filter(user__isnull=False).exists()
    assert not RefreshToken.objects.filter(revoked=None).exists()
    new = bank.redeem(code).json()
    assert (new["grant_id"], new["scope"]) == (old["grant_id"], "openid email")
    assert bank.query(bank.path(new["grant_id"])).json()["scopes"] == [{"scope": "openid email"}]
    assert bank.userinfo(old["access_token"]).status_code == 401


@pytest.mark.control("GM-5.1")
def test_replacing_replaces_where_it_may_be_used_and_says_so(bank: Manager) -> None:
    api = Walk(*register("Warehouse", profile=Profile.SERVICE))
    here, there = serve(api, bank), serve(api, bank, url="https://other.example/", name="Depot")
    held = bank.redeem(bank.code("openid profile", resource=[here, there]), resource=here).json()["grant_id"]
    asked = {"grant_management_action": "replace", "grant_id": held}
    assert answer(bank.ask("openid profile", resource=here, prompt="none", **asked))["error"] == "consent_required"
    page = bank.ask("openid profile", resource=here, **asked)
    given_up = page.text.split("What it gives up")[1]
    assert ("Depot" in given_up, "Warehouse" in given_up) == (True, False)
    assert answer(bank.decide(page))["code"]
    assert Consent.objects.live().get().resources == [here]
    changed = AuditEntry.objects.filter(name="consent.changed").latest("at")
    assert changed.data["resources_removed"] == [str(Resource.objects.get(url=there).pk)]
    assert answer(bank.ask("openid profile", resource=there, prompt="none"))["error"] == "consent_required"


@pytest.mark.control("GM-5.1")
def test_replacing_leaves_nothing_to_do_of_what_was_approved_before(
    customer: User, sign_in: Callable[..., Client]
) -> None:
    bank = open_bank(sign_in(customer), scopes=(*ALL, GRANT_QUERY))
    old = bank.approved(PAYMENT)["grant_id"]

    def approved() -> list[str]:
        held = bank.post("/oauth/token/", {"grant_type": "client_credentials", "scope": GRANT_QUERY}).json()
        said = bank.get(f"/oauth/grants/{old}", held["access_token"]).json()
        return [each["creditorName"] for each in said["authorization_details"]]

    assert approved() == [PAYMENT["creditorName"]]
    new = bank.approved(OTHER, grant_management_action="replace", grant_id=old)
    assert (new["grant_id"], approved()) == (old, [OTHER["creditorName"]])


@pytest.mark.control("GM-5.1")
def test_a_fresh_grant_takes_the_place_of_the_former(bank: Manager, outbox: Callable[[], list[Any]]) -> None:
    old = bank.tokens(OFFLINE)
    new = bank.tokens("openid", grant_management_action="create")
    assert new["grant_id"] != old["grant_id"]
    assert bank.query(bank.path(old["grant_id"])).status_code == 404
    assert bank.refresh(old["refresh_token"]).status_code == 400
    assert Consent.objects.live().get().scopes == ["openid"]
    assert "consent_withdrawn" not in [mail.kind for mail in outbox()]


@pytest.mark.control("GM-5.1")
@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"grant_management_action": "merge"}, "invalid_request"),
        ({"grant_management_action": "replace"}, "invalid_request"),
        ({"grant_management_action": "create", "grant_id": "mine"}, "invalid_request"),
        ({"grant_id": "mine"}, "invalid_request"),
        ({"grant_management_action": "update", "grant_id": "mine"}, "invalid_request"),
        ({"grant_management_action": "merge", "grant_id": "nonsense"}, "invalid_grant_id"),
        ({"grant_management_action": "replace", "grant_id": "theirs"}, "invalid_grant_id"),
        ({"grant_management_action": "merge", "grant_id": "another's"}, "invalid_grant_id"),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    bank: Manager, sign_in: Callable[..., Client], said: dict[str, str], error: str
) -> None:
    known = {"mine": bank.tokens("openid")["grant_id"]}
    known["theirs"] = Manager(bank.browser, "Other").tokens("openid")["grant_id"]
    mine, bank.browser = bank.browser, sign_in(factories.customer(), on=Client())
    known["another's"] = bank.tokens("openid")["grant_id"]
    bank.browser = mine
    said = said | {name: known.get(value, value) for name, value in said.items()}
    assert answer(bank.ask("openid", **said))["error"] == error
    assert Consent.objects.live().count() == 3


@pytest.mark.control("GM-5.1")
def test_who_cannot_prove_who_it_is_manages_none(public: Walk) -> None:
    tokens = public.tokens("openid")
    assert "grant_id" not in tokens
    grant = str(Consent.objects.get().pk)
    asked = public.ask("openid", grant_management_action="replace", grant_id=grant)
    assert answer(asked)["error"] == "invalid_request"
    assert Profile(public.partner.profile).rules.public
