"""``authorization_details`` (RFC 9396): a payment, from the pushed request to the approval that is redeemed once."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.oauth import details, partners
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Profile
from consent.models import AuthorizationDetail, Consent
from tests import factories
from tests.at_once import at_once
from tests.decisions.conftest import ACTIONS, Shop, open_shop
from tests.oauth.keyed import Keyed
from tests.oauth.walk import Walk, answer, register

pytestmark = pytest.mark.django_db
TYPE = "payment_initiation"
IBAN = "DE02100100109307118603"
PAYMENT = {
    "type": TYPE,
    "instructedAmount": {"currency": "EUR", "amount": "49.90"},
    "creditorName": "Ada's Teapots",
    "creditorAccount": {"iban": IBAN},
    "remittanceInformationUnstructured": "Order 1001",
}  # fmt: skip
OTHER = PAYMENT | {"creditorName": "Bob", "creditorAccount": {"iban": "GB33BUKB20201555555555"}}
TRANSACTION = {"amount": 4990, "currency": "EUR", "resource": {"type": "iban", "id": IBAN}}
FRENCH = "FR1420041010050500013M02606"
ALLOWED = [TYPE]


def changed(*path: str, to: object) -> dict[str, Any]:
    """The payment with another value; ``...`` takes the member out."""
    found: dict[str, Any] = copy.deepcopy(PAYMENT)
    place = found
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = to
    if to is ...:
        del place[path[-1]]
    return found


class Bank(Shop):
    """Pushes what it wants approved, and asks decisions about it."""

    def push(self, *wanted: object, **more: Any) -> Any:
        words = Keyed.asking(self, **({"scope": "openid"} | more))  # type: ignore[arg-type]  # what it asks is the same
        if wanted:
            words["authorization_details"] = json.dumps(wanted)
        return self.post("/oauth/par/", words)

    def open(self, *wanted: object, **more: Any) -> Any:
        pushed = self.push(*wanted, **more)
        assert pushed.status_code == 201, pushed.content
        query = {"client_id": self.partner.client_id, "request_uri": pushed.json()["request_uri"]}
        return self.browser.get("/oauth/authorize/", query)

    def approved(self, *wanted: object, **more: Any) -> dict[str, Any]:
        """Tokens for what the customer approved, all of it."""
        page = self.open(*wanted, **more)
        ticked: dict[str, Any] = {"detail": [str(row) for row in range(1, len(wanted) + 1)]} if len(wanted) > 1 else {}
        redeemed = self.redeem(answer(self.decide(page, **ticked))["code"])
        assert redeemed.status_code == 200, redeemed.content
        found: dict[str, Any] = redeemed.json()
        self.token = found["access_token"]
        return found

    def pay(self, **other: Any) -> Any:
        return self.decide_on(**(TRANSACTION | other))

    def finish(self, approval: str, **other: Any) -> Any:
        return self.redeem_approval(approval, **(TRANSACTION | other))


def open_bank(browser: Client, **said: Any) -> Bank:
    words = {"decision_actions": ACTIONS, "authorization_details_types": (TYPE,)} | said
    return Bank(*register("Bank", **words), browser)


@pytest.fixture
def bank(customer: User, sign_in: Callable[..., Client]) -> Bank:
    return open_bank(sign_in(customer))


# --- what can be asked for

UNREADABLE = {
    "no JSON": "x",
    "an object": json.dumps(PAYMENT),
    "nothing": "[]",
    "six": json.dumps([changed("instructedAmount", "amount", to=f"{n}") for n in range(1, 7)]),
    "twice the same": json.dumps([PAYMENT, PAYMENT]),
    "twice the same to pay": json.dumps([PAYMENT, changed("creditorName", to="Another name")]),
    "a name twice": '[{"type":"payment_initiation","type":"payment_initiation"}]',
    "no number": '[{"type": NaN}]',
    "deep": "[" * 3000,
}
UNACCEPTABLE: dict[str, object] = {
    "text": "payment_initiation",
    "no type": changed("type", to=...),
    "a type that is no text": changed("type", to=["payment_initiation"]),
    "an unknown type": changed("type", to="account_information"),
    "more than the form": PAYMENT | {"urgent": True},
    "more inside": changed("instructedAmount", "fee", to="1"),
    "no payee": changed("creditorName", to=...),
    "no account": changed("creditorAccount", to=...),
    "no amount": changed("instructedAmount", to=...),
    "a number": changed("instructedAmount", "amount", to=49.9),
    "a sign": changed("instructedAmount", "amount", to="-1.00"),
    "a comma": changed("instructedAmount", "amount", to="49,90"),
    "an exponent": changed("instructedAmount", "amount", to="1e3"),
    "other digits": changed("instructedAmount", "amount", to="٤٩"),
    "zero": changed("instructedAmount", "amount", to="0.00"),
    "parts of a cent": changed("instructedAmount", "amount", to="1.005"),
    "parts of a yen": changed("instructedAmount", to={"currency": "JPY", "amount": "10.5"}),
    "too much": changed("instructedAmount", "amount", to="9" * 16),
    "no such currency": changed("instructedAmount", "currency", to="EVR"),
    "small letters": changed("instructedAmount", "currency", to="eur"),
    "no IBAN": changed("creditorAccount", "iban", to="DE03100100109307118603"),
    "an end of line after it": changed("creditorAccount", "iban", to=IBAN + "\n"),
    "an empty payee": changed("creditorName", to=""),
    "a long payee": changed("creditorName", to="x" * 71),
    "an end of line": changed("creditorName", to="Ada\nTo: Eve"),
    "a turned text": changed("creditorName", to="Ada \u202e evE"),
    "spaces": changed("creditorName", to="Ada  "),
    "a long reference": changed("remittanceInformationUnstructured", to="x" * 141),
}  # fmt: skip


@pytest.mark.control("RFC9396-2", "RFC9396-5")
@pytest.mark.parametrize(
    "text", [*UNREADABLE.values(), *(json.dumps([each]) for each in UNACCEPTABLE.values())],
    ids=[*UNREADABLE, *UNACCEPTABLE],
)  # fmt: skip
def test_what_is_not_in_the_form_is_refused(text: str) -> None:
    with pytest.raises(details.Unreadable):
        details.read(text, ALLOWED)


def test_one_bad_detail_refuses_all_and_so_does_a_type_that_is_not_open_to_the_partner() -> None:
    assert details.read(json.dumps([PAYMENT, OTHER]), ALLOWED) == (PAYMENT, OTHER)
    with pytest.raises(details.Unreadable):
        details.read(json.dumps([PAYMENT, OTHER | {"x": 1}]), ALLOWED)
    with pytest.raises(details.Unreadable):
        details.read(json.dumps([PAYMENT]), [])


@pytest.mark.parametrize(
    ("currency", "amount", "minor", "words"),
    [
        ("EUR", "49.90", 4990, "49.90 EUR"),
        ("EUR", "49.9", 4990, "49.90 EUR"),
        ("EUR", "1249", 124900, "1,249.00 EUR"),
        ("JPY", "500", 500, "500 JPY"),
        ("KWD", "1.005", 1005, "1.005 KWD"),
    ],
)
def test_an_amount_is_counted_and_said_as_its_currency_is(currency: str, amount: str, minor: int, words: str) -> None:
    asked = changed("instructedAmount", to={"currency": currency, "amount": amount})
    (found,) = details.read(json.dumps([asked]), ALLOWED)
    assert (details.transaction(found).amount, details.transaction(found).currency) == (minor, currency)
    assert dict(details.described(found)["lines"])["Amount"].replace("\u00a0", " ") == words
    with translation.override("de"):
        assert "49,90" in details.described(PAYMENT)["lines"][0][1]


@pytest.mark.control("RFC9396-3", "RFC9396-5")
def test_it_is_refused_where_it_is_asked(bank: Bank, customer: User) -> None:
    for wanted in (PAYMENT | {"x": 1}, PAYMENT | {"type": "flight"}):
        refused = bank.push(wanted)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_authorization_details")
    shop = Bank(*register("Shop"), bank.browser)
    assert shop.push(PAYMENT).json()["error"] == "invalid_authorization_details"
    # In the address anybody could have written it.
    assert answer(bank.ask("openid", authorization_details=json.dumps([PAYMENT])))["error"] == (
        "invalid_authorization_details"
    )


def test_in_a_request_object_it_is_an_array_or_text(customer: User, sign_in: Callable[..., Client]) -> None:
    words: dict[str, Any] = {"decision_actions": ACTIONS, "authorization_details_types": (TYPE,)}
    bank = Keyed(sign_in(customer), **words)
    for wanted in ([PAYMENT], json.dumps([PAYMENT])):
        pushed = bank.post("/oauth/par/", {"request": bank.request_object(authorization_details=wanted)})
        assert pushed.status_code == 201, pushed.content
        page = bank.open(pushed.json()["request_uri"])
        assert "49.90" in page.text
        tokens = bank.redeem(answer(bank.decide(page))["code"]).json()
        assert tokens["authorization_details"] == [PAYMENT]
    bad = bank.post("/oauth/par/", {"request": bank.request_object(authorization_details=[PAYMENT | {"x": 1}])})
    assert bad.json()["error"] == "invalid_authorization_details"


# --- what the customer sees and says


@pytest.mark.control("RFC9396-4", "RFC9396-7")
def test_the_page_says_every_value_and_the_form_says_none(bank: Bank) -> None:
    page = bank.open(PAYMENT)
    shown = page.text.replace("\u00a0", " ").replace("&#x27;", "'").replace("&nbsp;", " ")
    for words in ("49.90 EUR", "Ada's Teapots", "DE02 1001 0010 9307 1186 03", "Order 1001", "asks you to approve"):
        assert words in shown
    tokens = bank.redeem(answer(bank.decide(page, amount="1", authorization_details="[]"))["code"]).json()
    assert tokens["authorization_details"] == [PAYMENT]
    assert AuthorizationDetail.objects.get().said == PAYMENT
    kept = AuditEntry.objects.get(name="details.approved")
    assert kept.data["details"] == [str(AuthorizationDetail.objects.get().pk)]
    assert IBAN not in str(kept.data)


def test_a_payment_is_asked_for_each_time(bank: Bank) -> None:
    bank.code("openid")
    for _ in range(2):
        assert answer(bank.open(PAYMENT, prompt="none"))["error"] == "consent_required"
        page = bank.open(PAYMENT)
        assert page.status_code == 200
        assert "Sign you in" not in page.text  # that is allowed already, and stays so
        assert "code" in answer(bank.decide(page))
    assert answer(bank.open(prompt="none"))["code"]
    assert AuditEntry.objects.filter(name="consent.changed").count() == 0


def test_of_several_the_customer_ticks_what_they_approve(bank: Bank) -> None:
    page = bank.open(PAYMENT, OTHER)
    assert 'type="checkbox" name="detail"' in page.text
    assert "checked" not in page.text
    tokens = bank.redeem(answer(bank.decide(page, detail=["2", "3", "x"]))["code"]).json()
    assert tokens["authorization_details"] == [OTHER]
    assert answer(bank.decide(bank.open(PAYMENT, OTHER)))["error"] == "access_denied"


def test_a_no_is_kept_as_one_and_changes_nothing(bank: Bank) -> None:
    bank.code("openid")
    assert answer(bank.decide(bank.open(PAYMENT), "deny"))["error"] == "access_denied"
    assert AuditEntry.objects.get(name="details.refused").data["types"] == [TYPE]
    assert not AuditEntry.objects.filter(name="consent.denied").exists()
    assert not AuthorizationDetail.objects.exists()
    assert Consent.objects.live().exists()


def test_the_gate_is_asked_before_the_page_and_again_under_lock(bank: Bank) -> None:
    bank.code("openid")
    Session.objects.update(risk=Risk.MODERATE)
    assert bank.open(PAYMENT)["Location"].startswith("/prove/")
    Session.objects.update(challenged_at=clock.now())
    page = bank.open(PAYMENT)
    assert page.status_code == 200
    Session.objects.update(challenged_at=None)
    back = bank.decide(page)
    assert back["Location"].startswith("/oauth/authorize/?")
    assert bank.browser.get(back["Location"])["Location"].startswith("/prove/")
    assert not AuthorizationDetail.objects.exists()
    Session.objects.update(risk=Risk.SEVERE)
    assert bank.open(PAYMENT).status_code == 403
    assert DecisionEntry.objects.filter(answer="deny").exists()


def test_a_large_payment_takes_a_second_step(customer: User, sign_in: Callable[..., Client]) -> None:
    large = changed("instructedAmount", "amount", to="100.00")
    weak = open_bank(sign_in(customer))
    assert weak.open(large)["Location"].startswith("/prove/")
    strong = Bank(weak.partner, weak.secret, sign_in(customer, Method.PASSWORD, Method.TOTP, on=Client()))
    assert strong.approved(large)["authorization_details"] == [large]
    assert strong.pay(amount=10000).json()["outcome"] == "allow"


def test_whoever_disconnects_the_app_while_the_page_is_open_is_asked_again(bank: Bank) -> None:
    bank.code("openid")
    page = bank.open(PAYMENT)
    Consent.objects.update(ended_at=clock.now())
    assert bank.decide(page)["Location"].startswith("/oauth/authorize/?")
    assert not AuthorizationDetail.objects.exists()


# --- what tokens carry


@pytest.mark.control("RFC9396-7")
def test_tokens_and_introspection_carry_it(bank: Bank) -> None:
    tokens = bank.approved(PAYMENT, OTHER, scope="openid offline_access")
    assert tokens["authorization_details"] == [PAYMENT, OTHER]
    assert bank.introspect(tokens["access_token"])["authorization_details"] == [PAYMENT, OTHER]
    assert bank.introspect(tokens["refresh_token"])["authorization_details"] == [PAYMENT, OTHER]
    plain = bank.redeem(answer(bank.open())["code"]).json()
    assert "authorization_details" not in plain
    assert "authorization_details" not in bank.introspect(plain["access_token"])


def asked(*wanted: object) -> dict[str, str]:
    return {"authorization_details": json.dumps(wanted)}


@pytest.mark.parametrize("grant", ["code", "refresh"])
def test_at_the_token_endpoint_it_only_narrows(bank: Bank, grant: str) -> None:
    def ask(**more: Any) -> Any:
        if grant == "refresh":
            return bank.refresh(bank.approved(PAYMENT, OTHER, scope="openid offline_access")["refresh_token"], **more)
        page = bank.open(PAYMENT, OTHER, scope="openid offline_access")
        return bank.redeem(answer(bank.decide(page, detail=["1", "2"]))["code"], **more)

    for more in (
        asked(changed("instructedAmount", "amount", to="50.00")),
        asked(changed("remittanceInformationUnstructured", to=...)),
        asked(PAYMENT, OTHER, changed("creditorName", to="Eve") | {"creditorAccount": {"iban": FRENCH}}),
        asked({"type": "flight"}),
        {"authorization_details": "x"},
    ):  # fmt: skip
        refused = ask(**more)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_authorization_details"), more
    less = ask(**asked(OTHER)).json()
    assert less["authorization_details"] == [OTHER]
    assert bank.introspect(less["access_token"])["authorization_details"] == [OTHER]
    # The family keeps it; another token may carry the rest.
    assert bank.refresh(less["refresh_token"], **asked(PAYMENT)).json()["authorization_details"] == [PAYMENT]


def test_a_refusal_of_it_spends_neither_code_nor_refresh_token(bank: Bank) -> None:
    code = answer(bank.decide(bank.open(PAYMENT, scope="openid offline_access"), scope=["offline_access"]))["code"]
    assert bank.redeem(code, **asked(OTHER)).json()["error"] == "invalid_authorization_details"
    refresh = bank.redeem(code).json()["refresh_token"]
    assert bank.refresh(refresh, **asked(OTHER)).json()["error"] == "invalid_authorization_details"
    first, again = (bank.refresh(refresh, **asked(PAYMENT)).json() for _ in range(2))
    assert (first["access_token"], again["authorization_details"]) == (again["access_token"], [PAYMENT])


def test_a_partner_acts_for_itself_without(bank: Bank) -> None:
    service = Walk(*register("Job", profile=Profile.SERVICE))
    form = {"grant_type": "client_credentials"}
    assert service.post("/oauth/token/", form).status_code == 200
    refused = service.post("/oauth/token/", form | asked(PAYMENT))
    assert refused.json()["error"] == "invalid_authorization_details"


# --- the payment itself


def test_exactly_this_payment_is_done_once(bank: Bank) -> None:
    tokens = bank.approved(PAYMENT, scope="openid offline_access")
    for other in (
        {"amount": 5000},
        {"currency": "USD"},
        {"resource": {"type": "iban", "id": "GB33BUKB20201555555555"}},
        {"resource": {"type": "order", "id": IBAN}},
        {"resource": None},
        {"action": "large_payment"},
    ):
        refused = bank.pay(**other).json()
        assert refused["outcome"] == "deny", other
        assert refused["reasons"][0]["code"] in {"not_approved", "unknown_action"}
    for other in ({"amount": 5000}, {"currency": "USD"}, {"resource": {"type": "iban", "id": "x"}}):
        burnt = bank.finish(bank.pay().json()["approval"], **other)
        assert (burnt.status_code, burnt.json()["error"]) == (409, "other_transaction")
    first, second = (bank.pay().json()["approval"] for _ in range(2))
    assert bank.finish(first).json()["redeemed"] is True
    assert bank.finish(first).json()["error"] == "already_presented"
    assert (bank.finish(second).status_code, bank.pay().json()["outcome"]) == (409, "deny")
    # Done, it is in no token any more, and in none to come.
    assert "authorization_details" not in bank.introspect(bank.token)
    assert bank.refresh(tokens["refresh_token"], **asked(PAYMENT)).json().get("authorization_details") is None
    assert AuditEntry.objects.get(name="approval.redeemed").data["detail"] == str(AuthorizationDetail.objects.get().pk)


def test_another_of_the_same_takes_another_yes(bank: Bank) -> None:
    bank.approved(PAYMENT)
    bank.finish(bank.pay().json()["approval"])
    assert bank.pay().json()["reasons"][0]["code"] == "not_approved"
    bank.approved(PAYMENT)
    assert bank.finish(bank.pay().json()["approval"]).status_code == 200


def test_a_token_without_it_pays_nothing_and_partners_without_the_type_are_asked_as_before(
    bank: Bank,
) -> None:
    bank.token = bank.tokens("openid")["access_token"]
    assert bank.pay().json()["reasons"][0]["code"] == "not_approved"
    assert bank.decide_on(action="change_payee", amount=None, currency=None).json()["outcome"] == "allow"
    shop = open_shop(bank.browser)
    assert shop.decide_on(**TRANSACTION).json()["outcome"] == "allow"


def test_the_large_row_is_no_way_round(bank: Bank) -> None:
    Partner.objects.update(decision_actions=["partner.payment", "partner.large_payment"])
    bank.partner.refresh_from_db()
    bank.token = bank.tokens("openid")["access_token"]
    assert bank.pay(action="large_payment").json()["reasons"][0]["code"] == "not_approved"


def test_what_fell_in_the_meantime_counts(bank: Bank) -> None:
    bank.approved(PAYMENT)
    approval = bank.pay().json()["approval"]
    Session.objects.update(risk=Risk.HIGH)
    assert bank.finish(approval).status_code == 403
    assert AuthorizationDetail.objects.get().used_at is None
    Session.objects.update(risk=Risk.LOW)
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True):
        assert bank.pay().json()["reasons"][0]["code"] == "unknown_token"


@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_once_one_is_redeemed(unlocked_audit: None) -> None:
    browser = Client()
    factories.signed_in(browser, factories.customer(), (Method.PASSWORD,))
    bank = open_bank(browser)
    bank.approved(PAYMENT)
    approvals = [bank.pay().json()["approval"] for _ in range(4)]
    answers: list[Any] = at_once(*(partial(bank.finish, each) for each in approvals))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


# --- where it is told


def test_the_customer_sees_what_they_approved_and_whether_it_was_done(bank: Bank) -> None:
    bank.approved(PAYMENT)
    page = bank.browser.get(f"/connected-apps/{Consent.objects.get().pk}/").text
    assert "Ada" in page
    assert "Not done" in page
    bank.finish(bank.pay().json()["approval"])
    assert "Not done" not in bank.browser.get(f"/connected-apps/{Consent.objects.get().pk}/").text


def test_discovery_and_registration_say_it(client: Client) -> None:
    for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
        assert client.get(path).json()["authorization_details_types_supported"] == [TYPE, details.OF_AGENTS]
    for name in ("flight", details.OF_AGENTS, TYPE):  # unknown; an agent's; without the action that does it
        with pytest.raises(partners.Unacceptable):
            register(authorization_details_types=(name,))
