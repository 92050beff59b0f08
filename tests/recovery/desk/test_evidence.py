"""What agents may ask and note about a caller, and what none of it says alone."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Device, Session, Totp
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Level, Method
from recovery.case.flows import guesses
from recovery.case.policy.cases import Reason
from recovery.case.policy.evidence import DESK, Way, can_answer, weight
from recovery.case.policy.states import State
from recovery.desk import policy
from recovery.desk.flows import desk, evidence
from recovery.desk.policy import Outcome
from recovery.models import Case, Guesses, Inquiry, RecoveryAddress, Shown
from tests import factories, mailed
from tests.recovery import steps
from tests.recovery.desk.people import Desk, look, refused, stay

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db: None) -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("shown", "weighs"),
    [
        ((), 0),
        ((Way.READ_BACK,), 2),
        ((Way.READ_BACK, Way.READ_BACK), 2),
        ((Way.CALLED_BACK,), 3),
        ((Way.CALLED_BACK, Way.READ_BACK), 5),
        ((Way.IN_SESSION, Way.READ_BACK), 5),
        ((Way.DOCUMENT, Way.READ_BACK), 5),
        ((Way.CALLED_BACK, Way.DOCUMENT), 6),
        ((Way.CALLED_BACK, Way.IN_SESSION), 6),
        ((Way.DOCUMENT, Way.IN_SESSION), 6),
        ((Way.CALLED_BACK, Way.READ_BACK, Way.MAIL, Way.SMS, Way.APP, Way.PASSWORD), 5),
        (tuple(DESK), 11),
    ],
)
def test_what_it_weighs(shown: tuple[Way, ...], weighs: int) -> None:
    assert weight(shown) == weighs


# A code that is read back


@pytest.mark.parametrize(("kind", "to"), [("mail", ""), ("sms", steps.PHONE)], ids=["mail", "sms"])
def test_a_code_goes_to_a_channel_and_comes_back(team: Desk, kind: str, to: str) -> None:
    case = team.begin()
    assert team.ask_read_back(case, kind)
    sent = [mail for mail in factories.outbox() if mail.kind == "read_back_code"]
    assert [mail.to for mail in sent] == [to or team.customer.email]
    assert team.read_back(case)
    assert list(case.shown.values_list("way", "by")) == [("read_back", team.ann.pk)]
    assert refused(team.read_back, case, "00000000") is policy.Reason.NOT_ASKED


def test_its_message_says_what_it_is_for_and_stops_it(team: Desk) -> None:
    case = team.begin()
    team.ask_read_back(case)
    link = [mail for mail in factories.outbox() if mail.kind == "read_back_code"][-1].words["link"]
    browser = Client()
    browser.get(steps.path(link))
    assert browser.post(mailed.page(browser, "/recover/stop/")).status_code == 200
    case.refresh_from_db()
    assert case.state == State.CANCELLED
    assert refused(team.read_back, case) is Reason.NOT_POSSIBLE


def test_wrong_codes_are_counted_and_five_end_the_code(team: Desk) -> None:
    case = team.begin()
    team.ask_read_back(case)
    for _ in range(5):
        assert not team.read_back(case, "00000000")
    assert not team.read_back(case)
    assert Guesses.objects.get(customer=team.customer, way="read_back").wrong == 5  # (the sixth was at none)
    assert AuditEntry.objects.filter(about=team.customer.pk, name="recovery.desk_missed").count() == 6


def test_a_hundred_wrong_codes_shut_this_way_and_no_other(team: Desk) -> None:
    case = team.begin()
    for _ in range(100):
        guesses.count(team.customer, Way.READ_BACK, clock.now(), right=False)
    assert not team.ask_read_back(case)
    assert not [mail for mail in factories.outbox() if mail.kind == "read_back_code"]
    team.call(case)
    assert case.shown.filter(way="called_back").exists()


def test_a_code_is_for_one_case_alone(team: Desk) -> None:
    first = team.begin()
    team.ask_read_back(first)
    code = steps.latest("read_back_code")
    desk.reject(first, policy.WhyRejected.CALLER_GONE, team.ann.user, team.ann.session, by=team.ann.by, at=clock.now())
    second = team.begin()
    team.ask_read_back(second, "sms")
    assert not team.read_back(second, code)


@pytest.mark.parametrize("kind", ["mail", "sms"])
def test_no_code_goes_where_something_changed_just_before_the_call(team: Desk, kind: str) -> None:
    if kind == "mail":
        team.customer.email_changed_at = clock.now() - timedelta(hours=71)
        team.customer.save()
    else:
        RecoveryAddress.objects.all().delete()
        steps.with_phone(team.customer, rested=False)
    case = team.begin()
    assert kind not in {each.by for each in desk.channels(case)}
    with steps.later(hours=80):  # what was too new when they called stays so in this case
        assert kind not in {each.by for each in desk.channels(case)}


def test_only_a_channel_of_this_customer(team: Desk) -> None:
    other = Desk()
    foreign = team.channel(other.begin()).id
    case = team.begin()
    for key in (foreign, "", team.customer.email, "x" * 64):
        args = case, key, team.ann.user, team.ann.session
        assert refused(evidence.ask_read_back, *args, by=team.ann.by, at=clock.now()) is policy.Reason.NOTHING_THERE


def test_staff_see_channels_masked(team: Desk) -> None:
    shown = {each.masked for each in desk.channels(team.begin())}
    assert shown == {f"{team.customer.email[0]}···@example.com", "+47···50"}


# A call back


@pytest.mark.parametrize(
    ("days", "phone_days", "numbers"),
    [(30, None, 1), (29, None, 0), (0, 31, 1), (0, 29, 0), (30, 31, 2)],
)
def test_only_numbers_on_file_for_long_enough_are_called(
    team: Desk, days: int, phone_days: int | None, numbers: int
) -> None:
    at = clock.now()
    RecoveryAddress.objects.update(proven_at=at - timedelta(days=days, minutes=1), usable_from=at + timedelta(days=4))
    if phone_days is not None:
        team.customer.phone = "+4722855051"
        team.customer.contact_changed_at = at - timedelta(days=phone_days)
        team.customer.save()
    case = team.begin()
    assert len(evidence.numbers(case)) == numbers


def test_the_number_is_shown_to_whoever_asked_and_that_is_on_the_record(team: Desk) -> None:
    case = team.begin()
    key, ann = evidence.numbers(case)[0].id, team.ann
    assert evidence.ask_call_back(case, key, ann.user, ann.session, by=ann.by, at=clock.now()) == steps.PHONE
    entry = AuditEntry.objects.get(about=team.customer.pk, name="recovery.desk_asked")
    assert (entry.actor, entry.data["way"]) == (ann.pk, "called_back")
    assert evidence.number_shown(case, ann.pk, clock.now()) == steps.PHONE
    assert evidence.number_shown(case, team.bea.pk, clock.now()) == ""
    assert evidence.number_shown(case, ann.pk, clock.now() + timedelta(minutes=15)) == ""


@pytest.mark.parametrize(
    ("outcome", "state", "counts"),
    [(Outcome.CONFIRMED, "open", True), (Outcome.NOT_REACHED, "open", False), (Outcome.DENIED, "rejected", False)],
)
def test_what_came_of_the_call(team: Desk, outcome: Outcome, state: str, counts: bool) -> None:
    case = team.begin()
    case = team.call(case, outcome)
    assert case.state == state
    assert case.shown.filter(way="called_back").exists() is counts
    assert len(steps.news("rejected")) == (2 if state == "rejected" else 0)


def test_an_outcome_of_another_kind_is_no_outcome(team: Desk) -> None:
    case = team.begin()
    with pytest.raises(ValueError, match="unreadable"):
        team.call(case, Outcome.UNREADABLE)
    with pytest.raises(ValueError, match="denied"):
        team.document(case, Outcome.DENIED)


# A document


@pytest.mark.control("v5.0.0-2.3.5")
def test_a_document_is_checked_by_a_second_agent(team: Desk) -> None:
    case = team.begin()
    assert refused(team.document, case, Outcome.CONFIRMED, team.ann) is policy.Reason.SECOND_AGENT
    assert team.document(case).shown.get().by == team.bea.pk


def test_neither_who_asked_nor_who_opened_checks_it(team: Desk) -> None:
    case, bea = team.begin(), team.bea
    look(bea, team.customer)
    evidence.ask_document(case, bea.user, bea.session, by=bea.by, at=clock.now())
    for who in (team.ann, bea):
        args = case, Outcome.CONFIRMED, who.user, who.session
        assert refused(evidence.check_document, *args, by=who.by, at=clock.now()) is policy.Reason.SECOND_AGENT


def test_the_database_holds_it_too(team: Desk) -> None:
    case = team.begin()
    row = Inquiry(case=case, way="document", asked_by=team.ann.pk, asked_at=clock.now())
    row.save()
    with pytest.raises(IntegrityError, match="inquiry_document_checked_by_another"), transaction.atomic():
        row.end(Outcome.CONFIRMED, team.ann.pk, clock.now())


def test_somebody_elses_document_ends_the_case(team: Desk) -> None:
    case = team.document(team.begin(), Outcome.DIFFERS)
    assert case.state == State.REJECTED
    assert AuditEntry.objects.get(name="recovery.rejected").data["reason"] == "differs"


def test_one_that_cannot_be_read_counts_for_nothing(team: Desk) -> None:
    case = team.document(team.begin(), Outcome.UNREADABLE)
    assert (case.state, case.shown.count()) == (State.OPEN, 0)


# An answer in a session


@pytest.fixture
def home(team: Desk) -> Client:
    """A browser of the customer's, known, signed in since before the call."""
    client = Client()
    at = clock.now()
    session = factories.signed_in(client, team.customer, (Method.PASSWORD, Method.TOTP), at - timedelta(hours=1))
    Session.objects.filter(pk=session.pk).update(last_used_at=at)
    return client


def begin_with_the_app_in_hand(team: Desk) -> Case:
    """The caller has forgotten the password, and still has the app."""
    look(team.ann, team.customer)
    return desk.begin(
        team.customer, (Method.PASSWORD,), team.ann.user, team.ann.session, by=team.ann.by, at=clock.now()
    )


def ask(team: Desk, case: Case) -> None:
    evidence.ask_in_session(case, team.ann.user, team.ann.session, by=team.ann.by, at=clock.now())


@pytest.mark.control("v5.0.0-6.4.4")
@pytest.mark.parametrize(
    ("left", "lost", "counts"),
    [
        (Level.AAL1, Level.AAL1, False),
        (Level.AAL1, Level.AAL2, False),
        (Level.AAL1, Level.PHR, False),
        (Level.AAL2, Level.PHR, False),
        (Level.AAL2, Level.AAL2, True),
        (Level.AAL2, Level.AAL1, True),
        (Level.PHR, Level.AAL2, True),
    ],
)
def test_an_answer_counts_only_by_a_proof_that_is_no_weaker_than_what_is_lost(
    left: Level, lost: Level, counts: bool
) -> None:
    assert can_answer(left, lost) is counts


@pytest.mark.parametrize("with_factor", [True, False], ids=["the app is lost", "there is none"])
def test_where_only_the_password_is_left_nobody_is_asked(team: Desk, home: Client, with_factor: bool) -> None:
    case = team.begin()
    if not with_factor:
        Totp.objects.filter(user=team.customer).delete()
    assert refused(ask, team, case) is policy.Reason.NOTHING_THERE
    assert "Answer the help desk" not in home.get("/security/").text
    assert home.get("/security/recovery/call/").status_code == 410
    assert home.post("/security/recovery/call/yes/", {"password": factories.PASSWORD}).status_code == 410
    assert not case.shown.exists()


def test_a_live_session_is_asked_and_answers_with_what_was_shown_just_before_the_call(team: Desk, home: Client) -> None:
    Session.objects.filter(customer=team.customer).update(
        level_at=clock.now() - timedelta(minutes=1), challenged_at=clock.now() - timedelta(minutes=1)
    )
    case = begin_with_the_app_in_hand(team)
    assert "Answer the help desk" not in home.get("/security/").text
    ask(team, case)
    assert "Answer the help desk" in home.get("/security/").text
    assert "Are you on the phone" in home.get("/security/recovery/call/").text
    assert home.get("/security/recovery/call/yes/").status_code == 405
    assert "go on with your call" in home.post("/security/recovery/call/yes/", follow=True).text
    assert list(case.shown.values_list("way", "by")) == [("in_session", None)]
    assert home.post("/security/recovery/call/yes/").status_code == 410
    case.refresh_from_db()
    assert case.state == State.OPEN


def test_a_no_stops_it_at_once(team: Desk, home: Client) -> None:
    case = begin_with_the_app_in_hand(team)
    ask(team, case)
    home.post("/security/recovery/call/no/")
    case.refresh_from_db()
    assert case.state == State.CANCELLED
    assert case.inquiries.get().outcome == Outcome.DENIED


def test_a_stolen_cookie_alone_does_not_answer(team: Desk, home: Client) -> None:
    case = begin_with_the_app_in_hand(team)
    ask(team, case)
    session = Session.objects.get(customer=team.customer)
    by = Actor(ActorKind.CUSTOMER, team.customer.pk, Channel.WEB, session.pk)
    assert refused(evidence.answer_yes, case, session, by=by, at=clock.now()) is gate.Reason.PROVE_MORE
    assert not case.shown.exists()


def test_a_factor_that_is_still_there_ends_the_case_instead(team: Desk, home: Client) -> None:
    case = begin_with_the_app_in_hand(team)
    ask(team, case)
    assert "Doing so can end the recovery" in home.get("/security/recovery/call/").text
    assert "/prove/" in home.post("/security/recovery/call/yes/")["Location"]


@pytest.mark.parametrize("what", ["later", "unknown", "disowned", "ended", "revoked"])
def test_sessions_that_prove_nothing_are_not_asked(team: Desk, home: Client, what: str) -> None:
    session, at = Session.objects.filter(customer=team.customer), clock.now()
    match what:
        case "later":
            session.update(started_at=at + timedelta(minutes=5), auth_time=at - timedelta(hours=1))
        case "unknown":
            Device.objects.filter(customer=team.customer).update(known_at=at + timedelta(hours=1))
        case "disowned":
            session.update(said=Session.Said.NOT_MINE)
        case "ended":
            session.update(ended_at=at)
        case "revoked":
            Device.objects.filter(customer=team.customer).update(revoked_at=at)
    made = begin_with_the_app_in_hand(team)
    assert refused(ask, team, made) is policy.Reason.NOTHING_THERE


def test_a_question_grows_old(team: Desk, home: Client) -> None:
    case = begin_with_the_app_in_hand(team)
    ask(team, case)
    Inquiry.objects.update(asked_at=clock.now() - timedelta(minutes=15))
    assert home.get("/security/recovery/call/").status_code == 410
    assert home.post("/security/recovery/call/yes/", {"password": factories.PASSWORD}).status_code == 410
    assert not Shown.objects.filter(case=case).exists()


def test_each_way_counts_once(team: Desk) -> None:
    case = team.begin()
    team.call(case)
    team.call(case)
    assert case.shown.count() == 1
    assert case.inquiries.filter(outcome="confirmed").count() == 2
    assert refused(team.propose, case) is Reason.NOT_ENOUGH


def test_nothing_is_noted_once_it_was_proposed(team: Desk) -> None:
    case = team.proposed()
    assert refused(team.ask_read_back, case) is Reason.NOT_POSSIBLE
    assert refused(ask, team, case) is Reason.NOT_POSSIBLE


def test_a_record_that_was_closed_again_stops_the_notes(team: Desk) -> None:
    case = team.begin()
    with steps.later(minutes=16):
        stay(team.ann)
        assert refused(team.ask_read_back, case) is Reason.RECORD_SHUT
