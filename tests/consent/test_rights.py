"""Correct, restrict, object: asked by the customer, answered by a privacy officer within a month, visible all along."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Deny
from ciam_portal.core.roles import Role
from consent.models import ConsentRecord, Request
from consent.records import flows as records
from consent.records import policy as choices
from consent.rights import flows, measures, policy, tasks
from consent.rights.policy import About, Asking, Kind, Officer, Reason, Standing, State, WhyLonger
from tests import factories
from tests.accounts.staff.people import Member
from tests.conftest import NOON

LIMITS = limits.load()
PAGE, STAFF = "/your-data/", "/staff/consent/request/"
ERIN = Officer(id=codes.new_id(), roles=(Role.PRIVACY_OFFICER,), opened=True)
OPEN = Standing(customer=codes.new_id(), state=State.OPEN, asked_at=NOON, is_extended=False)
MINE = Asking(is_owner=True, kind=Kind.CORRECT, about=About.NAME, is_open=False)
MONTH = timedelta(days=LIMITS.rights.answer_days)


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (MINE, Allow()),
        (replace(MINE, asked_today=LIMITS.rights.requests_per_day - 1), Allow()),
        (replace(MINE, asked_today=LIMITS.rights.requests_per_day), Deny(Reason.TOO_MANY_REQUESTS)),
        (replace(MINE, is_open=True), Deny(Reason.ALREADY_ASKED)),
        (replace(MINE, about=About.CLAIMS), Deny(Reason.NOT_FITTING)),
        (replace(MINE, kind=None), Deny(Reason.NOT_FITTING)),
        (replace(MINE, is_owner=False), Deny(Reason.NOT_YOURS)),
        (Asking(), Deny(Reason.NOT_YOURS)),
    ],
)
def test_may_ask(facts: Asking, answer: object) -> None:
    assert policy.may_ask(facts, limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("facts", "officer", "answer"),
    [
        (OPEN, ERIN, Allow()),
        (OPEN, replace(ERIN, roles=(Role.ADMINISTRATOR,)), Allow()),
        (OPEN, replace(ERIN, roles=(Role.AGENT, Role.APPROVER, Role.AUDITOR)), Deny(Reason.NOT_AN_OFFICER)),
        (OPEN, Officer(), Deny(Reason.NOT_AN_OFFICER)),
        (replace(OPEN, customer=ERIN.id), ERIN, Deny(Reason.OWN_REQUEST)),
        (OPEN, replace(ERIN, opened=False), Deny(Reason.NOT_OPENED)),
        (replace(OPEN, state=State.ANSWERED), ERIN, Deny(Reason.NOT_OPEN)),
        (replace(OPEN, state=State.WITHDRAWN), ERIN, Deny(Reason.NOT_OPEN)),
        (Standing(), ERIN, Deny(Reason.OWN_REQUEST)),
    ],
)
def test_may_answer(facts: Standing, officer: Officer, answer: object) -> None:
    assert policy.may_answer(facts, officer, limits=LIMITS, at=NOON) == answer
    if not isinstance(answer, Allow):
        assert policy.may_extend(facts, officer, limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("facts", "at", "answer"),
    [
        (OPEN, NOON, Allow()),
        (OPEN, NOON + MONTH - timedelta(seconds=1), Allow()),
        (OPEN, NOON + MONTH, Deny(Reason.TOO_LATE)),
        (replace(OPEN, is_extended=True), NOON, Deny(Reason.EXTENDED_ALREADY)),
    ],
)
def test_may_extend(facts: Standing, at: datetime, answer: object) -> None:
    assert policy.may_extend(facts, ERIN, limits=LIMITS, at=at) == answer


@pytest.mark.parametrize(
    ("facts", "is_owner", "withdraw", "lift"),
    [
        (OPEN, True, Allow(), Deny(Reason.NOT_RESTRICTED)),
        (replace(OPEN, is_restricted=True), True, Allow(), Allow()),
        (replace(OPEN, is_restricted=True, state=State.ANSWERED), True, Deny(Reason.NOT_OPEN), Allow()),
        (replace(OPEN, is_restricted=True), False, Deny(Reason.NOT_YOURS), Deny(Reason.NOT_YOURS)),
        (Standing(), True, Deny(Reason.NOT_OPEN), Deny(Reason.NOT_RESTRICTED)),
    ],
)
def test_may_withdraw_and_lift(facts: Standing, *, is_owner: bool, withdraw: object, lift: object) -> None:
    assert policy.may_withdraw(facts, is_owner, limits=LIMITS, at=NOON) == withdraw
    assert policy.may_lift(facts, is_owner, limits=LIMITS, at=NOON) == lift


@pytest.fixture
def session(customer: User, client: Client) -> Session:
    """The customer, signed in."""
    return factories.signed_in(client, customer, (Method.PASSWORD,), clock.now())


@pytest.fixture
def officer(db: None) -> Member:
    """A privacy officer."""
    return Member(Role.PRIVACY_OFFICER)


def told(outbox: Callable[[], list[Any]]) -> list[str]:
    """The kinds of messages that wait."""
    return [message.kind for message in outbox()]


def test_a_correction_is_asked_for_read_and_answered(
    customer: User, session: Session, client: Client, officer: Member, outbox: Callable[[], list[Any]]
) -> None:
    assert "/profile/" in client.get(f"{PAGE}correct/").text
    asked = client.post(f"{PAGE}correct/", {"about": "history", "text": "I was born in <b>1970</b>."})
    assert asked["Location"] == PAGE
    found = Request.objects.get()
    assert found.due_at == found.asked_at + MONTH
    assert "1970" not in found.said
    assert found.text == "I was born in <b>1970</b>."
    page = client.get(PAGE).text
    assert found.reference in page
    assert str(customer.local(found.due_at)) in page
    assert "Why do you look?" in officer.client.get(f"{STAFF}{found.pk}/change/").text
    officer.client.post(f"{STAFF}{found.pk}/change/", {"reason": "you_asked"})
    assert "&lt;b&gt;1970&lt;/b&gt;" in officer.client.get(f"{STAFF}{found.pk}/change/").text
    officer.client.post(f"{STAFF}{found.pk}/answer/", {"answer": "done"})
    found.refresh_from_db()
    assert (found.state, found.answer, found.answered_by, found.said) == (State.ANSWERED, "done", officer.pk, "")
    assert "We did what you asked." in client.get(PAGE).text
    assert told(outbox) == ["rights_asked", "rights_answered"]
    names = AuditEntry.objects.filter(about=customer.pk, name__startswith="rights.").order_by("at", "pk")
    assert [row.name for row in names] == ["rights.asked", "rights.answered"]


def test_the_same_is_asked_once_while_it_is_open(session: Session, client: Client) -> None:
    said = {"about": "name", "text": "x"}
    client.post(f"{PAGE}correct/", said)
    again = client.post(f"{PAGE}correct/", said | {"text": "y"})
    assert again.status_code == 409
    assert "You have asked this already" in again.text
    assert Request.objects.count() == 1
    assert client.post(f"{PAGE}correct/", {"about": "claims", "text": "x"}).status_code == 200  # not among the choices
    client.post(f"{PAGE}requests/{Request.objects.get().pk}/withdraw/")
    assert Request.objects.get().state == State.WITHDRAWN
    again = client.post(f"{PAGE}requests/{Request.objects.get().pk}/withdraw/", follow=True)
    assert Reason.NOT_OPEN.words in again.text
    assert client.post(f"{PAGE}correct/", said)["Location"] == PAGE


def test_nobody_elses_request_is_there(session: Session, client: Client, sign_in: Callable[..., Client]) -> None:
    client.post(f"{PAGE}correct/", {"about": "name", "text": "x"})
    stranger, found = sign_in(factories.customer(), on=Client()), Request.objects.get()
    for verb in ("withdraw", "lift"):
        assert stranger.post(f"{PAGE}requests/{found.pk}/{verb}/").status_code == 404
    assert found.reference not in stranger.get(PAGE).text


def use(customer: User) -> str:
    """How it stands with a use that rests on our own interest."""
    return ConsentRecord.objects.get(subject=customer, purpose="improve_service", recipient=None).state


def test_a_restriction_rests_at_once_until_its_owner_ends_it(
    customer: User, session: Session, client: Client, by: Actor, outbox: Callable[[], list[Any]]
) -> None:
    assert client.post(f"{PAGE}restrict/", {"about": "claims", "text": ""})["Location"] == PAGE
    assert use(customer) == choices.State.PAUSED
    assert "is restricted" in client.get(PAGE).text
    assert client.post(f"{PAGE}restrict/", {"about": "unlawful", "text": ""}).status_code == 409
    found = Request.objects.get()
    client.post(f"{PAGE}requests/{found.pk}/withdraw/")
    assert use(customer) == choices.State.PAUSED  # the request is over; what rests goes on to
    client.post(f"{PAGE}requests/{found.pk}/lift/")
    assert use(customer) == choices.State.GIVEN
    assert told(outbox) == ["rights_asked", "rights_lifted"]
    with pytest.raises(Refused):
        flows.lift(found, by=by, at=clock.now())


def test_a_restriction_ends_with_an_answer_that_says_so(
    customer: User, session: Session, officer: Member, by: Actor, outbox: Callable[[], list[Any]]
) -> None:
    at = clock.now()
    found = flows.ask(customer, session, Kind.RESTRICT, About.CONTESTED, "", by=by, at=at)
    officer.client.post(f"{STAFF}{found.pk}/change/", {"reason": "you_asked"})
    officer.client.post(f"{STAFF}{found.pk}/answer/", {"answer": "is_right", "lifts": "on"})
    assert use(customer) == choices.State.GIVEN
    assert outbox()[-1].words["lifted"]


def test_what_was_refused_or_taken_back_does_not_come_back_with_it(customer: User, session: Session, by: Actor) -> None:
    at = clock.now()
    records.object_to(customer, "improve_service", by=by, at=at)
    found = flows.ask(customer, session, Kind.RESTRICT, About.CLAIMS, "", by=by, at=at)
    flows.lift(found, by=by, at=at)
    assert use(customer) == choices.State.OBJECTED


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER, Role.AUDITOR])
def test_no_other_role_reads_or_answers(customer: User, session: Session, by: Actor, role: Role) -> None:
    found = flows.ask(customer, session, Kind.CORRECT, About.NAME, "x", by=by, at=clock.now())
    other = Member(role)
    for path in (f"{STAFF}{found.pk}/change/", STAFF, f"{STAFF}overview/", f"{STAFF}overview/file/?table=rates"):
        assert other.client.get(path).status_code == 403
    other.client.post(f"/staff/accounts/user/{customer.pk}/open/", {"reason": "you_asked"})
    assert other.client.post(f"{STAFF}{found.pk}/answer/", {"answer": "done"}).status_code == 403
    with pytest.raises(Refused):
        flows.answer(found, policy.Answer.DONE, other.user, other.session, by=other.by, at=clock.now())


def test_more_time_has_a_reason_that_the_customer_reads(
    customer: User, session: Session, client: Client, officer: Member, by: Actor, outbox: Callable[[], list[Any]]
) -> None:
    found = flows.ask(customer, session, Kind.OBJECT, About.RISK, "x", by=by, at=clock.now())
    officer.client.post(f"{STAFF}{found.pk}/change/", {"reason": "you_asked"})
    officer.client.post(f"{STAFF}{found.pk}/extend/", {"reason": "complex"})
    found.refresh_from_db()
    assert found.due_at == found.asked_at + MONTH + timedelta(days=LIMITS.rights.extension_days)
    assert "takes more work than usual" in client.get(PAGE).text
    assert told(outbox)[-1] == "rights_extended"
    with pytest.raises(Refused):
        flows.extend(found, WhyLonger.MANY, officer.user, officer.session, by=officer.by, at=clock.now())


def test_staff_are_reminded_once_at_its_time(
    customer: User, session: Session, officer: Member, by: Actor, outbox: Callable[[], list[Any]]
) -> None:
    at = clock.now()
    for about, days in ((About.NAME, LIMITS.rights.reminder_days), (About.ADDRESS, LIMITS.rights.reminder_days - 1)):
        flows.ask(customer, session, Kind.CORRECT, about, "x", by=by, at=at - timedelta(days=days))
    assert tasks.remind() == 1
    assert tasks.remind() == 0
    reminded = [message for message in outbox() if message.kind == "rights_waiting"]
    assert [message.to for message in reminded] == [officer.user.email]
    assert (reminded[0].words["requests"], reminded[0].words["late"]) == (1, 0)
    assert "2 requests about data to answer" in officer.client.get("/staff/").text


def test_without_a_privacy_officer_administrators_are(
    customer: User, session: Session, by: Actor, outbox: Callable[[], list[Any]]
) -> None:
    boss, long_ago = Member(Role.ADMINISTRATOR), clock.now() - 2 * MONTH
    flows.ask(customer, session, Kind.CORRECT, About.NAME, "x", by=by, at=long_ago)
    tasks.remind()
    assert (outbox()[-1].to, outbox()[-1].words["late"]) == (boss.user.email, 1)


def test_one_that_is_late_says_so_to_its_customer(customer: User, session: Session, client: Client, by: Actor) -> None:
    flows.ask(customer, session, Kind.CORRECT, About.NAME, "x", by=by, at=clock.now() - MONTH)
    assert "We should have answered by now" in client.get(PAGE).text


class TestOverview:
    """What is true of everybody."""

    def test_it_counts_answers_by_purpose_and_version(self, officer: Member) -> None:
        at = clock.now()
        for says in (choices.Says.YES, choices.Says.NO, choices.Says.NO):
            person = factories.customer()
            records.write(
                person.pk, [change("research", choices.becomes(None, None, says), at)], by=Actor.system(), at=at
            )
        (rate,) = measures.rates(at)
        assert (rate.given, rate.refused, rate.share) == (1, 2, 33)
        page = officer.client.get(f"{STAFF}overview/").text
        assert rate.purpose in page
        assert "33 %" in page
        assert "style=" not in page.partition('<div id="content-main"')[2].partition("</main>")[0]

    def test_it_counts_what_was_taken_back_by_month(self, customer: User, by: Actor) -> None:
        at = clock.now()
        records.object_to(customer, "improve_service", by=by, at=at)
        months = measures.withdrawals(at)
        assert len(months) == 12
        assert (months[-1].withdrawn, months[-1].objected) == (0, 1)
        assert sum(each.withdrawn + each.objected for each in months[:-1]) == 0

    def test_it_counts_requests_against_their_deadline(self, customer: User, session: Session, by: Actor) -> None:
        at = clock.now()
        flows.ask(customer, session, Kind.CORRECT, About.NAME, "x", by=by, at=at - MONTH)
        flows.ask(customer, session, Kind.CORRECT, About.ADDRESS, "x", by=by, at=at - MONTH + timedelta(days=7))
        flows.ask(customer, session, Kind.CORRECT, About.HISTORY, "x", by=by, at=at)
        found = {each.kind: each for each in measures.clocks(at)}
        assert (found[Kind.CORRECT].open, found[Kind.CORRECT].soon, found[Kind.CORRECT].late) == (3, 1, 1)
        assert found[Kind.OBJECT].open == 0

    def test_its_files_hold_no_formula_and_nobody(self, officer: Member, customer: User) -> None:
        for table in ("rates", "withdrawals", "requests", "unused", "volumes"):
            answer = officer.client.get(f"{STAFF}overview/file/?table={table}")
            text = answer.text
            assert answer["Content-Type"].startswith("text/csv")
            assert not [cell for line in text.splitlines() for cell in line.split(",") if cell[:1] in "=+-@" and cell]
            assert str(customer.pk) not in text
        assert officer.client.get(f"{STAFF}overview/file/?table=people").status_code == 404

    def test_looking_at_it_leaves_a_trace(self, officer: Member) -> None:
        officer.client.get(f"{STAFF}overview/")
        assert AuditEntry.objects.filter(name="staff.looked", session=officer.session.pk).exists()


def change(key: str, state: choices.State, at: datetime) -> records.Change:
    """One thing said about an active purpose."""
    from consent.purposes import facts as purposes  # noqa: PLC0415

    now = purposes.active(at)[key]
    return records.Change(key, now.version, now.number, state, now.categories, now.access)
