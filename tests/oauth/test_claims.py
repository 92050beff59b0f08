"""Fields by name: the claims parameter (OpenID Connect Core section 5.5), within what the customer allows."""

import json
import re
from typing import Any

import pytest

from accounts.models import User
from ciam_portal.core.policy.assurance import Level
from ciam_portal.oauth import claims
from ciam_portal.oauth.models import Partner, RefreshToken
from consent.models import Consent
from tests.oauth.walk import Walk, payload, register

pytestmark = pytest.mark.django_db
NAME = "Rosa Lind"


@pytest.fixture(autouse=True)
def _rosa(customer: User) -> None:
    User.objects.update(name=NAME, phone="+4930123456")


def named(**places: Any) -> str:
    return json.dumps({place: dict.fromkeys(names) for place, names in places.items()})


def fields(said: dict[str, Any]) -> set[str]:
    return set(said) & {"name", "locale", "zoneinfo", "email", "email_verified", "phone_number"}


@pytest.mark.control("OIDC-Core-5.4", "OIDC-Core-5.5")
@pytest.mark.parametrize("essential", [None, {"essential": True}, {"essential": False}, {"value": "other"}, 7])
def test_oidcc_claims_essential(walk: Walk, essential: Any) -> None:
    asked = json.dumps({"userinfo": {"name": essential}})
    issued = walk.tokens("openid", claims=asked)
    assert walk.userinfo(issued["access_token"]).json()["name"] == NAME
    assert fields(walk.userinfo(issued["access_token"]).json()) == {"name"}
    assert fields(payload(issued["id_token"])) == set()
    assert issued["scope"] == "openid"


def test_each_place_has_its_own_and_no_more(walk: Walk) -> None:
    asked = named(userinfo=["email"], id_token=["phone_number", "auth_time", "flavor"])
    issued = walk.tokens("openid profile", claims=asked)
    assert fields(walk.userinfo(issued["access_token"]).json()) == {"name", "locale", "email"}
    assert fields(payload(issued["id_token"])) == {"phone_number"}
    assert fields(walk.get("/api/profile", issued["access_token"]).json()["subject"]) == {"name", "locale"}


def test_the_consent_page_asks_for_them(walk: Walk, customer: User) -> None:
    page = walk.ask("openid", claims=named(userinfo=["email"], id_token=["name"]))
    assert customer.email in page.text
    assert re.findall(r'name="scope" value="([a-z]+)"', page.text) == ["profile", "email"]
    issued = walk.redeem(walk.decide(page, scope=["email"])["Location"].split("code=")[1].split("&")[0]).json()
    assert fields(walk.userinfo(issued["access_token"]).json()) == {"email"}
    assert fields(payload(issued["id_token"])) == set()
    assert Consent.objects.get().declined == ["profile"]
    assert walk.ask("openid", claims=named(userinfo=["email"])).status_code == 303  # allowed: not asked again
    assert walk.ask("openid", claims=named(userinfo=["phone_number"])).status_code == 200


def test_what_was_taken_back_is_released_no_more(walk: Walk) -> None:
    issued = walk.tokens("openid offline_access", claims=named(userinfo=["email"], id_token=["email"]))
    again = walk.refresh(issued["refresh_token"]).json()
    assert fields(payload(again["id_token"])) == fields(walk.userinfo(again["access_token"]).json()) == {"email"}
    Consent.objects.update(scopes=["openid", "offline_access"])
    assert fields(walk.userinfo(again["access_token"]).json()) == set()
    assert fields(payload(walk.refresh(again["refresh_token"]).json()["id_token"])) == set()
    assert set(RefreshToken.objects.values_list("named", flat=True)[0]) == {"userinfo:email", "id_token:email"}


def test_a_partner_names_nothing_above_its_ceiling(walk: Walk) -> None:
    small = Walk(*register("Small", scopes=("openid", "email")), walk.browser)
    issued = small.tokens("openid", claims=named(userinfo=["email", "name"]))
    assert fields(small.userinfo(issued["access_token"]).json()) == {"email"}
    Partner.objects.filter(pk=small.partner.pk).update(scopes_allowed=["openid"])  # as staff may at any time
    assert fields(small.userinfo(issued["access_token"]).json()) == set()


READ: list[tuple[str, Any]] = [
    ("", ({}, {})),
    ("{}", ({}, {})),
    ('{"userinfo": null, "id_token": null}', ({}, {})),
    ('{"userinfo": {"email": null}, "flavor": 3}', ({"email": None}, {})),
    ("{", None),
    ("[]", None),
    ("null", None),
    ('{"id_token": 3}', None),
    ('{"userinfo": []}', ({}, {})),
    ('{"userinfo": ["email"]}', None),
    ("[" * 2000, None),
]


@pytest.mark.parametrize(("text", "said"), READ)
def test_it_is_read_or_refused(text: str, said: Any) -> None:
    found = claims.read(text)
    assert (found and (found.userinfo, found.id_token)) == said


LEVELS: list[tuple[Any, str, tuple[Level | None, bool]]] = [
    (None, "", (None, False)),
    (None, "aal2 aal1", (Level.AAL1, False)),
    (None, "x", (None, False)),
    ({"values": ["aal2"]}, "aal1", (Level.AAL2, False)),
    ({"value": "aal2", "essential": True}, "aal1", (Level.AAL2, True)),
    ({"essential": True}, "aal2", (None, True)),
    ({"essential": True, "values": ["urn:x"]}, "aal2", (None, True)),
    ({"essential": "yes", "values": 3}, "aal2", (Level.AAL2, False)),
    (3, "aal2", (Level.AAL2, False)),
]


@pytest.mark.parametrize(("acr", "acr_values", "level"), LEVELS)
def test_the_claim_says_more_of_acr_than_the_parameter(acr: Any, acr_values: str, level: Any) -> None:
    assert claims.Wanted({}, {"acr": acr}).level(acr_values) == level
