"""A role is given by two people, neither of them its holder; whatever way is tried, and at the same moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import Model

from accounts.models import RoleChange, Session, User
from accounts.staff.flows import people as staff
from accounts.staff.flows import role_changes
from accounts.staff.policy import Reason, RoleState, WhyRole
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.roles import Role
from tests import factories
from tests.accounts.staff.people import Member
from tests.at_once import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def mona(db: None) -> Member:
    return Member(Role.ADMINISTRATOR)


@pytest.fixture
def omar(db: None) -> Member:
    return Member(Role.ADMINISTRATOR)


def propose(who: Member, person: User, role: Role = Role.AGENT) -> RoleChange:
    return role_changes.propose(person, role, WhyRole.JOINED, who.user, who.session, by=who.by, at=clock.now())


def approve(who: Member, change: RoleChange) -> None:
    role_changes.approve(change, who.user, who.session, by=who.by, at=clock.now())


def refused(verb: Callable[..., object], *args: Any) -> object:
    with pytest.raises(Refused) as caught:
        verb(*args)
    return caught.value.reason


def holds(person: User, role: Role = Role.AGENT) -> bool:
    return person.groups.filter(name=role.value).exists()


def test_two_people_give_a_role_and_sessions_begun_before_end(mona: Member, omar: Member, customer: User) -> None:
    change = propose(mona, customer)
    assert not holds(customer)
    approve(omar, change)
    assert holds(customer)
    change.refresh_from_db()
    assert (change.state, change.proposed_by, change.approved_by) == (RoleState.DONE, mona.pk, omar.pk)
    assert AuditEntry.objects.get(name="staff.role_granted", about=customer.pk).actor == omar.pk
    assert refused(approve, omar, change) == Reason.NOT_OPEN


def test_neither_the_proposer_nor_the_person_approves(mona: Member, omar: Member, customer: User) -> None:
    change = propose(mona, customer)
    assert refused(approve, mona, change) == Reason.SAME_PERSON
    assert refused(propose, mona, mona.user, Role.AUDITOR) == Reason.OWN_ROLE
    own = propose(mona, omar.user, Role.AUDITOR)
    assert refused(approve, omar, own) == Reason.OWN_ROLE
    assert not holds(customer)
    assert AuditEntry.objects.filter(name="flow.refused").count() == 3


def test_the_database_refuses_what_the_flow_would(mona: Member, omar: Member, customer: User) -> None:
    change = propose(mona, customer)
    for columns in (
        {"approved_by": mona.pk, "approved_at": clock.now(), "state": "done"},
        {"approved_by": customer.pk, "approved_at": clock.now(), "state": "done"},
        {"state": "done"},
        {"proposed_by": customer.pk, "approved_by": omar.pk, "approved_at": clock.now(), "state": "done"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            RoleChange.objects.filter(pk=change.pk).update(**columns)


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER, Role.AUDITOR])
def test_only_administrators_propose_and_approve(role: Role, mona: Member, customer: User) -> None:
    other = Member(role)
    assert refused(propose, other, customer) == Reason.NOT_AN_ADMINISTRATOR
    assert refused(approve, other, propose(mona, customer)) == Reason.NOT_AN_ADMINISTRATOR


def test_stale_and_risky_sessions_do_not(mona: Member, omar: Member, customer: User) -> None:
    change = propose(mona, customer)
    Session.objects.filter(pk=omar.session.pk).update(level_at=clock.now() - timedelta(minutes=11))
    omar.session.refresh_from_db()
    with pytest.raises(ProveMore):
        approve(omar, change)
    Session.objects.filter(pk=omar.session.pk).update(level_at=clock.now(), risk=Risk.HIGH)
    omar.session.refresh_from_db()
    with pytest.raises(OnHold):
        approve(omar, change)
    assert not holds(customer)


def test_a_proposal_expires_and_dies_with_its_proposers_role(mona: Member, omar: Member, customer: User) -> None:
    late = propose(mona, customer)
    RoleChange.objects.filter(pk=late.pk).update(proposed_at=clock.now() - timedelta(hours=80), expires_at=clock.now())
    assert refused(approve, omar, late) == Reason.PROPOSAL_EXPIRED
    again = propose(mona, customer)
    late.refresh_from_db()
    assert late.state == RoleState.EXPIRED
    staff.revoke_role(mona.user, Role.ADMINISTRATOR, by=Actor.system(), at=clock.now())
    assert refused(approve, omar, again) == Reason.PROPOSER_LOST_ROLE


def test_one_takes_away_and_it_bites_at_once(mona: Member) -> None:
    agent = Member(Role.AGENT)
    assert agent.client.get("/staff/").status_code == 200
    args = agent.user, Role.AGENT, WhyRole.LEFT, mona.user, mona.session
    role_changes.revoke(*args, by=mona.by, at=clock.now())
    assert agent.client.get("/staff/").status_code == 302
    assert not agent.user.is_staff
    with pytest.raises(Refused):
        role_changes.revoke(*args, by=mona.by, at=clock.now())


class TestCommand:
    """The operator's command: at once in a fresh installation, afterwards only a proposal."""

    def test_a_fresh_installation_gets_its_first_administrator(self, customer: User) -> None:
        call_command("staff", "grant", customer.email, "administrator", verbosity=0)
        assert holds(customer, Role.ADMINISTRATOR)

    def test_later_it_only_proposes_and_an_administrator_approves(self, mona: Member, customer: User) -> None:
        call_command("staff", "grant", customer.email, "administrator")
        assert not holds(customer, Role.ADMINISTRATOR)
        approve(mona, RoleChange.objects.get())
        assert holds(customer, Role.ADMINISTRATOR)
        with pytest.raises(CommandError, match="has the role already"):
            call_command("staff", "grant", customer.email, "administrator")

    def test_the_flow_behind_it_refuses_a_shortcut(self, mona: Member, customer: User) -> None:
        with pytest.raises(Refused) as caught:
            staff.grant_role(customer, Role.AGENT, by=Actor.system(), at=clock.now())
        assert caught.value.reason == Reason.NOT_INSTALLING
        assert not holds(customer)

    def test_and_lets_no_person_use_the_installations_way(self, customer: User) -> None:
        agent = Member(Role.AGENT)
        with pytest.raises(Refused):
            staff.grant_role(customer, Role.ADMINISTRATOR, by=agent.by, at=clock.now())


class TestPages:
    """The same on the staff site."""

    def test_two_people_in_two_browsers(self, mona: Member, omar: Member, customer: User) -> None:
        form = {"email": customer.email, "role": "agent", "verb": "grant", "reason": "joined"}
        assert mona.client.post("/staff/accounts/rolechange/propose/", form).status_code == 302
        change = RoleChange.objects.get()
        path = f"/staff/accounts/rolechange/{change.pk}/"
        assert "Approve" in omar.client.get(f"{path}change/").text
        assert omar.client.get(f"{path}decide/").status_code == 405
        said = mona.client.post(f"{path}decide/", {"do": "approve"}, follow=True)
        assert Reason.SAME_PERSON.words in said.text
        assert omar.client.post(f"{path}decide/", {"do": "approve"}).status_code == 302
        assert holds(customer)

    def test_an_auditor_reads_and_changes_nothing(self, mona: Member, customer: User) -> None:
        auditor, change = Member(Role.AUDITOR), propose(mona, customer)
        assert auditor.client.get("/staff/accounts/rolechange/").status_code == 200
        auditor.client.post(f"/staff/accounts/rolechange/{change.pk}/decide/", {"do": "approve"})
        assert not holds(customer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
class TestRaces:
    """At the same moment, on a real database."""

    @pytest.fixture(autouse=True)
    def _groups(self) -> None:
        """Emptying the database after a test that commits takes the roles' groups along."""
        for role in Role:
            Group.objects.get_or_create(name=role.value)

    def test_of_approvals_and_rejections_one_happens(self) -> None:
        first, *others = [Member(Role.ADMINISTRATOR) for _ in range(4)]
        customer = factories.customer()
        change = propose(first, customer)
        said = sorted(
            together(
                *(lambda who=who: approve(who, change) for who in others),
                lambda: role_changes.reject(change, first.user, first.session, by=first.by, at=clock.now()),
            )
        )
        assert said == ["done", *["not_open"] * 3]
        change.refresh_from_db()
        assert holds(customer) is (change.state == RoleState.DONE)

    def test_two_commands_make_one_first_administrator(self) -> None:
        people: list[Model] = [factories.customer() for _ in range(3)]
        said = sorted(
            together(
                *(
                    lambda one=one: staff.grant_role(one, Role.ADMINISTRATOR, by=Actor.system(), at=clock.now())
                    for one in people
                )
            )
        )
        assert said == ["done", "not_installing", "not_installing"]

    def test_the_same_proposal_twice_is_one(self) -> None:
        first, second, customer = Member(Role.ADMINISTRATOR), Member(Role.ADMINISTRATOR), factories.customer()
        said = sorted(together(lambda: propose(first, customer), lambda: propose(second, customer)))
        assert said == ["already_proposed", "done"]


def test_whoever_approves_sees_who_it_is_what_they_hold_and_what_it_opens(mona: Member, omar: Member) -> None:
    ann = factories.customer("ann@example.com", name="Ann Agent", is_staff=True)
    ann.groups.add(Group.objects.get(name=Role.AGENT.value))
    User.objects.filter(pk=mona.pk).update(name="Mona Admin")
    change = propose(mona, ann, Role.APPROVER)
    page = omar.client.get(f"/staff/accounts/rolechange/{change.pk}/change/").text
    for said in ("Ann Agent", "ann@example.com", "Mona Admin", mona.user.email, "agent", "approve a recovery"):
        assert said in page, said
    assert "restore_access" in page
    assert "become able to join in a takeover" in page
    assert "ann@example.com" in omar.client.get("/staff/accounts/rolechange/").text
    assert 'value="approve"' in page
    mine = mona.client.get(f"/staff/accounts/rolechange/{change.pk}/change/").text
    assert 'value="approve"' not in mine  # whoever proposed it may only take it back
    assert 'value="reject"' in mine


def test_somebody_who_is_no_staff_yet_is_named_as_the_desk_may_name_them(mona: Member, omar: Member) -> None:
    change = propose(mona, factories.customer("zoe@example.com", name="Zoe Novak"), Role.AUDITOR)
    page = omar.client.get(f"/staff/accounts/rolechange/{change.pk}/change/").text
    assert "Zoe Novak" in page
    assert "z···@example.com" in page
    assert "zoe@example.com" not in page
    assert "no role" in page
    assert AuditEntry.objects.filter(name="staff.record_opened", about=change.person_id, actor=omar.pk).count() == 1


def test_looking_for_the_person_is_a_search_of_the_desk(mona: Member, customer: User) -> None:
    form = {"email": "nobody@example.com", "role": "agent", "verb": "grant", "reason": "joined"}
    for _ in range(60):
        assert mona.client.post("/staff/accounts/rolechange/propose/", form).status_code == 200
    assert mona.client.post("/staff/accounts/rolechange/propose/", form).status_code == 403
    assert AuditEntry.objects.filter(name="staff.customer_searched", actor=mona.pk).count() == 60
