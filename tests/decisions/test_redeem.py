"""POST /api/approvals/redeem: once, soon, by its partner, for the very transaction, as things stand at that moment."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Session, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock, retention
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.decide import columns_of
from ciam_portal.core.audit.facts import of_question
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.policy.question import KNOWN
from ciam_portal.decisions.models import Approval
from consent.models import Consent
from consent.permission import flows as consent_flows
from tests import factories
from tests.at_once import at_once, in_turn
from tests.decisions.conftest import Shop, open_shop

pytestmark = pytest.mark.django_db


def test_an_approval_works_exactly_once(shop: Shop, customer: User) -> None:
    asked = shop.decide_on().json()
    response = shop.redeem_approval(asked["approval"])
    assert (response.status_code, response.json()) == (200, {"redeemed": True, "decision_id": asked["decision_id"]})
    again = shop.redeem_approval(asked["approval"])
    assert (again.status_code, again.json()["error"]) == (409, "already_presented")
    assert again.json()["redeemed"] is False
    events = AuditEntry.objects.filter(name__startswith="approval.").order_by("at")
    assert [event.name for event in events] == ["approval.redeemed", "approval.refused"]
    assert {event.about for event in events} == {customer.pk}
    # The gate was asked a second time, and both its answers are kept.
    assert DecisionEntry.objects.filter(action="partner.payment", answer="allow").count() == 2


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 1251},
        {"amount": 0},
        {"currency": "USD"},
        {"amount": None, "currency": None},
        {"action": "change_payee"},
        {"action": "fly"},
        {"resource": {"type": "order", "id": "1002"}},
        {"resource": {"type": "invoice", "id": "1001"}},
        {"resource": None},
    ],
    ids=str,
)
def test_another_transaction_is_refused_and_burns_it(shop: Shop, change: dict[str, Any]) -> None:
    approval = shop.approval()
    response = shop.redeem_approval(approval, **change)
    assert (response.status_code, response.json()["error"]) == (409, "other_transaction")
    assert AuditEntry.objects.get(name="approval.refused").data["reason"] == "other_transaction"
    right = shop.redeem_approval(approval)
    assert (right.status_code, right.json()["error"]) == (409, "already_presented")


def test_without_a_resource_it_is_bound_to_none(shop: Shop) -> None:
    approval = shop.approval(resource=None)
    assert shop.redeem_approval(approval, resource=None).status_code == 200
    assert shop.redeem_approval(shop.approval(resource=None)).status_code == 409


def test_the_second_it_expires_belongs_to_no(shop: Shop) -> None:
    at = clock.now()
    with time_machine.travel(at, tick=False):
        first, second = shop.approval(), shop.approval()
    with time_machine.travel(at + timedelta(seconds=119), tick=False):
        assert shop.redeem_approval(first).status_code == 200
    with time_machine.travel(at + timedelta(seconds=120), tick=False):
        response = shop.redeem_approval(second)
    assert (response.status_code, response.json()["error"]) == (410, "expired")


def test_nobody_elses_approval_and_no_invented_one(shop: Shop) -> None:
    other = open_shop(shop.browser, name="Other")
    approval = shop.approval()
    for asking, value in ((other, approval), (shop, "x" * 43)):
        response = asking.redeem_approval(value)
        assert (response.status_code, response.json()["error"]) == (404, "unknown_approval")
    assert shop.redeem_approval(approval).status_code == 200  # a stranger's attempt burns nothing


CHANGES: dict[str, tuple[Callable[[Actor], Any], str]] = {
    "session ended": (lambda by: sessions.end(Session.objects.get(), by=by, at=clock.now()), "session_ended"),
    "signed out": (
        lambda by: sessions.end(Session.objects.get(), by=by, at=clock.now(), reason=sessions.SIGNED_OUT),
        "session_ended",
    ),
    "session too old": (lambda by: Session.objects.update(expires_at=clock.now()), "session_ended"),
    "consent withdrawn": (
        lambda by: consent_flows.withdraw(Consent.objects.get(), by=by, at=clock.now()),
        "consent_ended",
    ),
    "account closed": (lambda by: User.objects.update(is_active=False), "account_closed"),
    "risk moderate": (lambda by: Session.objects.update(risk=Risk.MODERATE), "unusual"),
    "risk high": (lambda by: Session.objects.update(risk=Risk.HIGH), "on_hold"),
    "risk severe": (lambda by: Session.objects.update(risk=Risk.SEVERE), "too_risky"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_in_the_meantime_counts(shop: Shop, by: Actor, change: str) -> None:
    approval = shop.approval()
    happen, code = CHANGES[change]
    happen(by)
    response = shop.redeem_approval(approval)
    assert (response.status_code, response.json()["error"]) == (403, code)
    assert DecisionEntry.objects.get(pk=response.json()["decision_id"]).reason == code
    Session.objects.update(risk=Risk.LOW)
    assert shop.redeem_approval(approval).json()["error"] == "already_presented"


def test_an_action_taken_from_the_partner_is_refused(shop: Shop) -> None:
    approval = shop.approval()
    type(shop.partner).objects.update(decision_actions=["partner.change_payee"])
    assert shop.redeem_approval(approval).json()["error"] == "unknown_action"


def test_what_a_redemption_costs(shop: Shop, django_assert_num_queries: Any) -> None:
    approval = shop.approval()
    # Partner; approval; consent and approval locked; what was said; factors held; decision; its end; event. Two are the
    # savepoint.
    with django_assert_num_queries(11):
        assert shop.redeem_approval(approval).status_code == 200


def test_the_sweep_forgets_old_approvals_only(shop: Shop) -> None:
    shop.approval()
    assert retention.forget(clock.now(), 9) == 0
    Approval.objects.update(expires_at=clock.now() - timedelta(days=1, seconds=1))
    shop.approval()
    assert retention.forget(clock.now(), 9) == 1
    assert Approval.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_redeemed(unlocked_audit: None) -> None:
    browser, person = Client(), factories.customer()
    factories.signed_in(browser, person, (Method.PASSWORD,))
    shop = open_shop(browser)
    answers: list[Any] = at_once(*[partial(shop.redeem_approval, shop.approval())] * 6)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]


@pytest.mark.django_db(transaction=True)
def test_a_session_that_is_just_ending_redeems_nothing(unlocked_audit: None) -> None:
    browser, person = Client(), factories.customer()
    session = factories.signed_in(browser, person, (Method.PASSWORD,))
    shop = open_shop(browser)
    approval = shop.approval()
    end = partial(sessions.end, session, by=Actor.system(), at=clock.now())
    _ended, answer = in_turn(end, lambda: shop.redeem_approval(approval).status_code)
    assert answer == 403


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_and_a_redemption_at_once_agree(unlocked_audit: None) -> None:
    """Whoever locks the consent first wins; the other sees it. Neither waits for ever."""
    browser, person = Client(), factories.customer()
    factories.signed_in(browser, person, (Method.PASSWORD,))
    shop = open_shop(browser)
    approval, consent = shop.approval(), Consent.objects.get()
    withdraw = partial(consent_flows.withdraw, consent, by=Actor.system(), at=clock.now())
    status, _ = at_once(lambda: shop.redeem_approval(approval).status_code, withdraw)
    names = list(AuditEntry.objects.filter(name__in=["approval.redeemed", "approval.refused"]).values_list("name"))
    assert (status, names) in ((200, [("approval.redeemed",)]), (403, [("approval.refused",)]))
    assert Consent.objects.get().ended_at is not None


def test_every_decision_on_record_is_answered_the_same_again(shop: Shop) -> None:
    shop.redeem_approval(shop.approval())
    shop.redeem_approval(shop.approval(), amount=7)
    shop.decide_on(amount=99_999, currency="XTS")
    shop.decide_on(action="fly")
    Session.objects.update(risk=Risk.HIGH)
    shop.decide_on()
    kept = DecisionEntry.objects.filter(channel="api")
    assert {entry.answer for entry in kept} == {"allow", "step_up", "hold", "deny"}
    for entry in kept:
        question = KNOWN[entry.question]
        answer = question(*of_question(question, entry.inputs), limits=limits.current(), at=entry.at)
        assert columns_of(answer) == {"answer": entry.answer, "reason": entry.reason, "detail": entry.detail}
