"""A held sign-up: nothing works until a person has looked; a no can be appealed once, to somebody else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.models import Alert, Device, HeldSignUp, Session, User
from accounts.registration import facts, flows, policy, tasks
from accounts.staff.flows import people as staff
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level, Method
from ciam_portal.core.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.core.roles import Role
from ciam_portal.governance.recompute import recompute
from tests import factories
from tests.at_once import at_once
from tests.factories import PASSWORD, Message

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
TODAY = limits.load()
STAFF, FIRST, APPLICANT = uuid4(), uuid4(), uuid4()
OPEN = policy.ReviewFacts(
    is_open=True, applicant=APPLICANT, decided_first=None, staff=STAFF, roles=(Role.AGENT,),
    assurance=Assurance(Level.AAL2, NOON),
)  # fmt: skip
R = policy.Reason
NEW = "seven lamps of quiet harbour"
SENT = "/sign-up/check-your-mail/"
Outbox = Callable[[], list[Message]]
SignIn = Callable[..., Client]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"roles": (Role.APPROVER,)}, Allow()),
        ({"decided_first": FIRST}, Allow()),
        ({"roles": ()}, Deny(R.NOT_YOUR_ROLE)),
        ({"roles": (Role.AUDITOR,)}, Deny(R.NOT_YOUR_ROLE)),
        ({"applicant": STAFF}, Deny(R.YOUR_OWN)),
        ({"is_open": False}, Deny(R.DECIDED)),
        ({"decided_first": STAFF}, Deny(R.SAME_REVIEWER)),
        ({"assurance": Assurance(Level.AAL1, NOON)}, StepUp(Level.AAL2, gate.Reason.PROVE_MORE)),
        ({"assurance": Assurance()}, StepUp(Level.AAL2, gate.Reason.PROVE_MORE)),
    ],
)
def test_may_review(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_review(replace(OPEN, **change), limits=TODAY, at=NOON) == answer


@pytest.mark.parametrize("is_live", [True, False])
@pytest.mark.parametrize("is_rejected", [True, False])
@pytest.mark.parametrize("was_appealed", [True, False])
def test_may_appeal_once_in_time_after_a_no(is_live: bool, is_rejected: bool, was_appealed: bool) -> None:
    asked = policy.AppealFacts(is_live=is_live, is_rejected=is_rejected, was_appealed=was_appealed)
    answer = policy.may_appeal(asked, limits=TODAY, at=NOON)
    assert isinstance(answer, Allow) == (is_live and is_rejected and not was_appealed)


def agent(name: str) -> User:
    person = factories.customer(f"{name}@example.com")
    staff.grant_role(person, Role.AGENT, by=Actor.system(), at=clock.now())
    return User.objects.get(pk=person.pk)


def session_of(person: User) -> Session:
    factories.signed_in(Client(), person, (Method.PASSWORD, Method.TOTP), clock.now())
    return Session.objects.filter(customer=person).latest("started_at")


def held_one(email: str = "eve@example.net", client: Client | None = None) -> HeldSignUp:
    """A sign-up that too much worries about: sent without our form, with the field filled in that nobody sees."""
    sent = {"email": email, "password1": PASSWORD, "website": "x"}
    page = (client or Client(REMOTE_ADDR="198.51.100.7")).post("/sign-up/", sent)
    assert page["Location"] == SENT
    return HeldSignUp.objects.get(customer__email=email)


def decide(held: HeldSignUp, found: HeldSignUp.Found, person: User) -> None:
    flows.review(
        held,
        found,
        person,
        session_of(person),
        by=Actor(ActorKind.STAFF, person.pk, channel=Channel.HELP_DESK),
        at=clock.now(),
    )


def path_of(message: Message) -> str:
    link = next(value for name, value in message.words.items() if name.endswith("link"))
    return "/" + str(link).split("/", 3)[3]


@pytest.mark.django_db
def test_a_held_sign_up_waits_and_its_page_is_the_one_that_everybody_sees(outbox: Outbox) -> None:
    held = held_one()
    assert [mail.kind for mail in outbox()] == ["sign_up_held"]
    assert held.due_at - held.opened_at == timedelta(hours=limits.current().sign_up.review_hours)
    decision = DecisionEntry.objects.get(pk=held.decision)
    assert (decision.answer, decision.reason) == ("hold", "sign_up_held")
    assert recompute(decision) == ()
    assert not held.customer.has_usable_password()
    assert Client().post("/sign-in/", {"login": held.customer.email, "password": PASSWORD}).status_code == 200
    held_one()  # once more
    assert HeldSignUp.objects.count() == 1


@pytest.mark.control("v5.0.0-6.3.8")
@pytest.mark.django_db
def test_who_is_held_or_refused_cannot_tell_it_from_a_success() -> None:
    """Allowed, held, and refused: the same answer, the same cookies."""
    odd = {"User-Agent": "x" * 2000}
    seen = set()
    for number, (headers, trap) in enumerate((({}, ""), ({}, "x"), (odd, "x"))):
        browser = Client(headers=headers)
        sent = {
            "email": f"a{number}@{'mailinator.com' if headers else 'gmail.com'}",
            "password1": PASSWORD,
            "website": trap,
        }
        answer = browser.post("/sign-up/", sent)
        seen.add((answer.status_code, answer["Location"], answer.content, tuple(sorted(browser.cookies))))
    assert len(seen) == 1
    answers = DecisionEntry.objects.filter(action="sign_up").order_by("at").values_list("answer", flat=True)
    assert list(answers) == ["allow", "hold", "deny"]


@pytest.mark.django_db
def test_the_owner_of_a_known_address_is_told_and_nothing_waits(outbox: Outbox) -> None:
    factories.customer("known@example.net")
    page = Client().post("/sign-up/", {"email": "known@example.net", "password1": PASSWORD, "website": "x"})
    assert page["Location"] == SENT
    assert [mail.kind for mail in outbox()] == ["you_have_an_account"]
    assert not HeldSignUp.objects.exists()


@pytest.mark.django_db
def test_a_person_is_passed_and_chooses_the_password(outbox: Outbox) -> None:
    held, ann = held_one(), agent("ann")
    decide(held, HeldSignUp.Found.SHARED, ann)
    assert outbox()[-1].kind == "finish_signing_up"
    browser = Client()
    page = browser.get(path_of(outbox()[-1]), follow=True)
    assert "Your account is ready" in browser.post(page.redirect_chain[-1][0], {"password": NEW}).text
    label = AuditEntry.objects.get(name="registration.passed")
    assert (label.decision, label.data["found"]) == (held.decision, "shared")
    with pytest.raises(Refused) as refused:
        decide(held, HeldSignUp.Found.PROGRAM, agent("bob"))
    assert refused.value.reason is R.DECIDED


@pytest.mark.django_db
def test_a_no_is_appealed_once_and_somebody_else_decides(outbox: Outbox) -> None:
    held, ann, bob = held_one(), agent("ann"), agent("bob")
    decide(held, HeldSignUp.Found.PROGRAM, ann)
    no = outbox()[-1]
    assert (no.kind, bool(no.words["appeal_link"])) == ("sign_up_rejected", True)
    browser = Client()
    page = browser.get(path_of(no), follow=True)
    where = page.redirect_chain[-1][0]
    assert browser.post(where, {"said": "\u202eevil"}).status_code == 200
    assert browser.post(where, {"said": ""}).status_code == 200
    assert "We look again" in browser.post(where, {"said": "I share\na computer <b>"}).text
    assert browser.post(where, {"said": "again"}).status_code == 410
    held.refresh_from_db()
    assert (held.state, held.appeal) == ("open", "I share a computer <b>")
    with pytest.raises(Refused) as refused:
        decide(held, HeldSignUp.Found.GENUINE, ann)
    assert refused.value.reason is R.SAME_REVIEWER
    decide(held, HeldSignUp.Found.PROGRAM, bob)
    final = outbox()[-1]
    assert (final.kind, final.words["appeal_link"]) == ("sign_up_rejected", "")
    assert AuditEntry.objects.filter(name="registration.rejected", decision=held.decision).count() == 2


@pytest.mark.django_db
def test_an_appeal_comes_in_time_or_not_at_all(outbox: Outbox) -> None:
    decide(held_one(), HeldSignUp.Found.MANY, agent("ann"))
    late = clock.now() + timedelta(hours=limits.current().sign_up.appeal_hours)
    with time_machine.travel(late, tick=False):
        assert Client().get(path_of(outbox()[-1]), follow=True).status_code == 410


@pytest.mark.django_db
def test_what_it_has_in_common_with_others() -> None:
    mine, alike = held_one(), held_one("two@example.org")
    near = held_one("three@example.com", Client(REMOTE_ADDR="198.51.100.99"))
    held_one("far@example.edu", Client(REMOTE_ADDR="203.0.113.5"))
    found = facts.related(mine)
    assert (found.accounts, found.same_address, found.same_network) == ((), (alike,), (near,))


@pytest.mark.django_db
def test_staff_see_why_it_was_held_and_decide_on_the_page(sign_in: SignIn, outbox: Outbox) -> None:
    ann = agent("ann")
    own = factories.customer("own@example.net")
    home = sign_in(own, on=Client(REMOTE_ADDR="198.51.100.7"))
    home.post("/sign-out/")
    held = held_one(client=home)
    assert held.devices == [str(Device.objects.get(customer=own).pk)]
    desk = sign_in(ann, Method.PASSWORD, Method.TOTP, on=Client())
    assert "held sign-up" in desk.get("/staff/").text
    page = desk.get(f"/staff/accounts/heldsignup/{held.pk}/change/").text
    assert "A field that people do not see was filled in" in page
    assert "An account of the same browser" in page
    assert "example.net" in page
    assert held.customer.email not in page
    where = f"/staff/accounts/heldsignup/{held.pk}/review/"
    assert desk.post(where, {"found": "nonsense"}).status_code == 200
    assert desk.post(where, {"found": "genuine"}).status_code == 302
    held.refresh_from_db()
    assert (held.state, held.closed_by) == ("passed", ann.pk)
    assert outbox()[-1].kind == "finish_signing_up"


@pytest.mark.django_db
def test_who_has_no_such_role_sees_and_decides_nothing(sign_in: SignIn) -> None:
    person = factories.customer("auditor@example.com")
    staff.grant_role(person, Role.AUDITOR, by=Actor.system(), at=clock.now())
    held = held_one()
    client = sign_in(User.objects.get(pk=person.pk), Method.PASSWORD, Method.TOTP, on=Client())
    assert client.get(f"/staff/accounts/heldsignup/{held.pk}/change/").status_code == 403
    assert client.post(f"/staff/accounts/heldsignup/{held.pk}/review/", {"found": "genuine"}).status_code == 403
    assert HeldSignUp.objects.get().is_open


@pytest.mark.parametrize(
    ("waiting", "answer"),
    [
        (0, Allow()),
        (TODAY.sign_up.held_per_network - 1, Allow()),
        (TODAY.sign_up.held_per_network, Deny(R.QUEUE_FULL)),
    ],
)
def test_may_hold(waiting: int, answer: Decision) -> None:
    assert policy.may_hold(policy.HoldFacts(waiting), limits=TODAY, at=NOON) == answer


@pytest.mark.django_db
@pytest.mark.control("v5.0.0-2.4.1")
def test_a_flood_is_one_line_and_is_decided_about_at_once(sign_in: SignIn, outbox: Outbox) -> None:
    ann = agent("ann")
    flood = [held_one(f"bot{n}@example.net", Client(REMOTE_ADDR=f"198.51.100.{n}")) for n in range(3)]
    apart = held_one("eve@example.net", Client(REMOTE_ADDR="203.0.113.9"))
    appealed = held_one("ivo@example.net", Client(REMOTE_ADDR="198.51.100.9"))
    HeldSignUp.objects.filter(pk=appealed.pk).update(appealed_at=NOON)
    assert set(HeldSignUp.objects.open().first_of_each()) == {flood[0], apart, appealed}
    desk = sign_in(ann, Method.PASSWORD, Method.TOTP, on=Client())
    assert "3 held sign-ups to look at" in desk.get("/staff/").text
    page = desk.get("/staff/accounts/heldsignup/").text
    assert [str(each.pk) in page for each in (flood[0], apart, flood[1])] == [True, True, False]
    assert str(flood[1].pk) in desk.get("/staff/accounts/heldsignup/?each=1").text
    where = f"/staff/accounts/heldsignup/{flood[0].pk}/"
    assert "about all 3 from its network" in desk.get(f"{where}change/").text
    assert desk.post(f"{where}review-alike/", {"found": "program"}).status_code == 302
    assert sorted(HeldSignUp.objects.open().values_list("pk", flat=True)) == sorted([apart.pk, appealed.pk])
    assert [mail.kind for mail in outbox()][-3:] == ["sign_up_rejected"] * 3
    assert "decided about this" in desk.post(f"{where}review-alike/", {"found": "program"}, follow=True).text


@pytest.mark.django_db
@pytest.mark.control("v5.0.0-2.4.1", "v5.0.0-6.3.8")
def test_beyond_so_many_from_a_network_it_looks_the_same_and_nothing_waits(
    outbox: Outbox,
) -> None:

    first = held_one("bot0@example.net", Client(REMOTE_ADDR="198.51.100.1"))
    HeldSignUp.objects.bulk_create(
        HeldSignUp(
            customer=factories.customer(f"full{n}@example.net", proven=False), decision=first.decision,
            network=first.network, opened_at=first.opened_at, due_at=first.due_at,
        )
        for n in range(TODAY.sign_up.held_per_network - 1)
    )  # fmt: skip
    sent = {"email": "more@example.net", "password1": PASSWORD, "website": "x"}
    assert Client(REMOTE_ADDR="198.51.100.2").post("/sign-up/", sent)["Location"] == SENT
    assert not User.objects.filter(email="more@example.net").exists()
    assert [mail.kind for mail in outbox()] == ["sign_up_held"]
    assert AuditEntry.objects.filter(name="registration.dropped").count() == 1
    held_one("other@example.net", Client(REMOTE_ADDR="203.0.113.9"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
@pytest.mark.control("v5.0.0-2.3.4")
def test_of_several_at_once_no_more_wait_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    one = replace(TODAY, sign_up=replace(TODAY.sign_up, held_per_network=1))
    monkeypatch.setattr(limits, "current", lambda: one)

    def signs_up(n: int) -> str:
        sent = {"email": f"bot{n}@example.net", "password1": PASSWORD, "website": "x"}
        return str(Client(REMOTE_ADDR=f"198.51.100.{n}").post("/sign-up/", sent)["Location"])

    assert set(at_once(*(partial(signs_up, n) for n in range(1, 5)))) == {SENT}
    assert HeldSignUp.objects.count() == 1


@pytest.mark.django_db
def test_late_ones_raise_an_alert() -> None:
    assert tasks.watch_held() == 0
    held = held_one()
    HeldSignUp.objects.filter(pk=held.pk).update(due_at=clock.now())
    assert tasks.watch_held() == 1
    alert = Alert.objects.get()
    assert (alert.kind, alert.numbers) == ("sign_ups.late", {"held": 1, "lines": 1})
