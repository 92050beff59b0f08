"""What partners prove themselves with: two at a time, each with an end, replaced with an overlap."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, Tally
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.oauth import partners
from ciam_portal.oauth.credentials import flows, policy, tasks
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.credentials.policy import Holding, Reason
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Profile
from tests import factories
from tests.at_once import PATIENCE, meanwhile, wait_until
from tests.conftest import NOON
from tests.oauth.keyed import Keyed, key_set, new_key
from tests.oauth.walk import Walk, owner, register

pytestmark = pytest.mark.django_db
ONE = Holding(is_public=False, keyed=False, others=1, is_secret=True)
ITSELF = {"grant_type": "client_credentials"}
BY = Actor.system()
TRIAL: dict[str, Any] = {
    "redirect_uris": ("https://shop.test/cb",),
    "post_logout_redirect_uris": (),
    "scopes": ("openid",),
}


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"others": 0}, Allow()),
        ({"others": 2}, Deny(Reason.TWO_LIVE)),
        ({"is_public": True}, Deny(Reason.HAS_NONE)),
        ({"keyed": True}, Deny(Reason.KEYS_ONLY)),
        ({"keyed": True, "is_secret": False}, Allow()),
    ],
)
def test_may_replace(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_replace(replace(ONE, **change), limits=limits.current(), at=NOON) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [({}, Allow()), ({"others": 0}, Deny(Reason.LAST_ONE)), ({"is_live": False}, Deny(Reason.OVER))],
)
def test_may_end(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_end(replace(ONE, **change), limits=limits.current(), at=NOON) == answer


@pytest.fixture
def till() -> Walk:
    return Walk(*register("Till", profile=Profile.SERVICE))


def opens(walk: Walk, secret: str | None = None) -> bool:
    answered = walk.post("/oauth/token/", ITSELF, HTTP_AUTHORIZATION=walk.basic(secret))
    assert answered.status_code == 200 or (answered.status_code, answered.json()["error"]) == (401, "invalid_client")
    return bool(answered.status_code == 200)


def again(walk: Walk, **more: Any) -> str:
    return flows.replace(walk.partner, flows.SECRET, by=BY, at=clock.now(), **more)[1]


def test_a_secret_ends_after_ninety_days(till: Walk) -> None:
    with time_machine.travel(clock.now() + timedelta(days=89, hours=23)):
        assert opens(till)
    with time_machine.travel(clock.now() + timedelta(days=90)):
        assert not opens(till)
        assert till.post("/oauth/introspect/", {"token": "x"}).status_code == 401
        assert till.post("/oauth/par/", {}).status_code == 401
        assert opens(till, again(till))  # a way back: staff, or its owner


def test_keys_end_too() -> None:
    bank = Keyed(profile=Profile.SERVICE, scopes=(), redirect_uris=(), post_logout_redirect_uris=())
    assert bank.post("/oauth/introspect/", {"token": "x"}).status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=365)):
        assert bank.post("/oauth/introspect/", {"token": "x"}).status_code == 401


def test_both_do_until_the_former_one_dies_by_itself(till: Walk) -> None:
    new = again(till)
    assert opens(till)
    assert opens(till, new)
    with pytest.raises(Refused, match="two_live"):
        again(till)
    with time_machine.travel(clock.now() + timedelta(hours=24)):
        assert not opens(till)
        assert opens(till, new)
        assert opens(till, again(till))
    assert AuditEntry.objects.filter(name="partner.credential_made").count() == 2
    assert new not in str(list(AuditEntry.objects.values("data")))


def test_one_that_others_have_seen_ends_at_once(till: Walk) -> None:
    lost = again(till)
    new = again(till, at_once=True)
    assert [opens(till), opens(till, lost), opens(till, new)] == [False, False, True]


def test_one_of_two_can_be_ended_and_never_the_last(till: Walk) -> None:
    lost = again(till)
    first, second = till.partner.credentials.order_by("made_at")
    flows.end(second, by=BY, at=clock.now())
    assert [opens(till), opens(till, lost)] == [True, False]
    for held, why in ((first, "last_one"), (second, "credential_over")):
        with pytest.raises(Refused, match=why):
            flows.end(held, by=BY, at=clock.now())


def test_keys_are_replaced_with_an_overlap_and_a_secret_by_keys() -> None:
    bank, other = Keyed(), new_key()
    flows.replace(bank.partner, flows.Shown(key_set(other)), by=BY, at=clock.now())
    assert bank.post("/oauth/introspect/", {"token": "x"}).status_code == 200
    bank.key = other
    assert bank.post("/oauth/introspect/", {"token": "x"}).status_code == 200
    shop = Walk(*register("Shop"))
    flows.replace(shop.partner, flows.Shown(key_set(other)), by=BY, at=clock.now())
    assert shop.post("/oauth/introspect/", {"token": "x"}).status_code == 200


@pytest.mark.parametrize("column", [{"expires_at": None}, {"expires_at": NOON}, {"slot": 3}, {"digest": ""}])
def test_the_database_keeps_none_without_an_end(till: Walk, column: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        till.partner.credentials.update(**{"made_at": NOON} | column)


def test_the_database_keeps_two_at_a_time(till: Walk) -> None:
    again(till)
    held = till.partner.credentials.first()
    assert held is not None
    held.pk = None
    held.pk = Credential().pk
    with pytest.raises(IntegrityError), transaction.atomic():
        held.save(force_insert=True)


def writes(till: Walk, **headers: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert till.post("/oauth/introspect/", {"token": "x"}, **headers).status_code == 200
    assert len(caught) <= 5
    return sum(query["sql"].startswith("UPDATE") for query in caught)


def test_that_it_was_used_is_written_now_and_then(till: Walk) -> None:
    assert [writes(till) for _ in range(3)] == [2, 0, 0]
    assert [writes(till, REMOTE_ADDR="192.0.2.7") for _ in range(2)] == [1, 0]
    (held,) = till.partner.credentials.all()
    assert sorted(held.networks) == ["127.0.0.0/24", "192.0.2.0/24"]
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert writes(till) == 1
    for number in range(11):
        till.post("/oauth/introspect/", {"token": "x"}, REMOTE_ADDR=f"198.51.{number}.7")
    assert len(till.partner.credentials.get().networks) == 10


# --- sandbox and production


@pytest.mark.parametrize(
    ("where", "uri", "fits"),
    [
        ("sandbox", "https://shop.test/cb", True),
        ("sandbox", "https://staging.shop.example/cb", True),
        ("sandbox", "http://localhost:3000/cb", True),
        ("sandbox", "https://shop.example/cb", False),
        ("sandbox", "https://mytest.example/cb", False),
        ("sandbox", "http://staging.shop.example/cb", False),
        ("production", "https://shop.example/cb", True),
        ("production", "https://staging.shop.example/cb", False),
        ("production", "http://localhost:3000/cb", False),
    ],
)
def test_hosts_of_sandbox_and_production_are_never_mixed(where: str, uri: str, fits: bool, settings: Any) -> None:
    settings.PRODUCTION = True
    said: dict[str, Any] = TRIAL | {"redirect_uris": (uri,)}
    try:
        register(environment=Environment(where), **said)
    except partners.Unacceptable:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(
    "said",
    [
        {"scopes": ("openid", "phone")},
        {"decision_actions": ("partner.payment",)},
        {"jwks_uri": "https://shop.example/jwks"},
        {"backchannel_logout_uri": "https://shop.example/bye"},
    ],
)
def test_nothing_of_production_in_the_sandbox(said: dict[str, Any]) -> None:
    with pytest.raises(partners.Unacceptable):
        register(environment=Environment.SANDBOX, **TRIAL | said)


def test_only_its_owner_signs_in_to_an_app_in_the_sandbox(customer: User, sign_in: Any) -> None:
    (uri,) = TRIAL["redirect_uris"]
    shop = Walk(*register(environment=Environment.SANDBOX, **TRIAL), sign_in(customer))
    refused = shop.ask("openid", redirect_uri=uri)
    assert refused.status_code == 400
    assert b"only the person who answers for it" in refused.content
    mine = Walk(shop.partner, shop.secret, sign_in(User.objects.get(pk=owner()), on=Client()))
    asked = mine.decide(mine.ask("openid", redirect_uri=uri))
    code = asked["Location"].split("code=")[1].split("&")[0]
    issued = mine.redeem(code, redirect_uri=uri).json()["access_token"]
    assert mine.userinfo(issued).status_code == 200
    partners.own(shop.partner, factories.customer().pk, "ops@shop.example", by=BY, at=clock.now())
    assert mine.userinfo(issued).status_code == 401  # asked at every use
    assert Partner.objects.get().contact == "ops@shop.example"


# --- by the partner itself


def api(walk: Walk, verb: str = "", secret: str | None = None, **form: str) -> Any:
    path = f"/api/partner/credentials{verb and '/'}{verb}"
    return walk.post(path, form, HTTP_AUTHORIZATION=walk.basic(secret))


def test_a_partner_replaces_its_secret_by_itself(till: Walk, outbox: Any) -> None:
    (only,) = api(till).json()["credentials"]
    assert only["shown"]
    made = api(till, "replace").json()
    assert opens(till, made["client_secret"])
    assert [each["shown"] for each in api(till, secret=made["client_secret"]).json()["credentials"]] == [False, True]
    again_at_once = api(till, "replace")
    assert (again_at_once.status_code, again_at_once.json()["error"]) == (409, "two_live")
    assert api(till, "end", made["client_secret"], credential=only["id"]).status_code == 200
    assert not opens(till)
    (told,) = outbox()
    assert (told.kind, told.to, told.words["by_itself"]) == ("partner_credential_made", "owner@shop.example", True)
    assert made["client_secret"] not in str(told.words)


def test_a_partner_replaces_its_keys_by_itself() -> None:
    bank, other = Keyed(), new_key()
    answered = bank.post("/api/partner/credentials/replace", {"jwks": json.dumps(key_set(other))})
    assert answered.status_code == 201
    assert "client_secret" not in answered.json()
    refused = bank.post("/api/partner/credentials/replace", {})
    assert (refused.status_code, refused.json()["error"]) == (409, "keys_only")


@pytest.mark.parametrize(
    ("verb", "form", "status"),
    [
        ("replace", {"jwks": "{"}, 400),
        ("replace", {"jwks": "[]"}, 400),
        ("replace", {"jwks": '{"keys": []}'}, 400),
        ("replace", {"jwks_uri": "http://shop.example/"}, 400),
        ("end", {}, 400),
        ("end", {"credential": "x"}, 400),
        ("end", {"credential": "00000000-0000-7000-8000-000000000000"}, 400),
    ],
)
def test_bad_input_changes_nothing(till: Walk, verb: str, form: dict[str, str], status: int) -> None:
    assert api(till, verb, **form).status_code == status
    assert len(api(till).json()["credentials"]) == 1


@pytest.mark.parametrize("verb", ["", "replace", "end"])
def test_nobody_reaches_a_partners_credentials_without_one(till: Walk, verb: str) -> None:
    assert api(till, verb, "wrong").status_code == 401
    public = Walk(*register("App", profile=Profile.BROWSER))
    assert public.post(f"/api/partner/credentials{verb and '/'}{verb}", {}).status_code == 401
    other = Walk(*register("Other"))
    mine = str(till.partner.credentials.get().pk)
    assert api(other, "end", credential=mine).status_code == 400


def test_what_a_thief_of_a_secret_can_use_up_is_not_its_owners(till: Walk) -> None:
    secret = till.secret
    for _ in range(9):  # and the first
        made = api(till, "replace", secret).json()
        (former,) = [each["id"] for each in api(till, "", secret).json()["credentials"] if each["id"] != made["id"]]
        secret = made["client_secret"]
        assert api(till, "end", secret, credential=former).status_code == 200
    refused = api(till, "replace", secret)
    assert (refused.status_code, refused.json()["error"]) == (409, "too_often")
    assert opens(till, again(till, at_once=True))
    assert not opens(till, secret)


def test_tokens_of_a_partner_for_itself_are_counted(till: Walk) -> None:
    assert all(opens(till) for _ in range(5))
    kept = AuditEntry.objects.get(name="oauth.partner_authorized")
    assert Tally.objects.get().times == 5
    assert kept.data["credential"] == str(till.partner.credentials.get().pk)
    new = again(till)
    assert opens(till, new)  # another credential: a row of its own
    assert AuditEntry.objects.filter(name="oauth.partner_authorized").count() == 2
    with time_machine.travel(clock.now() + timedelta(days=1)):
        assert opens(till, new)
    assert AuditEntry.objects.filter(name="oauth.partner_authorized").count() == 3


# --- reminders, and what nobody uses


@pytest.mark.parametrize(
    ("days", "life", "due"),
    [(31, 90, 0), (30, 90, 1), (8, 90, 1), (7, 90, 2), (1.1, 90, 2), (1, 90, 3), (0.1, 90, 3), (20, 20, 0), (7, 20, 2)],
)
def test_reminders_are_due_at_thirty_seven_and_one_days(days: float, life: float, due: int) -> None:
    ends = NOON + timedelta(days=days)
    made = ends - timedelta(days=life)
    assert policy.reminders_due(made, ends, limits=limits.current(), at=NOON) == due


def test_the_owner_is_reminded_three_times_and_not_of_what_was_replaced(till: Walk, outbox: Any) -> None:
    Partner.objects.update(contact="ops@shop.example")
    start, told = clock.now(), []
    for day in (59, 60, 60, 83, 88, 89, 89):
        with time_machine.travel(start + timedelta(days=day, minutes=1)):
            told.append(tasks.remind())
    assert told == [0, 1, 0, 1, 0, 1, 0]
    assert [each.to for each in outbox()[:2]] == ["owner@shop.example", "ops@shop.example"]
    assert {each.kind for each in outbox()} == {"partner_credential_ends"}
    with time_machine.travel(start + timedelta(days=89, hours=1)):
        again(till)
        assert tasks.remind() == 0
    with time_machine.travel(start + timedelta(days=89 + 60, hours=2)):
        assert tasks.remind() == 1


def test_what_nobody_uses_is_switched_off_and_can_be_switched_on_again(till: Walk, outbox: Any) -> None:
    other, start = Walk(*register("Other")), clock.now()
    with time_machine.travel(start + timedelta(days=30)):
        assert opens(till)
    with time_machine.travel(start + timedelta(days=60, minutes=1)):
        assert [tasks.switch_off_unused(), tasks.switch_off_unused()] == [1, 0]
        assert [Partner.objects.get(pk=each.partner.pk).is_enabled for each in (till, other)] == [True, False]
        assert [each.kind for each in outbox()] == ["partner_switched_off"]
        partners.switch(other.partner, by=BY, at=clock.now(), on=True)
        assert tasks.switch_off_unused() == 0
    with time_machine.travel(start + timedelta(days=91)):
        assert tasks.switch_off_unused() == 1  # the one that was used on day 30


# --- under load


@pytest.mark.django_db(transaction=True)
def test_a_secret_is_replaced_under_load_with_no_failed_request(unlocked_audit: None) -> None:
    walk = Walk(*register("Till", profile=Profile.SERVICE))
    answers, secrets, taken = list[int](), [walk.secret], [0, 0, 0]

    def ask(number: int) -> None:
        newest = len(secrets) - 1
        one = Walk(walk.partner, walk.secret)
        sent = one.post("/oauth/token/", ITSELF, HTTP_AUTHORIZATION=one.basic(secrets[newest]))
        answers.append(sent.status_code)
        taken[number] = newest

    with meanwhile(*(partial(ask, number) for number in range(3))) as clients:
        for _ in range(4):
            (former,) = [each["id"] for each in api(walk, "", secrets[-1]).json()["credentials"]]
            made = api(walk, "replace", secrets[-1]).json()
            secrets.append(made["client_secret"])
            # Each client takes the new one, unless one has failed.
            wait_until(lambda: min(taken) == len(secrets) - 1 or any(each.done() for each in clients), PATIENCE)
            assert api(walk, "end", secrets[-1], credential=former).status_code == 200
    assert len(answers) >= 12
    assert set(answers) == {200}
