"""The doors of people without a session, and of staff: each asks the gate; strangers and customers hear the same."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from accounts.account import flows as account
from accounts.baseline import history
from accounts.budgets import velocity
from accounts.models import Device, RoleChange, Session, User
from accounts.staff.flows import people as staff_flows
from accounts.step_up import facts
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.gate import Reason
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.roles import Role
from ciam_portal.core.words import masked
from tests import factories, mailed
from tests.factories import FIREFOX, PASSWORD, Message
from tests.stack import demo, people

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]
NEW = "seven lamps of quiet harbour"


def attack_from(address: str, accounts: int) -> None:
    """Wrong passwords on so many accounts from this address."""
    for number in range(accounts):
        velocity.failed(facts.source_of(f"a{number}@example.com", history.Seen(address=address)), clock.now())


def severe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy's threshold for severe risk, reached by anything that worries."""
    monkeypatch.setattr("ciam_portal.core.gate.worry", lambda *_facts: Risk.SEVERE)


def sign_up(email: str) -> Any:
    return Client().post("/sign-up/", {"email": email, "password1": PASSWORD})


def ask_reset(email: str) -> Any:
    return Client().post("/forgotten-password/", {"email": email})


def alike(pages: list[Any]) -> bool:
    bodies = {re.sub(r"[A-Z2-9]{4}-[A-Z2-9]{4}|[0-9a-f-]{36}|value=\"[^\"]{64}\"", "", page.text) for page in pages}
    return len(bodies) == 1 and len({page.status_code for page in pages}) == 1


@pytest.mark.control("v5.0.0-6.3.8")
def test_under_attack_strangers_and_customers_are_told_to_come_later(customer: User, outbox: Outbox) -> None:
    assert ask_reset("first@example.com").status_code == 302
    before = len(outbox())
    attack_from("127.0.0.1", 25)
    pages = [ask_reset(customer.email), ask_reset("fresh@example.com")]
    assert alike(pages)
    assert pages[0].status_code == 429
    assert int(pages[0]["Retry-After"]) >= 60
    assert len(outbox()) == before
    answers = DecisionEntry.objects.filter(action="start_recovery").values_list("answer", flat=True)
    assert set(answers) == {"allow", "step_up"}


def test_under_attack_a_sign_up_takes_one_more_step_and_nobody_is_sent_away(customer: User, outbox: Outbox) -> None:
    attack_from("127.0.0.1", 25)
    pages = [sign_up(customer.email), sign_up("fresh@example.com")]
    assert [page.status_code for page in pages] == [200, 200]
    assert all("One more step" in page.text for page in pages)
    assert outbox() == []
    assert not User.objects.filter(email="fresh@example.com").exists()


def test_at_severe_risk_both_are_refused_alike(customer: User, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    severe(monkeypatch)
    pages = [ask_reset(customer.email), ask_reset("fresh@example.com")]
    assert alike(pages)
    assert pages[0].status_code == 403
    assert Reason.TOO_RISKY.words in pages[0].text
    assert outbox() == []


def test_an_ordinary_sign_up_is_decided_and_kept(customer: User) -> None:
    assert sign_up("new@example.com").status_code == 302
    decision = DecisionEntry.objects.get(action="sign_up")
    assert (decision.answer, decision.channel, decision.about) == ("allow", "web", None)
    assert "new@example.com" not in str(decision.inputs)


def test_nobody_opens_an_account_past_the_gate() -> None:
    by = Actor(ActorKind.STRANGER, channel=Channel.WEB)
    with pytest.raises(Refused) as refused:
        account.open_account("x@example.com", PASSWORD, by=by, at=clock.now())
    assert refused.value.reason is Reason.WRONG_DOOR


# Completing a recovery


def link_of(outbox: Outbox) -> str:
    return "/" + str(outbox()[-1].words["link"]).split("/", 3)[3]


def finish(client: Client, link: str, password: str = NEW) -> Any:
    client.get(link, follow=True)
    return client.post(mailed.page(client, "/forgotten-password/new-password/"), {"password": password})


def test_a_recovery_after_a_new_address_waits_unless_the_browser_is_known(
    sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    home = sign_in(customer, on=Client())
    User.objects.update(contact_changed_at=clock.now() - timedelta(hours=2))
    Device.objects.update(first_seen_at=clock.now() - timedelta(days=3))
    ask_reset(customer.email)
    link = link_of(outbox)
    held = finish(Client(HTTP_USER_AGENT=FIREFOX), link)
    assert held.status_code == 403
    assert "This has to wait" in held.text
    customer.refresh_from_db()
    assert customer.check_password(PASSWORD)
    home.post("/sign-out/")
    done = finish(home, link)  # the link was not used up
    assert "new password is set" in done.text
    answers = DecisionEntry.objects.filter(action="complete_recovery").order_by("at").values_list("answer", flat=True)
    assert list(answers) == ["hold", "allow"]


def test_an_ordinary_recovery_passes(customer: User, outbox: Outbox) -> None:
    for password in (NEW, f"another {NEW}"):  # and one more just after the first
        ask_reset(customer.email)
        assert "new password is set" in finish(Client(), link_of(outbox), password).text


def test_what_others_do_at_the_same_address_holds_nobody_who_reads_the_mail(customer: User, outbox: Outbox) -> None:
    ask_reset(customer.email)
    attack_from("127.0.0.1", 25)
    assert "new password is set" in finish(Client(), link_of(outbox)).text


def test_a_recovery_that_asks_for_more_than_the_mail_waits(
    customer: User, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_reset(customer.email)
    monkeypatch.setattr("ciam_portal.core.gate.worry", lambda *_facts: Risk.HIGH)
    held = finish(Client(), link_of(outbox))
    assert held.status_code == 403
    assert "help desk" in held.text


# A customer's own pages


def test_the_profile_is_closed_at_severe_risk_alone(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    for risk, status in ((Risk.MODERATE, 200), (Risk.HIGH, 200), (Risk.SEVERE, 403)):
        Session.objects.update(risk=risk)
        assert client.get("/profile/").status_code == status
    assert not DecisionEntry.objects.filter(action="see_profile", answer="allow").exists()
    assert DecisionEntry.objects.get(action="see_profile").answer == "deny"


# Staff


@pytest.fixture
def agent() -> User:
    person = factories.customer("agent@example.com")
    staff_flows.grant_role(person, Role.AGENT, by=Actor.system(), at=clock.now())
    return User.objects.get(pk=person.pk)


def opened(customer: User) -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.filter(name="staff.record_opened", about=customer.pk).order_by("pk")
    return [(row.actor_kind, row.channel, row.data["kind"]) for row in rows]


def look(client: Client, customer: User) -> Any:
    return client.post(f"/staff/accounts/user/{customer.pk}/open/", {"reason": "identity_check"})


def test_each_look_at_a_customer_is_decided_and_recorded(sign_in: SignIn, agent: User, customer: User) -> None:
    client = sign_in(agent, Method.PASSWORD, Method.TOTP, on=Client())
    assert look(client, customer).status_code == 302
    assert opened(customer) == [("staff", "help_desk", "user")]
    decision = DecisionEntry.objects.get(action="staff_open_record")
    assert (decision.answer, decision.about, decision.actor) == ("allow", customer.pk, agent.pk)
    assert AuditEntry.objects.get(name="staff.record_opened").decision == decision.pk
    assert masked(customer.email) in client.get(f"/staff/accounts/user/{customer.pk}/change/").text
    assert client.get("/staff/accounts/user/").status_code == 200  # the search is no record
    assert len(opened(customer)) == 1


def test_a_stale_proof_of_staff_leads_to_proving(sign_in: SignIn, agent: User, customer: User) -> None:
    client = sign_in(agent, Method.PASSWORD, Method.TOTP, on=Client())
    Session.objects.update(level_at=clock.now() - timedelta(hours=2))
    assert look(client, customer)["Location"].startswith("/prove/?ref=")
    assert opened(customer) == []
    Session.objects.update(level_at=clock.now())
    look(client, customer)
    assert len(opened(customer)) == 1
    Session.objects.update(level_at=clock.now() - timedelta(hours=2))
    asked = client.get(f"/staff/accounts/user/{customer.pk}/change/")  # opened, and stale again
    assert asked["Location"].startswith("/prove/?ref=")


def test_staff_whose_session_became_risky_see_nothing(sign_in: SignIn, agent: User, customer: User) -> None:
    client = sign_in(agent, Method.PASSWORD, Method.TOTP, on=Client())
    path = f"/staff/accounts/user/{customer.pk}/change/"
    look(client, customer)
    assert masked(customer.email) in client.get(path).text
    Session.objects.update(risk=Risk.HIGH)
    page = client.get(path)
    assert page.status_code == 403
    assert masked(customer.email) not in page.text
    look(client, customer)
    assert AuditEntry.objects.filter(name="flow.refused", about=customer.pk, actor=agent.pk).exists()
    assert len(opened(customer)) == 1


def test_who_has_no_such_role_opens_nothing(sign_in: SignIn, customer: User) -> None:
    person = factories.customer("auditor@example.com")
    staff_flows.grant_role(person, Role.AUDITOR, by=Actor.system(), at=clock.now())
    client = sign_in(User.objects.get(pk=person.pk), Method.PASSWORD, Method.TOTP, on=Client())
    assert client.get(f"/staff/accounts/user/{customer.pk}/change/").status_code == 403
    assert look(client, customer).status_code == 403
    assert client.get("/staff/accounts/user/no-such-id/change/").status_code in {302, 403, 404}
    assert opened(customer) == []


# Commands act as the system, and are not turned away at a door


def test_commands_still_work() -> None:
    demo.load()
    demo.load()
    assert User.objects.filter(is_staff=True).count() == len(people.STAFF)
    admin2 = RoleChange.objects.get(person__email="admin2@example.com")
    assert admin2.approved_by == User.objects.get(email="admin@example.com").pk  # the second took a person
    call_command("staff", "grant", "ada@example.com", "auditor")
    assert not User.objects.get(email="ada@example.com").is_staff  # only proposed
    call_command("staff", "revoke", "ada@example.com", "auditor")
    owned = "--owner", "ada@example.com", "--purpose", "Sells shoes."
    call_command("partner", "add", "Shop", *owned, "--redirect-uri", "https://shop.example/callback")
    call_command("partner", "list")


# What others may send us


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (0, "203.0.113.9", "127.0.0.0/24"),  # nobody of ours wrote this header
        (0, "", "127.0.0.0/24"),
        (1, "203.0.113.9", "203.0.113.0/24"),
        (1, "10.9.9.9, 203.0.113.9", "203.0.113.0/24"),  # the stranger's own entry stands left of ours
        (1, "203.0.113.9, <script>", "unknown"),
        (1, "", "unknown"),
        (1, "x" * 5000, "unknown"),
    ],
)
def test_a_forwarded_address_is_believed_from_our_own_proxies_only(
    settings: Any, customer: User, outbox: Outbox, proxies: int, forwarded: str, network: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    client = Client(headers={"X-Forwarded-For": forwarded})
    client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})
    client.post("/sign-in/prove/", {"way": "email_code", "code": outbox()[-1].words["code"]})
    assert Session.objects.get().network == network


@pytest.mark.parametrize("agent", ["x" * 100_000, "Mozilla/5.0\x01\x1b[31m", "\u202eevil" * 99, "", "💥" * 300])
def test_an_absurd_user_agent_is_no_fault_of_ours(customer: User, outbox: Outbox, agent: str) -> None:
    client = Client(headers={"User-Agent": agent})
    for path in ("/", "/sign-in/", "/sign-up/", "/forgotten-password/"):
        assert client.get(path).status_code == 200
    is_absurd = len(agent) > 1024 or not agent.isprintable()
    asked = client.post("/sign-up/", {"email": "odd@example.com", "password1": PASSWORD})
    assert asked.status_code == (200 if is_absurd else 302)
    assert ("One more step" in asked.text) is is_absurd
    answer = client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})
    assert answer["Location"] == "/sign-in/prove/"
    code = [mail for mail in outbox() if mail.kind == "code_to_sign_in"][-1].words["code"]
    assert client.post("/sign-in/prove/", {"way": "email_code", "code": code})["Location"] == "/"
    session = Session.objects.get()
    assert len(session.browser) <= 40
    assert session.browser.isprintable()
    decision = factories.decisions(customer)[0]
    assert (["absurd_agent", 2.0] in decision.findings) is is_absurd


@pytest.mark.parametrize("number", ["x", "00000000-0000-0000-0000-000000000000", "1" * 3000, "../../etc", "%F0%9F"])
def test_a_forged_number_of_a_decision_changes_nothing(sign_in: SignIn, customer: User, number: str) -> None:
    client = sign_in(customer)
    stored = client.session
    stored["prove"] = {"to": 0, "decision": number, "within": None}  # a form of earlier versions, or of a dreamer
    stored["decision"] = number
    stored.save()
    Session.objects.update(level_at=clock.now() - timedelta(hours=1))
    assert client.get("/security/email/", {"decision": number})["Location"].startswith("/prove/?ref=")
    page = client.get("/prove/", {"decision": number, "to": "0", "ref": number})
    assert page.status_code == 410
    sent = {"decision": number, "way": "password", "password": PASSWORD, "to": "0"}
    assert client.post("/prove/", sent).status_code == 200
    assert client.get("/security/email/")["Location"].startswith("/prove/?ref=")


def test_ten_minutes_later_the_address_asks_again(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    fresh = limits.current().actions["change_email"].fresh_seconds
    assert fresh < 600
    assert client.get("/security/email/").status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=10), tick=False):
        assert client.get("/security/email/")["Location"].startswith("/prove/?ref=")


def test_facts_of_a_stranger_do_not_depend_on_the_account(customer: User) -> None:
    by, seen, at = Actor(ActorKind.STRANGER, channel=Channel.WEB), history.Seen(address="127.0.0.1"), clock.now()
    known, strange = (
        facts.for_stranger(email, seen, absurd=False, by=by, at=at) for email in (customer.email, "n@example.com")
    )
    assert replace(known) == strange
