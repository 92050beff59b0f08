"""Privacy choices: the page, what a click says, what is kept of it for good, and who may not say it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import Refused
from consent.models import ConsentEvent, ConsentRecord
from consent.purposes import facts as purposes
from consent.records import facts, flows, marks, policy, tasks
from consent.records.policy import GivenBy, Reason, Says, State
from tests import factories
from tests.at_once import at_once
from tests.consent.records.world import retired, rewritten

pytestmark = pytest.mark.django_db
PAGE, NEWS = "/privacy-choices/", "/privacy-choices/product_news/"


def states(customer: User) -> list[tuple[int, str, str]]:
    rows = ConsentEvent.objects.filter(subject=customer.pk).order_by("number")
    return list(rows.values_list("number", "purpose", "state"))


def read_on(page: str) -> str:
    found = re.search(r'name="read" value="([^"]+)"', page)
    assert found
    return found[1]


def say(client: Client, path: str, says: str, *ticked: str, page: str = "") -> Any:
    return client.post(path, {"says": says, "read": read_on(page or client.get(PAGE).text), "with_": ticked})


@pytest.mark.control("GDPR 7(2)", "GDPR 7(3)")
def test_yes_and_no_are_one_click_each_of_equal_weight_and_nothing_is_ticked(
    customer: User, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(customer)
    page = client.get(PAGE).text
    assert "checked" not in page
    buttons = re.findall(r'<button class="([^"]+)" type="submit" name="says" value="(yes|no)"', page)
    assert {kind for kind, _ in buttons} == {"button button--secondary"}
    assert [value for _, value in buttons].count("yes") == [value for _, value in buttons].count("no") == 3
    assert say(client, NEWS, "yes")["Location"] == PAGE
    given = ConsentRecord.objects.get()
    assert (given.state, given.categories, given.given_by) == (State.GIVEN, ["email"], GivenBy.SELF)
    assert given.expires_at is not None
    assert given.expires_at - given.at == timedelta(days=395)
    assert say(client, NEWS, "yes", "name")["Location"] == PAGE
    assert ConsentRecord.objects.get().categories == ["email", "name"]
    assert say(client, NEWS, "no")["Location"] == PAGE
    assert say(client, "/privacy-choices/improve_service/", "no")["Location"] == PAGE
    assert states(customer) == [
        (1, "product_news", "given"),
        (2, "product_news", "given"),
        (3, "product_news", "withdrawn"),
        (4, "improve_service", "objected"),
    ]
    history = client.get("/privacy-choices/history/").text
    assert [history.count(words) for words in ("Taken back", "Objected", "</time>, by you")] == [1, 1, 4]
    assert AuditEntry.objects.filter(name="choice.recorded", about=customer.pk).count() == 4


def test_what_cannot_be_refused_says_why_and_is_refused_by_name(customer: User, sign_in: Callable[..., Client]) -> None:
    client = sign_in(customer)
    page = client.get(PAGE).text
    assert "Needed for your account" in page
    assert "choose/security_notices" not in page
    assert say(client, "/privacy-choices/security_notices/", "no").status_code == 403
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize("who", ["another text", "another's page", "edited", "nothing"])
def test_the_version_on_the_screen_is_the_one_recorded(
    customer: User, sign_in: Callable[..., Client], who: str
) -> None:
    client = sign_in(customer)
    page = client.get(PAGE).text
    field = read_on(page)
    if who == "another text":
        rewritten("product_news")
    elif who == "another's page":
        field = marks.shown({"product_news": str(ConsentRecord._meta.pk)}, factories.customer())
    elif who == "edited":
        field = field[:-4] + "AAAA"
    else:
        field = ""
    answer = client.post(NEWS, {"says": "yes", "read": field})
    assert answer.status_code == 409
    assert "Nothing was saved" in answer.text
    assert not ConsentEvent.objects.exists()
    assert say(client, NEWS, "yes", page=answer.text).status_code == 302  # the fresh page is there, and works
    assert client.post(NEWS, {"says": "no", "read": field}).status_code == 302  # a no always works


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/privacy-choices/nonsense/", {"says": "yes"}, 409),
        (NEWS, {"says": "maybe"}, 409),
        (NEWS, {}, 409),
        (NEWS, {"says": "yes", "with_": "phone", "read": "x" * 9000}, 409),
        (NEWS, {"says": "yes", "with_": "password"}, 409),
    ],
)
def test_odd_forms_say_nothing(
    customer: User, sign_in: Callable[..., Client], path: str, form: dict[str, str], status: int
) -> None:
    assert sign_in(customer).post(path, form).status_code == status
    assert not ConsentEvent.objects.exists()


def test_a_refusal_is_kept_and_asked_again_only_when_the_text_changes_in_what_matters(
    customer: User, by: Actor
) -> None:
    version = purposes.active(clock.now())["research"].version
    flows.answer(customer, "research", Says.NO, version, by=by, at=clock.now())

    def is_answered() -> bool:
        (found,) = ConsentRecord.objects.of(customer.pk)
        standing = facts.standing(found, clock.now())
        return policy.is_answered(standing, clock.now())

    assert is_answered()
    rewritten("research", material=False)
    assert is_answered()
    rewritten("research")
    assert not is_answered()


def test_nobody_else_says_it(customer: User) -> None:
    version = purposes.active(clock.now())["research"].version
    for kind, key in ((ActorKind.CUSTOMER, factories.customer().pk), (ActorKind.STAFF, customer.pk)):
        with pytest.raises(Refused) as refused:
            flows.answer(customer, "research", Says.YES, version, by=Actor(kind, key, Channel.WEB), at=clock.now())
        assert refused.value.reason is Reason.NOT_YOURS


@pytest.mark.control("GDPR 18")
def test_a_pause_counts_for_all_and_ends_as_it_was(customer: User, by: Actor) -> None:
    at, version = clock.now(), purposes.active(clock.now())["product_news"].version
    flows.answer(customer, "product_news", Says.YES, version, by=by, at=at)
    keys = ("product_news", "research", "improve_service")
    assert flows.pause(customer, keys, by=by, at=at) == 2  # research was never allowed
    assert flows.resume(customer, keys, by=by, at=at) == 2
    assert [state for _, _, state in states(customer)] == ["given", "paused", "paused", "given", "given"]
    flows.pause(customer, keys, by=by, at=at)
    flows.answer(customer, "product_news", Says.NO, by=by, at=at)  # as easy as ever
    assert flows.resume(customer, keys, by=by, at=at) == 1
    assert ConsentRecord.objects.get(purpose="product_news").state == State.WITHDRAWN
    with pytest.raises(Refused):
        flows.resume(customer, keys, by=by, at=at)


def test_what_ends_is_announced_once_and_written_down_but_refused_by_the_clock(
    customer: User, by: Actor, outbox: Callable[[], list[Any]]
) -> None:
    at, version = clock.now(), purposes.active(clock.now())["product_news"].version
    flows.answer(customer, "product_news", Says.YES, version, by=by, at=at)
    assert tasks.announce() == 0
    with time_machine.travel(at + timedelta(days=395 - 14)):
        assert [tasks.announce(), tasks.announce(), tasks.expire()] == [1, 0, 0]
    assert [mail.kind for mail in outbox()] == ["choices_end"]
    with time_machine.travel(at + timedelta(days=395)):
        (found,) = ConsentRecord.objects.of(customer.pk)
        assert not policy.stands(facts.standing(found, clock.now()), clock.now())
        assert [tasks.expire(), tasks.expire()] == [1, 0]
    assert ConsentRecord.objects.get().state == State.EXPIRED


def test_a_new_text_and_a_retired_purpose_end_a_yes(customer: User, by: Actor) -> None:
    for key in ("product_news", "research"):
        version = purposes.active(clock.now())[key].version
        flows.answer(customer, key, Says.YES, version, by=by, at=clock.now())
    rewritten("product_news")
    retired("research")
    assert tasks.expire() == 2
    assert set(ConsentRecord.objects.values_list("state", flat=True)) == {State.SUPERSEDED}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE consent_consentevent SET state = 'refused'",
        "DELETE FROM consent_consentevent",
        "UPDATE consent_consentrecord SET given_by = 'guardian'",
        "INSERT INTO consent_consentevent SELECT * FROM consent_consentevent",
    ],
)
def test_the_database_keeps_what_was_said(customer: User, by: Actor, sql: str) -> None:
    version = purposes.active(clock.now())["research"].version
    flows.answer(customer, "research", Says.YES, version, by=by, at=clock.now())
    with connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute(sql)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_answer_at_once_leave_one_state_and_both_events_in_order(unlocked_audit: None) -> None:
    customer = factories.customer()
    by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB)
    version = purposes.active(clock.now())["research"].version

    def tab(says: Says) -> Callable[[], object]:
        return lambda: flows.answer(customer, "research", says, version, by=by, at=clock.now())

    answers = at_once(tab(Says.YES), tab(Says.NO), tab(Says.YES), tab(Says.NO))
    assert all(isinstance(each, ConsentEvent) for each in answers)
    said = states(customer)
    assert [number for number, _, _ in said] == [1, 2, 3, 4]
    assert ConsentRecord.objects.get().state == said[-1][2]
