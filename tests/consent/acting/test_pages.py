"""Acting for somebody in the portal: begun, looked, stopped by either side, and never one step further."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.lock.flows import locks
from accounts.models import Session, Totp, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Deny
from consent.acting import policy
from consent.acting.policy import Mode, Reason
from consent.delegation import flows as delegations
from consent.delegation.shapes import Terms
from consent.models import ActingSession, Delegation, Use
from tests import factories
from tests.consent.acting.conftest import let
from tests.consent.delegation.conftest import Party

pytestmark = pytest.mark.django_db
NOW = clock.now()
RULES = limits.load()
MINUTE = timedelta(minutes=1)


def at(row: Delegation, page: str = "acting") -> str:
    return reverse(f"consent:{page}", args=[row.pk])


def begin(who: Party, row: Delegation) -> Any:
    return who.client.post(at(row, "acting_begin"))


def timeline(who: Party) -> list[str]:
    rows = AuditEntry.objects.filter(about=who.user.pk, name__startswith="acting.").order_by("at", "pk")
    return [row.name.removeprefix("acting.") for row in rows]


@pytest.mark.parametrize(
    ("mode", "answer"),
    [
        (Mode(begun=True, last_used_at=NOW), Allow()),
        (Mode(begun=True, last_used_at=NOW - 15 * MINUTE + timedelta(seconds=1)), Allow()),
        (Mode(begun=True, last_used_at=NOW - 15 * MINUTE), Deny(Reason.IDLE)),  # the boundary belongs to "no"
        (Mode(begun=True), Deny(Reason.IDLE)),
        (Mode(begun=True, last_used_at=NOW, ended_at=NOW), Deny(Reason.OVER)),
        (Mode(), Deny(Reason.NOT_BEGUN)),
    ],
)
def test_acting_goes_on_while_it_was_begun_and_used_lately(mode: Mode, answer: object) -> None:
    assert policy.may_go_on(mode, limits=RULES, at=NOW) == answer


def test_a_delegate_begins_looks_and_stops_and_both_read_of_it_under_their_names(
    ada: Party, bob: Party, begun: Delegation, outbox: Any
) -> None:
    User.objects.filter(pk=ada.user.pk).update(name="Ada Lovelace", phone="+4712345678")
    assert bob.client.get(at(begun))["Location"] == at(begun, "acting_begin")
    assert b"Act for somebody" in bob.client.get(at(begun, "acting_begin")).content
    before = len(outbox())
    assert begin(bob, begun)["Location"] == at(begun)
    page = bob.client.get(at(begun)).content.decode()
    assert "<title>Acting for Ada Lovelace" in page
    assert 'class="acting ' in page
    assert "You are acting for:" in page
    details = bob.client.get(at(begun, "acting_details")).content.decode()
    assert "Ada Lovelace" in details
    assert "+4712345678" not in details  # the phone was not granted
    assert bob.client.post(at(begun, "acting_stop")).status_code == 302
    assert bob.client.get(at(begun)).status_code == 403
    for who, other in ((ada, bob), (bob, ada)):
        assert timeline(who) == ["begun", "looked", "stopped"]
        rows = AuditEntry.objects.filter(about=who.user.pk, name__startswith="acting.")
        assert {(row.actor, row.on_behalf_of, row.data["other"]) for row in rows} == {
            (bob.user.pk, ada.user.pk, str(other.user.pk))
        }
    (line,) = Use.objects.of(ada.user.pk).filter(way="delegate")
    assert (line.actor, line.purpose, sorted(line.categories)) == (bob.user.pk, "acting", ["name", "preference"])
    told = [(mail.to, mail.words["what"]) for mail in outbox()[before:]]
    assert told == [("ada@example.com", "acted_first"), ("bob@example.com", "acted_first")]
    begin(bob, begun)
    assert len(outbox()) == before + 2  # of the first time alone
    assert not AuditEntry.objects.filter(name="flow.refused").exists()


def test_to_anybody_else_a_delegation_does_not_exist(ada: Party, begun: Delegation, party: Any) -> None:
    for who in (ada, party()):
        for page in ("acting", "acting_begin", "acting_details"):
            assert who.client.get(at(begun, page)).status_code == 404
        for page in ("acting_begin", "acting_stop"):
            assert who.client.post(at(begun, page)).status_code == 404
    assert not ActingSession.objects.exists()


def test_each_session_begins_for_itself_and_two_owners_stay_apart(
    ada: Party, bob: Party, begun: Delegation, party: Any
) -> None:
    eve = party("eve@example.com")
    other = let(eve, bob)
    begin(bob, begun)
    assert bob.client.get(at(other))["Location"] == at(other, "acting_begin")
    begin(bob, other)
    for row, owner in ((begun, ada), (other, eve)):
        page = bob.client.get(at(row, "acting_details"), {"owner": str(owner.user.pk)}).content.decode()
        assert owner.user.email in page
    elsewhere = Party(bob.user, type(bob.client)(), bob.session)
    elsewhere.session = factories.signed_in(elsewhere.client, bob.user, ("password", "totp"))  # type: ignore[arg-type]
    assert elsewhere.client.get(at(begun))["Location"] == at(begun, "acting_begin")


def ended(ada: Party, _bob: Party, row: Delegation) -> None:
    delegations.end(row, by=ada.by, at=clock.now())


def paused(ada: Party, _bob: Party, row: Delegation) -> None:
    delegations.pause(row, by=ada.by, at=clock.now())


def ended_by_delegate(_ada: Party, bob: Party, row: Delegation) -> None:
    delegations.end(row, by=bob.by, at=clock.now())


def owner_locked(ada: Party, _bob: Party, _row: Delegation) -> None:
    locks.lock(ada.user, by=ada.by, at=clock.now())


def owner_suspended(ada: Party, _bob: Party, _row: Delegation) -> None:
    User.objects.filter(pk=ada.user.pk).update(suspended_until=clock.now() + MINUTE)


def owner_closed(ada: Party, _bob: Party, _row: Delegation) -> None:
    User.objects.filter(pk=ada.user.pk).update(is_active=False)


def time_up(_ada: Party, _bob: Party, row: Delegation) -> None:
    Delegation.objects.filter(pk=row.pk).update(ends_at=clock.now() - MINUTE, starts_at=clock.now() - 2 * MINUTE)


def no_second_step(_ada: Party, bob: Party, _row: Delegation) -> None:
    Totp.objects.filter(user=bob.user).delete()


@pytest.mark.control("v5.0.0-8.3.2")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (ended, "You can no longer act for this person"),
        (ended_by_delegate, "You can no longer act for this person"),
        (paused, "has paused this"),
        (owner_locked, "has paused this"),
        (owner_suspended, "cannot be used at the moment"),
        (owner_closed, "cannot be used at the moment"),
        (time_up, "You can no longer act for this person"),
        (no_second_step, "your own account needs a second step"),
    ],
)
def test_the_next_click_is_refused_on_a_clear_page(
    ada: Party, bob: Party, begun: Delegation, change: Any, words: str
) -> None:
    begin(bob, begun)
    change(ada, bob, begun)
    for page in ("acting", "acting_details"):
        answer = bob.client.get(at(begun, page))
        assert answer.status_code == 403
        assert words in answer.content.decode()
        assert "Begin again" not in answer.content.decode()
    answer = begin(bob, begun)
    assert answer.status_code == 403
    assert words in answer.content.decode()
    assert not Use.objects.of(ada.user.pk).filter(way="delegate").exists()
    assert bob.client.post(at(begun, "acting_stop")).status_code == 302  # nobody is kept in it


def test_unused_for_a_while_it_is_over_and_can_be_begun_again(bob: Party, begun: Delegation) -> None:
    begin(bob, begun)
    ActingSession.objects.update(last_used_at=clock.now() - 15 * MINUTE)
    answer = bob.client.get(at(begun, "acting_details"))
    assert answer.status_code == 403
    assert "Nothing happened for a while" in answer.content.decode()
    assert "Begin again" in answer.content.decode()
    begin(bob, begun)
    assert bob.client.get(at(begun, "acting_details")).status_code == 200


def test_a_page_that_is_opened_keeps_it_alive(bob: Party, begun: Delegation) -> None:
    begin(bob, begun)
    before = clock.now() - 10 * MINUTE
    ActingSession.objects.update(last_used_at=before)
    bob.client.get(at(begun))
    assert ActingSession.objects.get().last_used_at > before + MINUTE


def test_signed_out_nothing_of_it_is_left(bob: Party, begun: Delegation) -> None:
    begin(bob, begun)
    sessions.end(bob.session, by=bob.by, at=clock.now())
    assert bob.client.get(at(begun))["Location"].startswith("/sign-in/")


def test_what_is_narrowed_meanwhile_counts_from_the_next_click(ada: Party, bob: Party, begun: Delegation) -> None:
    begin(bob, begun)
    delegations.narrow(begun, Terms(("partner.payment",), ("openid",), currency="EUR", amount_each=5, amount_month=5,
                  times_day=1),
                       by=ada.by, at=clock.now())  # fmt: skip
    begin(bob, begun)
    assert bob.client.get(at(begun, "acting_details")).status_code == 403
    assert bob.client.get(at(begun)).status_code == 200
    assert timeline(ada)[-1] == "refused"


def test_who_has_not_shown_lately_that_it_is_them_does_so_as_themselves_and_goes_on(
    bob: Party, begun: Delegation
) -> None:
    Session.objects.filter(pk=bob.session.pk).update(level_at=clock.now() - timedelta(hours=2), challenged_at=None)
    answer = begin(bob, begun)
    assert answer["Location"].startswith("/prove/")
    assert not ActingSession.objects.exists()
    asked = DecisionEntry.objects.filter(action="use_delegation").latest("at")
    assert (asked.about, asked.actor, asked.on_behalf_of) == (bob.user.pk, bob.user.pk, begun.owner_id)


def test_where_it_cannot_be_begun_no_button_says_that_it_can(ada: Party, bob: Party, begun: Delegation) -> None:
    delegations.pause(begun, by=ada.by, at=clock.now())
    page = bob.client.get(at(begun, "acting_begin"))
    assert (page.status_code, "has paused this" in page.text, "Begin" in page.text) == (403, True, False)


def test_pressed_twice_it_is_one_time_of_acting(bob: Party, begun: Delegation) -> None:
    begin(bob, begun)
    begin(bob, begun)
    assert ActingSession.objects.open().count() == 1
    assert bob.client.get(at(begun)).status_code == 200


def test_the_pages_ask_few_statements(bob: Party, begun: Delegation, django_assert_max_num_queries: Any) -> None:
    begin(bob, begun)
    bob.client.get(at(begun))
    with django_assert_max_num_queries(9):
        bob.client.get(at(begun))
