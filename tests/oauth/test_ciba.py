"""Asking the human (OpenID CIBA): what is asked, answered and fetched, once; and every way in which it is not."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from accounts.lock.flows import locks
from accounts.models import Session, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.oauth import id_tokens
from ciam_portal.oauth.ciba import GRANT
from ciam_portal.oauth.models import AccessToken, Partner, Resource
from ciam_portal.oauth.profiles import Profile
from consent.approvals import lines
from consent.delegation import flows as delegating
from consent.delegation.shapes import Terms
from consent.models import ApprovalRequest, AuthorizationDetail, Consent
from consent.permission import flows as permission
from tests import factories
from tests.oauth.asking import AMOUNT, LETS, ORDER, PATH, Asking, after
from tests.oauth.connecting import Agent
from tests.oauth.keyed import new_key
from tests.oauth.test_bad_input import ODD
from tests.oauth.walk import VERIFIER, answer

pytestmark = pytest.mark.django_db
BOOK = {"type": "agent_action", "action": "appointment"}
SEVERAL = Terms(**{name: getattr(LETS, name) for name in ("currency", "amount_each", "amount_month")},
                actions=("partner.payment", "partner.appointment"), asks=("partner.payment",))  # fmt: skip


@pytest.fixture
def world(sign_in: Callable[..., Client]) -> Asking:
    return Asking(sign_in)


@pytest.mark.control("RFC9396-2", "RFC9396-7")
def test_asked_approved_fetched_and_paid_once(world: Asking) -> None:
    started = world.start().json()
    asked = started["auth_req_id"]
    assert (started["expires_in"], started["interval"]) == (300, 5)
    (mail,) = Notice.objects.filter(kind="approval_wanted")
    assert mail.customer_id == world.rosa.pk
    assert world.error(asked) == "authorization_pending"
    page = world.browser.get(world.page).text
    said = ("Robots Ltd", "Pay, in connected apps", "10.00\u00a0EUR", "Ada’s Teapots", "order 1001", world.api)
    for each in (*said, "Order 1001 at the tea shop", started["reference"], "The program says"):
        assert each in page, each
    assert page.index("Refuse") < page.index('type="submit">Approve')
    assert "asks for your approval" in world.browser.get("/").text
    assert world.row.reference in world.browser.get("/approvals/").text
    assert world.approve()["Location"] == world.page
    assert "done nothing for you yet" in world.browser.get("/acting-for-me/").text
    assert world.browser.get(world.page).text.count("Approved, not used yet") == 2  # the title, and the page
    with after(6):
        got = world.poll(asked).json()
        assert got.keys() == {
            "access_token", "token_type", "expires_in", "scope", "authorization_details", "grant_id"
        }  # fmt: skip
        assert (got["token_type"], got["expires_in"] <= 300, got["authorization_details"]) == ("DPoP", True, [ORDER])
        token = got["access_token"]
        told = world.shop.introspect(token)
        assert (told["authorization_details"], told["act"]["sub"]) == ([ORDER], world.agent.partner.client_id)
        assert told["cnf"]["jkt"] == world.agent.holder.thumbprint()
        # Nothing but exactly that, and that once.
        assert world.pays(token, 999) == world.pays(token, order="1002") == "delegation_ask_owner"
        assert world.pays(token, resource={"type": "cart", "id": "1001"}) == "delegation_ask_owner"
        assert world.pays(token) is True
        assert world.pays(token) == "delegation_ask_owner"
        assert "Approved and done" in world.browser.get("/approvals/").text
        assert "What it asked you last" in world.browser.get("/acting-for-me/").text
        activity = world.browser.get("/activity/").text
        for words in ("asked for your approval", "You approved what an app asked for", "can do now what you"):
            assert words in activity, words
    with after(20):
        assert world.error(asked) == "invalid_grant"
    names = AuditEntry.objects.filter(name__startswith="agent.").order_by("pk").values_list("name", flat=True)
    assert list(names) == ["agent.asked", "agent.approved", "agent.answer_fetched"]


def test_two_questions_about_one_approval_pay_once(world: Asking) -> None:
    asked = world.asks()
    world.approve()
    token = world.poll(asked).json()["access_token"]
    about: dict[str, Any] = {"resource": {"type": "order", "id": "1001"}}
    first, second = (world.question(token, **about).json()["approval"] for _ in range(2))

    def redeem(approval: str) -> Any:
        said = {"action": "payment", "amount": 1000, "currency": "EUR", "approval": approval} | about
        return world.shop.machine.post(
            "/api/approvals/redeem", said, content_type="application/json", HTTP_AUTHORIZATION=world.shop.basic()
        ).json()

    assert redeem(first)["redeemed"] is True
    assert redeem(second)["error"] == "done_before"


def test_what_the_agent_hears_while_it_waits(world: Asking) -> None:
    asked = world.asks()
    assert world.error(asked) == "authorization_pending"
    assert world.error(asked) == "slow_down"
    with after(6):  # it was told to wait five seconds longer
        assert world.error(asked) == "slow_down"
    with after(60):
        assert world.error(asked) == "authorization_pending"
    with after(301):
        assert world.error(asked) == "expired_token"
        assert "waited too long" in world.browser.post(f"{world.page}approve/", follow=True).text
        again = world.asks()  # what nobody answered is in nobody's way
        assert AuditEntry.objects.get(name="agent.ask_ended").data["state"] == "expired"
        assert world.refuse()["Location"] == world.page
    with after(310):
        assert world.error(again) == "access_denied"
    assert world.error("invented") == "invalid_grant"
    assert world.poll("").json()["error"] == "invalid_request"
    assert world.error(asked, resource="https://elsewhere.example/") == "slow_down"


# What is left out or changed, and what the agent hears.
NO_QUESTIONS: list[tuple[dict[str, Any], str]] = [
    ({"login_hint": None}, "invalid_request"),
    ({"id_token_hint": "x.y.z"}, "invalid_request"),
    ({"login_hint": None, "id_token_hint": "x.y.z"}, "invalid_request"),
    ({"login_hint": None, "login_hint_token": "x.y.z"}, "invalid_request"),
    ({"login_hint": "rosa@example.com"}, "unknown_user_id"),
    ({"binding_message": None}, "invalid_binding_message"),
    ({"binding_message": "pay\u202e1001"}, "invalid_binding_message"),
    ({"binding_message": "Order\n1001"}, "invalid_binding_message"),
    ({"binding_message": "Оrdеr from аmаzоn"}, "invalid_binding_message"),
    ({"binding_message": "x" * 141}, "invalid_binding_message"),
    ({"binding_message": "see https://evil.example"}, "invalid_binding_message"),
    ({"requested_expiry": "soon"}, "invalid_request"),
    ({"requested_expiry": "0"}, "invalid_request"),
    ({"requested_expiry": "-5"}, "invalid_request"),
    ({"requested_expiry": "٣٠"}, "invalid_request"),
    ({"resource": "https://elsewhere.example/"}, "invalid_target"),
    ({"request": "x.y.z"}, "invalid_request"),
    ({"authorization_details": None}, "invalid_authorization_details"),
    ({"authorization_details": "{}"}, "invalid_authorization_details"),
    ({"authorization_details": json.dumps([ORDER] * 2)}, "invalid_authorization_details"),
    ({"authorization_details": json.dumps([ORDER | {"sub": "x"}])}, "invalid_authorization_details"),
    ({"authorization_details": json.dumps([ORDER | {"type": "flight"}])}, "invalid_authorization_details"),
    ({"authorization_details": json.dumps([ORDER | {"to": "Аdа"}])}, "invalid_authorization_details"),
    (
        {"authorization_details": json.dumps([ORDER | {"amount": AMOUNT | {"amount": 10}}])},
        "invalid_authorization_details",
    ),
    (
        {"authorization_details": json.dumps([ORDER | {"amount": AMOUNT | {"amount": "10.001"}}])},
        "invalid_authorization_details",
    ),
]


def test_what_is_no_question(world: Asking) -> None:
    for changed, error in NO_QUESTIONS:
        answer = world.start(**changed)
        assert (answer.status_code, answer.json()["error"]) == (400, error), changed
    assert not ApprovalRequest.objects.exists()
    assert not Notice.objects.filter(kind="approval_wanted").exists()


def test_odd_input_is_told_so(world: Asking) -> None:
    """Whatever stands in any field: a sentence, never an error of ours, and nobody is asked."""
    names = ("login_hint", "id_token_hint", "requested_expiry", "resource", "authorization_details")
    for name in names:
        for value in ODD:
            answer = world.start(**{name: value.encode("utf-8", "replace").decode()})
            assert answer.status_code == 400, (name, value, answer.content)
    assert not ApprovalRequest.objects.exists()


def test_nobody_is_bothered_with_what_could_not_be_let(world: Asking) -> None:
    for asked, code in (
        (ORDER | {"amount": AMOUNT | {"amount": "20.01"}}, "delegation_too_much"),
        (ORDER | {"amount": {"currency": "USD", "amount": "1.00"}}, "delegation_other_currency"),
        ({"type": "agent_action", "action": "payment"}, "delegation_no_amount"),
        (BOOK, "delegation_not_granted"),
        ({"type": "agent_action", "action": "change_payee"}, "delegation_never"),
        ({"type": "agent_action", "action": "fly"}, "delegation_never"),
    ):
        answer = world.start(asked)
        assert (answer.status_code, answer.json()) == (403, {"error": "access_denied", "error_description": code})
    assert not ApprovalRequest.objects.exists()


def test_everybody_whom_it_does_not_act_for_is_one(world: Asking) -> None:
    """An invented name, somebody of another agent's, paused, ended, locked: the same bytes."""
    other = Agent(Client())
    unknown = world.start(login_hint="invented").content
    form = {"login_hint": world.sub, "binding_message": "x", "authorization_details": json.dumps([ORDER])}
    assert other.post(PATH, form).content == unknown
    for happen in (
        lambda: delegating.pause(world.delegation, by=world.by, at=clock.now()),
        lambda: delegating.end(world.delegation, by=world.by, at=clock.now()),
        lambda: User.objects.filter(pk=world.rosa.pk).update(locked_at=clock.now(), way_back="mailbox"),
    ):
        with contextlib.suppress(Undone), transaction.atomic():
            sub = world.sub
            happen()
            assert world.start(login_hint=sub).content == unknown
            raise Undone


CLAIMS = (
    "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "acr", "amr", "auth_time", "azp", "nonce", "sid", "act",
    "may_act", "client_id", "cnf", "scope", "email", "email_verified", "name", "preferred_username", "phone_number",
    "user", "user_id", "username", "customer", "owner", "subject", "on_behalf_of", "delegation", "consent", "session",
    "state", "approved", "authorization_code", "login_hint_token",
)  # fmt: skip


def test_no_field_of_the_form_changes_who_is_asked_and_whose_the_token_is(world: Asking) -> None:
    victim = factories.customer()
    smuggled = {name: str(victim.pk) for name in CLAIMS if name not in {"client_id", "scope", "login_hint_token"}}
    asked = world.asks(**smuggled)
    assert world.row.owner_id == world.rosa.pk
    world.approve(**smuggled)
    got = world.poll(asked, **smuggled)
    told = world.shop.introspect(got.json()["access_token"])
    assert AccessToken.objects.get(details__isnull=False).user_id == world.rosa.pk
    assert (told["aud"], told["scope"]) == (world.api, "profile")
    assert victim.pk.hex not in json.dumps(told).replace("-", "")


def test_who_may_ask(world: Asking) -> None:
    """A public agent, an app that is none, one with somebody else's keys, one that is off; and of others nothing."""
    form = {"login_hint": world.sub, "binding_message": "x", "authorization_details": json.dumps([ORDER])}
    public = Agent(Client(), profile=Profile.AGENT_APP)
    for each in (public, world.shop):
        answer = each.post(PATH, form)
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
        assert each.post("/oauth/token/", {"grant_type": GRANT, "auth_req_id": "x"}).json()["error"] in {
            "unauthorized_client", "invalid_client"
        }  # fmt: skip
    asked, other = world.asks(), Agent(Client())
    assert other.post("/oauth/token/", {"grant_type": GRANT, "auth_req_id": asked}).json()["error"] == "invalid_grant"
    other.post("/oauth/revoke/", {"token": asked})
    assert world.row.state == "waiting"
    forged = world.agent.proof(world.agent.assertion(iss="x"))
    assert world.agent.machine.post(PATH, form | forged).status_code == 401
    assert world.agent.machine.post(PATH, form).status_code == 401
    world.switch(is_enabled=False)
    assert world.start().status_code == 401
    assert world.agent.machine.get(PATH).status_code == 405


def test_whoever_answers_is_whoever_was_asked(world: Asking, sign_in: Callable[..., Client]) -> None:
    world.asks()
    other = sign_in(factories.customer(), on=Client())
    assert [other.get(world.page).status_code, other.get("/approvals/").text.count("Bank")] == [404, 0]
    for verb in ("approve", "refuse"):
        assert other.post(f"{world.page}{verb}/").status_code == 404
        assert Client().post(f"{world.page}{verb}/")["Location"].startswith("/sign-in/")
    assert world.row.state == "waiting"


def test_two_that_ask_at_once_are_told_apart(world: Asking, sign_in: Callable[..., Client]) -> None:
    asked = world.asks()
    again = world.start()
    assert (again.status_code, again["Retry-After"], again.json()["error_description"]) == (429, "300", "ask_waits")
    first = world.row
    world.refuse()
    second = world.asks(binding_message="Order 1002")
    assert world.row.reference != first.reference
    assert {"Order 1002", world.row.reference} <= set(_words(world.browser.get(world.page).text))
    assert world.error(asked) == "access_denied"
    assert world.error(second) == "authorization_pending"


def _words(page: str) -> list[str]:
    return [each for each in ("Order 1002", *(row.reference for row in ApprovalRequest.objects.all())) if each in page]


def test_an_agent_asks_a_few_times_in_an_hour_and_is_paused_when_refused_again_and_again(world: Asking) -> None:
    for _ in range(2):
        world.asks()
        world.refuse()
    world.asks()
    world.approve()
    for _ in range(2):  # a yes in between: it begins anew
        world.asks()
        world.refuse()
    assert world.start().json()["error_description"] == "ask_too_often"
    with after(3700):
        factories.signed_in(world.browser, world.rosa, (Method.PASSWORD, Method.TOTP))
        world.asks()
        page = world.browser.post(f"{world.page}refuse/", follow=True)
        assert "we have paused it" in page.text
        assert world.delegation.state == "paused"
        assert world.start().json()["error"] == "unknown_user_id"
    assert AuditEntry.objects.filter(name="agent.refused", data__paused=True).count() == 1
    assert ApprovalRequest.objects.count() == 6


class Undone(Exception):
    """Each state begins from the same."""


def _ago(hours: int) -> Any:
    return clock.now() - timedelta(hours=hours)


# Between the yes and the poll: what happened, and whether there is a token all the same.
STATES: dict[str, tuple[Callable[[Asking], object], bool]] = {
    "nothing": (lambda w: None, True),
    "its customer signed out": (
        lambda w: sessions.end(_session(w), by=w.by, at=clock.now(), reason=sessions.SIGNED_OUT), True
    ),
    "a thief's session": (
        lambda w: sessions.end(_session(w), by=w.by, at=clock.now(), reason=sessions.ENDED_BY_OWNER), False
    ),
    "locked": (lambda w: locks.lock(w.rosa, by=w.by, at=clock.now()), False),
    "disabled": (lambda w: User.objects.filter(pk=w.rosa.pk).update(is_active=False), False),
    "suspended": (lambda w: User.objects.filter(pk=w.rosa.pk).update(suspended_until=_ago(-1)), False),
    "severe risk": (lambda w: Session.objects.update(risk=Risk.SEVERE), False),
    "ended": (lambda w: delegating.end(w.delegation, by=w.by, at=clock.now()), False),
    "everything stopped": (lambda w: delegating.end_all(w.rosa, by=w.by, at=clock.now()), False),
    "paused": (lambda w: delegating.pause(w.delegation, by=w.by, at=clock.now()), False),
    "let do less": (
        lambda w: delegating.narrow(w.delegation, replace(w.delegation.terms, amount_each=1), by=w.by, at=clock.now()),
        False,
    ),
    "consent withdrawn": (
        lambda w: permission.withdraw(Consent.objects.get(customer=w.rosa), by=w.by, at=clock.now()), False
    ),
    "consent ended, by nobody who ends the rest": (lambda w: Consent.objects.update(ended_at=clock.now()), False),
    "the agent is off": (lambda w: w.switch(is_enabled=False), False),
    "the agent took it back": (lambda w: w.agent.post("/oauth/revoke/", {"token": w.known}), False),
    "the API is off": (lambda w: Resource.objects.update(is_enabled=False), False),
    "the API wants to know nobody who acts": (
        lambda w: Partner.objects.filter(pk=w.shop.partner.pk).update(delegates=False), False
    ),
}  # fmt: skip


def _session(world: Asking) -> Session:
    return Session.objects.get(customer=world.rosa)


def test_what_was_approved_rests_on_all_that_it_rested_on(world: Asking) -> None:
    world.known = world.asks()
    world.approve()
    for name, (happen, stands) in STATES.items():
        with contextlib.suppress(Undone), transaction.atomic():
            happen(world)
            got = world.poll(world.known)
            assert (got.status_code == 200) is stands, (name, got.content)
            assert AccessToken.objects.filter(details__isnull=False).exists() is stands, name
            raise Undone
        cache.clear()


def test_to_approve_takes_what_the_action_takes_and_to_refuse_nothing(world: Asking) -> None:
    world.asks()
    Session.objects.update(auth_time=_ago(2), level_at=_ago(2))
    assert world.browser.get(world.page).status_code == 200
    assert world.approve()["Location"].startswith("/prove/")
    assert world.row.state == "waiting"
    short = "Approve what Bank asks: Pay, in connected apps, 10.00\u00a0EUR, Ada’s Teapots, order 1001"
    assert lines.in_short(world.row) == short  # what they go on with, once they have
    assert world.refuse()["Location"] == world.page
    assert world.row.state == "refused"


def test_answered_twice_in_two_tabs_late_or_after_all_that(world: Asking) -> None:
    asked = world.asks()
    world.approve()
    for verb in ("approve", "refuse"):
        assert "Nothing was changed just now" in world.browser.post(f"{world.page}{verb}/", follow=True).text
    assert (world.row.state, AuthorizationDetail.objects.count()) == ("approved", 1)
    world.poll(asked)
    withdrawn = world.asks()
    assert world.agent.post("/oauth/revoke/", {"token": withdrawn}).status_code == 200
    assert "Nothing was changed just now" in world.browser.post(f"{world.page}approve/", follow=True).text
    assert "Taken back" in world.browser.get(world.page).text
    assert world.error(withdrawn) == "access_denied"
    world.asks()
    world.switch(name="Your Bank")
    assert "has changed since it asked" in world.browser.post(f"{world.page}approve/", follow=True).text
    assert world.row.state == "waiting"


def test_one_thing_is_approved_and_another_is_not(sign_in: Callable[..., Client]) -> None:
    world = Asking(sign_in, terms=SEVERAL, actions=SEVERAL.actions)
    asked = world.asks(BOOK, ORDER)
    page = world.browser.get(world.page).text
    assert (page.count('type="checkbox"'), "checked" in page) == (2, False)
    assert "Please tick" in world.browser.post(f"{world.page}approve/", follow=True).text
    for odd in ("9", "x", "-1"):
        assert "Please tick" in world.browser.post(f"{world.page}approve/", {"detail": odd}, follow=True).text
    world.approve(detail=["1"])
    got = world.poll(asked).json()
    assert got["authorization_details"] == [BOOK]
    assert world.pays(got["access_token"]) == "delegation_ask_owner"


def test_a_payment_of_the_usual_form_is_shown_and_done(world: Asking) -> None:
    pay = {
        "type": "payment_initiation", "instructedAmount": AMOUNT, "creditorName": "Ada's Teapots",
        "creditorAccount": {"iban": "DE02100100109307118603"},
    }  # fmt: skip
    asked = world.asks(pay)
    assert "DE02 1001 0010 9307 1186 03" in world.browser.get(world.page).text
    world.approve()
    token = world.poll(asked).json()["access_token"]
    assert world.pays(token, resource={"type": "iban", "id": "DE02100100109307118603"}) is True


def test_one_kind_of_secret_opens_no_door_of_another(world: Asking) -> None:
    asked = world.asks()
    world.approve()
    code = {"redirect_uri": "https://shop.example/callback", "code_verifier": VERIFIER}
    for form in (
        {"grant_type": "authorization_code", "code": asked} | code,
        {"grant_type": "refresh_token", "refresh_token": asked},
        {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": asked},
    ):
        assert world.agent.post("/oauth/token/", form).status_code == 400
    assert world.agent.get("/api/profile", asked).status_code == 401
    assert world.agent.open(f"urn:ietf:params:oauth:request_uri:{asked}").status_code == 400
    assert world.error(asked, authorization_details="[]") == "invalid_authorization_details"
    assert world.error(asked, resource="https://elsewhere.example/") == "invalid_target"
    token = world.poll(asked)
    assert token.json()["error"] == "slow_down"
    with after(20):
        secret = world.poll(asked).json()["access_token"]
        for other in (secret, world.sub, str(world.row.pk)):
            assert world.error(other) == "invalid_grant"
        assert world.agent.refresh(secret).status_code == 400


def test_a_key_that_was_shown_when_asking_is_shown_when_fetching(world: Asking) -> None:
    form = {"login_hint": world.sub, "binding_message": "x", "authorization_details": json.dumps([ORDER])}

    def begin() -> Any:
        proof = world.agent.possession("POST", PATH)
        return world.agent.machine.post(PATH, world.agent.proof() | form, HTTP_DPOP=proof)

    first = begin()
    assert (first.status_code, first.json()["error"]) == (400, "use_dpop_nonce")
    world.agent.nonce = first["DPoP-Nonce"]
    asked = begin().json()["auth_req_id"]
    world.approve()
    own, world.agent.holder = world.agent.holder, new_key()
    assert world.error(asked) == "invalid_grant"
    world.agent.holder = own
    with after(20):
        assert world.poll(asked).status_code == 200


def test_an_id_token_of_the_agents_own_would_hint_too(world: Asking) -> None:
    def hint(**said: Any) -> str:
        return id_tokens.mint({"sub": world.sub, "aud": world.agent.partner.client_id} | said, "ES256", "x")

    assert world.start(login_hint=None, id_token_hint=hint(aud="other")).json()["error"] == "invalid_request"
    assert world.start(login_hint=None, id_token_hint=hint(iss="x")).status_code == 200  # the issuer is ours to say


def test_an_agent_learns_by_what_name_it_asks(world: Asking) -> None:
    ours = f"{settings.PUBLIC_URL}/api/profile"
    terms = {"do:partner.payment": "ask", "currency": "EUR", "amount_each": "20", "amount_month": "50", "days": "90"}
    code = answer(world.connect(terms=terms, resource=[world.api, ours]))["code"]
    token = world.agent.redeem(code, resource=ours).json()["access_token"]
    assert world.agent.get("/api/profile", token).json()["subject"]["sub"] == world.sub
