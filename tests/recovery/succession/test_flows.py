"""A successor is named, says that it is needed, is looked at by two, waits, and acts; or the customer is there."""

from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client

from accounts.models import Session
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from consent.delegation.shapes import State as Delegated
from consent.models import Delegation
from recovery.models import Succession, SuccessionNote, Successor
from recovery.succession import flows, tasks
from recovery.succession.policy import Reason
from recovery.succession.shapes import Kind, May, Stands, State, Via
from tests import factories
from tests.accounts.staff.people import Member
from tests.consent.delegation.conftest import PAY, SEE, Party
from tests.factories import Message
from tests.recovery.succession.conftest import DAY, name

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]
Opened = Callable[[], Succession]
MINE = "/security/successor/"


def refused(verb: Callable[[], object]) -> object:
    with pytest.raises(Refused) as found:
        verb()
    return found.value.reason


def steps(outbox: Outbox) -> list[tuple[str, str]]:
    return [(mail.to, mail.words["step"]) for mail in outbox() if mail.kind == "succession_news"]


def decide(case: Succession) -> None:
    """Two of the help desk, on their own pages."""
    agent, approver = Member(Role.AGENT), Member(Role.APPROVER)
    page = f"/staff/recovery/succession/{case.pk}/"
    assert agent.client.get(f"{page}change/").status_code == 200
    agent.client.post(f"{page}propose/")  # nothing was seen yet
    agent.client.post(f"{page}note/", {"seen": "death_certificate", "how": "in_person"})
    approver.client.post(f"{page}approve/")  # nothing is proposed yet
    agent.client.post(f"{page}propose/")
    agent.client.post(f"{page}approve/")  # not by the same person
    case.refresh_from_db()
    assert case.state == State.PROPOSED
    assert "Approve it" in approver.client.get(f"{page}change/").text
    approver.client.post(f"{page}approve/")
    case.refresh_from_db()


@pytest.mark.control("v5.0.0-8.2.1")
def test_from_being_named_to_acting(named: Successor, ada: Party, bob: Party, outbox: Outbox) -> None:
    Session.objects.filter(customer=ada.user).update(auth_time=clock.now() - 50 * DAY)
    assert "They have died" in bob.client.get(MINE).text
    said = bob.client.post(f"{MINE}{named.pk}/open/", {"kind": "death"})
    assert said["Location"] == MINE
    assert bob.client.post(f"{MINE}{named.pk}/open/", {"kind": "death"}).status_code == 409  # pressed twice
    case = Succession.objects.get()
    decide(case)
    assert case.state == State.WAITS
    assert SuccessionNote.objects.get().how == "in_person"
    assert not Delegation.objects.exists()
    at = clock.now()
    with pytest.raises(OnHold):
        flows.begin(case, by=Actor.system(), at=at + 29 * DAY)
    assert refused(lambda: flows.tell_again(case, by=Actor.system(), at=at)) == Reason.TOLD
    flows.tell_again(case, by=Actor.system(), at=at + 4 * DAY)
    assert tasks.sweep() == 0
    Succession.objects.update(approved_at=at - 31 * DAY, ready_at=at - DAY, opened_at=at - 32 * DAY, told_at=at - DAY)
    assert tasks.sweep() == 1
    row = Delegation.objects.get()
    assert (row.owner, row.delegate, row.state) == (ada.user, bob.user, Delegated.ACTIVE)
    assert sorted(row.actions) == sorted([PAY, SEE])
    assert (row.amount_each, row.amount_month, row.currency) == (50_000, 200_000, "EUR")
    assert sorted(steps(outbox)) == [("ada@example.com", step) for step in ("again", "begun", "opened", "waits")]
    links = [mail.words["link"] for mail in outbox() if mail.kind == "succession_news"]
    assert len(set(links)) == len(links)


def test_the_customer_signs_in_and_it_is_over_at_once(opened: Opened, ada: Party, outbox: Outbox) -> None:
    case = opened()
    factories.signed_in(Client(), ada.user, (Method.PASSWORD, Method.TOTP), clock.now())
    case.refresh_from_db()
    assert (case.state, case.stopped_via) == (State.STOPPED, Via.SIGN_IN)
    assert steps(outbox)[-1] == ("ada@example.com", "stopped")
    assert ("bob@example.com", "stopped") in [(mail.to, mail.words.get("step")) for mail in outbox()]


def test_what_has_begun_ends_when_the_customer_is_there(opened: Opened, ada: Party, bob: Party) -> None:
    case = opened()
    at = clock.now()
    Session.objects.filter(customer=ada.user).update(auth_time=at - 50 * DAY)
    Succession.objects.update(state=State.WAITS, approved_at=at - 31 * DAY, ready_at=at, opened_at=at - 32 * DAY)
    flows.begin(case, by=Actor.system(), at=clock.now())
    assert Delegation.objects.get().state == Delegated.ACTIVE
    assert "I am here: stop it" in ada.client.get(MINE).text
    assert ada.client.post(f"{MINE}stop/")["Location"] == MINE
    assert Delegation.objects.get().state == Delegated.ENDED
    assert ada.client.post(f"{MINE}stop/").status_code == 403  # pressed twice


def test_whoever_reads_a_message_stops_it_without_signing_in(opened: Opened, outbox: Outbox) -> None:
    case = opened()
    link = next(mail.words["link"] for mail in outbox() if mail.kind == "succession_news")
    stranger = Client()
    page = stranger.get(link, follow=True)
    assert "Are you there?" in page.text
    done = stranger.post(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"])
    assert "It is stopped" in done.text
    case.refresh_from_db()
    assert (case.state, case.stopped_via) == (State.STOPPED, Via.LINK)
    assert "_auth_user_id" not in stranger.session


def test_a_live_session_of_the_customer_stands_in_the_way(opened: Opened, ada: Party) -> None:
    case, at = opened(), clock.now()
    Succession.objects.update(state=State.WAITS, approved_at=at - 31 * DAY, ready_at=at, opened_at=at - 32 * DAY)
    case.refresh_from_db()
    assert refused(lambda: flows.begin(case, by=Actor.system(), at=clock.now())) == Reason.THERE
    assert tasks.sweep() == 0 or case.state == State.WAITS


def test_who_was_named_lately_gets_nothing(ada: Party, bob: Party) -> None:
    row, at = name(ada, bob.user.email), clock.now()
    open_case = partial(flows.open_case, row, bob.user, bob.session, Kind.DEATH, by=bob.by)
    assert refused(lambda: open_case(at=at)) == Reason.NOT_NAMED
    flows.accept(row, bob.user, bob.session, by=bob.by, at=at)
    assert refused(lambda: open_case(at=clock.now())) == Reason.TOO_NEW
    with pytest.raises(ProveMore):
        open_case(at=clock.now() + DAY / 130)


def test_naming_tells_everybody_and_strangers_nothing(ada: Party, bob: Party, outbox: Outbox) -> None:
    row = name(ada, "nobody@example.com", May.DETAILS)
    assert refused(lambda: name(ada, "x@example.com")) == Reason.ONE
    flows.remove(row, by=ada.by, at=clock.now())
    name(ada, bob.user.email)
    kinds = [(mail.to, mail.kind, sorted(mail.words)) for mail in outbox()]
    invited = [words for _to, kind, words in kinds if kind == "successor_invitation"]
    assert invited[0] == invited[1]
    assert [kind for to, kind, _words in kinds if to == "ada@example.com"] == ["successor_changed"] * 3
    found = Successor.objects.there().get()
    assert bob.client.get(f"{MINE}{found.pk}/").status_code == 200
    assert bob.client.post(f"{MINE}{found.pk}/", {"do": "decline"})["Location"] == MINE
    assert Successor.objects.get(pk=found.pk).stands == Stands.GONE
    assert ada.client.get(f"{MINE}{found.pk}/").status_code == 404


def test_their_pages_and_what_is_typed_wrongly(ada: Party, bob: Party, party: Callable[..., Party]) -> None:
    assert ada.client.post(f"{MINE}name/", {"email": "bob@example.com"}).status_code == 409  # nothing ticked
    assert ada.client.post(f"{MINE}name/", {"email": ada.user.email, "may": ["bills"]}).status_code == 409
    assert ada.client.post(f"{MINE}name/", {"email": "bob@example.com", "may": ["bills"]})["Location"] == MINE
    row = Successor.objects.get()
    assert "bob@example.com" in ada.client.get(MINE).text
    assert bob.client.post(f"{MINE}{row.pk}/", {"do": "accept"})["Location"] == MINE
    eve = party("eve@example.com")
    assert eve.client.post(f"{MINE}{row.pk}/remove/").status_code == 404
    assert eve.client.get(f"{MINE}{row.pk}/open/").status_code == 404
    assert bob.client.post(f"{MINE}{row.pk}/open/", {"kind": "nonsense"}).status_code == 200
    assert bob.client.post(f"{MINE}{row.pk}/open/", {"kind": "death"}).status_code == 409  # named a moment ago
    assert bob.client.post(f"{MINE}{row.pk}/remove/")["Location"] == MINE
    assert Successor.objects.get().stands == Stands.GONE
