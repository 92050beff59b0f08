"""A partner asks about what somebody does for another: within what its customer allows, counted when it is done."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.oauth.models import Partner
from consent.delegation.shapes import State
from consent.models import DelegatedUse, Delegation
from tests.at_once import at_once
from tests.decisions.conftest import Shop
from tests.oauth.acting import World

pytestmark = pytest.mark.django_db


class Till(Shop):
    """The shop, with the token by which Otto acts for Rosa."""

    def __init__(self, sign_in: Callable[..., Client]) -> None:
        self.world = World(sign_in)
        super().__init__(self.world.shop, self.world.his.secret, self.world.his.browser)
        self.token = self.world.act()

    def let(self, **columns: Any) -> None:
        Delegation.objects.update(**columns)

    def answers(self, **changed: Any) -> tuple[str, str]:
        said = self.decide_on(**changed).json()
        return said["outcome"], "".join(reason["code"] for reason in said["reasons"])


@pytest.fixture
def till(sign_in: Callable[..., Client]) -> Till:
    return Till(sign_in)


def test_it_is_done_once_counted_and_on_record_for_both(till: Till) -> None:
    world = till.world
    asked = till.decide_on().json()
    assert asked["outcome"] == "allow", asked
    kept = DecisionEntry.objects.get(pk=asked["decision_id"])
    assert (kept.about, kept.actor, kept.on_behalf_of) == (world.rosa.pk, world.otto.pk, world.rosa.pk)
    assert kept.channel == "delegated"
    assert not DelegatedUse.objects.exists()  # asking costs nothing
    assert till.redeem_approval(asked["approval"]).json()["redeemed"] is True
    used = DelegatedUse.objects.get()
    assert (used.action, used.amount, used.currency) == ("partner.payment", 1250, "EUR")
    assert Delegation.objects.get().spent == 1250
    done = AuditEntry.objects.get(name="approval.redeemed")
    assert (done.about, done.actor, done.on_behalf_of) == (world.rosa.pk, world.otto.pk, world.rosa.pk)
    again = till.redeem_approval(asked["approval"])
    assert (again.status_code, again.json()["error"]) == (409, "already_presented")
    assert DelegatedUse.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"amount": 5000}, ("allow", "")),
        ({"amount": 5001}, ("deny", "delegation_too_much")),
        ({"amount": 2000}, ("deny", "delegation_month_spent")),
        ({"amount": 1000}, ("allow", "")),
        ({"currency": "USD"}, ("deny", "delegation_other_currency")),
        ({"amount": None, "currency": None}, ("deny", "delegation_no_amount")),
        ({"action": "large_payment"}, ("deny", "delegation_not_granted")),
        ({"action": "change_payee"}, ("deny", "delegation_never")),
        ({"action": "fly"}, ("deny", "unknown_action")),
    ],
)
def test_what_the_customer_allows_and_no_more(till: Till, said: dict[str, Any], answer: tuple[str, str]) -> None:
    spent = 7000 if said.get("amount") in {1000, 2000} else 0
    today = clock.now().date()
    till.let(spent=spent, spent_in=today.replace(day=1), done=1, done_on=today, times_day=2)
    assert till.answers(**said) == answer
    till.let(done=2)
    assert till.answers(amount=1)[1] == "delegation_too_often"


def test_a_row_that_names_no_such_door_is_never_done_for_another(till: Till) -> None:
    """Even if a delegation says so: it was granted under another policy."""
    till.let(actions=["partner.change_payee"])
    assert till.answers(action="change_payee") == ("deny", "delegation_never")


def test_what_the_customer_wants_to_be_asked_about_waits(till: Till) -> None:
    till.let(asks=["partner.payment"])
    assert till.answers() == ("hold", "delegation_ask_owner")


def test_who_acts_proves_it_themselves(till: Till) -> None:
    till.let(amount_each=50_000, amount_month=50_000)
    assert till.answers(amount=20_000) == ("allow", "")  # large: two factors, freshly
    Session.objects.filter(customer=till.world.otto).update(level=Level.AAL1, methods=[Method.PASSWORD])
    assert till.answers(amount=20_000) == ("step_up", "prove_more")
    waiting = till.world.his.ask("openid delegations", acr_values="aal2")["Location"]
    assert waiting.startswith("/prove/")


@pytest.mark.parametrize("what", ["paused", "owner suspended", "refuses delegates", "narrowed"])
def test_what_ended_meanwhile_is_not_done(till: Till, what: str) -> None:
    approval = till.approval()
    match what:
        case "paused":
            till.let(state=State.PAUSED)
        case "owner suspended":
            User.objects.filter(pk=till.world.rosa.pk).update(is_active=False)
        case "refuses delegates":
            Partner.objects.update(delegates=False)
        case "narrowed":
            till.let(amount_each=1000)
    refused = till.redeem_approval(approval)
    assert (refused.status_code, refused.json()["redeemed"]) == (403, False)
    assert not DelegatedUse.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_cannot_pass_one_limit(unlocked_audit: None, sign_in: Callable[..., Client]) -> None:
    till = Till(sign_in)
    approvals = [till.approval(amount=5000) for _each in range(3)]  # a month is 8000

    def pay(approval: str) -> Callable[[], object]:
        one = Shop(till.partner, till.secret)
        one.token = till.token
        return lambda: one.redeem_approval(approval, amount=5000).status_code

    assert sorted(map(str, at_once(*map(pay, approvals)))) == ["200", "403", "403"]
    assert DelegatedUse.objects.count() == 1
    assert Delegation.objects.get().spent == 5000
