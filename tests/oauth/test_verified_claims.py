"""Verified claims (OpenID Connect for Identity Assurance): what counts, what was asked, what is allowed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import IdentityEvidence, User
from accounts.proofing import facts as proofing
from accounts.proofing.shapes import Document, Pathway, Shown, Strength
from ciam_portal.core import clock
from ciam_portal.oauth import claims, verified
from ciam_portal.oauth.models import AccessToken
from consent.models import Consent, Use
from consent.use import identity
from tests.oauth.walk import Walk, answer, payload, register

NOON, BORN = datetime(2026, 11, 28, 12, tzinfo=UTC), date(1986, 12, 9)
PASSPORT = Shown("Grace Hopper", BORN, Document.PASSPORT, "US", "", Strength.STRONG, Pathway.ONSITE)
WALLET = replace(
    PASSPORT, document=Document.CREDENTIAL, issuer="https://issuer.example", pathway=Pathway.REMOTE_UNATTENDED
)
HOW = {"trust_framework": None, "assurance_level": None, "time": None}
SAID = {"name": "Grace Hopper", "birthdate": "1986-12-09"}
SCOPES = ("openid", "profile", "identity", "identity_evidence", "offline_access")


def asks(verification: Any = HOW, wanted: Any = SAID, **changed: Any) -> dict[str, Any]:
    return {"verification": verification, "claims": dict.fromkeys(wanted)} | changed


def parameter(*asked: Any, place: str = "userinfo") -> str:
    return json.dumps({place: {"verified_claims": asked[0] if len(asked) == 1 else asked}})


def show(customer: User, shown: Shown = PASSPORT, **changed: Any) -> IdentityEvidence:
    """What they have shown, as a provider's answer leaves it."""
    now = clock.now()
    row = IdentityEvidence(
        customer=customer, provider="attended", document=shown.document, issuer=shown.issuer, strength=shown.strength,
        pathway=shown.pathway, person=proofing.person_of(shown), waits=False, given_at=now,
        expires_at=now + timedelta(days=300),
    )  # fmt: skip
    row.sealed = proofing.sealed(shown, row.context)
    for name, value in changed.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return row


@pytest.fixture
def grace(customer: User) -> User:
    User.objects.filter(pk=customer.pk).update(name="grace hopper")
    customer.refresh_from_db()
    return customer


@pytest.fixture
def shop(grace: User, sign_in: Callable[..., Client]) -> Walk:
    return Walk(*register(scopes=SCOPES), sign_in(grace))


def told(walk: Walk, issued: dict[str, Any]) -> Any:
    response = walk.userinfo(issued["access_token"])
    assert response.status_code == 200
    return response.json().get("verified_claims")


# --- asked for and told


@pytest.mark.django_db
def test_the_scope_opens_what_was_shown_and_the_other_one_how(shop: Walk, grace: User) -> None:
    row = show(grace)
    how = {"trust_framework": settings.PUBLIC_URL, "assurance_level": "document"}
    how |= {"time": row.given_at.isoformat(timespec="seconds")}
    issued = shop.tokens("openid identity")
    assert told(shop, issued) == {"verification": how, "claims": SAID}
    assert "verified_claims" not in payload(issued["id_token"])
    more = told(shop, shop.tokens("openid identity identity_evidence"))
    assert more["verification"] == how | {
        "evidence": [
            {
                "type": "document",
                "check_details": [{"check_method": "vpip"}, {"check_method": "pvp"}],
                "document_details": {"type": "passport", "issuer": {"country_code": "US"}},
            }
        ]
    }
    assert told(shop, shop.tokens("openid identity_evidence")) is None


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["userinfo", "id_token"])
def test_the_parameter_names_single_ones(shop: Walk, grace: User, place: str) -> None:
    show(grace)
    wanted = parameter(asks({"trust_framework": None}, ["birthdate", "flavor"]), place=place)
    issued = shop.tokens("openid", claims=wanted)
    there = {"userinfo": told(shop, issued), "id_token": payload(issued["id_token"]).get("verified_claims")}
    other = "id_token" if place == "userinfo" else "userinfo"
    assert there[other] is None
    assert there[place] == {
        "verification": {"trust_framework": settings.PUBLIC_URL},
        "claims": {"birthdate": "1986-12-09"},
    }


@pytest.mark.django_db
def test_it_lives_as_long_as_the_grant(shop: Walk, grace: User) -> None:
    row = show(grace)
    wanted = parameter(asks(HOW | {"evidence": [{"type": {"value": "document"}}]}), place="id_token")
    first = shop.tokens("openid offline_access", claims=wanted)
    assert payload(first["id_token"])["verified_claims"]["verification"]["evidence"] == [{"type": "document"}]
    row.delete()
    again = shop.refresh(first["refresh_token"]).json()
    assert "verified_claims" not in payload(again["id_token"])


@pytest.mark.django_db
def test_several_requests_and_several_pieces(shop: Walk, grace: User) -> None:
    show(grace, given_at=clock.now() - timedelta(days=40))
    show(grace, WALLET, provider="wallet")
    by = [asks({"trust_framework": None, "evidence": [{"type": {"value": kind}}]}) for kind in ("document", "vouch")]
    assert told(shop, shop.tokens("openid", claims=parameter(*by)))["verification"]["evidence"] == [
        {"type": "document"}
    ]
    by[1]["verification"]["evidence"] = [{"type": {"value": "vouch"}}, {"type": {"value": "electronic_record"}}]
    found = told(shop, shop.tokens("openid", claims=parameter(*by)))
    assert [each["verification"]["evidence"][0]["type"] for each in found] == ["document", "electronic_record"]
    lately = asks(HOW | {"time": {"max_age": 86_400}})
    assert told(shop, shop.tokens("openid", claims=parameter(lately)))["claims"] == SAID
    record = {"type": "digital_id", "source": {"name": "https://issuer.example"}}
    wanted = parameter(
        asks({"trust_framework": None, "evidence": [{"type": {"value": "electronic_record"}, "record": None}]})
    )
    assert told(shop, shop.tokens("openid", claims=wanted))["verification"]["evidence"][0]["record"] == record


# --- not told

GONE: list[tuple[str, Any]] = [
    ("waits for staff", {"waits": True}),
    ("has expired", {"given_at": NOON - timedelta(days=900), "expires_at": NOON - timedelta(days=400)}),
    ("is not enough", {"strength": Strength.FAIR}),
    ("was removed", None),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("why", "changed"), GONE, ids=[why for why, _changed in GONE])
def test_what_does_not_count_is_gone_at_the_next_call(shop: Walk, grace: User, why: str, changed: Any) -> None:
    row = show(grace)
    issued = shop.tokens("openid identity")
    assert told(shop, issued)["claims"] == SAID
    if changed is None:
        row.delete()
    else:
        IdentityEvidence.objects.update(**changed)
    assert told(shop, issued) is None


@pytest.mark.django_db
def test_a_name_that_was_changed_since_is_not_told(shop: Walk, grace: User) -> None:
    show(grace)
    issued = shop.tokens("openid identity")
    User.objects.filter(pk=grace.pk).update(name="Grace Murray")
    assert told(shop, issued)["claims"] == {"birthdate": "1986-12-09"}
    only = shop.tokens("openid", claims=parameter(asks(HOW, ["name"])))
    assert told(shop, only) is None
    User.objects.filter(pk=grace.pk).update(name="Hopper, Gráce")  # as people write names
    assert told(shop, only)["claims"] == {"name": "Grace Hopper"}


@pytest.mark.django_db
def test_only_while_the_customer_allows_it(shop: Walk, grace: User) -> None:
    show(grace)
    issued = shop.tokens("openid profile identity offline_access")
    Consent.objects.update(scopes=["openid", "profile", "offline_access"])
    assert told(shop, issued) is None
    assert told(shop, shop.refresh(issued["refresh_token"]).json()) is None


@pytest.mark.django_db
def test_evidence_is_allowed_by_itself(shop: Walk, grace: User) -> None:
    show(grace)
    by = HOW | {"evidence": None}
    page = shop.ask("openid", claims=parameter(asks(by)))
    assert "grace hopper" not in page.text
    assert "Grace Hopper, 1986-12-09" in page.text
    assert "Passport" in page.text
    code = answer(shop.decide(page, scope=["identity"]))["code"]
    assert set(told(shop, shop.redeem(code).json())["verification"]) == set(HOW)
    kind = {"trust_framework": None, "evidence": [{"type": {"value": "document"}}]}
    page = shop.ask("openid", claims=parameter(asks(kind)), prompt="consent")
    refused = answer(shop.decide(page, scope=["identity"]))["code"]
    assert told(shop, shop.redeem(refused).json()) is None  # whether it is one is not told either


@pytest.mark.django_db
def test_a_partner_asks_within_its_ceiling(grace: User, sign_in: Callable[..., Client]) -> None:
    show(grace)
    small = Walk(*register("Small", scopes=("openid", "identity")), sign_in(grace))
    found = told(small, small.tokens("openid", claims=parameter(asks(HOW | {"evidence": None}))))
    assert set(found["verification"]) == set(HOW)
    none = Walk(*register("None", scopes=("openid",)), small.browser)
    assert told(none, none.tokens("openid identity", claims=parameter(asks()))) is None


@pytest.mark.django_db
def test_the_ledger_says_what_went_out(shop: Walk, grace: User) -> None:
    show(grace)
    told(shop, shop.tokens("openid identity identity_evidence"))
    row = Use.objects.get(purpose="identity")
    assert (row.categories, row.way, row.result) == (["document", "identity"], "userinfo", Use.Result.ALLOWED)


@pytest.mark.django_db
def test_the_page_of_an_app_says_what_it_sees(shop: Walk, grace: User) -> None:
    shop.tokens("openid identity")
    at = reverse("consent:detail", args=[Consent.objects.get().pk])
    assert "You have not shown who you are." in shop.browser.get(at).text
    show(grace)
    assert "Grace Hopper, 1986-12-09" in shop.browser.get(at).text


# --- how it is read

BAD: list[Any] = [
    None, 3, "x", [], {}, [None], [asks(), 3], {"claims": {"name": None}}, {"verification": HOW},
    asks({}), asks(3), asks(None), asks({"time": None}), asks(claims={}), asks(claims=["name"]), asks(claims=None),
    asks(claims={"name": 3}), asks(claims={"name": {"value": 3}}), asks({"trust_framework": 3}),
    asks({"trust_framework": {"value": None}}), asks({"trust_framework": {"values": "x"}}),
    asks({"trust_framework": {"values": [1]}}), asks({"trust_framework": {"max_age": 3}}),
    asks(HOW | {"time": {"max_age": -1}}), asks(HOW | {"time": {"max_age": "1"}}),
    asks(HOW | {"time": {"max_age": True}}),
    asks(HOW | {"evidence": []}), asks(HOW | {"evidence": {"type": None}}), asks(HOW | {"evidence": [None]}),
    asks(HOW | {"evidence": [{}]}), asks(HOW | {"evidence": [{"type": None}]}),
    asks(HOW | {"evidence": [{"type": {"values": ["document"]}}]}), asks(HOW | {"evidence": [{"type": {"value": 3}}]}),
    asks(HOW | {"a": {"b": {"c": {"d": {"e": {"f": {"g": {}}}}}}}}), asks(HOW | {"assurance_process": [None]}),
]  # fmt: skip


@pytest.mark.parametrize("said", BAD)
def test_a_request_that_says_nothing_is_refused(said: Any) -> None:
    with pytest.raises(verified.Unreadable):
        claims.read(json.dumps({"id_token": {"verified_claims": said}}))


@pytest.mark.django_db
def test_it_is_refused_at_the_endpoint(shop: Walk) -> None:
    said = answer(shop.ask("openid", claims=parameter(asks(claims={}))))
    assert (said["error"], said["error_description"]) == ("invalid_request", "verified_claims has no claims")
    long = asks({"trust_framework": {"value": "x" * 2048}})
    assert answer(shop.ask("openid", claims=parameter(long)))["error"] == "invalid_request"
    odd = asks({"trust_framework": {"values": ['\ud800\x00"é' * 9, settings.PUBLIC_URL]}})
    issued = shop.tokens("openid", claims=parameter(odd))
    assert told(shop, issued) is None  # nothing was shown
    assert AccessToken.objects.get().named[0] == "userinfo:verified_claims"


ELEMENT: dict[str, Any] = {
    "verification": {
        "trust_framework": "https://id.example",
        "assurance_level": "document",
        "time": "2026-11-27T12:00:00+00:00",
        "evidence": [
            {
                "type": "document",
                "check_details": [{"check_method": "vri"}, {"check_method": "pvr"}],
                "document_details": {"type": "idcard", "issuer": {"country_code": "DE"}},
            }
        ],
    },
    "claims": SAID,
}
DAY = 86_400
MET: list[tuple[Any, bool]] = [
    ({"trust_framework": None}, True),
    ({"trust_framework": {}}, True),
    ({"trust_framework": {"essential": True, "purpose": "x"}}, True),
    ({"trust_framework": {"value": "https://id.example"}}, True),
    ({"trust_framework": {"value": "eidas"}}, False),
    ({"trust_framework": {"values": ["eidas", "https://id.example"]}}, True),
    ({"trust_framework": {"values": ["eidas"]}}, False),
    ({"trust_framework": {"values": []}}, False),
    ({"trust_framework": {"deep": None}}, True),
    ({"trust_framework": None, "assurance_level": {"value": "document"}}, True),
    ({"trust_framework": None, "assurance_level": {"value": "ial2"}}, False),
    ({"trust_framework": None, "time": {"max_age": DAY}}, True),
    ({"trust_framework": None, "time": {"max_age": DAY - 1}}, False),
    ({"trust_framework": None, "verification_process": None}, True),
    ({"trust_framework": None, "verification_process": {"value": "7"}}, False),
    ({"trust_framework": None, "assurance_process": {"policy": {"value": "gpg45"}}}, False),
    ({"trust_framework": None, "evidence": [{"type": {"value": "document"}}]}, True),
    ({"trust_framework": None, "evidence": [{"type": {"value": "vouch"}}]}, False),
    ({"trust_framework": None, "evidence": [{"type": {"value": "vouch"}}, {"type": {"value": "document"}}]}, True),
    ({"trust_framework": None, "evidence": [
        {"type": {"value": "document"}, "check_details": [{"check_method": {"value": "pvr"}}]}]}, True),
    ({"trust_framework": None, "evidence": [
        {"type": {"value": "document"}, "check_details": [{"check_method": {"value": "kbv"}}]}]}, False),
    ({"trust_framework": None, "evidence": [
        {"type": {"value": "document"}, "document_details": {"type": {"values": ["idcard", "passport"]}}}]}, True),
    ({"trust_framework": None, "evidence": [
        {"type": {"value": "document"}, "document_details": {"type": {"value": "passport"}}}]}, False),
    ({"trust_framework": None, "evidence": [
        {"type": {"value": "document"}, "document_details": {"value": "passport"}}]}, False),
]  # fmt: skip


@pytest.mark.parametrize(("verification", "is_met"), MET)
def test_what_the_verification_has_to_be(verification: Any, is_met: bool) -> None:
    (asked,) = verified.read(json.loads(json.dumps(asks(verification))))
    found = verified.met(asked, ELEMENT, NOON)
    assert (found is not None) is is_met
    if found is not None:
        assert found["claims"] == SAID
        assert found["verification"].keys() <= verification.keys()


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ({"name": {"value": "Grace Hopper"}, "birthdate": None}, {"name", "birthdate"}),
        ({"name": {"value": "Ada"}, "birthdate": None}, {"birthdate"}),
        ({"name": {"value": "Ada"}}, set()),
        ({"flavor": None}, set()),
        ({"name": {"essential": True}, "flavor": {"essential": True}}, {"name"}),
    ],
)
def test_a_claim_that_is_another_one_is_left_out(wanted: Any, there: set[str]) -> None:
    found = verified.met(asks(claims=wanted), ELEMENT, NOON)
    assert set(found["claims"] if found else ()) == there


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*ELEMENT["verification"], *verified.CLAIMS, "type", "value", "max_age"]), inner
        )
    ),
    max_leaves=12,
)


@given(verification=JSON, wanted=JSON)
def test_whatever_is_said_is_refused_or_answered_with_less(verification: Any, wanted: Any) -> None:
    try:
        (asked,) = verified.read({"verification": verification, "claims": wanted})
    except verified.Unreadable:
        return
    found = verified.met(asked, ELEMENT, NOON)
    if found is not None:
        assert found["claims"].items() <= SAID.items()
        assert found["verification"].keys() <= ELEMENT["verification"].keys() & verification.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("document", Document)
@pytest.mark.parametrize("pathway", Pathway)
def test_what_is_told_of_evidence_is_what_discovery_says(grace: User, document: Document, pathway: Pathway) -> None:
    show(grace, replace(PASSPORT, document=document, pathway=pathway))
    (element,) = identity.elements(grace, clock.now(), evidence=True)
    (evidence,) = element["verification"]["evidence"]
    if evidence["type"] == verified.DOCUMENT:
        assert evidence["document_details"]["type"] in verified.DOCUMENTS
    else:
        assert evidence["record"]["type"] in verified.RECORDS
    methods = {*verified.DOCUMENT_CHECKS, verified.RECORD_CHECK}
    assert {each["check_method"] for each in evidence["check_details"]} <= methods
