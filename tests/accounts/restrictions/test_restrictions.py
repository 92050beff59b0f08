"""Staff restrict a customer for a while: told, bounded, reviewed by another person, and over by itself without that."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.activity import lines
from accounts.models import Dispute, Restriction, Session, User
from accounts.restrictions import flows, policy
from accounts.restrictions.policy import (
    Asker,
    Reason,
    RestrictFacts,
    RestrictionKind,
    StandingFacts,
    Verdict,
    Wanted,
    WhyRestrict,
)
from accounts.staff.flows import people as staff
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock, held, reference
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Risk
from ciam_portal.core.roles import Role
from tests import factories
from tests.accounts.staff.people import Member
from tests.at_once import together
from tests.conftest import NOON
from tests.factories import Message

LIMITS = limits.load()
ANN, BOB, CUSTOMER = (UUID(int=number) for number in (1, 2, 3))
AGENT = Asker(ANN, (Role.AGENT,), (Role.AGENT,), opened=True)
APPROVER = Asker(BOB, (Role.APPROVER,), (Role.APPROVER,), opened=True)
NEW = RestrictFacts(customer=CUSTOMER, is_staff=False, days=14, unreviewed=False, within_budget=True)
HOLD: dict[str, Any] = {"kind": RestrictionKind.LEGAL_HOLD, "reason": WhyRestrict.LEGAL_CLAIM, "days": 30}
STANDING = StandingFacts(customer=CUSTOMER, made_by=ANN, is_live=True, is_reviewed=False)


# The questions


@pytest.mark.parametrize(
    ("facts", "asker", "answer"),
    [
        ({}, {}, Allow()),
        ({"days": 1}, {}, Allow()),
        ({}, {"roles": (Role.APPROVER,)}, Allow()),
        ({"days": 15}, {}, Deny(Reason.TOO_LONG)),
        ({"days": 0}, {}, Deny(Reason.TOO_LONG)),
        ({"days": -1}, {}, Deny(Reason.TOO_LONG)),
        ({"unreviewed": True}, {}, Deny(Reason.NOT_REVIEWED)),
        ({"within_budget": False}, {}, Deny(Reason.TOO_MANY_RESTRICTIONS)),
        ({"stands_until": NOON + timedelta(days=13)}, {}, Allow()),
        ({"stands_until": NOON + timedelta(days=14)}, {}, Deny(Reason.NOT_LONGER)),
        ({"is_staff": True}, {}, Deny(Reason.STAFF_ACCOUNT)),
        (HOLD, {}, Allow()),
        (HOLD | {"reason": WhyRestrict.LEGAL_DUTY}, {}, Allow()),
        (HOLD | {"days": 180}, {}, Allow()),
        (HOLD | {"days": 181}, {}, Deny(Reason.TOO_LONG)),
        (HOLD | {"reason": WhyRestrict.SUSPECTED_FRAUD}, {}, Deny(Reason.WRONG_REASON)),
        (HOLD | {"reason": None}, {}, Deny(Reason.WRONG_REASON)),
        (HOLD | {"kind": RestrictionKind.SUSPEND}, {}, Deny(Reason.WRONG_REASON)),
        ({"kind": RestrictionKind.SUSPEND, "reason": WhyRestrict.LEGAL_DUTY, "days": 15}, {}, Deny(Reason.TOO_LONG)),
        ({"customer": ANN}, {}, Deny(Reason.OWN_ACCOUNT)),
        ({"customer": None}, {}, Deny(Reason.OWN_ACCOUNT)),
        ({}, {"opened": False}, Deny(Reason.NOT_OPENED)),
        ({}, {"roles": (Role.ADMINISTRATOR, Role.AUDITOR)}, Deny(Reason.NOT_YOUR_ROLE)),
        ({}, {"id": None}, Deny(Reason.NOT_YOUR_ROLE)),
    ],
)
def test_may_restrict(facts: dict[str, Any], asker: dict[str, Any], answer: Decision) -> None:
    said = policy.may_restrict(replace(NEW, **facts), replace(AGENT, **asker), limits=LIMITS, at=NOON)
    assert said == answer


@pytest.mark.parametrize(
    ("facts", "asker", "answer"),
    [
        ({}, {}, Allow()),
        ({"is_live": False}, {}, Allow()),  # the next one waits for it
        ({}, {"standing": (Role.ADMINISTRATOR,)}, Allow()),
        ({"made_by": BOB}, {}, Deny(Reason.OWN_RESTRICTION)),
        ({"made_by": None}, {}, Deny(Reason.OWN_RESTRICTION)),
        ({"customer": BOB}, {}, Deny(Reason.OWN_ACCOUNT)),
        ({"is_reviewed": True}, {}, Deny(Reason.REVIEWED_ALREADY)),
        ({}, {"opened": False}, Deny(Reason.NOT_OPENED)),
        ({}, {"standing": (Role.AGENT, Role.AUDITOR)}, Deny(Reason.NOT_YOUR_ROLE)),
        ({}, {"standing": ()}, Deny(Reason.NOT_YOUR_ROLE)),  # a role taken in an emergency does not count
    ],
)
def test_may_review(facts: dict[str, Any], asker: dict[str, Any], answer: Decision) -> None:
    said = policy.may_review(replace(STANDING, **facts), replace(APPROVER, **asker), limits=LIMITS, at=NOON)
    assert said == answer


@pytest.mark.parametrize(
    ("facts", "asker", "answer"),
    [
        ({}, {}, Allow()),
        ({"is_live": False}, {}, Deny(Reason.IS_OVER)),
        ({"customer": ANN}, {}, Deny(Reason.OWN_ACCOUNT)),
        ({}, {"opened": False}, Deny(Reason.NOT_OPENED)),
        ({}, {"roles": (Role.ADMINISTRATOR,)}, Deny(Reason.NOT_YOUR_ROLE)),
    ],
)
def test_may_end(facts: dict[str, Any], asker: dict[str, Any], answer: Decision) -> None:
    assert policy.may_end(replace(STANDING, **facts), replace(AGENT, **asker), limits=LIMITS, at=NOON) == answer


def test_missing_facts_are_a_no() -> None:
    for answer in (
        policy.may_restrict(RestrictFacts(), AGENT, limits=LIMITS, at=NOON),
        policy.may_restrict(NEW, Asker(), limits=LIMITS, at=NOON),
        policy.may_end(StandingFacts(), AGENT, limits=LIMITS, at=NOON),
        policy.may_review(StandingFacts(), APPROVER, limits=LIMITS, at=NOON),
    ):
        assert isinstance(answer, Deny)


@given(
    st.integers(-3, 400),
    st.none() | st.integers(-30, 60).map(lambda days: NOON + timedelta(days=days)),
    st.booleans(),
)
def test_without_a_review_nobody_is_shut_out_for_long(days: int, stands: Any, unreviewed: bool) -> None:
    facts = replace(NEW, days=days, stands_until=stands, unreviewed=unreviewed)
    if isinstance(policy.may_restrict(facts, AGENT, limits=LIMITS, at=NOON), Allow):
        standing = stands if stands is not None and stands > NOON else None
        made = Restriction(starts_at=NOON, until=NOON + timedelta(days=days))
        made.review_due_at = policy.review_due(NOON, standing, LIMITS)
        assert made.ends_at <= max(NOON + timedelta(hours=24), standing or NOON)
        assert made.until <= NOON + timedelta(days=LIMITS.staff.restriction_days)


@pytest.mark.parametrize("reason", [WhyRestrict.SUSPECTED_FRAUD, WhyRestrict.LEGAL_DUTY])
def test_a_sensitive_reason_is_told_in_words_that_give_nothing_away(reason: WhyRestrict) -> None:
    assert policy.told(reason, RestrictionKind.SUSPEND).words == "we want to be sure that your account is safe"


def test_why_data_is_kept_is_no_secret() -> None:
    told = [policy.told(reason, "legal_hold").words for reason in sorted(policy.FOR_HOLDS)]
    assert told == ["it is needed in a legal matter", "the law obliges us to keep it"]
    shown = next(each for each in held.shown() if each.model is Restriction)
    assert "a legal matter" in shown.said["reason"](Restriction(kind="legal_hold", reason="legal_claim"))  # in the copy


# The flows

db = pytest.mark.django_db


def opened(who: Member, customer: User) -> Member:
    staff.open_record(customer, WhyLook.IDENTITY_CHECK, who.user, who.session, by=who.by, at=clock.now())
    return who


def restrict(
    who: Member,
    customer: User,
    kind: RestrictionKind = RestrictionKind.SUSPEND,
    days: int = 7,
    reason: WhyRestrict = WhyRestrict.SUSPECTED_FRAUD,
) -> Restriction:
    wanted = Wanted(kind, reason, days)
    return flows.restrict(customer, wanted, who.user, who.session, by=who.by, at=clock.now())


def review(who: Member, restriction: Restriction, verdict: Verdict = Verdict.STANDS) -> None:
    flows.review(restriction, verdict, who.user, who.session, by=who.by, at=clock.now())


def end(who: Member, restriction: Restriction) -> None:
    flows.end(restriction, who.user, who.session, by=who.by, at=clock.now())


def refused(verb: Callable[..., object], *args: Any, **more: Any) -> object:
    with pytest.raises(Refused) as caught:
        verb(*args, **more)
    return caught.value.reason


@pytest.fixture
def agent(customer: User) -> Member:
    return opened(Member(Role.AGENT), customer)


@pytest.fixture
def approver(customer: User) -> Member:
    return opened(Member(Role.APPROVER), customer)


@db
def test_a_suspension_ends_everything_and_is_told(
    agent: Member, customer: User, sign_in: Any, outbox: Callable[[], list[Message]]
) -> None:
    browser = sign_in(customer)
    made = restrict(agent, customer)
    customer.refresh_from_db()
    assert (customer.suspended_until, customer.step_up_until) == (made.starts_at + timedelta(hours=24), None)
    assert browser.get("/security/").status_code == 302
    assert Session.objects.filter(customer=customer, ended_at=None).count() == 0
    event = AuditEntry.objects.get(name="restriction.begun", about=customer.pk)
    assert (event.data["kind"], event.data["reason"], event.data["sessions_ended"]) == ("suspend", "suspected_fraud", 1)
    mail = outbox()[-1]
    assert (mail.kind, mail.to, mail.words["number"]) == (
        "account_suspended",
        customer.email,
        reference.of(made.decision),
    )
    assert mail.words["reason"] == "we want to be sure that your account is safe"
    assert mail.words["until"] == customer.local(made.until)
    titles = [line.title for line in lines.page(customer).lines]
    assert "Our staff paused your account for a while" in titles


@db
def test_without_a_review_it_ends_by_itself_and_with_one_at_its_end(
    agent: Member, approver: Member, customer: User
) -> None:
    made = restrict(agent, customer, days=7)
    customer.refresh_from_db()
    assert not customer.is_open_at(made.review_due_at - timedelta(microseconds=1))
    assert customer.is_open_at(made.review_due_at)
    review(approver, made)
    customer.refresh_from_db()
    assert not customer.is_open_at(made.until - timedelta(microseconds=1))
    assert customer.is_open_at(made.until)


@db
def test_a_review_never_revives_what_is_over(agent: Member, customer: User) -> None:
    made = restrict(agent, customer, days=7)
    with time_machine.travel(made.review_due_at, tick=False):
        late = opened(Member(Role.APPROVER), customer)
        review(late, made)
        customer.refresh_from_db()
        assert customer.is_open
        made.refresh_from_db()
        assert not made.is_live(clock.now())
        assert refused(end, opened(Member(Role.AGENT), customer), made) == Reason.IS_OVER


@db
def test_the_same_is_not_done_again_before_somebody_else_has_reviewed_it(
    agent: Member, approver: Member, customer: User
) -> None:
    made = restrict(agent, customer, days=1)
    assert refused(restrict, agent, customer) == Reason.NOT_REVIEWED
    with time_machine.travel(made.until + timedelta(hours=1), tick=False):
        again = opened(Member(Role.AGENT), customer)
        assert refused(restrict, again, customer) == Reason.NOT_REVIEWED
        end_of_it = opened(Member(Role.APPROVER), customer)
        review(end_of_it, made)
        restrict(again, customer)
    assert Restriction.objects.open().count() == 1


@db
def test_ending_it_early_does_not_spare_the_review(agent: Member, customer: User) -> None:
    made = restrict(agent, customer)
    end(agent, made)
    customer.refresh_from_db()
    assert customer.is_open
    assert refused(restrict, agent, customer) == Reason.NOT_REVIEWED


@db
def test_an_extension_is_a_new_one_with_its_own_review(agent: Member, approver: Member, customer: User) -> None:
    first = restrict(agent, customer, days=3)
    review(approver, first)
    assert refused(restrict, agent, customer, days=2) == Reason.NOT_LONGER
    longer = restrict(agent, customer, days=9)
    first.refresh_from_db()
    customer.refresh_from_db()
    assert first.ended_at == longer.starts_at
    assert customer.suspended_until == first.until  # unreviewed, it takes nothing from and adds nothing to the first
    review(approver, longer)
    customer.refresh_from_db()
    assert customer.suspended_until == longer.until


@db
def test_the_two_kinds_stand_beside_each_other(agent: Member, approver: Member, customer: User) -> None:
    step_up = restrict(agent, customer, RestrictionKind.STEP_UP, days=2)
    suspended = restrict(agent, customer, days=1)
    customer.refresh_from_db()
    assert (customer.suspended_until, customer.step_up_until) == (suspended.ends_at, step_up.ends_at)
    review(approver, step_up)
    end(agent, suspended)
    customer.refresh_from_db()
    assert (customer.suspended_until is None or customer.is_open, customer.step_up_until) == (True, step_up.until)


@db
def test_a_step_up_ends_no_session(agent: Member, customer: User, sign_in: Any, outbox: Any) -> None:
    browser = sign_in(customer)
    restrict(agent, customer, RestrictionKind.STEP_UP)
    assert browser.get("/security/").status_code == 200
    assert outbox()[-1].kind == "account_more_proof"


@db
def test_a_review_may_end_it_and_the_customer_is_told(
    agent: Member, approver: Member, customer: User, outbox: Callable[[], list[Message]]
) -> None:
    made = restrict(agent, customer)
    assert refused(review, agent, made) == Reason.NOT_YOUR_ROLE
    review(approver, made, Verdict.ENDS)
    customer.refresh_from_db()
    assert customer.is_open
    assert outbox()[-1].kind == "account_restriction_ended"
    assert refused(review, approver, made) == Reason.REVIEWED_ALREADY
    assert AuditEntry.objects.get(name="restriction.reviewed").data["stands"] is False
    assert AuditEntry.objects.get(name="restriction.ended").data["by_review"] is True


@db
def test_an_approver_does_not_review_their_own(approver: Member, customer: User) -> None:
    made = restrict(approver, customer)
    assert refused(review, approver, made) == Reason.OWN_RESTRICTION


@db
def test_only_with_the_record_opened_in_this_session(customer: User) -> None:
    agent = Member(Role.AGENT)
    assert refused(restrict, agent, customer) == Reason.NOT_OPENED
    opened(agent, customer)
    restrict(agent, customer)
    assert refused(end, Member(Role.AGENT), Restriction.objects.get()) == Reason.NOT_OPENED


@db
def test_one_agent_restricts_so_many_customers_a_day(agent: Member) -> None:
    for _ in range(limits.current().staff.restrictions_per_day):
        them = factories.customer()
        opened(agent, them)
        restrict(agent, them, RestrictionKind.STEP_UP)
    one_more = factories.customer()
    opened(agent, one_more)
    assert refused(restrict, agent, one_more) == Reason.TOO_MANY_RESTRICTIONS
    restrict(opened(Member(Role.AGENT), one_more), one_more)


@db
def test_nobody_restricts_staff_or_themselves(agent: Member) -> None:
    boss = Member(Role.ADMINISTRATOR)
    assert refused(restrict, opened(agent, boss.user), boss.user) == Reason.STAFF_ACCOUNT
    assert refused(restrict, agent, agent.user) == Reason.OWN_ACCOUNT


@db
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_other_roles_do_not_restrict(role: Role, customer: User) -> None:
    other = Member(role)
    if role is Role.ADMINISTRATOR:
        opened(other, customer)
    assert refused(restrict, other, customer) == Reason.NOT_YOUR_ROLE


@db
def test_stale_and_risky_sessions_do_not(agent: Member, customer: User) -> None:
    Session.objects.filter(pk=agent.session.pk).update(level_at=clock.now() - timedelta(minutes=11))
    agent.session.refresh_from_db()
    with pytest.raises(ProveMore):
        restrict(agent, customer)
    Session.objects.filter(pk=agent.session.pk).update(level_at=clock.now(), risk=Risk.HIGH)
    agent.session.refresh_from_db()
    with pytest.raises(OnHold):
        restrict(agent, customer)
    assert not Restriction.objects.exists()


@db
def test_a_suspended_person_is_given_no_role(agent: Member, customer: User) -> None:
    restrict(agent, customer)
    customer.refresh_from_db()
    assert not staff.is_ready(customer, clock.now())
    with pytest.raises(Refused):
        staff.grant_role(customer, Role.ADMINISTRATOR, by=Actor.system(), at=clock.now())
    assert staff.is_ready(customer, clock.now() + timedelta(hours=24))


@db
def test_the_database_refuses_what_the_flow_would(agent: Member, approver: Member, customer: User) -> None:
    made = restrict(agent, customer)
    at = made.starts_at
    for columns in (
        {"reviewed_by": agent.pk, "reviewed_at": at},
        {"reviewed_by": customer.pk, "reviewed_at": at},
        {"reviewed_at": at},
        {"until": at},
        {"review_due_at": at},
        {"made_by": customer.pk},
        {"lifted_by": agent.pk},
        {"ended_at": at, "lifted_by": customer.pk},
        {"ended_at": at - timedelta(seconds=1)},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Restriction.objects.filter(pk=made.pk).update(**columns)
    copy = {
        field: getattr(made, field) for field in ("kind", "reason", "starts_at", "until", "made_by", "review_due_at")
    }
    for more in ({}, {"reviewed_by": approver.pk, "reviewed_at": at}, {"ended_at": at}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Restriction.objects.create(customer=customer, **copy | more)


@db
def test_the_customer_disagrees_on_the_security_page(
    agent: Member, customer: User, sign_in: Any, outbox: Callable[[], list[Message]]
) -> None:
    browser = sign_in(customer)
    assert "We ask you to confirm more often" not in browser.get("/security/").text
    made = restrict(agent, customer, RestrictionKind.STEP_UP)
    page = browser.get("/security/").text
    assert f"We ask you to confirm more often until {customer.local(made.ends_at)}" in page
    assert "fraud" not in page
    path = f"/security/restrictions/{made.pk}/contest/"
    assert browser.get(path).status_code == 405
    assert "Our help desk looks at it" in browser.post(path).text
    assert Dispute.objects.get().decision == made.decision
    assert outbox()[-1].kind == "dispute_opened"
    assert "You have asked our help desk" in browser.get("/security/").text
    assert browser.post(path).status_code == 200
    assert Dispute.objects.count() == 1
    assert sign_in(factories.customer(), on=type(browser)()).post(path).status_code == 404


# The pages


@db
class TestPages:
    """The same on the staff site."""

    def test_restrict_review_and_end(self, customer: User) -> None:
        agent, approver = Member(Role.AGENT), Member(Role.APPROVER)
        base = f"/staff/accounts/user/{customer.pk}"
        form = {"kind": "suspend", "reason": "customer_asked", "days": "3"}
        said = agent.client.post(f"{base}/restrict/", form, follow=True)
        assert Reason.NOT_OPENED.words in unescape(said.text)
        for who in (agent, approver):
            who.client.post(f"{base}/open/", {"reason": "you_asked"})
        assert "There is none, and there was none." in agent.client.get(f"{base}/change/").text
        assert "Nothing was done" in agent.client.post(f"{base}/restrict/", {"kind": "x"}, follow=True).text
        assert agent.client.get(f"{base}/restrict/").status_code == 405
        said = agent.client.post(f"{base}/restrict/", form, follow=True)
        assert "Suspended, until" in said.text
        made = Restriction.objects.get()
        one = f"{base}/restrictions/{made.pk}"
        assert f"{one}/review/" not in said.text
        assert "Restrictions to review" in approver.client.get("/staff/").text
        assert f"{one}/review/" in approver.client.get(f"{base}/change/").text
        said = approver.client.post(f"{one}/review/", {"verdict": "stands"}, follow=True)
        assert "The review is noted." in said.text
        assert "Restrictions to review" not in approver.client.get("/staff/").text
        said = agent.client.post(f"{one}/end/", follow=True)
        assert "The restriction is ended" in said.text
        assert "over since" in said.text

    def test_another_customers_restriction_is_not_reached_by_editing_the_address(
        self, agent: Member, customer: User
    ) -> None:
        made, other = restrict(agent, customer), factories.customer()
        opened(agent, other)
        assert agent.client.post(f"/staff/accounts/user/{other.pk}/restrictions/{made.pk}/end/").status_code == 404
        assert agent.client.post(f"/staff/accounts/user/{customer.pk}/restrictions/{uuid4()}/end/").status_code == 404

    def test_an_administrator_sees_no_form_to_restrict_and_an_auditor_only_the_list(self, customer: User) -> None:
        boss, auditor = opened(Member(Role.ADMINISTRATOR), customer), Member(Role.AUDITOR)
        page = boss.client.get(f"/staff/accounts/user/{customer.pk}/change/").text
        assert "Restrictions" in page
        assert "Restrict this customer" not in page
        assert auditor.client.get("/staff/accounts/restriction/").status_code == 200
        assert auditor.client.post(f"/staff/accounts/user/{customer.pk}/restrict/", {}).status_code == 403
        assert Member(Role.AGENT).client.get("/staff/accounts/restriction/").status_code == 403

    def test_the_number_that_the_customer_was_told_finds_them(self, agent: Member, customer: User) -> None:
        made = restrict(agent, customer)
        assert made.decision
        for told in (reference.of(made.decision), str(made.decision)):
            found = staff.find(told, agent.user, by=agent.by, at=clock.now())
            assert [each.pk for each in found] == [customer.pk]


# At the same moment


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
class TestRaces:
    """On a real database."""

    @pytest.fixture(autouse=True)
    def _groups(self) -> None:
        """Emptying the database after a test that commits takes the roles' groups along."""
        for role in Role:
            Group.objects.get_or_create(name=role.value)

    def test_of_three_that_restrict_one_does(self) -> None:
        customer = factories.customer()
        agents = [opened(Member(Role.AGENT), customer) for _ in range(3)]
        said = sorted(together(*(lambda who=who: restrict(who, customer) for who in agents)))
        assert said == ["done", "not_reviewed", "not_reviewed"]
        assert Restriction.objects.count() == 1

    def test_ended_while_it_is_reviewed_it_stays_ended(self) -> None:
        customer = factories.customer()
        agent, approver = opened(Member(Role.AGENT), customer), opened(Member(Role.APPROVER), customer)
        made = restrict(agent, customer)
        seen = Restriction.objects.get()  # as the other's page has it
        assert sorted(together(lambda: end(agent, made), lambda: review(approver, seen))) == ["done", "done"]
        customer.refresh_from_db()
        made.refresh_from_db()
        assert customer.is_open
        assert (made.reviewed_by, made.lifted_by) == (approver.pk, agent.pk)

    def test_of_two_reviews_one_counts(self) -> None:
        customer = factories.customer()
        agent = opened(Member(Role.AGENT), customer)
        reviewers = [opened(Member(Role.APPROVER), customer) for _ in range(2)]
        restrict(agent, customer)
        pages = [(who, Restriction.objects.get()) for who in reviewers]
        said = sorted(together(*(partial(review, who, seen, Verdict.ENDS) for who, seen in pages)))
        assert said == ["done", "reviewed_already"]
