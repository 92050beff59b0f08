"""Asking the help desk to look at a decision, and what the help desk may do with it: look, and say what was found."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.activity import policy
from accounts.activity.flows import dispute as flows
from accounts.activity.policy import Reason
from accounts.models import Dispute, Session, User
from accounts.sessions import flows as sessions
from accounts.staff.flows import people as staff
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level, Method
from ciam_portal.core.policy.decision import Allow, Deny, Risk, StepUp
from ciam_portal.core.roles import Role, roles_of
from ciam_portal.refusals import on_hold
from tests import elsewhere, factories
from tests.factories import Message

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]


def held(customer: User, answer: str = "hold", **columns: Any) -> DecisionEntry:
    known = {
        "at": clock.now(), "about": customer.pk, "actor_kind": "customer", "channel": "web", "action": "change_email",
        "question": "gate.decide", "policy_version": "x", "inputs": ["change_email", {"device": 1}],
        "answer": answer, "reason": "on_hold", "risk": 2, "score": 7.125, "contributions": [["country", 7.125]],
        "findings": [["impossible_travel", 4.0]],
    }  # fmt: skip
    return DecisionEntry.objects.create(**(known | columns))


def contest(client: Client, decision: object) -> Any:
    return client.post(f"/activity/decisions/{decision}/contest/")


@pytest.fixture
def home(sign_in: SignIn, customer: User) -> Client:
    return sign_in(customer, on=Client())


@pytest.fixture
def dispute(customer: User) -> Dispute:
    return Dispute.objects.create(
        customer=customer, decision=held(customer).pk, kind=Dispute.Kind.CONTESTED, opened_at=clock.now()
    )


def member(role: Role, *roles: Role) -> User:
    person = factories.customer()
    for each in (role, *roles):
        staff.grant_role(person, each, by=Actor.system(), at=clock.now())
    return User.objects.get(pk=person.pk)


@pytest.fixture
def desk(sign_in: SignIn) -> Client:
    return sign_in(member(Role.AGENT), Method.PASSWORD, Method.TOTP, on=Client())


# The customer asks


def test_a_hold_names_what_to_wait_for_why_and_how_to_contest_it(home: Client, customer: User, outbox: Outbox) -> None:
    phone = elsewhere.browser()
    elsewhere.sign_in(phone, customer)
    page = phone.get("/security/app/add/")
    assert page.status_code == 403
    assert "This has to wait" in page.text
    assert "From this one you can do it after" in page.text
    assert "(UTC)" in page.text
    assert "Why does this have to wait?" in page.text
    decision = DecisionEntry.objects.get(answer="hold")
    assert f"/activity/decisions/{decision.pk}/contest/" in page.text
    assert "Our help desk looks at it" in contest(phone, decision.pk).text
    made = Dispute.objects.get()
    assert (made.customer, made.decision, made.kind, made.state) == (customer, decision.pk, "contested", "open")
    assert outbox()[-1].kind == "dispute_opened"
    assert AuditEntry.objects.get(name="dispute.opened").decision == decision.pk
    assert "With our help desk" in phone.get("/activity/").text


def test_a_denial_in_a_session_is_explained_and_can_be_contested(home: Client, customer: User) -> None:
    Session.objects.update(risk=3)
    page = home.get("/security/app/add/")
    assert page.status_code == 403
    assert "Why was this stopped?" in page.text
    decision = DecisionEntry.objects.get(answer="deny")
    assert contest(home, decision.pk).status_code == 200
    assert Dispute.objects.get().decision == decision.pk


def test_it_is_asked_once_whatever_was_answered(home: Client, customer: User, outbox: Outbox) -> None:
    decision = held(customer)
    contest(home, decision.pk)
    mails = len(outbox())
    assert "Our help desk looks at it" in contest(home, decision.pk).text
    made = Dispute.objects.get()
    made.close(Dispute.Outcome.EXPLAINED, uuid4(), clock.now())
    page = home.get("/activity/").text
    assert "Looked at by our help desk" in page
    assert "/contest/" not in page
    contest(home, decision.pk)
    assert Dispute.objects.count() == 1
    assert len(outbox()) == mails
    assert AuditEntry.objects.filter(name="dispute.opened").count() == 1


def test_a_customer_asks_about_so_many_a_day(home: Client, customer: User) -> None:
    most = limits.current().disputes.per_customer_per_day
    for _ in range(most):
        assert contest(home, held(customer).pk).status_code == 200
    page = contest(home, held(customer).pk)
    assert page.status_code == 403
    assert "several things today" in page.text
    assert Dispute.objects.count() == most
    Dispute.objects.update(opened_at=clock.now() - timedelta(hours=24, seconds=1))
    assert contest(home, held(customer).pk).status_code == 200


def test_what_was_not_stopped_is_nothing_to_contest(home: Client, customer: User) -> None:
    for answer, question in (("allow", None), ("step_up", None), ("deny", "account.may_use_link")):
        columns = {"question": question} if question else {}
        assert contest(home, held(customer, answer, **columns).pk).status_code == 403
    assert not Dispute.objects.exists()


@pytest.mark.parametrize("forged", ["x", "1", "%00", "' OR 1=1 --", "0" * 400])
def test_ids_that_are_none_lead_nowhere(home: Client, forged: str) -> None:
    assert contest(home, forged).status_code in {400, 404}


def test_somebody_elses_decision_is_not_there(home: Client, customer: User) -> None:
    other = held(factories.customer())
    assert contest(home, other.pk).status_code == 404
    assert contest(home, uuid4()).status_code == 404
    by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB)
    with pytest.raises(Refused):
        flows.contest(customer, other, by=by, at=clock.now())
    assert not Dispute.objects.exists()


def test_reading_changes_nothing_and_forms_need_their_token(home: Client, customer: User) -> None:
    decision = held(customer)
    assert home.get(f"/activity/decisions/{decision.pk}/contest/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = home.cookies
    assert contest(strict, decision.pk).status_code == 403
    assert contest(Client(), decision.pk)["Location"].startswith("/sign-in/")
    assert not Dispute.objects.exists()


def test_nobody_signed_in_sees_neither_why_nor_how(customer: User, rf: Any) -> None:
    request = rf.get("/")
    request.user, decision = AnonymousUser(), held(customer)
    page = on_hold(request, gate.Reason.ON_HOLD, clock.now(), decision.pk).content.decode()
    assert "Why does this" not in page
    assert "/contest/" not in page
    assert "(UTC)" in page


# The help desk answers


def close(client: Client, dispute: Dispute, outcome: str = "explained") -> Any:
    return client.post(f"/staff/accounts/dispute/{dispute.pk}/close/", {"outcome": outcome})


@pytest.mark.control("v5.0.0-6.4.6")
def test_an_agent_reads_what_to_check_and_no_score(desk: Client, dispute: Dispute, customer: User) -> None:
    assert desk.get("/staff/accounts/dispute/").status_code == 200
    page = desk.get(f"/staff/accounts/dispute/{dispute.pk}/change/").text
    assert "The country is one this customer rarely signs in from." in page or "The country is new" in page
    assert "Ask about a VPN" in page
    assert "7.125" not in page
    assert customer.email not in page
    assert "changing your email address" in page


def test_closing_says_what_was_found_and_changes_nothing_else(
    desk: Client, dispute: Dispute, customer: User, outbox: Outbox
) -> None:
    before = User.objects.filter(pk=customer.pk).values().get()
    answer = close(desk, dispute, "mistaken")
    assert answer["Location"].endswith(f"/{dispute.pk}/change/")
    dispute.refresh_from_db()
    assert (dispute.state, dispute.outcome) == ("closed", "mistaken")
    mail = outbox()[-1]
    assert (mail.kind, mail.to, mail.words["found"]) == ("dispute_closed", customer.email, "mistaken")
    entry = AuditEntry.objects.get(name="dispute.closed")
    assert (entry.actor, entry.actor_kind, entry.channel) == (dispute.closed_by, "staff", "help_desk")
    assert entry.about == customer.pk
    assert User.objects.filter(pk=customer.pk).values().get() == before
    assert "Close it" not in desk.get(answer["Location"]).text


def test_it_is_closed_once(desk: Client, dispute: Dispute, outbox: Outbox) -> None:
    close(desk, dispute, "explained")
    mails = len(outbox())
    page = desk.get(close(desk, dispute, "attack")["Location"])
    assert "This has been closed already." in page.text
    dispute.refresh_from_db()
    assert dispute.outcome == "explained"
    assert len(outbox()) == mails


@pytest.mark.parametrize("outcome", ["", "because", "<script>", "open"])
def test_an_outcome_that_is_none_closes_nothing(desk: Client, dispute: Dispute, outcome: str) -> None:
    page = close(desk, dispute, outcome)
    assert page.status_code == 200
    assert "<script>" not in page.text.split("</head>")[1].split("What was found")[0]
    dispute.refresh_from_db()
    assert dispute.is_open


@pytest.mark.control("v5.0.0-6.4.6")
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_other_roles_neither_look_nor_close(sign_in: SignIn, dispute: Dispute, role: Role) -> None:
    client = sign_in(member(role), Method.PASSWORD, Method.TOTP, on=Client())
    assert client.get(f"/staff/accounts/dispute/{dispute.pk}/change/").status_code == 403
    assert close(client, dispute).status_code == 403
    dispute.refresh_from_db()
    assert dispute.is_open


def test_weak_sessions_customers_and_strangers_close_nothing(sign_in: SignIn, home: Client, dispute: Dispute) -> None:
    weak = sign_in(member(Role.AGENT), on=Client())
    for client in (weak, home, Client()):
        assert close(client, dispute).status_code in {302, 403}
    dispute.refresh_from_db()
    assert dispute.is_open


def test_nobody_closes_their_own(sign_in: SignIn) -> None:
    agent = member(Role.AGENT)
    client = sign_in(agent, Method.PASSWORD, Method.TOTP, on=Client())
    mine = Dispute.objects.create(customer=agent, decision=uuid4(), kind="contested", opened_at=clock.now())
    assert "Somebody else has to look at it." in client.get(close(client, mine)["Location"]).text
    mine.refresh_from_db()
    assert mine.is_open
    with pytest.raises(IntegrityError), transaction.atomic():
        mine.close(Dispute.Outcome.EXPLAINED, agent.pk, clock.now())


@pytest.mark.parametrize("path", ["x", "0", "%00", "' OR 1=1 --", "5f0c3a52-0b1d-4c1e-9d7e-0f6d1c2b3a49"])
def test_forged_addresses_lead_nowhere(desk: Client, path: str) -> None:
    assert desk.get(f"/staff/accounts/dispute/{path}/change/").status_code in {302, 400, 404}
    assert desk.post(f"/staff/accounts/dispute/{path}/close/", {"outcome": "attack"}).status_code in {
        302,
        400,
        403,
        404,
    }


def test_there_is_no_form_over_the_table(desk: Client, dispute: Dispute) -> None:
    assert desk.get("/staff/accounts/dispute/add/").status_code == 404
    assert desk.post(f"/staff/accounts/dispute/{dispute.pk}/delete/", {"post": "yes"}).status_code == 404
    desk.post(f"/staff/accounts/dispute/{dispute.pk}/change/", {"state": "closed", "outcome": "attack"})
    assert desk.get(f"/staff/accounts/dispute/{dispute.pk}/close/").status_code == 405
    dispute.refresh_from_db()
    assert dispute.is_open


def test_closing_needs_its_token(desk: Client, dispute: Dispute) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = desk.cookies
    assert close(strict, dispute).status_code == 403


def test_a_disowned_sign_in_shows_the_session_it_was(desk: Client, customer: User, sign_in: SignIn) -> None:
    sign_in(customer, on=Client())
    session = Session.objects.get(customer=customer)
    made = Dispute.objects.create(customer=customer, session=session.pk, kind="not_me", opened_at=clock.now())
    page = desk.get(f"/staff/accounts/dispute/{made.pk}/change/").text
    assert "Firefox on Linux" in page
    assert "The decision is not on record." in page


def test_opening_a_dispute_opens_the_customers_record(desk: Client, dispute: Dispute, customer: User) -> None:
    page = f"/staff/accounts/dispute/{dispute.pk}/change/"
    assert desk.get(page).status_code == 200
    entry = AuditEntry.objects.get(name="staff.record_opened")
    assert (entry.about, entry.data["record"]) == (customer.pk, str(customer.pk))
    assert DecisionEntry.objects.get(pk=str(entry.decision)).action == "staff_open_record"


def test_a_risky_session_of_staff_reads_no_dispute(desk: Client, customer: User, sign_in: SignIn) -> None:
    sign_in(customer, on=Client())
    session = Session.objects.get(customer=customer)
    made = Dispute.objects.create(customer=customer, session=session.pk, kind="not_me", opened_at=clock.now())
    Session.objects.exclude(customer=customer).update(risk=int(Risk.HIGH))
    for answer in (desk.get(f"/staff/accounts/dispute/{made.pk}/change/"), close(desk, made, "no such outcome")):
        assert answer.status_code == 403
        assert "Firefox on Linux" not in answer.text
    assert not AuditEntry.objects.filter(name="staff.record_opened").exists()


def test_what_ended_since_the_request_began_closes_nothing(dispute: Dispute, sign_in: SignIn) -> None:
    agent = member(Role.AGENT)
    sign_in(agent, Method.PASSWORD, Method.TOTP, on=Client())
    session = Session.objects.get(customer=agent)
    assert roles_of(agent) == {Role.AGENT}  # as the request has read them
    by = Actor(ActorKind.STAFF, agent.pk, Channel.HELP_DESK, session.pk)
    sessions.end(Session.objects.get(pk=session.pk), by=by, at=clock.now())
    with pytest.raises(ProveMore):
        flows.close(dispute, Dispute.Outcome.ATTACK, agent, session, by=by, at=clock.now())
    staff.revoke_role(User.objects.get(pk=agent.pk), Role.AGENT, by=Actor.system(), at=clock.now())
    with pytest.raises(Refused) as refused:
        flows.close(dispute, Dispute.Outcome.ATTACK, agent, session, by=by, at=clock.now())
    assert refused.value.reason is Reason.NOT_YOUR_ROLE


def test_an_expired_role_stops_the_flow_itself(dispute: Dispute, sign_in: SignIn) -> None:
    person = factories.customer()
    sign_in(person, Method.PASSWORD, Method.TOTP, on=Client())
    session = Session.objects.get(customer=person)
    by = Actor(ActorKind.STAFF, person.pk, Channel.HELP_DESK, session.pk)
    with pytest.raises(Refused) as refused:
        flows.close(dispute, Dispute.Outcome.ATTACK, person, session, by=by, at=clock.now())
    assert refused.value.reason is Reason.NOT_YOUR_ROLE


def test_a_session_of_one_factor_stops_the_flow_itself(dispute: Dispute, sign_in: SignIn) -> None:
    agent = member(Role.AGENT)
    sign_in(agent, on=Client())
    session = Session.objects.get(customer=agent)
    by = Actor(ActorKind.STAFF, agent.pk, Channel.HELP_DESK, session.pk)
    with pytest.raises(ProveMore):
        flows.close(dispute, Dispute.Outcome.ATTACK, agent, session, by=by, at=clock.now())


# The policies


CONTEST = policy.ContestFacts(answer="hold", by_the_gate=True, already_asked=False, opened_today=0)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"answer": "deny"}, Allow()),
        ({"answer": "allow"}, Deny(Reason.NOT_STOPPED)),
        ({"answer": "step_up"}, Deny(Reason.NOT_STOPPED)),
        ({"answer": "anything"}, Deny(Reason.NOT_STOPPED)),
        ({"by_the_gate": False}, Deny(Reason.NOT_STOPPED)),
        ({"already_asked": True}, Deny(Reason.ALREADY_ASKED)),
        ({"opened_today": 4}, Allow()),
        ({"opened_today": 5}, Deny(Reason.TOO_MANY_DISPUTES)),
    ],
)
def test_may_contest(change: dict[str, Any], answer: object, noon: Any) -> None:
    assert policy.may_contest(replace(CONTEST, **change), limits=limits.current(), at=noon) == answer


STAFF = uuid4()


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"roles": (Role.APPROVER,)}, Allow()),
        ({"roles": ()}, Deny(Reason.NOT_YOUR_ROLE)),
        ({"roles": (Role.AUDITOR, Role.ADMINISTRATOR)}, Deny(Reason.NOT_YOUR_ROLE)),
        ({"customer": STAFF}, Deny(Reason.YOUR_OWN)),
        ({"assurance": Assurance()}, StepUp(Level.AAL2, gate.Reason.PROVE_MORE)),
        ({"is_open": False}, Deny(Reason.ALREADY_CLOSED)),
    ],
)
def test_may_close(change: dict[str, Any], answer: object, noon: Any) -> None:
    facts = policy.CloseFacts(
        is_open=True, customer=uuid4(), staff=STAFF, roles=(Role.AGENT,), assurance=Assurance(Level.AAL2, noon)
    )
    assert policy.may_close(replace(facts, **change), limits=limits.current(), at=noon) == answer


# What must never be false


@pytest.mark.parametrize(
    "columns",
    [
        {"decision": None, "session": None},
        {"state": "closed"},
        {"state": "closed", "closed_at": clock.now(), "closed_by": uuid4()},
        {"outcome": "attack"},
        {"closed_by": uuid4()},
    ],
)
def test_impossible_rows_are_impossible(customer: User, columns: dict[str, Any]) -> None:
    known = {"customer": customer, "decision": uuid4(), "kind": "contested", "opened_at": clock.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.create(**(known | columns))


def test_one_decision_is_disputed_once(dispute: Dispute, customer: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.create(customer=customer, decision=dispute.decision, kind="contested", opened_at=clock.now())


def test_nothing_personal_is_in_the_audit(home: Client, desk: Client, customer: User) -> None:
    contest(home, held(customer).pk)
    close(desk, Dispute.objects.get())
    written = json.dumps([*AuditEntry.objects.values(), *DecisionEntry.objects.values()], default=str)
    assert customer.email not in written


# A sign-in that was stopped


@pytest.fixture
def severe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sign-in is judged to be severe."""
    found = gate.Assessed(Deny(gate.Reason.TOO_RISKY), None, None)
    monkeypatch.setattr("ciam_portal.core.audit.decide.gate.assess", lambda *_args, **_named: found)


@pytest.mark.usefixtures("severe")
def test_a_stopped_sign_in_is_told_a_few_times_an_hour(customer: User, outbox: Outbox) -> None:
    most = limits.current().notices.stopped_sign_ins_per_hour
    for _ in range(most + 2):
        page = elsewhere.browser().post("/sign-in/", {"login": customer.email, "password": factories.PASSWORD})
        assert page.status_code == 200
        assert "are not correct" in page.text
    mails = outbox()
    assert [mail.kind for mail in mails] == ["sign_in_stopped"] * most
    assert mails[0].to == customer.email
    assert mails[0].words["where"].startswith("Safari on iOS, ")
    assert mails[0].words["password_link"].endswith("/forgotten-password/")
    assert not Session.objects.exists()


@pytest.mark.usefixtures("severe")
def test_one_customers_stopped_sign_ins_silence_no_other(customer: User, outbox: Outbox) -> None:
    other = factories.customer()
    for person in (*[customer] * 5, other):
        elsewhere.browser().post("/sign-in/", {"login": person.email, "password": factories.PASSWORD})
    assert [mail.to for mail in outbox()].count(other.email) == 1


@pytest.mark.usefixtures("severe")
def test_a_wrong_password_tells_nobody(customer: User, outbox: Outbox) -> None:
    elsewhere.browser().post("/sign-in/", {"login": customer.email, "password": "not the password at all"})
    assert outbox() == []


def test_a_stopped_sign_in_is_on_the_activity_page(home: Client, customer: User, monkeypatch: Any) -> None:
    with monkeypatch.context() as patched:
        found = gate.Assessed(Deny(gate.Reason.TOO_RISKY), None, None)
        patched.setattr("ciam_portal.core.audit.decide.gate.assess", lambda *_args, **_named: found)
        elsewhere.browser().post("/sign-in/", {"login": customer.email, "password": factories.PASSWORD})
    page = home.get("/activity/").text
    assert "A sign-in with your password was stopped" in page
    assert "too much about it was unusual" in page


def test_the_day_of_the_limit_is_24_hours(home: Client, customer: User) -> None:
    start, most = clock.now(), limits.current().disputes.per_customer_per_day
    for _ in range(most):
        contest(home, held(customer).pk)
    by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB)
    with time_machine.travel(start + timedelta(hours=23, minutes=59)), pytest.raises(Refused):
        flows.contest(customer, held(customer), by=by, at=clock.now())
    with time_machine.travel(start + timedelta(hours=24, minutes=1)):
        flows.contest(customer, held(customer), by=by, at=clock.now())
