"""A role for an hour: at once, told, reviewed by another; and never what takes two people."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from accounts.models import BreakGlass, User
from accounts.staff.flows import break_glass, role_changes
from accounts.staff.policy import Reason, WhyGlass, WhyRole
from ciam_portal.core import clock
from ciam_portal.core.errors import Refused
from ciam_portal.core.roles import Role, roles_of, standing_roles_of
from tests.accounts.staff.people import Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(db: None) -> Member:
    return Member(Role.AGENT)


@pytest.fixture
def mona(db: None) -> Member:
    return Member(Role.ADMINISTRATOR)


def take(who: Member, role: Role = Role.ADMINISTRATOR) -> BreakGlass:
    return break_glass.take(role, WhyGlass.ATTACK, who.user, who.session, by=who.by, at=clock.now())


def review(who: Member, use: BreakGlass) -> None:
    break_glass.review(use, who.user, who.session, by=who.by, at=clock.now())


def refused(verb: Callable[..., object], *args: Any) -> object:
    with pytest.raises(Refused) as caught:
        verb(*args)
    return caught.value.reason


def test_it_is_there_at_once_and_ends_by_itself(agent: Member, django_assert_num_queries: Any) -> None:
    assert agent.client.get("/staff/audit/auditentry/").status_code == 403
    take(agent)
    assert agent.client.get("/staff/audit/auditentry/").status_code == 200
    user = agent.user
    with django_assert_num_queries(1):
        assert roles_of(user) == {Role.AGENT, Role.ADMINISTRATOR}
        assert standing_roles_of(user) == {Role.AGENT}
    with time_machine.travel(clock.now() + timedelta(minutes=60)):
        assert roles_of(agent.user) == {Role.AGENT}


def test_all_administrators_and_the_person_are_told(
    agent: Member, mona: Member, outbox: Callable[[], list[Any]]
) -> None:
    other = Member(Role.ADMINISTRATOR)
    take(agent)
    told = {mail.to for mail in outbox() if mail.kind == "glass_broken"}
    assert told == {agent.user.email, mona.user.email, other.user.email}


def test_it_never_gives_what_takes_two_people(agent: Member, mona: Member, customer: User) -> None:
    use = take(agent)
    args = customer, Role.AUDITOR, WhyRole.COVER
    with pytest.raises(Refused) as caught:
        role_changes.propose(*args, agent.user, agent.session, by=agent.by, at=clock.now())
    assert caught.value.reason == Reason.NOT_AN_ADMINISTRATOR
    change = role_changes.propose(*args, mona.user, mona.session, by=mona.by, at=clock.now())
    with pytest.raises(Refused):
        role_changes.approve(change, agent.user, agent.session, by=agent.by, at=clock.now())
    assert refused(review, agent, use) == Reason.NOT_AN_ADMINISTRATOR


def test_a_second_administrator_reviews_and_the_role_ends(agent: Member, mona: Member) -> None:
    use = take(agent)
    assert "Break-glass to review" in mona.client.get("/staff/").text
    review(mona, use)
    assert roles_of(agent.user) == {Role.AGENT}
    assert "Break-glass to review" not in mona.client.get("/staff/").text
    assert refused(review, mona, use) == Reason.NOT_OPEN


def test_nobody_reviews_their_own(mona: Member) -> None:
    use = take(mona, Role.APPROVER)
    assert refused(review, mona, use) == Reason.OWN_GLASS
    with pytest.raises(IntegrityError), transaction.atomic():
        BreakGlass.objects.filter(pk=use.pk).update(reviewed_by=mona.pk, reviewed_at=clock.now())


def test_an_overdue_review_stops_everybody(agent: Member, mona: Member) -> None:
    use = take(agent)
    assert refused(take, agent, Role.APPROVER) == Reason.REVIEW_OPEN
    BreakGlass.objects.update(asked_at=clock.now() - timedelta(hours=24), expires_at=clock.now())
    assert refused(take, Member(Role.APPROVER), Role.AGENT) == Reason.REVIEW_OVERDUE
    review(mona, use)
    take(Member(Role.APPROVER), Role.AGENT)


def test_auditors_have_no_glass_to_break() -> None:
    assert refused(take, Member(Role.AUDITOR)) == Reason.NOT_YOUR_ROLE


def test_the_pages_do_the_same(agent: Member, mona: Member) -> None:
    form = {"role": "approver", "reason": "attack"}
    assert agent.client.post("/staff/accounts/breakglass/take/", form).status_code == 302
    use = BreakGlass.objects.get()
    assert mona.client.get(f"/staff/accounts/breakglass/{use.pk}/change/").status_code == 200
    assert mona.client.post(f"/staff/accounts/breakglass/{use.pk}/review/").status_code == 302
    use.refresh_from_db()
    assert use.reviewed_by == mona.pk


def test_whoever_reviews_sees_who_it_was_and_all_that_was_done(agent: Member, mona: Member, customer: User) -> None:
    agent.client.post(f"/staff/accounts/user/{customer.pk}/open/", {"reason": "you_asked"})
    User.objects.filter(pk=agent.pk).update(name="Alan Agent")
    use = take(agent)
    agent.client.get("/staff/audit/auditentry/")
    agent.client.post("/staff/accounts/user/", {"wanted": "nobody@example.com"})
    page = mona.client.get(f"/staff/accounts/breakglass/{use.pk}/change/").text
    for said in ("Alan Agent", agent.user.email, "staff.glass_broken", "staff.looked", "staff.customer_searched"):
        assert said in page, said
    assert "staff.record_opened" not in page  # done before
    assert "acknowledge an alert" in page  # what the role opened
    assert "approve a role" not in page  # what no role for an hour opens
    seen = agent.client.get(f"/staff/accounts/breakglass/{use.pk}/change/").text
    assert "I have looked at it" not in seen


def test_a_role_that_opened_nothing_for_an_hour_says_so(mona: Member) -> None:
    agent = Member(Role.AGENT)
    break_glass.take(Role.APPROVER, WhyGlass.OUTAGE, agent.user, agent.session, by=agent.by, at=clock.now())
    page = mona.client.get(f"/staff/accounts/breakglass/{BreakGlass.objects.get().pk}/change/").text
    assert "Nothing that they could not do by a role they hold." in page
