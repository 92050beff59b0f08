"""The help desk's pages: who sees and may press what, in constant work, and without a secret or a whole address."""

from dataclasses import fields
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Session, User
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from recovery.addresses import facts as addresses
from recovery.case.policy import cases as policy
from recovery.case.policy.states import State
from recovery.desk import policy as desk_policy
from recovery.desk.admin import words
from recovery.desk.flows import desk
from recovery.desk.policy import Outcome
from recovery.models import Case, RecoveryAddress
from tests import factories
from tests.accounts.staff.people import Member
from tests.recovery import steps
from tests.recovery.desk.people import Desk, look, prove, refused
from tests.stack import demo

pytestmark = pytest.mark.django_db
QUEUE = "/staff/recovery/case/"
VERBS = ("ask", "note", "propose", "approve", "reject", "send-again")
DENIED, ALLOWED = 403, 200


@pytest.fixture
def team(db: None) -> Desk:
    return Desk()


def page(who: Member, case: Case) -> str:
    """The page of a case, as this person reads it."""
    answer = who.client.get(f"{QUEUE}{case.pk}/change/")
    assert answer.status_code == ALLOWED
    return plain(answer.text)


def press(who: Member, case: Case, verb: str, **sent: str) -> str:
    """Send one form; the page that comes back."""
    answer = who.client.post(f"{QUEUE}{case.pk}/{verb}/", sent, follow=True)
    assert answer.redirect_chain[-1][0] == f"{QUEUE}{case.pk}/change/"
    return plain(answer.text)


def plain(text: str) -> str:
    """What is read, without emphasis."""
    return unescape(text).replace("<strong>", "").replace("</strong>", "")


def buttons(text: str) -> set[str]:
    """What can be pressed on a page: the verbs of its forms, and where they stand."""
    return {verb for verb in VERBS if f'/{verb}/"' in text}


def statements(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(path).status_code == ALLOWED
    return len(seen)


def others(count: int, **columns: Any) -> list[Case]:
    """Cases of other customers."""
    return [
        Case.objects.create(customer=factories.customer(), opened_at=clock.now(), **{"state": State.OPEN} | columns)
        for _ in range(count)
    ]


def test_from_the_record_to_a_wait_by_the_pages_alone(team: Desk) -> None:
    ann, bea, ben, owner = team.ann, team.bea, team.ben, team.customer
    look(ann, owner)
    record = ann.client.get(f"/staff/accounts/user/{owner.pk}/change/").text
    assert "Caller cannot sign in: begin a recovery" in record
    begin = f"{QUEUE}begin/{owner.pk}/"
    assert begin in record
    assert "the authenticator app" in ann.client.get(begin).text
    begun = ann.client.post(begin, {"lost": ["totp"]}, follow=True)
    case = steps.case_of(owner)
    assert begun.redirect_chain[-1][0] == f"{QUEUE}{case.pk}/change/"
    assert (case.state, case.lost, case.opened_by) == (State.OPEN, ["totp"], ann.pk)

    RecoveryAddress.objects.update(proven_at=clock.now() - timedelta(days=60))
    number = team.channel(case, "sms").id
    assert steps.PHONE not in page(ann, case)
    assert f"Call {steps.PHONE}" in press(ann, case, "ask", way="called_back", channel=number).replace(
        "<strong>", ""
    ).replace("</strong>", "")
    assert steps.PHONE not in page(bea, case)
    press(ann, case, "note", way="called_back", outcome="confirmed")
    press(ann, case, "ask", way="read_back", channel=team.channel(case).id)
    assert "That is not the code" in press(ann, case, "note", way="read_back", code="00000000")
    code = steps.latest("read_back_code")
    told = press(ann, case, "note", way="read_back", code=code)
    assert code not in told
    assert "2 of 5" in told
    assert policy.Reason.NOT_ENOUGH.words in press(ann, case, "propose", channel=team.channel(case).id)
    press(ann, case, "ask", way="document")
    assert desk_policy.Reason.SECOND_AGENT.words in page(ann, case)
    assert "Open the customer's record" in page(bea, case)
    look(bea, owner, WhyLook.IDENTITY_CHECK)
    press(bea, case, "note", way="document", outcome="confirmed")
    press(ann, case, "propose", channel=team.channel(case).id)
    case.refresh_from_db()
    assert (case.state, case.proposed_by) == (State.PROPOSED, ann.pk)

    assert "1 proposal waits for a second person" in ben.client.get("/staff/").text
    assert "for a second person" not in ann.client.get("/staff/").text
    press(ben, case, "approve")
    case.refresh_from_db()
    assert (case.state, case.approved_by) == (State.COOLING_OFF, ben.pk)
    assert "for a second person" not in ben.client.get("/staff/").text


@pytest.mark.control("v5.0.0-8.2.1")
def test_each_role_presses_what_is_its_own(team: Desk) -> None:
    case = team.begin()
    assert buttons(page(team.ann, case)) == {"ask", "reject"}
    assert buttons(page(team.bea, case)) == {"reject"}  # she has not opened the record
    assert buttons(page(team.ben, case)) == {"reject"}
    team.call(case)
    team.document(case)
    assert buttons(page(team.ann, case)) == {"ask", "reject"}  # the call is her word alone
    team.code(case)
    assert buttons(page(team.ann, case)) == {"propose", "reject"}
    team.propose(case)
    mine = page(team.ann, case)
    assert buttons(mine) == {"reject"}
    assert "Withdraw" in mine
    theirs = page(team.ben, case)
    assert buttons(theirs) == {"approve", "reject"}
    assert "Withdraw" not in theirs
    assert buttons(page(team.bea, case)) == set()
    team.approve(case)
    assert buttons(page(team.ann, case)) == {"reject"}
    assert buttons(page(team.bea, case)) == set()
    assert buttons(page(team.ben, case)) == {"reject"}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR], ids=str)
def test_others_of_staff_see_none_of_it(role: Role, team: Desk) -> None:
    case, other = team.begin(), Member(role)
    for path in (QUEUE, f"{QUEUE}{case.pk}/change/", f"{QUEUE}begin/{team.customer.pk}/"):
        assert other.client.get(path).status_code == DENIED
    for verb in VERBS:
        assert other.client.post(f"{QUEUE}{case.pk}/{verb}/").status_code == DENIED
    case.refresh_from_db()
    assert case.state == State.OPEN


def test_nothing_begins_and_nobody_hears_of_it_unless_something_is_lost(team: Desk) -> None:
    look(team.ann, team.customer)
    told = len(factories.outbox())
    answer = team.ann.client.post(f"{QUEUE}begin/{team.customer.pk}/", {})
    assert desk_policy.Reason.NOTHING_LOST.words in answer.text
    args = team.customer, (), team.ann.user, team.ann.session
    assert refused(desk.begin, *args, by=team.ann.by, at=clock.now()) is desk_policy.Reason.NOTHING_LOST
    assert not Case.objects.exists()
    assert len(factories.outbox()) == told


def test_an_account_without_a_second_step_has_lost_its_password(team: Desk) -> None:
    plain = factories.customer()
    look(team.ann, plain)
    assert "the password" in team.ann.client.get(f"{QUEUE}begin/{plain.pk}/").text
    team.ann.client.post(f"{QUEUE}begin/{plain.pk}/", {"lost": ["password"]})
    assert steps.case_of(plain).lost == []


def test_an_approver_begins_nothing(team: Desk) -> None:
    look(team.ben, team.customer)
    begin = f"{QUEUE}begin/{team.customer.pk}/"
    assert begin not in team.ben.client.get(f"/staff/accounts/user/{team.customer.pk}/change/").text
    assert team.ben.client.post(begin, {"lost": ["totp"]}).status_code == DENIED
    assert not Case.objects.exists()


@pytest.mark.control("v5.0.0-2.3.5")
def test_the_proposer_is_refused_with_the_sentence_and_it_stands_in_the_story(team: Desk) -> None:
    both = Member(Role.AGENT, Role.APPROVER)
    case = team.begin(both)
    team.call(case, who=both)
    look(team.ann, team.customer)
    team.code(case)
    team.document(case)
    case = team.propose(case, who=both)
    told = page(both, case)
    assert buttons(told) == {"reject"}
    assert policy.Reason.SAME_PERSON.words in told
    refused = press(both, case, "approve")
    assert refused.count(policy.Reason.SAME_PERSON.words) > 1  # as a message, beside the button, and in the story
    assert f"Refused: {policy.Reason.SAME_PERSON.words}" in refused
    case.refresh_from_db()
    assert case.state == State.PROPOSED
    assert policy.Reason.NOT_YOUR_ROLE.words in press(team.bea, case, "approve")


def test_withdrawn_by_the_proposer_and_rejected_by_the_approver(team: Desk) -> None:
    case = team.proposed()
    press(team.ann, case, "reject", reason="mistake")
    case.refresh_from_db()
    assert case.state == State.REJECTED
    told = page(team.ben, case)
    assert "Rejected: Opened by mistake" in told
    assert buttons(told) == set()
    assert policy.Reason.NOT_POSSIBLE.words in press(team.ben, case, "approve")


def test_nothing_happens_by_looking_or_without_a_choice(team: Desk) -> None:
    case = team.proposed()
    before = Case.objects.values().get(pk=case.pk)
    for who in (team.ann, team.ben):
        for verb in VERBS:
            assert who.client.get(f"{QUEUE}{case.pk}/{verb}/")["Location"] == f"{QUEUE}{case.pk}/change/"
        assert "required" in press(who, case, "reject")
        assert "Select a valid choice" in press(who, case, "reject", reason="because")
        assert who.client.post(f"{QUEUE}{case.pk}/change/", {"state": "approved"}).status_code == DENIED
        assert who.client.post(QUEUE, {"action": "delete_selected"}).status_code == 405
        for end in ("add/", f"{case.pk}/delete/", f"{case.pk}/history/"):
            assert who.client.get(QUEUE + end).status_code in {DENIED, 404}
        assert who.client.post(f"{QUEUE}{case.pk}/ask/", {"way": "password"}).status_code == 404
        assert who.client.get(f"{QUEUE}{team.customer.pk}/change/").status_code == 404
    assert Case.objects.values().get(pk=case.pk) == before


def test_a_channel_of_somebody_else_is_no_choice(team: Desk) -> None:
    case = team.begin()
    told = press(team.ann, case, "ask", way="read_back", channel="0" * 64)
    assert "Select a valid choice" in told
    assert "read_back_code" not in [mail.kind for mail in factories.outbox()]


def test_what_the_customer_does_alone_is_only_looked_at(team: Desk) -> None:
    case = Case.objects.create(customer=team.customer, state=State.OPEN, opened_at=clock.now())
    for who in (team.ann, team.ben):
        look(who, team.customer)
        told = page(who, case)
        assert "The customer does this alone" in told
        assert buttons(told) == set()
        for verb in ("approve", "send-again"):
            assert buttons(press(who, case, verb)) == set()
    assert "it gives way to yours" in team.ann.client.get(f"{QUEUE}begin/{team.customer.pk}/").text


def test_no_page_says_a_whole_address_or_a_secret(team: Desk) -> None:
    case = team.begin()
    team.ask_read_back(case)
    code, link = steps.latest("read_back_code"), str(steps.news("desk_opened")[-1].words["link"])
    seen = [page(team.ann, case)]
    team.read_back(case)
    team.call(case)
    team.document(case)
    seen += [page(who, case) for who in (team.ann, team.bea, team.ben)]
    team.propose(case)
    team.approve(case)
    seen += [text for who in (team.ann, team.bea, team.ben) for text in (page(who, case), who.client.get(QUEUE).text)]
    seen += [team.bea.client.get(f"{QUEUE}begin/{team.customer.pk}/").text]
    secrets = (code, steps.path(link), team.customer.email, steps.PHONE)
    assert all(secrets)
    assert not [secret for text in seen for secret in secrets if secret in text]
    assert f"{team.customer.email[0]}···@example.com" in seen[-2]


def test_who_noted_is_said_by_role_and_the_end_of_an_id(team: Desk) -> None:
    case = team.proposed()
    told = page(team.ben, case)
    assert f"noted by agent {str(team.ann.pk)[-8:]}" in told
    assert f"noted by agent {str(team.bea.pk)[-8:]}" in told
    assert "noted by you" in page(team.ann, case)


def test_the_queue_puts_what_waits_for_approval_first_and_hides_what_is_over(team: Desk) -> None:
    (risky,) = others(1, risk=2)
    (over,) = others(1, state=State.CANCELLED, ended_at=clock.now())
    case = team.proposed()
    text = team.ben.client.get(QUEUE).text
    at = [text.find(str(each.pk)) for each in (case, risky)]
    assert -1 < at[0] < at[1]
    assert str(over.pk) not in text
    assert "high" in text
    only = team.ben.client.get(f"{QUEUE}?state=cancelled").text
    assert str(over.pk) in only
    assert str(case.pk) not in only
    oldest = team.ben.client.get(f"{QUEUE}?sort=age").text
    assert -1 < oldest.find(str(risky.pk)) < oldest.find(str(case.pk))
    (unknown,) = others(1)
    riskiest = team.ben.client.get(f"{QUEUE}?sort=risk").text
    assert -1 < riskiest.find(str(unknown.pk)) < riskiest.find(str(risky.pk))  # not known never counts as low


@pytest.mark.parametrize(
    "query",
    [
        "?state=x",
        "?page=0",
        "?page=-1",
        "?page=²",
        "?page=99999999",
        "?sort=x",
        "?q=ada@example.com",
        "?customer__email__startswith=a",
    ],
)
def test_the_queue_shrugs_at_what_it_does_not_know(query: str, team: Desk) -> None:
    assert team.ann.client.get(QUEUE + query).status_code == ALLOWED


def test_the_queue_has_pages(team: Desk) -> None:
    others(51)
    first, second = team.ann.client.get(QUEUE).text, team.ann.client.get(f"{QUEUE}?page=2").text
    assert first.count('<th scope="row">') == 50
    assert "Next page" in first
    assert second.count('<th scope="row">') == 1
    assert "Next page" not in second
    assert "Page before" in second


def test_the_queue_and_a_case_cost_the_same_however_much_there_is(team: Desk) -> None:
    case = team.begin()
    path = f"{QUEUE}{case.pk}/change/"
    team.ask_read_back(case)
    for each in (QUEUE, path):  # the first look is recorded
        team.ann.client.get(each)
    one = statements(team.ann.client, QUEUE), statements(team.ann.client, path)
    others(20)
    for _ in range(5):
        team.read_back(case, "00000000")
        press(team.ann, case, "propose", channel=team.channel(case).id)
    many = statements(team.ann.client, QUEUE), statements(team.ann.client, path)
    assert many == one
    assert one[0] <= 12
    assert one[1] <= 45


def test_a_customer_is_found_by_the_number_of_their_case(team: Desk) -> None:
    case = team.begin()
    found = team.bea.client.post("/staff/accounts/user/", {"wanted": str(case.pk)}).text
    assert f"{team.customer.email[0]}···@example.com" in found


def test_a_case_opens_the_record_and_an_agent_who_goes_on_says_why_there(team: Desk) -> None:
    case = team.begin()
    assert buttons(page(team.bea, case)) == {"reject"}
    form = {"reason": "identity_check", "case": str(case.pk)}
    opened = team.bea.client.post(f"/staff/accounts/user/{team.customer.pk}/open/", form, follow=True)
    assert opened.redirect_chain[-1][0] == f"{QUEUE}{case.pk}/change/"
    assert buttons(opened.text) == {"ask", "reject"}
    rows = AuditEntry.objects.filter(name="staff.record_opened", session=team.bea.session.pk).order_by("at")
    assert [row.data["reason"] for row in rows] == ["recovery", "identity_check"]


def test_a_record_opened_for_another_reason_is_opened_again_for_this_one(team: Desk) -> None:
    owner, record = team.customer, f"/staff/accounts/user/{team.customer.pk}/"
    look(team.ann, owner, WhyLook.DISPUTE)
    assert "First" in plain(team.ann.client.get(f"{QUEUE}begin/{owner.pk}/").text)
    told = team.ann.client.get(f"{record}change/").text
    assert policy.Reason.RECORD_SHUT.words in unescape(told)
    assert "begin a recovery</a>" not in told
    assert "Open it for another reason too" in told
    told = team.ann.client.post(f"{record}open/", {"reason": "you_asked"}, follow=True).text
    assert "begin a recovery</a>" in told
    assert all(words in told for words in (WhyLook.DISPUTE.words, WhyLook.YOU_ASKED.words))


def test_one_works_on_a_case_and_the_others_see_it(team: Desk) -> None:
    case = team.begin()
    assert "Works on it" in page(team.bea, case)
    assert f"Take it over from staff {str(team.ann.pk)[-8:]}" in page(team.bea, case)
    assert str(case.pk) in team.ann.client.get(f"{QUEUE}?whose=mine").text
    assert str(case.pk) not in team.bea.client.get(f"{QUEUE}?whose=mine").text
    press(team.ann, case, "let-go")
    assert str(case.pk) in team.bea.client.get(f"{QUEUE}?whose=free").text
    assert "You work on it now" in press(team.bea, case, "take", seen="")
    assert desk_policy.Reason.CLAIMED.words in press(team.ann, case, "take", seen="")
    assert desk_policy.Reason.YOURS.words in press(team.bea, case, "take", seen="")
    assert desk_policy.Reason.NOT_CLAIMED.words in press(team.ann, case, "let-go")
    press(team.ann, case, "take", seen=str(team.bea.pk))
    case.refresh_from_db()
    assert case.claimed_by == team.ann.pk
    told = page(team.ann, case)
    assert "Taken over" in told
    assert "Let go" in told


def test_what_is_proposed_is_somebody_elses_turn(team: Desk) -> None:
    case = team.proposed()
    assert case.claimed_by is None
    press(team.ben, case, "take", seen="")
    case.refresh_from_db()
    assert case.claimed_by == team.ben.pk


def test_the_queue_says_how_many_there_are_and_by_when(team: Desk) -> None:
    others(3)
    case = team.proposed()
    text = plain(team.ben.client.get(QUEUE).text)
    assert "All that are live (4)" in text
    assert "Waits for approval (1)" in text
    assert "Finished</a>" in text  # what is over is not counted: there is no end to it
    assert words.due(case).startswith("approve by 20")
    assert words.due(case).endswith(" UTC")
    assert words.due(case) in text
    first = text.find(case.reference)
    assert -1 < first < min(text.find(each.reference) for each in Case.objects.exclude(pk=case.pk))


def test_due_first_is_by_what_the_page_says(team: Desk) -> None:
    case, at = team.proposed(), clock.now()
    soon, late = others(2)
    Case.objects.filter(pk=soon.pk).update(opened_at=at - timedelta(days=13, hours=12))
    Case.objects.filter(pk=late.pk).update(opened_at=at - timedelta(days=2))
    text = team.ann.client.get(f"{QUEUE}?sort=due").text
    places = [text.find(each.reference) for each in (soon, case, late)]
    assert -1 < places[0] < places[1] < places[2]
    by_hand = sorted(Case.objects.live(), key=lambda each: words.due_at(each) or at)
    assert [each.pk for each in by_hand] == [soon.pk, case.pk, late.pk]


def test_documents_for_a_second_agent_wait_on_the_front_page_and_in_the_queue(team: Desk) -> None:
    case = team.begin()
    press(team.ann, case, "ask", way="document")
    assert "1 document for you to check" in team.bea.client.get("/staff/").text
    assert "document for you" not in team.ann.client.get("/staff/").text
    assert "document for you" not in team.ben.client.get("/staff/").text
    assert str(case.pk) in team.bea.client.get(f"{QUEUE}?whose=check").text
    assert str(case.pk) not in team.ann.client.get(f"{QUEUE}?whose=check").text


@pytest.mark.control("v5.0.0-8.4.2")
def test_without_a_second_factor_in_the_session_staff_are_sent_to_prove(team: Desk) -> None:
    case = team.proposed()
    weak = Client()
    factories.signed_in(weak, team.ben.user, (Method.PASSWORD,), clock.now())
    for path in (QUEUE, f"{QUEUE}{case.pk}/change/"):
        assert "/prove/" in weak.get(path, follow=True).redirect_chain[-1][0]
    assert weak.post(f"{QUEUE}{case.pk}/approve/").status_code == 302
    case.refresh_from_db()
    assert case.state == State.PROPOSED


@pytest.mark.control("v5.0.0-7.5.3")
def test_an_old_proof_is_asked_for_again_and_leads_back_to_the_case(team: Desk) -> None:
    case = team.proposed()
    old = clock.now() - timedelta(minutes=20)
    Session.objects.filter(pk=team.ben.session.pk).update(level_at=old)
    answer = team.ben.client.post(f"{QUEUE}{case.pk}/approve/")
    assert "/prove/?ref=" in answer["Location"]
    case.refresh_from_db()
    assert case.state == State.PROPOSED
    prove(team.ben)
    go_on = team.ben.client.get(answer["Location"].replace("/prove/", "/prove/go-on/"))
    assert "Approve this recovery" in go_on.text
    reference = answer["Location"].partition("ref=")[2]
    told = press(team.ben, case, "approve", resume=reference)
    assert "The wait has begun" in told
    case.refresh_from_db()
    assert case.state == State.COOLING_OFF
    assert team.ben.client.post(f"{QUEUE}{case.pk}/approve/", {"resume": reference}).status_code == 410


def test_every_event_of_a_case_has_words_for_the_help_desk() -> None:
    of_cases = {
        kind.name
        for kind in AuditEvent.__subclasses__()
        if kind.__module__.startswith("recovery.")
        and not kind.__module__.startswith("recovery.succession.")
        and "case" in {item.name for item in fields(kind)}
    }
    assert set(words.EVENTS) == of_cases
    assert set(words.STATES) == set(State)
    assert words.EVENTS["recovery.desk_noted"]({"way": "document", "outcome": Outcome.DIFFERS.value}).endswith(
        Outcome.DIFFERS.words
    )


def test_the_story_of_a_customers_own_recovery_explains_its_decision() -> None:
    owner = factories.customer()
    person = steps.Person(Client())
    person.start(owner.email, lost=())
    person.show("mail", steps.latest("recovery_code"))
    case = steps.case_of(owner)
    told = page(Member(Role.AGENT), case)
    assert "Begun by the customer, alone" in told
    assert "The latest decision about the customer" in told
    assert owner.email not in told


@pytest.mark.parametrize("email", ["ada@example.com", "grace@example.com"])
def test_the_customers_of_the_demonstration_can_be_called_back(email: str) -> None:
    demo.load()
    demo.load()
    person = User.objects.get(email=email)
    (number,) = addresses.to_call(person, clock.now())
    assert number.masked == {"ada": "+47···50", "grace": "+47···70"}[email.partition("@")[0]]
    assert len(addresses.before_call(person, clock.now())) == 2
    story = AuditEntry.objects.filter(about=person.pk)
    assert not story.filter(at__gt=clock.now() - timedelta(days=40)).exists()  # it all happened then, once
    names = list(story.values_list("name", flat=True))
    assert (names.count("account.opened"), names.count("recovery.address_added")) == (1, 1)
