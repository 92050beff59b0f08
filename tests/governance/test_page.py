"""The staff site's pages of policy versions: two people with a browser each, and what everyone else gets."""

import tomllib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Session, User
from accounts.sessions import flows as sessions
from accounts.staff.flows import people as staff_flows
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.roles import Role
from ciam_portal.governance import flows, tasks
from ciam_portal.governance.models import PolicyVersion, Replay
from ciam_portal.governance.policy import Origin, VersionState
from ciam_portal.oauth import scopes
from ciam_portal.staff_site import policies
from tests import factories
from tests.conftest import NOON
from tests.governance.rows import assess

pytestmark = pytest.mark.django_db
LIST = "/staff/governance/policyversion/"
Found = Callable[..., PolicyVersion]


def staff(email: str, role: Role | None, *methods: Method) -> Client:
    person, client = factories.customer(email, is_staff=role is not None), Client()
    if role is not None:
        person.groups.add(Group.objects.get(name=role.value))
    factories.signed_in(client, person, methods or (Method.PASSWORD, Method.TOTP), clock.now() - timedelta(seconds=2))
    return client


@pytest.fixture
def first(db: None) -> Client:
    return staff("first@example.com", Role.ADMINISTRATOR)


@pytest.fixture
def second(db: None) -> Client:
    return staff("second@example.com", Role.ADMINISTRATOR)


def page(row: PolicyVersion) -> str:
    return f"{LIST}{row.pk}/change/"


def text(client: Client, row: PolicyVersion) -> str:
    answer = client.get(page(row))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def propose(client: Client, row: PolicyVersion) -> Any:
    """Have it replayed, wait until that is done, propose it."""
    press(client, row, "replay")
    tasks.sweep()
    return press(client, row, "propose")


def press(client: Client, row: PolicyVersion, what: str) -> Any:
    return client.post(page(row), {"do": what})


def test_two_people_with_a_browser_each(first: Client, second: Client, found: Found) -> None:
    row = found(session__idle_minutes=14, risk__moderate_score=-4.9, risk__high_score=-4.8)
    assess(at=clock.now())
    assess(at=clock.now() - timedelta(days=policies.DAYS, seconds=1))
    before = text(first, row)
    assert "There is no replay yet." in before
    assert 'value="replay"' in before
    assert 'value="propose"' not in before
    assert propose(first, row).status_code == 302
    row.refresh_from_db()
    assert row.replay is not None
    assert (row.state, row.replay["rows"], row.replay["genuine_bothered"]) == (VersionState.PROPOSED, 1, 1)
    mine, theirs = text(first, row), text(second, row)
    assert "You proposed this version, so somebody else must approve it." in mine
    assert 'value="approve"' not in mine
    assert 'value="approve"' in theirs
    for said in (mine, theirs):
        assert "1 decisions of the last 30 days were asked again; 1 would be others." in said
        assert "<td>idle_minutes</td> <td>15</td> <td>14</td>" in said
        assert "▲ stricter" in said
        assert "first@example.com" in said
    assert press(second, row, "approve").status_code == 302
    row.refresh_from_db()
    assert row.state == VersionState.DECIDING
    assert "This version decides." in text(second, row)
    names = AuditEntry.objects.filter(name__startswith="policy.").order_by("pk").values_list("name", flat=True)
    assert list(names)[-3:] == ["policy.replay_begun", "policy.proposed", "policy.approved"]


def test_the_list_says_who(first: Client, second: Client, found: Found) -> None:
    row = found()
    propose(first, row)
    press(second, row, "approve")
    said = first.get(LIST).content.decode()
    for word in (row.version, settings.LIMITS.version, "first@example.com", "second@example.com", "the installation"):
        assert word in said


def test_what_the_page_says_of_a_former_version_and_a_looser_one(first: Client, second: Client, found: Found) -> None:
    row = found(session__idle_minutes=16)
    assert "▼ looser" in text(first, row)
    former = PolicyVersion.objects.get(state=VersionState.DECIDING)
    assert "This version decides." in text(first, former)
    assert 'name="do"' not in text(first, former)


def test_the_proposer_is_refused_even_without_the_page(first: Client, found: Found) -> None:
    row = found()
    propose(first, row)
    answer = press(first, row, "approve")
    assert answer.status_code == 403
    assert "somebody else must approve it" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == VersionState.PROPOSED


def test_a_version_is_rejected(second: Client, found: Found) -> None:
    row = found()
    assert press(second, row, "reject").status_code == 302
    row.refresh_from_db()
    assert row.state == VersionState.REJECTED
    assert 'value="replay"' in text(second, row)


@pytest.mark.parametrize("role", [None, Role.AGENT, Role.APPROVER])
def test_others_see_nothing(found: Found, role: Role | None) -> None:
    row, client = found(), staff("other@example.com", role)
    for answer in (client.get(LIST), client.get(page(row)), propose(client, row)):
        assert answer.status_code in {302, 403}
    assert PolicyVersion.objects.get(pk=row.pk).state == VersionState.FOUND


def test_an_auditor_looks_and_does_nothing(found: Found) -> None:
    row, client = found(), staff("auditor@example.com", Role.AUDITOR)
    said = text(client, row)
    assert "Only an administrator may do this." in said
    assert 'name="do"' not in said
    for verb in ("replay", "propose", "approve", "reject"):
        assert press(client, row, verb).status_code == 403
    assert AuditEntry.objects.filter(name="flow.refused").count() == 4
    assert not Replay.objects.exists()  # nobody makes the portal compute who may not propose


def test_one_factor_is_not_enough_to_look(found: Found) -> None:
    client = staff("weak@example.com", Role.ADMINISTRATOR, Method.PASSWORD)
    assert client.get(page(found())).status_code == 302


def test_a_stale_proof_leads_to_proving_and_back_to_the_page(first: Client, found: Found) -> None:
    row = found()
    with time_machine.travel(clock.now() + timedelta(seconds=610)):
        answer = propose(first, row)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/prove/?")
    row.refresh_from_db()
    assert (row.state, row.replay) == (VersionState.FOUND, None)


def test_after_proving_what_was_pressed_is_gone_on_with(first: Client, found: Found) -> None:
    row = found()
    old = clock.now() - timedelta(minutes=20)
    Session.objects.update(level_at=old, auth_time=old)
    where = press(first, row, "replay")["Location"]
    assert where.startswith("/prove/?")
    assert not Replay.objects.exists()
    Session.objects.update(level_at=clock.now())
    reference = where.partition("ref=")[2]
    going_on = first.get(f"/prove/go-on/?ref={reference}").text
    assert "Decide about a policy version" in going_on
    assert "Replay the past" in going_on
    assert first.post(page(row), {"resume": reference}).status_code == 302
    assert Replay.objects.count() == 1
    assert first.post(page(row), {"resume": reference}).status_code == 410  # once


@pytest.mark.parametrize("what", ["", "delete", "approve2"])
def test_what_is_no_verb_is_refused(first: Client, found: Found, what: str) -> None:
    assert press(first, found(), what).status_code == 400


@pytest.mark.parametrize("key", ["x", "00000000-0000-0000-0000-000000000000", "%00", "1" * 3000])
def test_what_is_no_version_is_not_found(first: Client, key: str) -> None:
    assert first.get(f"{LIST}{key}/change/").status_code in {400, 404}


def test_a_form_from_elsewhere_is_refused(found: Found) -> None:
    row, person = found(), User.objects.get(email=staff_email())
    client = Client(enforce_csrf_checks=True)
    factories.signed_in(client, person, (Method.PASSWORD, Method.TOTP))
    assert propose(client, row).status_code == 403
    assert PolicyVersion.objects.get(pk=row.pk).state == VersionState.FOUND


def staff_email() -> str:
    staff("third@example.com", Role.ADMINISTRATOR)
    return "third@example.com"


def test_a_version_this_software_cannot_use_says_so_and_has_no_button(first: Client) -> None:
    broken = settings.POLICY_TEXT.replace("idle_warning_minutes", "once_there")
    row = PolicyVersion.objects.create(
        version="0ld", content=broken, origin=Origin.FILE, state=VersionState.FOUND, found_at=NOON
    )
    said = text(first, row)
    assert "once_there" in said
    assert 'value="propose"' not in said
    assert propose(first, row).status_code == 403


def with_scope(name: str) -> str:
    """The policy with a row for the use of this scope."""
    tables = tomllib.loads(settings.POLICY_TEXT)
    tables["actions"][f"use_scope.{name}"] = tables["actions"]["use_scope.activity"]
    return limits.as_toml(tables)


def test_a_version_that_speaks_of_an_unknown_scope_is_neither_proposed_nor_approved(
    first: Client, second: Client
) -> None:
    content = with_scope("phnoe")
    flows.see(content, by=Actor.system(), at=clock.now())
    row = PolicyVersion.objects.get(state=VersionState.FOUND)
    said = text(first, row)
    assert "a scope that is not known: use_scope.phnoe" in said
    assert 'value="propose"' not in said
    answer = propose(first, row)
    assert answer.status_code == 403
    assert "cannot use this version" in answer.content.decode()
    # Proposed while the software still knew that scope.
    PolicyVersion.objects.filter(pk=row.pk).update(
        state=VersionState.PROPOSED, proposed_at=clock.now(),
        proposed_by=User.objects.get(email="first@example.com").pk, replay={}, against=settings.LIMITS.version,
    )  # fmt: skip
    assert press(second, row, "approve").status_code == 403
    row.refresh_from_db()
    assert row.state == VersionState.PROPOSED


def test_a_scope_that_exists_may_have_a_row(first: Client) -> None:
    flows.see(with_scope("phone"), by=Actor.system(), at=clock.now())
    assert propose(first, PolicyVersion.objects.get(state=VersionState.FOUND)).status_code == 302


def lose_role(person: User) -> None:
    staff_flows.revoke_role(person, Role.ADMINISTRATOR, by=Actor.system(), at=clock.now())


def lose_session(person: User) -> None:
    sessions.end(Session.objects.get(customer=person), by=Actor.system(), at=clock.now())


def become_risky(person: User) -> None:
    Session.objects.filter(customer=person).update(risk=int(Risk.HIGH))


@pytest.mark.parametrize("meanwhile", [lose_role, lose_session, become_risky])
def test_what_changes_while_the_replay_runs_counts(
    first: Client, found: Found, meanwhile: Callable[[User], None]
) -> None:
    row, person = found(), User.objects.get(email="first@example.com")
    press(first, row, "replay")
    tasks.sweep()
    meanwhile(person)
    assert press(first, row, "propose").status_code in {302, 403}
    row.refresh_from_db()
    assert (row.state, row.replay) == (VersionState.FOUND, None)


def test_the_page_says_how_far_a_replay_is(first: Client, found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    row = found()
    for _ in range(3):
        assess(at=clock.now())
    monkeypatch.setattr(tasks, "BATCH", 2)
    monkeypatch.setattr(tasks, "SECONDS", 0.0)
    press(first, row, "replay")
    assert "0 of 3 decisions of the last 30 days were asked again" in text(first, row)
    tasks.sweep()
    under_way = text(first, row)
    assert "2 of 3 decisions" in under_way
    assert "Look again" in under_way
    assert 'value="propose"' not in under_way
    assert press(first, row, "propose").status_code == 403
    tasks.sweep()
    tasks.sweep()
    assert "3 decisions of the last 30 days were asked again" in text(first, row)
    assert 'value="propose"' in text(first, row)


def test_a_proposal_against_a_former_version_says_so(first: Client, second: Client, found: Found) -> None:
    row, other = found(), found(session__idle_minutes=13)
    propose(first, row)
    propose(first, other)
    press(second, row, "approve")
    said = text(second, other)
    assert "Another version decides since this one was proposed. Please propose it again." in said
    assert 'value="propose"' in said
    assert flows.facts_of(other, scopes.check).deciding == row.version


def test_no_script_and_no_style_stands_in_the_page(first: Client, found: Found) -> None:
    said = text(first, found())
    assert "<style" not in said
    assert " style=" not in said
    assert " onclick" not in said
