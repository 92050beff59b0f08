"""A service asks before it uses data: each subject's answer, each refusal by name, and all of it in the ledger."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError
from django.test import Client

from accounts.models import User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.oauth import partners
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import AccessToken, Partner
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.subjects import pairwise, subject
from consent.data_use import flows
from consent.data_use.shapes import MOST
from consent.models import Consent, Purpose, PurposeVersion, Use
from consent.records.policy import Says
from consent.use import lines
from consent.use.policy import Rests
from tests import factories
from tests.conftest import NOON
from tests.consent.data_use.conftest import PATH, Service
from tests.consent.records import world
from tests.consent.records.world import edit
from tests.oauth.keyed import key_set, new_key
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db
Say = Callable[..., object]
PARTLY = {"permitted": ["email"], "withheld": {"name": "use_not_covered"}}
"""What a yes to the news covers, of name and address: the name is asked for by itself."""


def withheld(reason: str, *categories: str) -> dict[str, Any]:
    return {"permitted": [], "withheld": dict.fromkeys(categories or ("email", "name"), reason)}


def ledger(service: Service) -> Counter[tuple[str, str, str]]:
    """What stands in it of this service: purpose, categories, reason."""
    found: Counter[tuple[str, str, str]] = Counter()
    for row in Use.objects.filter(partner=service.partner.pk, way="data_use"):
        found[row.purpose, " ".join(row.categories), row.reason] += row.times
    return found


def test_a_yes_is_what_may_be_used_and_stands_in_the_ledger(
    service: Service, customer: User, sub: str, say: Say
) -> None:
    assert service.answers(sub) == {sub: withheld("use_never_asked")}
    say(Says.YES)
    token = service.token()
    answer = service.asks(sub, token=token, categories=["name", "email"])
    assert answer.json() == {
        "purpose": "product_news",
        "subjects": {sub: PARTLY},
    }
    assert answer["Cache-Control"] == "no-store"
    used = Use.objects.get(partner=service.partner.pk, result="allowed")
    assert (used.customer, used.purpose, used.categories, used.event) == (
        customer.pk, "product_news", ["email"], 2
    )  # fmt: skip
    say(Says.NO)
    assert service.answers(sub, token=token) == {sub: withheld("use_withdrawn")}
    assert ledger(service) == {
        ("product_news", "email name", "use_never_asked"): 1,
        ("product_news", "email", ""): 1,
        ("product_news", "name", "use_not_covered"): 1,
        ("product_news", "email name", "use_withdrawn"): 1,
    }


def test_what_the_customer_reads_of_it_leads_to_what_they_said(
    service: Service, sub: str, say: Say, client: Client
) -> None:
    say(Says.YES)
    service.answers(sub)
    page = client.get("/who-used-my-data/", {"who": str(service.partner.pk)}).text
    assert "Newsroom: Send you news" in page
    assert "/privacy-choices/#product_news" in page
    assert "Disconnect" not in page
    assert "Not connected now" not in page


def test_an_auditor_traces_it_to_what_was_said_to_us(
    service: Service, customer: User, sub: str, say: Say, by: Actor
) -> None:
    """Before anything was said about what needs no yes, under a yes, and nothing of it is anybody else's answer."""
    service.answers(sub, purpose="improve_service", categories=["device"])
    say(Says.YES)
    service.answers(sub, categories=["email"])
    say(Says.NO, "improve_service")
    traces = lines.traced(lines.traceable(Use.objects.filter(partner=service.partner.pk).order_by("purpose")))
    assert [(each.use.purpose, each.rests) for each in traces] == [
        ("improve_service", Rests.ON_NO_YES),
        ("product_news", Rests.ON_A_YES),
    ]
    assert traces[0].replaced_at is not None


def test_one_name_for_each_of_a_batch_and_none_tells_why_it_is_unknown(
    service: Service, customer: User, sub: str, say: Say
) -> None:
    """Made up, gone, and another sector's: one answer, nothing released, and the others get theirs."""
    say(Says.YES)
    gone = factories.customer()
    shop = Partner.objects.get(name="Shop")
    their = subject(shop, gone.pk)
    made = {"scopes": ["openid"], "given_at": NOON, "changed_at": NOON}
    Consent.objects.create(customer=gone, partner=shop, sub=their, **made)
    assert service.answers(their)[their]["withheld"]["email"] == "use_never_asked"
    gone.delete()
    elsewhere, _secret = register("Elsewhere", sector="elsewhere.example")
    foreign = subject(elsewhere, customer.pk)
    Consent.objects.create(customer=customer, partner=elsewhere, sub=foreign, **made)
    unknown = (pairwise("shop.example", uuid4()), their, foreign, str(customer.pk), "x")
    found = service.answers(*unknown, sub)
    assert found == {name: withheld("use_unknown_subject") for name in unknown} | {sub: PARTLY}
    assert list(found) == [*unknown, sub]
    assert ledger(service)["product_news", "email name", "use_unknown_subject"] == len(unknown)
    assert Use.objects.filter(partner=service.partner.pk, customer=customer.pk).count() == 2


def test_a_customer_who_has_disconnected_the_shop_is_still_one_of_ours(service: Service, sub: str, say: Say) -> None:
    say(Says.YES)
    Consent.objects.update(ended_at=NOON, given_at=NOON)
    assert service.answers(sub) == {sub: PARTLY}


def test_a_service_with_public_subjects_names_customers_by_their_id(customer: User, say: Say) -> None:
    service, name = Service(public_subjects=True), str(customer.pk)
    say(Says.YES)
    found = service.answers(name, name.upper(), "x" * 36, str(uuid4()))
    assert [each["permitted"] for each in found.values()] == [["email"], [], [], []]


def paused(customer: User, say: Say) -> None:
    User.objects.filter(pk=customer.pk).update(is_active=False)


def drafted(customer: User, say: Say) -> None:
    terms = PurposeVersion.objects.get(purpose__key="product_news").terms()
    made = PurposeVersion(purpose=Purpose.objects.create(key="loyalty", made_at=NOON), number=1, state="draft")
    made.write({"en": {"title": "Loyalty", "words": "For points."}}, terms, None, NOON, is_material=True)


@pytest.mark.parametrize(
    ("happens", "purpose", "reason"),
    [
        (paused, "product_news", "use_account_not_open"),
        (lambda *_: world.rewritten("product_news"), "product_news", "use_asked_anew"),
        (lambda *_: world.retired("product_news"), "product_news", "purpose_retired"),
        (lambda *_: edit("valid_for_days = 9999 WHERE state = 'active'"), "product_news", "purpose_edited"),
        (drafted, "loyalty", "purpose_not_active"),
        (lambda *_: None, "product_mews", "purpose_unknown"),
        (lambda *_: None, "research", "use_not_its_purpose"),
        (lambda _customer, say: say(Says.NO, "improve_service"), "improve_service", "use_objected"),
    ],
)
def test_each_refusal_has_its_reason_in_the_answer_and_in_the_ledger(
    service: Service, customer: User, sub: str, say: Say, happens: Callable[..., object], purpose: str, reason: str
) -> None:
    say(Says.YES)
    happens(customer, say)
    assert service.answers(sub, purpose=purpose, categories=["behavior", "email"]) == {
        sub: withheld(reason, "behavior", "email")
    }
    assert ledger(service) == {(purpose, "behavior email", reason): 1}
    assert Use.objects.get(partner=service.partner.pk).customer == customer.pk


def test_what_protects_the_customer_needs_no_yes(service: Service, customer: User, sub: str) -> None:
    paused(customer, lambda: None)
    found = service.answers(sub, purpose="security_notices", categories=["email"])
    assert found == {sub: {"permitted": ["email"], "withheld": {}}}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"subjects": []}, "invalid_length"),
        ({"subjects": ["a", "b", "a"]}, "duplicate_value"),
        ({"subjects": [f"s{number}" for number in range(MOST + 1)]}, "invalid_length"),
        ({"subjects": ["x" * 65]}, "invalid_length"),
        ({"subjects": ["a b"]}, "invalid_value"),
        ({"subjects": [1]}, "invalid_type"),
        ({"subjects": "a"}, "invalid_type"),
        ({"categories": []}, "invalid_length"),
        ({"categories": ["email", "email"]}, "duplicate_value"),
        ({"categories": ["shoe_size"]}, "invalid_value"),
        ({"purpose": "Product news"}, "invalid_value"),
        ({"purpose": None}, "invalid_type"),
        ({"force": True}, "unknown_member"),
    ],
)
def test_what_cannot_be_read_is_refused_whole(service: Service, changed: dict[str, Any], code: str) -> None:
    answer = service.asks("a", **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, code)
    assert not Use.objects.exists()


@pytest.mark.parametrize(
    ("sent", "kind", "status"),
    [
        ("{", "application/json", 400),
        ('{"purpose": "a", "purpose": "b"}', "application/json", 400),
        ("{}", "text/plain", 415),
        (" " * (2**20 + 1), "application/json", 413),
    ],
)
def test_what_is_no_json_of_ours_is_refused(service: Service, sent: str, kind: str, status: int) -> None:
    answer = service.machine.post(PATH, sent, content_type=kind, HTTP_AUTHORIZATION=f"Bearer {service.token()}")
    assert answer.status_code == status
    assert answer.json()["error"]


def test_a_whole_batch_takes_as_many_statements_as_one(
    service: Service, sub: str, say: Say, django_assert_max_num_queries: Any
) -> None:
    say(Says.YES)
    token = service.token()
    for made_up in (0, MOST - 1):
        with django_assert_max_num_queries(3) as asked:
            found = service.answers(sub, *(f"s{number}" for number in range(made_up)), token=token)
        assert len(asked) == 3
        assert len(found) == 1 + made_up
    with django_assert_max_num_queries(5):  # the purpose is looked for once, however many it is wanted of
        service.answers(*(f"s{number}" for number in range(50)), token=token, purpose="product_mews")


def test_without_its_line_in_the_ledger_nothing_may_be_used(
    service: Service, sub: str, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(Says.YES)

    def full(*_args: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr("consent.ledger.models.UseQuerySet.note", full)
    with pytest.raises(DatabaseError):
        service.asks(sub)


# --- who may ask


def refused(answer: Any) -> tuple[int, str]:
    assert not Use.objects.filter(way="data_use").exists()
    return answer.status_code, answer.json()["error"]


def test_a_customers_token_opens_nothing_here(service: Service, customer: User, sign_in: Callable[..., Client]) -> None:
    shop = Walk(*register(), sign_in(customer))
    token = shop.tokens("openid profile")["access_token"]
    assert refused(service.asks("x", token=token)) == (401, "invalid_token")
    assert refused(service.asks("x", token="made-up")) == (401, "invalid_token")
    assert service.machine.post(PATH).status_code == 401
    assert service.machine.get(PATH).status_code == 405


def test_a_token_that_is_bound_to_a_key_opens_nothing_without_it(service: Service) -> None:
    token = service.token()
    AccessToken.objects.update(jkt="a" * 43)
    assert refused(service.asks("x", token=token)) == (401, "invalid_token")


def test_a_token_for_something_else_opens_nothing_here(service: Service) -> None:
    Partner.objects.update(scopes_allowed=["data.use", "ssf.read"])
    assert refused(service.asks("x", token=service.token("ssf.read"))) == (403, "insufficient_scope")


def test_what_is_taken_away_ends_with_the_next_question(service: Service, sub: str, say: Say) -> None:
    say(Says.YES)
    token = service.token()
    service.let("improve_service")
    assert service.answers(sub, token=token) == {sub: withheld("use_not_its_purpose")}
    service.let()
    answer = service.asks(sub, token=token)
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    Partner.objects.update(scopes_allowed=["data.use"])
    answer = service.asks(sub, token=token)
    assert (answer.status_code, answer.json()["error"]) == (403, "not_registered")
    partners.switch(service.partner, on=False, by=Actor.system(), at=NOON)
    assert service.asks(sub, token=token).status_code == 401


def test_one_too_many_in_a_minute(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    token = service.token()
    running = limits.current()
    tight = replace(running, consent=replace(running.consent, uses_per_minute=1))
    monkeypatch.setattr(limits, "current", lambda: tight)
    assert service.asks("x", token=token).status_code == 200
    answer = service.asks("x", token=token)
    assert (answer.status_code, answer.json()["error"]) == (429, "too_many_requests")
    assert int(answer["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("said", "purposes", "words"),
    [
        ({}, ("product_mews",), "Unknown purpose: product_mews"),
        ({"profile": Profile.BROWSER}, ("product_news",), "public"),
        ({"profile": Profile.AGENT, "maker": "Robots Ltd", "scopes": ("profile",), "jwks": key_set(new_key())},
         ("product_news",), "agent"),
        ({"environment": Environment.SANDBOX, "redirect_uris": ("https://sandbox.example/cb",),
          "post_logout_redirect_uris": (), "scopes": ("openid",)}, ("product_news",), "sandbox"),
    ],
)  # fmt: skip
def test_who_cannot_be_a_service(said: dict[str, Any], purposes: tuple[str, ...], words: str) -> None:
    partner, _secret = register(**said)
    with pytest.raises(partners.Unacceptable, match=words):
        flows.let_use(partner, purposes, by=Actor.system(), at=NOON)
    flows.let_use(partner, (), by=Actor.system(), at=NOON)
    partner.refresh_from_db()
    assert (partner.data_purposes, "data.use" in partner.scopes_allowed) == ([], False)


def test_an_app_that_customers_sign_in_to_can_be_one_too(
    customer: User, sign_in: Callable[..., Client], say: Say
) -> None:
    shop = Walk(*register(), sign_in(customer))
    sub = shop.userinfo(shop.tokens("openid")["access_token"]).json()["sub"]
    say(Says.YES)
    service = Service.__new__(Service)
    Walk.__init__(service, shop.partner, shop.secret)
    service.let("product_news")
    assert service.answers(sub) == {sub: PARTLY}
