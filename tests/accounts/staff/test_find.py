"""A customer is found by something exact, shown masked, and opened only with a reason that they can read."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.activity import lines
from accounts.models import Dispute, User
from accounts.staff.policy import Reason, WhyLook
from ciam_portal.core import clock, reference
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.roles import Role
from recovery.models import Case, RecoveryAddress
from tests import factories
from tests.accounts.staff.people import Member

pytestmark = pytest.mark.django_db
FIND = "/staff/accounts/user/"
_REST = timedelta(hours=72)


@pytest.fixture
def agent(db: None) -> Member:
    return Member(Role.AGENT)


@pytest.fixture
def ada(db: None) -> User:
    return factories.customer("ada@example.com", name="Ada Lovelace", phone="+4722855050")


def found(agent: Member, wanted: str) -> str:
    page = agent.client.post(FIND, {"wanted": wanted})
    assert page.status_code == 200
    return str(page.text)


def test_nothing_is_listed_and_no_address_in_the_bar_searches(agent: Member, ada: User) -> None:
    for query in ("", "?q=ada@example.com", "?email__startswith=a", "?is_staff__exact=0", "?all="):
        page = agent.client.get(FIND + query)
        assert page.status_code == 200
        assert str(ada.pk) not in page.text


def test_what_is_exact_is_found_and_masked(agent: Member, ada: User) -> None:
    decision = DecisionEntry.objects.create(
        at=ada.created_at, about=ada.pk, actor_kind="customer", channel="web", question="x", policy_version="x",
        inputs=[], answer="allow", reason="",
    )  # fmt: skip
    for wanted in ("ada@example.com", " ADA@example.com ", "+4722855050", "+47 22 85 50 50", str(decision.pk)):
        page = found(agent, wanted)
        assert "a···@example.com" in page
        assert "A. L." in page
        assert "Lovelace" not in page
    for wanted in ("ada@example.co", "ada", "%", "4722855050", "+", str(ada.pk), "Ada Lovelace"):
        assert "a···@example.com" not in found(agent, wanted)


def test_what_a_caller_reads_aloud_finds_them(agent: Member, ada: User) -> None:
    """Their reference, a recovery phone or address, the short number of a case or dispute; however it is typed."""
    RecoveryAddress.objects.create(
        customer=ada, kind="sms", address="+4722428590", proven_at=clock.now(), usable_from=clock.now() + _REST
    )
    RecoveryAddress.objects.create(
        customer=ada, kind="mail", address="ada@elsewhere.example", proven_at=clock.now(),
        usable_from=clock.now() + _REST, removed_at=clock.now(),
    )  # fmt: skip
    case = Case.objects.create(customer=ada, state="open", opened_at=clock.now())
    dispute = Dispute.objects.create(customer=ada, kind="contested", decision=uuid4(), opened_at=clock.now())
    spoken = ada.reference.lower().replace("-", " ")
    Client().post("/sign-in/", {"login": ada.email, "password": factories.PASSWORD})
    decision = DecisionEntry.objects.filter(about=ada.pk).latest("at")
    short = (case.reference, dispute.reference, decision.reference)
    for wanted in (ada.reference, spoken, "+47 22 42 85 90", "004722428590", *short):
        assert "a···@example.com" in found(agent, wanted), wanted
    other = factories.customer()
    for wanted in (other.reference, ada.reference[:-1], ada.reference + "A", "ada@elsewhere.example", "0000-0000"):
        assert "a···@example.com" not in found(agent, wanted), wanted


def test_the_number_on_an_error_page_finds_whom_the_request_was_about(agent: Member, ada: User) -> None:
    client = Client()
    answer = client.post("/sign-in/", {"login": ada.email, "password": "not the right one"})
    assert "a···@example.com" in found(agent, answer["X-Request-ID"])
    assert "a···@example.com" in found(agent, reference.of_request(answer["X-Request-ID"]))
    assert "a···@example.com" not in found(agent, codes.new_id().hex)
    assert "There is nobody" in found(agent, f"ffffffffffff7{'f' * 19}")  # a moment in the year 10889


def test_customers_read_their_reference(ada: User, sign_in: Callable[..., Client]) -> None:
    assert ada.reference in sign_in(ada).get("/profile/").text


def test_what_was_typed_is_in_no_record(agent: Member, ada: User) -> None:
    found(agent, "ada@example.com")
    assert AuditEntry.objects.get(name="staff.customer_searched").data == {"found": 1}


def test_searches_are_counted(agent: Member, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    for _ in range(60):
        found(agent, "nobody@example.com")
    page = agent.client.post(FIND, {"wanted": "ada@example.com"})
    assert page.status_code == 403
    assert "a···" not in page.text


def test_the_record_opens_with_a_reason_that_the_customer_reads_at_once(
    agent: Member, ada: User, outbox: Callable[[], list[Any]]
) -> None:
    path = f"{FIND}{ada.pk}/"
    assert "ada@example.com" not in agent.client.get(f"{path}change/").text
    assert "ada@example.com" not in agent.client.post(f"{path}open/", {"reason": "curious"}, follow=True).text
    page = agent.client.post(f"{path}open/", {"reason": "identity_check"}, follow=True)
    assert "Opened because of" in page.text
    assert "ada@example.com" not in page.text  # hidden until it is needed
    assert "Help desk viewed your record: identity check" in [line.title for line in lines.page(ada).lines]
    assert not [mail for mail in outbox() if mail.kind == "record_viewed"]
    other = Member(Role.AGENT)
    assert "Opened because of" not in other.client.get(f"{path}change/").text


@pytest.mark.parametrize("reason", [WhyLook.SUSPECTED_FRAUD, WhyLook.LEGAL_DUTY])
def test_a_sensitive_reason_is_mailed(
    reason: WhyLook, agent: Member, ada: User, outbox: Callable[[], list[Any]]
) -> None:
    agent.client.post(f"{FIND}{ada.pk}/open/", {"reason": reason.value})
    (mail,) = [mail for mail in outbox() if mail.kind == "record_viewed"]
    assert (mail.to, mail.words["reason"]) == ("ada@example.com", reason.words)


def test_nobody_opens_their_own(agent: Member) -> None:
    said = agent.client.post(f"{FIND}{agent.pk}/open/", {"reason": "identity_check"}, follow=True)
    assert Reason.OWN_RECORD.words in unescape(said.text)
    assert not AuditEntry.objects.filter(name="staff.record_opened").exists()


def test_agents_read_consents_on_the_record_only(agent: Member) -> None:
    assert agent.client.get("/staff/consent/consent/").status_code == 403
