"""What new accounts may do less of, at the places where it takes effect: under lock, so that two at once are one."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import Beginning, User
from accounts.trust import facts, policy
from accounts.trust.policy import Limited
from ciam_portal.core import clock
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.errors import OnHold
from ciam_portal.core.policy import limits
from consent.business import flows as businesses
from consent.business.lines import Shipped
from consent.delegation import flows
from consent.delegation.shapes import Terms
from consent.family import flows as families
from consent.permission import flows as permission
from tests import factories
from tests.at_once import at_once
from tests.consent.delegation.conftest import SEE, Party, ada, bob, party, wish
from tests.consent.family.conftest import MIA
from tests.oauth.asking import Asking
from tests.oauth.walk import Walk, register

__all__ = ["ada", "bob", "party"]
Verb = Callable[[], object]


def connects(who: Party, name: str) -> Verb:
    partner, answered = register(name)[0], factories.answered("openid")
    return lambda: permission.give(who.session, partner, answered, by=who.by, at=clock.now())


def offers(who: Party, name: str) -> Verb:
    return lambda: flows.offer(who.user, who.session, f"{name}@example.com", wish(), by=who.by, at=clock.now())


def asks(who: Party, name: str) -> Verb:
    terms = wish(Terms((SEE,)))
    return lambda: flows.ask(who.user, who.session, f"{name}@example.com", terms, by=who.by, at=clock.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
@pytest.mark.control("v5.0.0-2.3.2", "v5.0.0-2.3.4")
@pytest.mark.parametrize("verb", [connects, offers, asks])
def test_of_two_at_once_at_the_limit_one_goes_on(
    verb: Callable[[Party, str], Verb], ada: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "most", lambda *_args: 1)
    found = at_once(verb(ada, "one"), verb(ada, "two"))
    assert [each for each in found if each == policy.Reason.NEW_ACCOUNT] == [policy.Reason.NEW_ACCOUNT]
    with pytest.raises(OnHold):
        verb(ada, "three")()


def waits(who: Party) -> None:
    """Others came before them at their mail domain."""
    Beginning.objects.create(customer=who.user, domain="bots.test", proven_at=clock.now(), waits=True)


@pytest.mark.django_db
@pytest.mark.control("v5.0.0-2.4.1")
def test_who_waits_for_evidence_does_none_of_it(ada: Party, bob: Party) -> None:
    at = clock.now()
    offered = flows.offer(ada.user, ada.session, bob.user.email, wish(), by=ada.by, at=at)
    asked = flows.ask(ada.user, ada.session, bob.user.email, wish(), by=ada.by, at=at)
    acme = businesses.found(ada.user, ada.session, "Acme", by=ada.by, at=at)
    invited = businesses.invite(acme, ada.user, ada.session, bob.user.email, Shipped.BOOKS, by=ada.by, at=at)
    own = businesses.found(bob.user, bob.session, "Bob's", by=bob.by, at=at)
    waits(bob)
    doing: list[Verb] = [
        connects(bob, "Shop"),
        offers(bob, "dan"),
        asks(bob, "dan"),
        lambda: flows.accept(offered, bob.user, bob.session, by=bob.by, at=at),
        lambda: flows.grant(asked, bob.user, bob.session, wish(), by=bob.by, at=at),
        lambda: businesses.found(bob.user, bob.session, "Another", by=bob.by, at=at),
        lambda: businesses.invite(own, bob.user, bob.session, "dan@example.com", Shipped.BOOKS, by=bob.by, at=at),
        lambda: businesses.join(invited, bob.user, bob.session, by=bob.by, at=at),
        lambda: families.add(bob.user, bob.session, MIA, by=bob.by, at=at),
    ]
    for verb in doing:
        with pytest.raises(OnHold) as held:
            verb()
        assert held.value.reason == policy.Reason.SHOW_MORE
    Beginning.objects.update(waits=False)
    for verb in doing[:3]:
        verb()


@pytest.mark.django_db
def test_what_one_owner_invites_to_all_they_look_after_counts_together(
    ada: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.now()
    acme, other = (businesses.found(ada.user, ada.session, name, by=ada.by, at=at) for name in ("Acme", "Other"))
    monkeypatch.setattr(policy, "most", lambda *_args: 3)

    def invite(business: Any, name: str, at: datetime = at) -> object:
        return businesses.invite(
            business, ada.user, ada.session, f"{name}@example.com", Shipped.BOOKS, by=ada.by, at=at
        )

    invite(acme, "one"), invite(other, "two"), offers(ada, "three")()
    with pytest.raises(OnHold):
        invite(acme, "four")


@pytest.mark.django_db
def test_the_page_says_what_may_be_approved(ada: Party) -> None:
    rules, at = limits.current().trust, clock.now()
    said = facts.lines(ada.user, facts.evidence_of(ada.user, at), at)
    assert any(f"approve {rules.shown_approvals_per_day} things" in line for line in said)
    assert any(f"{rules.shown_api_per_minute} times in a minute" in line for line in said)
    assert policy.most(Limited.ACTING, policy.Trust.NEW, limits.current()) is None


@pytest.mark.django_db
def test_who_waits_reads_on_the_page_of_an_app_what_helps(walk: Walk, customer: User) -> None:
    Beginning.objects.create(customer=customer, domain="bots.test", proven_at=clock.now(), waits=True)
    asked = walk.ask("openid")
    assert asked.status_code == 403
    assert "Confirm a phone number" in asked.text
    assert DecisionEntry.objects.filter(about=customer.pk, question="trust.may_do", answer="hold").count() == 1


@pytest.mark.django_db
@pytest.mark.control("v5.0.0-2.4.1")
def test_what_a_new_account_approves_in_a_day_is_limited(
    sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Asking(sign_in)
    monkeypatch.setattr(policy, "most", lambda *_args: 1)
    first = world.asks()
    assert world.approve().status_code == 302
    assert world.poll(first).status_code == 200
    second, refused = world.asks(), world.approve(again="1")
    assert refused.status_code == 403
    assert "has done as much" in refused.text
    assert world.error(second) == "authorization_pending"
    monkeypatch.undo()
    assert world.approve(again="2").status_code == 302
