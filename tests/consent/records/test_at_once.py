"""What is said at the same moment: people wait for themselves alone, and every flow locks in one order."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from consent.models import Consent, ConsentEvent, ConsentRecord
from consent.permission import flows as connections
from consent.purposes import facts as purposes
from consent.records import flows, settle
from consent.records.policy import Reason, Says, State
from tests import factories
from tests.at_once import PATIENCE, in_turn, side_by_side, waits_for_a_lock
from tests.consent.records.world import rewritten
from tests.oauth.walk import Walk, answer, register

KEY = "research"
at_once = pytest.mark.django_db(transaction=True)


def say(customer: User, says: Says = Says.YES) -> ConsentEvent:
    by, at = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB), clock.now()
    return flows.answer(customer, KEY, says, purposes.active(at)[KEY].version, by=by, at=at)


@at_once
def test_who_agrees_to_a_text_waits_for_nobody_else_who_does(unlocked_audit: None) -> None:
    people = [factories.customer() for _ in range(2)]
    said = side_by_side(*(partial(say, each) for each in people))
    assert [isinstance(each, ConsentEvent) for each in said] == [True, True]


@at_once
def test_a_text_changes_before_an_answer_to_it_or_after(unlocked_audit: None) -> None:
    customer = factories.customer()
    before, _ = in_turn(partial(say, customer), partial(rewritten, KEY))
    assert isinstance(before, ConsentEvent)
    purposes.forget()
    old = purposes.active(clock.now())[KEY].version
    by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB)
    late = partial(flows.answer, customer, KEY, Says.YES, old, by=by, at=clock.now())
    _, after = in_turn(partial(rewritten, KEY), late)
    assert after is Reason.NOT_CURRENT


@at_once
def test_a_fresh_grant_waits_for_whoever_holds_its_customer(
    unlocked_audit: None, sign_in: Callable[..., Client]
) -> None:
    customer = factories.customer()
    walk = Walk(*register(), sign_in(customer, on=Client()))
    walk.tokens("openid email")
    page = walk.ask("openid", grant_management_action="create")
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():  # as a request to restrict, or another app's answer
            User.objects.locked(customer.pk)
            waiting = other.submit(decide, walk, page)
            assert waits_for_a_lock()
            flows.hold(customer.pk)
        assert answer(waiting.result(PATIENCE))["code"]
    assert Consent.objects.live().get().scopes == ["openid"]


@at_once
def test_a_connection_from_before_says_what_it_holds_when_it_is_locked(unlocked_audit: None) -> None:
    customer, (app, _secret), at = factories.customer(), register(), clock.now()
    held = ["openid", "email"]
    before = Consent.objects.create(customer=customer, partner=app, scopes=held, given_at=at, changed_at=at)
    in_turn(partial(connections.narrow, before, ("email",), by=Actor.system(), at=at), settle.on_migrated)
    said = dict(ConsentRecord.objects.filter(subject=customer).values_list("purpose", "state"))
    assert said == {"sign_in": State.GIVEN, "contact_details": State.REFUSED}


def decide(walk: Walk, page: Any) -> Any:
    try:
        return walk.decide(page)
    finally:
        connection.close()


@contextmanager
def locks() -> Iterator[list[str]]:
    """Each statement that locks a row when its transaction holds what a person says: that lock is the last."""
    wrong: list[str] = []
    depth, held_from = 0, 0

    def see(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal depth, held_from
        depth += sql.startswith("SAVEPOINT") - sql.startswith("RELEASE SAVEPOINT")
        if "pg_advisory_xact_lock" in sql:
            held_from = held_from or depth
        elif depth < held_from:
            held_from = 0
        elif held_from and ("FOR UPDATE" in sql or "FOR NO KEY" in sql or "FOR SHARE" in sql):
            wrong.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(see):
        yield wrong


@pytest.mark.django_db
def test_what_a_person_says_is_the_last_that_is_locked(customer: User, sign_in: Callable[..., Client]) -> None:
    browser = sign_in(customer)
    walk = Walk(*register(), browser)
    with locks() as wrong:
        walk.tokens("openid profile email phone offline_access")
        walk.tokens("openid profile email", grant_management_action="create")
        consent = Consent.objects.live().get()
        walk.tokens("openid email", grant_management_action="replace", grant_id=str(consent.pk))
        assert browser.post(f"/privacy-choices/contact_details/{consent.pk}/").status_code == 302
        say(customer)
        say(customer, Says.NO)
        assert browser.post(f"/connected-apps/{consent.pk}/withdraw/").status_code == 302
    assert State.WITHDRAWN in ConsentEvent.objects.values_list("state", flat=True)
    assert wrong == []
