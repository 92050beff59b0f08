"""Privilege paths: none is walked alone; a seeded shortcut is found, by break-glass and by appointing too."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ciam_portal.core import privileges
from ciam_portal.core.privileges import Effect, StaffAction, declared
from ciam_portal.core.roles import Role
from tests.accounts.staff.people import Member

APPS = {
    (Role.AGENT, Role.ADMINISTRATOR), (Role.APPROVER, Role.ADMINISTRATOR), (Role.AUDITOR, Role.ADMINISTRATOR),
    (Role.ADMINISTRATOR, Role.ADMINISTRATOR), (Role.ADMINISTRATOR, Role.PRIVACY_OFFICER),
}  # fmt: skip


def test_nobody_reaches_a_takeover_alone() -> None:
    assert privileges.alone() == []
    assert all(len(path.people) > 1 for path in privileges.paths())


def test_two_administrators_are_what_it_takes() -> None:
    two = (Role.ADMINISTRATOR, Role.ADMINISTRATOR)
    found = {(path.effect, path.people) for path in privileges.paths() if path.effect is not Effect.RESTORE_ACCESS}
    # Where an app sends its customers: whoever answers for it asks, an administrator who does not approves.
    apps = {(Effect.CHANGE_REDIRECT_URI, people) for people in APPS}
    assert found == {(Effect.CHANGE_ROLE, two), (Effect.CHANGE_POLICY, two), *apps}


def test_helping_a_caller_takes_two_people_and_the_second_holds_the_role_for_good() -> None:
    pairs = {
        path.people for path in privileges.paths() if path.effect is Effect.RESTORE_ACCESS and len(path.people) == 2
    }
    # Whoever may break the glass can propose for an hour. Nobody approves by it.
    assert pairs == {
        (Role.AGENT, Role.APPROVER), (Role.APPROVER, Role.APPROVER), (Role.APPROVER, Role.ADMINISTRATOR),
    }  # fmt: skip
    weaker = tuple(replace(each, after=None) if each.effect is Effect.RESTORE_ACCESS else each for each in declared())
    assert (Role.APPROVER,) in {path.people for path in privileges.alone(weaker)}


def test_a_second_step_without_a_second_person_is_found() -> None:
    weaker = tuple(replace(each, after=None) if each.effect is Effect.CHANGE_ROLE else each for each in declared())
    assert next(path.people for path in privileges.alone(weaker)) == (Role.ADMINISTRATOR,)


def test_a_shortcut_through_break_glass_is_found() -> None:
    """Were a takeover open to approvers alone, agents would have it too, by taking that role."""
    bad = (*declared(), StaffAction("set an address", frozenset({Role.APPROVER}), Effect.CHANGE_ADDRESS))
    people = {path.people for path in privileges.alone(bad)}
    assert people == {(Role.APPROVER,), (Role.AGENT,), (Role.ADMINISTRATOR,)}
    standing = (*declared(), replace(bad[-1], standing=True))
    assert {path.people for path in privileges.alone(standing)} == {(Role.APPROVER,)}


def test_roles_held_together_by_one_person_count_as_alone() -> None:
    first = StaffAction("a", frozenset({Role.AGENT}), Effect.PROPOSE_RECOVERY, standing=True)
    second = StaffAction("b", frozenset({Role.APPROVER}), Effect.RESTORE_ACCESS, Effect.PROPOSE_RECOVERY, standing=True)
    assert privileges.alone((first, second)) == []
    (path,) = privileges.paths((first, second))
    assert path.people == (Role.AGENT, Role.APPROVER)
    (bad,) = privileges.alone((first, replace(second, after=None)))
    assert bad.people == (Role.APPROVER,)


def test_appointing_an_accomplice_is_a_path() -> None:
    """Nobody holds auditor, yet two administrators can appoint one: three people, found through role granting."""
    acting = StaffAction("c", frozenset({Role.AUDITOR}), Effect.CHANGE_FACTOR, standing=True)
    start = [frozenset({Role.ADMINISTRATOR}), frozenset({Role.ADMINISTRATOR}), frozenset[Role]()]
    assert Effect.CHANGE_FACTOR in privileges.reach(start, (*declared(), acting))
    assert Effect.CHANGE_FACTOR not in privileges.reach(start[:2], (*declared(), acting))


def test_the_command_says_it_and_fails_when_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    said = StringIO()
    call_command("privilege_paths", "--json", "--check", stdout=said)
    assert {path["effect"] for path in json.loads(said.getvalue())} == {
        "change_role",
        "change_policy",
        "restore_access",
        "change_redirect_uri",
    }
    monkeypatch.setattr(privileges, "alone", lambda: privileges.paths()[:1])
    with pytest.raises(CommandError, match="One person alone"):
        call_command("privilege_paths", "--check", stdout=StringIO())


def test_what_a_role_opens_is_what_was_not_there_before() -> None:
    nothing: frozenset[Role] = frozenset()
    assert privileges.opened(frozenset({Role.ADMINISTRATOR}), Role.ADMINISTRATOR) == privileges.Opened((), ())
    auditor = privileges.opened(nothing, Role.AUDITOR)
    assert "export the audit or decisions" in {action.name for action in auditor.actions}
    assert {path.effect for path in auditor.paths} == {Effect.CHANGE_REDIRECT_URI}  # as anybody: owning the app
    approver = privileges.opened(frozenset({Role.AGENT}), Role.APPROVER)
    assert "find a customer" not in {action.name for action in approver.actions}
    assert {(path.effect, path.people) for path in approver.paths} >= {(Effect.RESTORE_ACCESS, (Role.AGENT,))}
    assert all(path.people for path in approver.paths)  # alone, none
    boss = privileges.opened(nothing, Role.ADMINISTRATOR)
    assert (Effect.CHANGE_ROLE, (Role.ADMINISTRATOR,)) in {(path.effect, path.people) for path in boss.paths}


def test_a_role_that_opens_a_takeover_alone_says_so() -> None:
    bad = (*declared(), StaffAction("set an address", frozenset({Role.AUDITOR}), Effect.CHANGE_ADDRESS, standing=True))
    opened = privileges.opened(frozenset({Role.AGENT}), Role.AUDITOR, bad)
    assert (Effect.CHANGE_ADDRESS, ()) in {(path.effect, path.people) for path in opened.paths}


@pytest.mark.django_db
def test_the_page_draws_it_for_those_who_watch() -> None:
    for role, status in ((Role.AUDITOR, 200), (Role.ADMINISTRATOR, 200), (Role.AGENT, 403), (Role.APPROVER, 403)):
        page = Member(role).client.get("/staff/privilege-paths/")
        assert page.status_code == status
        if status == 200:
            assert "<svg" in page.text
            assert "style=" not in page.text.split("<svg")[1].split("</svg>")[0]
            assert "No takeover can be reached by one person" in page.text
