"""The opened record is a desk's view: all on one page, hidden until needed, with the verbs of this role alone."""

from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.activity import lines
from accounts.models import Alert, BreakGlass, Dispute, Restriction, RoleChange, Session, User
from accounts.restrictions import flows as restrictions
from accounts.restrictions.policy import RestrictionKind, Wanted, WhyRestrict
from accounts.staff.flows import people as staff
from accounts.staff.policy import Reason, WhyLook
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from consent.models import Consent
from recovery.models import Case, Contact, RecoveryAddress
from tests import factories
from tests.accounts.staff.people import Member
from tests.oauth.walk import register

pytestmark = pytest.mark.django_db
RECORD = "/staff/accounts/user/"


@pytest.fixture
def agent(db: None) -> Member:
    return Member(Role.AGENT)


@pytest.fixture
def ada(db: None) -> User:
    """A customer of whom there is something of everything."""
    at = clock.now()
    made = factories.customer("ada@example.com", name="Ada Lovelace", phone="+4722855050")
    factories.signed_in(Client(), made, (Method.PASSWORD,), at)
    partner, _secret = register()
    rest = {"proven_at": at, "usable_from": at + timedelta(hours=72)}
    RecoveryAddress.objects.create(customer=made, kind="sms", address="+4722428590", **rest)
    Contact.objects.create(customer=made, name="Charles", address="charles@elsewhere.example", invited_at=at)
    Case.objects.create(customer=made, state="expired", opened_at=at, ended_at=at)
    Dispute.objects.create(customer=made, kind="contested", decision=uuid4(), opened_at=at)
    Consent.objects.create(customer=made, partner=partner, scopes=["openid", "email"], given_at=at, changed_at=at)
    return made


def opened(who: Member, customer: User, why: WhyLook = WhyLook.YOU_ASKED) -> str:
    staff.open_record(customer, why, who.user, who.session, by=who.by, at=clock.now())
    return read(who, customer)


def read(who: Member, customer: User) -> str:
    answer = who.client.get(f"{RECORD}{customer.pk}/change/")
    assert answer.status_code == 200
    return unescape(answer.text)


def unmask(who: Member, customer: User, value: str) -> Any:
    return who.client.post(f"{RECORD}{customer.pk}/unmask/", {"value": value}, follow=True)


def test_everything_is_on_one_page_and_hidden(agent: Member, ada: User) -> None:
    page = opened(agent, ada)
    for words in (
        "Sign-in methods", "Sessions", "Recovery addresses and contacts", "Recoveries", "Connected apps",
        "Restrictions", "Decisions", "Disputes",
        ada.reference, Case.objects.get().reference, Dispute.objects.get().reference,
        "Your email address", "+47···90", "a···@example.com", "A. L.", "Opened because of", WhyLook.YOU_ASKED.words,
    ):  # fmt: skip
        assert words in page, words
    network = Session.objects.get(customer=ada).network
    for hidden in (ada.email, "Lovelace", ada.phone, "+4722428590", "charles@", network):
        assert hidden not in page, hidden


@pytest.mark.control("v5.0.0-8.2.3")
def test_before_it_is_open_nothing_of_it_is_shown(agent: Member, ada: User) -> None:
    page = read(agent, ada)
    for words in ("Sign-in methods", "Connected apps", "+47···90", Case.objects.get().reference):
        assert words not in page


def test_one_hidden_value_is_shown_once_and_recorded_and_the_customer_reads_it(agent: Member, ada: User) -> None:
    opened(agent, ada)
    shown = unmask(agent, ada, f"phone:{ada.pk}")
    assert ada.phone in shown.text
    assert ada.email not in shown.text
    event = AuditEntry.objects.get(name="staff.value_shown")
    assert (event.about, event.actor, event.data) == (ada.pk, agent.pk, {"kind": "phone", "record": str(ada.pk)})
    shown = [(str(line.title), line.more) for line in lines.page(ada).lines]
    assert ("Help desk had something hidden shown to it", "Phone number") in shown
    assert ada.phone not in read(agent, ada)
    address = RecoveryAddress.objects.get()
    assert address.address in unmask(agent, ada, f"recovery:{address.pk}").text


def test_no_value_is_shown_without_an_open_record_or_of_somebody_else(agent: Member, ada: User) -> None:
    told = unmask(agent, ada, f"phone:{ada.pk}")
    assert Reason.NOT_OPENED.words in told.text
    assert ada.phone not in told.text
    opened(agent, ada)
    other = factories.customer(phone="+4722856070")
    for name in (f"phone:{other.pk}", f"password:{ada.pk}", "phone:", "", "x" * 100):
        assert unmask(agent, ada, name).status_code == 404, name
    assert agent.client.get(f"{RECORD}{ada.pk}/unmask/").status_code == 405
    assert not AuditEntry.objects.filter(name="staff.value_shown").exists()


def test_an_auditor_sees_no_record(ada: User) -> None:
    auditor = Member(Role.AUDITOR)
    assert auditor.client.get(f"{RECORD}{ada.pk}/change/").status_code == 403
    assert unmask(auditor, ada, f"phone:{ada.pk}").status_code == 403


def test_each_role_has_the_verbs_that_it_may_use_now(agent: Member, ada: User) -> None:
    begin, restrict = "begin a recovery</a>", 'value="Restrict"'
    page = opened(agent, ada)
    assert begin in page
    assert restrict in page
    approver, boss = Member(Role.APPROVER), Member(Role.ADMINISTRATOR)
    page = opened(approver, ada)
    assert begin not in page
    assert restrict in page
    page = opened(boss, ada)
    assert begin not in page
    assert restrict not in page
    assert f"/staff/recovery/case/{Case.objects.get().pk}" not in page
    live = Case.objects.create(customer=ada, state="proven", opened_at=clock.now())
    assert begin not in read(agent, ada)
    assert "Another recovery cannot be begun" in read(agent, ada)
    live.delete()
    colleague = Member(Role.AUDITOR).user
    assert restrict not in opened(agent, colleague)
    assert "This person is staff" in read(agent, colleague)


def test_a_page_costs_the_same_however_much_there_is(agent: Member, ada: User) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            read(agent, ada)
        return len(seen)

    opened(agent, ada)
    read(agent, ada)
    few, at = statements(), clock.now()
    for _ in range(12):
        factories.signed_in(Client(), ada, (Method.PASSWORD,), at)
        Case.objects.create(customer=ada, state="expired", opened_at=at, ended_at=at)
        Dispute.objects.create(customer=ada, kind="contested", decision=uuid4(), opened_at=at)
    assert statements() == few
    assert few <= 45


def test_a_contested_restriction_leads_to_it(agent: Member, ada: User) -> None:
    opened(agent, ada)
    wanted = Wanted(RestrictionKind.STEP_UP, WhyRestrict.CUSTOMER_ASKED, 1)
    made = restrictions.restrict(ada, wanted, agent.user, agent.session, by=agent.by, at=clock.now())
    dispute = Dispute.objects.create(customer=ada, kind="contested", decision=made.decision, opened_at=clock.now())
    page = Member(Role.AGENT).client.get(f"/staff/accounts/dispute/{dispute.pk}/change/").text
    assert f"{RECORD}{ada.pk}/change/#restrictions" in page
    assert WhyRestrict.CUSTOMER_ASKED.words in page
    assert "The decision is not on record" not in page


@pytest.mark.control("v5.0.0-7.5.3")
def test_after_proving_more_the_form_is_gone_on_with(agent: Member, ada: User) -> None:
    opened(agent, ada)
    old = clock.now() - timedelta(minutes=20)
    Session.objects.filter(pk=agent.session.pk).update(level_at=old, auth_time=old)
    form = {"kind": "suspend", "reason": "reported_stolen_device", "days": "2"}
    answer = agent.client.post(f"{RECORD}{ada.pk}/restrict/", form)
    reference = answer["Location"].partition("ref=")[2]
    assert reference
    assert not Restriction.objects.exists()
    Session.objects.filter(pk=agent.session.pk).update(level_at=clock.now())
    page = agent.client.get(f"/prove/go-on/?ref={reference}").text
    for words in ("Restrict this customer", "Suspend: nobody comes in", "A device was reported stolen", "2"):
        assert words in page
    agent.client.post(f"{RECORD}{ada.pk}/restrict/", {"resume": reference})
    made = Restriction.objects.get()
    assert (made.kind, made.reason, made.until - made.starts_at) == (
        "suspend",
        "reported_stolen_device",
        timedelta(days=2),
    )
    assert agent.client.post(f"{RECORD}{ada.pk}/restrict/", {"resume": reference}).status_code == 410
    other = Member(Role.AGENT)
    assert other.client.post(f"{RECORD}{ada.pk}/restrict/", {"resume": reference}).status_code == 410


def test_the_front_page_says_what_waits_for_whom_and_no_more(ada: User) -> None:
    agent, approver, auditor = Member(Role.AGENT), Member(Role.APPROVER), Member(Role.AUDITOR)
    boss, other = Member(Role.ADMINISTRATOR), Member(Role.ADMINISTRATOR)
    at = clock.now()
    Alert.objects.create(kind="drift", numbers={}, at=at)
    RoleChange.objects.create(
        person=ada, role="agent", verb="grant", reason="joined", state="proposed", proposed_by=boss.pk, proposed_at=at,
        expires_at=at + timedelta(hours=1),
    )  # fmt: skip
    Restriction.objects.create(
        customer=ada, kind="step_up", reason="legal_duty", starts_at=at, until=at + timedelta(days=1),
        made_by=approver.pk, review_due_at=at + timedelta(hours=24),
    )  # fmt: skip
    BreakGlass.objects.create(
        person=boss.user, role="auditor", reason="attack", asked_at=at, expires_at=at + timedelta(minutes=1)
    )  # fmt: skip

    def says(who: Member) -> set[str]:
        page = who.client.get("/staff/").text
        known = (
            "1 dispute to answer", "1 alert to look at", "1 proposed role to decide about", "Restrictions to review",
            "Break-glass to review", "Nothing waits for you.",
        )  # fmt: skip
        return {words for words in known if words in page}

    assert says(agent) == {"1 dispute to answer"}
    assert says(approver) == {"1 dispute to answer"}  # nobody reviews what they did
    assert says(auditor) == {"1 alert to look at"}
    assert says(boss) == {"1 alert to look at", "Restrictions to review"}
    by_boss = {"1 proposed role to decide about", "Break-glass to review"}
    assert says(other) == {"1 alert to look at", "Restrictions to review"} | by_boss
    Alert.objects.all().delete()
    assert says(auditor) == {"Nothing waits for you."}


def test_the_front_page_counts_no_further_than_it_says(ada: User) -> None:
    boss = Member(*Role)
    boss.client.get("/staff/")
    with CaptureQueriesContext(connection) as few:
        boss.client.get("/staff/")
    at = clock.now()
    Dispute.objects.bulk_create(
        Dispute(customer=ada, kind="contested", decision=uuid4(), opened_at=at) for _ in range(120)
    )
    with CaptureQueriesContext(connection) as many:
        page = boss.client.get("/staff/").text
    assert "99+ disputes to answer" in page
    assert len(many) == len(few) <= 26
