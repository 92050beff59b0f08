"""The third account at one's own mail domain waits for evidence: no stranger uses that up, and ways lead out."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as some

from accounts.account import flows as account
from accounts.customer import addresses
from accounts.models import Beginning, HeldSignUp, PassedDomain, Session, User
from accounts.registration import flows as registration
from accounts.staff.flows import people as staff
from accounts.trust import facts, flows, policy
from accounts.trust.policy import Doing, Evidence, Limited, PassFacts, Reason, Start, Trust, WhyPass
from ciam_portal.core import clock, domains, gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.explain import for_agent, for_customer, for_operator
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level, Method
from ciam_portal.core.policy.decision import Allow, Deny, Finding, Hold, StepUp, strictness
from ciam_portal.core.roles import Role
from ciam_portal.governance.recompute import recompute
from recovery.models import RecoveryAddress
from tests import factories
from tests.at_once import at_once
from tests.factories import Message

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = limits.load()
RULES = TODAY.trust
FIRST, HOST = RULES.first_at_domain, RULES.first_at_host
WAITING = timedelta(days=RULES.waiting_days)
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]


@pytest.mark.parametrize(
    ("start", "codes"),
    [
        (Start(), ["accounts_at_domain"]),
        (Start(at_domain=FIRST - 1), []),
        (Start(at_domain=FIRST), ["accounts_at_domain"]),
        (Start(at_domain=FIRST, known_at_domain=1), []),
        (Start(at_domain=FIRST + 1, known_at_domain=1), ["accounts_at_domain"]),
        (Start(at_domain=0, at_host=HOST - 1), []),
        (Start(at_domain=0, at_host=HOST), ["accounts_at_host"]),
        (Start(at_domain=0, at_host=HOST, known_at_host=1), []),
        (Start(at_domain=0, at_host=HOST, known_at_domain=1), []),
        (Start(at_domain=FIRST, at_host=HOST), ["accounts_at_domain", "accounts_at_host"]),
        (Start(at_domain=99, at_host=99, passed=True), []),
    ],
)
def test_may_begin(start: Start, codes: list[str]) -> None:
    answer = policy.may_begin(start, limits=TODAY, at=NOON)
    assert [finding.code for finding in answer.findings] == codes
    assert answer == (Hold(Reason.MANY_THERE, NOON + WAITING, answer.findings) if codes else Allow())


COUNT = some.integers(0, 40)
START = some.builds(
    Start, at_domain=some.none() | COUNT, known_at_domain=COUNT, at_host=some.none() | COUNT, known_at_host=COUNT,
    passed=some.booleans(),
)  # fmt: skip


@pytest.mark.control("v5.0.0-2.4.1")
@given(START, COUNT)
def test_more_of_them_never_loosens_and_more_that_are_known_never_tightens(start: Start, more: int) -> None:
    def answer(changed: Start) -> tuple[int, int, bool, int]:
        return strictness(policy.may_begin(changed, limits=TODAY, at=NOON))

    here = answer(start)
    assert answer(replace(start, at_domain=None)) >= here
    assert answer(replace(start, at_host=(start.at_host or 0) + more)) >= here
    if start.at_domain is not None:
        assert answer(replace(start, at_domain=start.at_domain + more)) >= here
    assert answer(replace(start, known_at_domain=start.known_at_domain + more)) <= here
    assert answer(replace(start, known_at_host=start.known_at_host + more)) <= here
    assert answer(replace(start, passed=True)) <= here


BARE = Evidence(opened_at=NOON, waits_since=NOON)


@pytest.mark.parametrize(
    ("evidence", "at", "level"),
    [
        (BARE, NOON, Trust.BARE),
        (replace(BARE, has_second_step=True), NOON, Trust.BARE),
        (replace(BARE, has_phone=True), NOON, Trust.SHOWN),
        (replace(BARE, has_phone=True), NOON + timedelta(days=RULES.settled_days), Trust.SETTLED),
        (replace(BARE, has_document=True), NOON, Trust.SETTLED),
        (BARE, NOON + WAITING - timedelta(seconds=1), Trust.BARE),
        (BARE, NOON + WAITING, Trust.SETTLED),
    ],
)
def test_what_lifts_it(evidence: Evidence, at: datetime, level: Trust) -> None:
    assert policy.level_of(evidence, TODAY, at) is level


@pytest.mark.parametrize("what", Limited)
def test_it_does_nothing_toward_others_until_then(what: Limited) -> None:
    answer = policy.may_do(Doing(what, BARE, 0), limits=TODAY, at=NOON)
    assert answer == Hold(Reason.SHOW_MORE, NOON + WAITING)
    assert policy.may_do(Doing(what, replace(BARE, has_phone=True), 0), limits=TODAY, at=NOON) == Allow()


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (policy.AskFacts(waits=True, has_asked=False), Allow()),
        (policy.AskFacts(waits=True, has_asked=True), Deny(Reason.ASKED_ALREADY)),
        (policy.AskFacts(), Deny(Reason.NOT_WAITING)),
    ],
)
def test_may_ask(asked: policy.AskFacts, answer: Any) -> None:
    assert policy.may_ask(asked, limits=TODAY, at=NOON) == answer


STAFF = uuid4()
PASS = PassFacts(
    customer=uuid4(), is_passed=False, staff=STAFF, at_same_domain=False, roles=(Role.AGENT,),
    assurance=Assurance(Level.AAL2, NOON),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"roles": (Role.APPROVER,)}, Allow()),
        ({"roles": (Role.AUDITOR,)}, Deny(Reason.NOT_YOUR_ROLE)),
        ({"customer": STAFF}, Deny(Reason.YOUR_OWN)),
        ({"at_same_domain": True}, Deny(Reason.YOUR_OWN)),
        ({"is_passed": True}, Deny(Reason.PASSED_ALREADY)),
        ({"assurance": Assurance(Level.AAL1, NOON)}, StepUp(Level.AAL2, gate.Reason.PROVE_MORE)),
    ],
)
def test_may_pass(change: dict[str, Any], answer: Any) -> None:
    assert policy.may_pass(replace(PASS, **change), limits=TODAY, at=NOON) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"is_passed": True}, Allow()),
        ({}, Deny(Reason.NOT_PASSED)),
        ({"is_passed": True, "roles": (Role.AUDITOR,)}, Deny(Reason.NOT_YOUR_ROLE)),
        ({"is_passed": True, "at_same_domain": True}, Deny(Reason.YOUR_OWN)),
        (
            {"is_passed": True, "assurance": Assurance(Level.AAL1, NOON)},
            StepUp(Level.AAL2, gate.Reason.PROVE_MORE),
        ),
    ],
)
def test_may_take_back(change: dict[str, Any], answer: Any) -> None:
    asked = replace(PASS, customer=None)
    assert policy.may_take_back(replace(asked, **change), limits=TODAY, at=NOON) == answer


def begun(email: str, at: datetime | None = None) -> User:
    """Somebody who has signed up and answered the mail."""
    customer = factories.customer(email, proven=False)
    at = at or clock.now()
    registration_at = Actor(ActorKind.STRANGER, channel=Channel.WEB)
    prove(customer, by=registration_at, at=at)
    return customer


@flow
def prove(customer: User, *, by: Actor, at: datetime) -> None:
    """As whoever follows the link."""
    account.proven(customer, by=by, at=at)


def waits(customer: User) -> bool:
    return facts.waits_since(customer, clock.now()) is not None


@pytest.mark.django_db
@pytest.mark.control("v5.0.0-2.4.1")
def test_the_first_ones_begin_like_anybody_and_the_next_waits_and_says_why() -> None:
    people = [begun(f"n{n}@small.example.net") for n in range(FIRST)] + [begun("last@other.example.net")]
    assert [waits(each) for each in people] == [False] * FIRST + [True]  # whoever has a domain has all below it
    row = Beginning.objects.get(customer=people[-1])
    assert row.decision is not None
    entry = DecisionEntry.objects.get(pk=row.decision)
    assert recompute(entry) == ()
    assert entry.findings == [["accounts_at_domain", FIRST + 1.0]]
    assert "phone number" in for_customer(entry)[0]
    assert any("one mail domain" in words for words in for_agent(entry))
    assert any("trust.domain_days" in words for words in for_operator(entry))
    assert AuditEntry.objects.filter(about=people[-1].pk, name="trust.waits").exists()


@pytest.mark.django_db
def test_a_stranger_cannot_use_it_up_and_providers_and_the_past_do_not_count() -> None:
    for n in range(FIRST + 2):
        factories.customer(f"unread{n}@company.test", proven=False)  # signed up by somebody, never answered
        begun(f"n{n}@yahoo.co.uk")
    long_ago = clock.now() - timedelta(days=RULES.domain_days)
    for n in range(FIRST):
        begun(f"old{n}@company.test", long_ago)
    assert not any(waits(each) for each in User.objects.all())
    assert not waits(begun("new@company.test"))


@pytest.mark.django_db
def test_as_many_as_are_known_there_may_begin_beside_the_first() -> None:
    ago = clock.now() - timedelta(days=RULES.known_days)
    for n in range(3):
        factories.customer(f"old{n}@firm.test")
    User.objects.filter(email__endswith="@firm.test").update(created_at=ago)
    User.objects.filter(email="old2@firm.test").update(email_changed_at=clock.now())  # came there yesterday
    assert [waits(begun(f"n{n}@firm.test")) for n in range(FIRST + 3)] == [False] * (FIRST + 2) + [True]


@pytest.mark.django_db
def test_many_domains_on_one_machine_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "_asked", Machines)
    found = [waits(begun(f"n@bots{n}.test")) for n in range(HOST + 1)]
    assert found == [False] * HOST + [True]
    assert not waits(begun("n@google-hosted.test"))


class Machines:
    """All of one machine, but for one that is anybody's."""

    def look(self, domain: str) -> domains.Mail:
        return domains.Mail(taken=True, host="" if domain.startswith("google") else "203.0.113.0/24")


@pytest.mark.django_db
def test_a_phone_lifts_it_at_once_but_not_for_any_number_of_accounts() -> None:
    people = [begun(f"n{n}@bots.test") for n in range(FIRST + RULES.accounts_per_phone + 1)]
    shown = people[FIRST:]
    for n, customer in enumerate(shown):
        at = clock.now() + timedelta(seconds=n)
        RecoveryAddress.objects.create(
            customer=customer, kind=Medium.SMS, address="+4722855050", proven_at=at, usable_from=at + timedelta(days=3)
        )
    at = clock.now()
    RecoveryAddress.objects.filter(customer=shown[0]).update(removed_at=at)  # taken away again: still shown there
    levels = [policy.level_of(facts.evidence_of(each, at), TODAY, at) for each in shown]
    assert levels == [Trust.BARE] + [Trust.SHOWN] * (RULES.accounts_per_phone - 1) + [Trust.BARE]
    assert facts.doing(Limited.APPS, people[0], [], at) is None
    assert facts.doing(Limited.APPS, shown[0], [], at) is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
@pytest.mark.control("v5.0.0-2.3.4")
def test_two_at_once_are_not_both_the_last_that_begins() -> None:
    for n in range(FIRST - 1):
        begun(f"n{n}@race.test")
    both = [factories.customer(f"{name}@race.test", proven=False) for name in ("ann", "bob")]
    by, at = Actor(ActorKind.STRANGER, channel=Channel.WEB), clock.now()
    at_once(*(lambda who=each: prove(who, by=by, at=at) for each in both))
    assert sorted(waits(each) for each in both) == [False, True]


def agent(name: str) -> tuple[User, Session, Actor]:
    person = factories.customer(f"{name}@example.com")
    staff.grant_role(person, Role.AGENT, by=Actor.system(), at=clock.now())
    factories.signed_in(Client(), person, (Method.PASSWORD, Method.TOTP), clock.now())
    session = Session.objects.filter(customer=person).latest("started_at")
    return User.objects.get(pk=person.pk), session, Actor(ActorKind.STAFF, person.pk, channel=Channel.HELP_DESK)


@pytest.mark.django_db
def test_its_owner_reads_it_asks_a_person_and_is_let_go_on(sign_in: SignIn, outbox: Outbox) -> None:
    person = [begun(f"n{n}@family.test") for n in range(FIRST + 1)][-1]
    client = sign_in(person)
    page = client.get("/security/").text
    assert "you cannot connect apps" in page
    assert "Ask us to look" in page
    assert client.post("/security/limits/ask/")["Location"] == "/security/"
    assert "Ask us to look" not in client.get("/security/").text
    assert client.post("/security/limits/ask/").status_code == 403
    held = HeldSignUp.objects.get(customer=person)
    assert held.network == ""  # it stands for itself, whatever else comes from there
    ann, session, by = agent("ann")
    registration.review(held, HeldSignUp.Found.PROGRAM, ann, session, by=by, at=clock.now())
    assert outbox()[-1].words["opened"] is True
    assert waits(person)
    held.appealed("We are a family.", clock.now(), clock.now())
    bob, session, by = agent("bob")
    registration.review(held, HeldSignUp.Found.GENUINE, bob, session, by=by, at=clock.now())
    assert outbox()[-1].kind == "account_passed"
    assert not waits(person)
    with pytest.raises(Refused):
        flows.ask(person, by=Actor(ActorKind.CUSTOMER, person.pk), at=clock.now())


@pytest.mark.django_db
def test_staff_pass_a_whole_domain_with_a_reason(sign_in: SignIn, outbox: Outbox) -> None:
    people = [begun(f"n{n}@company.test") for n in range(FIRST + 2)]
    ann, _session, _by = agent("ann")
    desk = sign_in(ann, Method.PASSWORD, Method.TOTP, on=Client())
    where = f"/staff/accounts/beginning/{people[-1].pk}/"
    assert "company.test" in desk.get("/staff/accounts/beginning/?waits__exact=1").text
    page = desk.get(f"{where}change/").text
    assert f"{FIRST + 2}, of which 2 wait" in page
    assert desk.post(f"{where}pass/", {"reason": "nonsense"}).status_code == 200
    assert desk.post(f"{where}pass/", {"reason": "organization"}).status_code == 302
    assert not any(waits(each) for each in people)
    assert [mail.kind for mail in outbox()][-2:] == ["account_passed"] * 2
    passed = PassedDomain.objects.get()
    assert (passed.domain, passed.reason, passed.passed_by) == ("company.test", "organization", ann.pk)
    assert AuditEntry.objects.filter(name="trust.domain_passed", data__accounts=2).exists()
    assert not waits(begun("next@company.test"))
    desk.post(f"{where}pass/", {"reason": "asked"})
    assert PassedDomain.objects.count() == 1
    assert WhyPass.ORGANIZATION.words in desk.get("/staff/accounts/passeddomain/").text


@pytest.mark.django_db
def test_what_was_passed_by_mistake_is_taken_back(sign_in: SignIn) -> None:
    """Whoever went on because of it waits again; whoever never waited, or was looked at alone, does not."""
    first, *others = [begun(f"n{n}@bots.test") for n in range(FIRST + 2)][FIRST - 1 :]
    looked_at, waited = others
    Beginning.objects.get(customer=looked_at).passed(clock.now())
    ann, session, by = agent("ann")
    passed = flows.pass_domain(
        Beginning.objects.get(customer=waited), WhyPass.ASKED, ann, session, by=by, at=clock.now()
    )
    since = begun("since@bots.test")
    assert not any(map(waits, (first, looked_at, waited, since)))
    desk = sign_in(ann, Method.PASSWORD, Method.TOTP, on=Client())
    page = desk.get(f"/staff/accounts/passeddomain/{passed.pk}/change/").text
    assert re.search(r"because of that</dt><dd>2</dd>", page)
    where = f"/staff/accounts/passeddomain/{passed.pk}/take-back/"
    assert desk.get(where).status_code == 405
    assert desk.post(where)["Location"] == "/staff/accounts/passeddomain/"
    assert [waits(each) for each in (first, looked_at, waited, since)] == [False, False, True, True]
    assert AuditEntry.objects.filter(name="trust.domain_taken_back", data__accounts=2).exists()
    assert waits(begun("next@bots.test"))
    assert desk.post(where, {"again": "1"}).status_code == 404
    with pytest.raises(Refused):
        flows.take_back(passed, ann, session, by=by, at=clock.now())


@pytest.mark.django_db
def test_who_moves_to_another_address_takes_nobody_out_of_the_count() -> None:
    people = [begun(f"n{n}@bots.test") for n in range(FIRST)]
    for n, each in enumerate(people):
        User.objects.filter(pk=each.pk).update(email=f"moved{n}@example.com")
        addresses.replace(User.objects.get(pk=each.pk), f"moved{n}@example.com")
    assert waits(begun("next@bots.test"))


class Resolver:
    """Answers of a name server."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers

    def __call__(self, domain: str, kind: str) -> list[Any]:
        return self.answers.get(f"{kind}_{domain.partition('.')[0]}", [])


class Mx:
    """A record."""

    def __init__(self, preference: int, exchange: str) -> None:
        self.preference, self.exchange = preference, exchange


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"MX_d": [Mx(20, "late.d.test."), Mx(10, "First.d.test.")], "A_first": ["192.0.2.7"]}, (True, "192.0.2.0/24")),
        ({"MX_d": [Mx(10, "aspmx.l.google.com.")], "A_aspmx": ["192.0.2.7"]}, (True, "")),
        ({"MX_d": [Mx(10, "first.d.test.")]}, (True, "")),
        ({"MX_d": [Mx(0, ".")]}, (False, "")),
        ({"A_d": ["192.0.2.7"]}, (True, "192.0.2.0/24")),
        ({"AAAA_d": ["2001:db8:1:2::7"]}, (True, "2001:db8:1::/48")),
        ({}, (False, "")),
    ],
)
def test_where_the_mail_of_a_domain_goes(answers: Any, found: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "_ask", Resolver(**answers))
    said = domains.Dns().look("d.test")
    assert (said.taken, said.host) == found


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("a.b.example.com", "example.com"), ("shop.co.uk", "shop.co.uk"), ("x.shop.co.uk", "shop.co.uk"),
        ("co.uk", "co.uk"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)  # fmt: skip
def test_whose_a_domain_is(domain: str, owner: str) -> None:
    assert domains.owner(domain) == owner


def test_findings_weigh_more_the_more_there_are() -> None:
    answer = policy.may_begin(Start(at_domain=7, at_host=9), limits=TODAY, at=NOON)
    assert answer.findings == (Finding("accounts_at_domain", 8.0), Finding("accounts_at_host", 10.0))
