"""One decision on the staff site: every number for auditors and administrators, plain words for agents."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models import User
from accounts.staff.flows import people as staff
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.risk.visit import Feature
from ciam_portal.core.roles import Role
from tests import factories

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
PARTS = [["device", 2.5], ["country", -0.75], ["asn", 3.125], ["agent", 0.0]]


@pytest.fixture
def entry(customer: User) -> DecisionEntry:
    return DecisionEntry.objects.create(
        at=clock.now(), about=customer.pk, actor_kind="stranger", channel="web", action="sign_in",
        question="gate.decide", policy_version="policy0123456789", model_version="model01234567890",
        inputs=["sign_in", {"evidence": {"asn": {"new": True}}, "device": 0}], answer="step_up", reason="unusual",
        risk=2, score=4.875, contributions=PARTS, findings=[["impossible_travel", 4.0]], request_id="0a1b2c",
        detail={"to": "aal2", "within": None, "challenge": True},
    )  # fmt: skip


def person(sign_in: SignIn, *roles: Role) -> Client:
    who = factories.customer()
    for role in roles:
        staff.grant_role(who, role, by=Actor.system(), at=clock.now())
    return sign_in(User.objects.get(pk=who.pk), Method.PASSWORD, Method.TOTP, on=Client())


def page_of(client: Client, key: object) -> Any:
    """The page, with a reason given where one is asked for."""
    path = f"/staff/audit/decisionentry/{key}/change/"
    page = client.get(path)
    asks = page.status_code == 200 and "Why do you look?" in page.text
    return client.post(path, {"reason": "identity_check"}, follow=True) if asks else page


def listed(client: Client, **query: str) -> str:
    page = client.get("/staff/audit/decisionentry/", query)
    assert page.status_code == 200
    return str(page.text.split('id="content-main"')[1])


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_auditors_and_administrators_read_everything(sign_in: SignIn, entry: DecisionEntry, role: Role) -> None:
    page = page_of(person(sign_in, role), entry.pk).text
    for shown in ("step_up", "sign_in", "policy0123456789", "model01234567890", "0a1b2c", str(entry.about), "high"):
        assert shown in page
    assert "impossible_travel (4): " in page
    assert "network operator (AS): new to the customer, +3.125" in page


def test_the_chart_shows_each_part_and_their_sum_is_the_score(sign_in: SignIn, entry: DecisionEntry) -> None:
    page = page_of(person(sign_in, Role.AUDITOR), entry.pk).text
    svg = page[page.index('<svg class="chart"') :].split("</svg>")[0]
    assert re.findall(r'chart__bar (chart__bar--\w+)"', svg) == [
        "chart__bar--attacker", "chart__bar--customer", "chart__bar--attacker", "chart__bar--customer",
    ]  # fmt: skip
    assert re.findall(r"chart__value[^>]+>([^<]+)<", svg) == ["+2.50", "-0.75", "+3.12", "+0.00"]
    assert 'role="img"' in svg
    title, described = re.search(r'aria-labelledby="([\w-]+) ([\w-]+)"', svg).groups()  # type: ignore[union-attr]
    assert f'<title id="{title}">' in svg
    assert f'<desc id="{described}">' in svg
    assert "Sum 4.875" in svg
    rows = re.findall(r'<td class="explained__number">([+-][\d.]+)</td>', page)
    *parts, total = [float(row) for row in rows]
    assert sum(parts) == pytest.approx(total, abs=1e-9)
    assert total == entry.score
    assert "style=" not in svg
    assert "<script" not in svg


@pytest.mark.parametrize("feature", Feature)
def test_every_part_can_be_drawn(sign_in: SignIn, entry: DecisionEntry, feature: Feature) -> None:
    made = DecisionEntry.objects.create(
        at=clock.now(), actor_kind="system", channel="system", question="gate.decide", action="sign_in",
        policy_version="x", inputs=[], answer="allow", score=1.0, contributions=[[feature.value, 1.0]],
    )  # fmt: skip
    assert page_of(person(sign_in, Role.AUDITOR), made.pk).text.count("chart__bar--attacker") == 1


def test_an_agent_reads_words_and_no_number_that_was_weighed(sign_in: SignIn, entry: DecisionEntry) -> None:
    page = page_of(person(sign_in, Role.AGENT), entry.pk).text
    assert "The network operator is new for this customer." in page
    assert "Ask about a VPN." in page
    for hidden in (
        'class="chart"',
        "4.875",
        "3.125",
        "4.0",
        "policy0123456789",
        "model01234567890",
        "0a1b2c",
        str(entry.about),
    ):
        assert hidden not in page.split('id="content-main"')[1]


def test_an_agent_finds_a_decision_by_its_exact_number_only(sign_in: SignIn, entry: DecisionEntry) -> None:
    client, link = person(sign_in, Role.AGENT), f"/staff/audit/decisionentry/{entry.pk}/change/"
    for number in (str(entry.pk), f" {str(entry.pk).upper()} "):
        assert client.get("/staff/audit/decisionentry/", {"number": number})["Location"] == link
    about = str(entry.about)
    for query in ({}, {"number": about}, {"number": str(entry.pk)[:20]}, {"answer": "step_up"}, {"subject": about}):
        assert link not in listed(client, **query)
        assert "<table" not in listed(client, **query)


def test_a_reference_leads_to_its_decision_or_to_those_that_share_it(sign_in: SignIn, entry: DecisionEntry) -> None:
    agent, find = person(sign_in, Role.AGENT), "/staff/audit/decisionentry/"
    spoken = entry.reference.lower().replace("-", " ")
    assert str(entry.pk) in agent.get(find, {"number": spoken})["Location"]
    values = {field.attname: getattr(entry, field.attname) for field in entry._meta.fields}
    twin = DecisionEntry.objects.create(**values | {"id": UUID(int=entry.pk.int ^ 1 << 64)})
    page = agent.get(find, {"number": entry.reference}).text
    assert str(entry.pk) in page
    assert str(twin.pk) in page
    for unknown in ("AAAA-2222", "nothing", "é" * 8):
        assert "There is no decision" in agent.get(find, {"number": unknown}).text


def test_an_auditor_leafs_through_and_finds_by_customer_with_a_reason(sign_in: SignIn, entry: DecisionEntry) -> None:
    client, link = person(sign_in, Role.AUDITOR), f"/staff/audit/decisionentry/{entry.pk}/change/"
    assert link in listed(client)
    assert link in listed(client, answer="step_up")
    assert link in listed(client, action="sign_in")
    assert link not in listed(client, answer="deny")
    assert link not in listed(client, subject=str(uuid4()))
    asked = f"/staff/audit/decisionentry/?subject={entry.about}"
    assert link not in client.get(asked).text
    assert link in client.post(asked, {"reason": "audit"}, follow=True).text


def test_whoever_is_agent_and_auditor_reads_as_an_auditor(sign_in: SignIn, entry: DecisionEntry) -> None:
    assert '<svg class="chart"' in page_of(person(sign_in, Role.AGENT, Role.AUDITOR), entry.pk).text


@pytest.mark.control("v5.0.0-6.4.6")
def test_nobody_else_looks(sign_in: SignIn, entry: DecisionEntry, customer: User) -> None:
    assert page_of(person(sign_in, Role.APPROVER), entry.pk).status_code == 403
    assert page_of(Client(), entry.pk).status_code == 302
    assert page_of(sign_in(customer, on=Client()), entry.pk).status_code == 302


@pytest.mark.parametrize(
    "key", ["x", "1", "%00", "' OR 1=1 --", "<script>alert(1)</script>", "_5F", "5f0c3a52-0b1d-4c1e-9d7e-0f6d1c2b3a49"]
)
def test_forged_ids_are_not_there(sign_in: SignIn, entry: DecisionEntry, key: str) -> None:
    client = person(sign_in, Role.AUDITOR)
    answer = page_of(client, key)
    assert answer.status_code in {400, 404}
    assert "<script>alert" not in answer.text
    for name in ("number", "subject", "actor", "request", "older", "since", "event", "reason"):
        searched = client.get("/staff/audit/decisionentry/", {name: key.replace("%00", "x")})
        assert searched.status_code == 200
        assert "<script>alert" not in searched.text


def test_stored_codes_are_never_markup(sign_in: SignIn, customer: User) -> None:
    made = DecisionEntry.objects.create(
        at=clock.now(), about=customer.pk, actor_kind="<b>", channel="<b>", question="<b>x</b>", action="<b>x</b>",
        policy_version="<b>", inputs=["<b>x</b>"], answer="<b>", reason="<b>x</b>", score=1.0,
        contributions=[["<b>x</b>", 1.0]], findings=[["<b>x</b>", 1.0]], detail={"<b>x</b>": "<b>x</b>"},
    )  # fmt: skip
    for role in (Role.AUDITOR, Role.AGENT):
        assert "<b>" not in page_of(person(sign_in, role), made.pk).text.split('id="content-main"')[1]


def test_a_decision_of_a_policy_has_no_chart_and_no_risk(sign_in: SignIn, customer: User) -> None:
    made = DecisionEntry.objects.create(
        at=clock.now(), about=customer.pk, actor_kind="stranger", channel="web", policy_version="x", inputs=[{}],
        question="account.may_use_link", answer="deny", reason="link_dead",
    )  # fmt: skip
    page = page_of(person(sign_in, Role.AUDITOR), made.pk).text
    assert 'class="chart"' not in page
    assert "account.may_use_link answered link_dead." in page
    assert "<dt>Risk</dt>" not in page


def test_nothing_can_be_written_here(sign_in: SignIn, entry: DecisionEntry) -> None:
    client = person(sign_in, Role.ADMINISTRATOR)
    before = DecisionEntry.objects.filter(pk=entry.pk).values().get()
    client.post(f"/staff/audit/decisionentry/{entry.pk}/change/", {"answer": "allow"})
    assert client.post(f"/staff/audit/decisionentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 404
    assert client.get("/staff/audit/decisionentry/add/").status_code == 404
    assert DecisionEntry.objects.filter(pk=entry.pk).values().get() == before
