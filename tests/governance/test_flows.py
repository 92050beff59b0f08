"""Versions found, proposed, approved, rejected, completed: on the real database, with its constraints."""

import tomllib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.roles import Role
from ciam_portal.governance import flows, upgrade
from ciam_portal.governance.flows import Seen
from ciam_portal.governance.models import PolicyVersion, Replay
from ciam_portal.governance.policy import Origin, Reason, VersionState
from ciam_portal.oauth import scopes
from tests.conftest import NOON
from tests.governance.conftest import Administrator, changed, replayed

pytestmark = pytest.mark.django_db
Found = Callable[..., PolicyVersion]


def the_one() -> PolicyVersion:
    return PolicyVersion.objects.get(state=VersionState.DECIDING)


def see(text: str) -> Seen:
    return flows.see(text, by=Actor.system(), at=clock.now())


def last(name: str) -> AuditEntry:
    return AuditEntry.objects.filter(name=name).order_by("-pk")[0]


def test_the_installation_approved_the_file_it_came_with() -> None:
    row = the_one()
    assert (row.version, row.content, row.origin) == (
        settings.LIMITS.version,
        settings.POLICY_TEXT,
        Origin.INSTALLATION,
    )
    assert (row.proposed_by, row.approved_by, row.replay) == (None, None, None)
    assert last("policy.approved").data == {"version": row.version, "replaces": None}
    assert see(settings.POLICY_TEXT) is Seen.SAME
    assert see("# a comment changes nothing\n" + settings.POLICY_TEXT) is Seen.SAME
    assert PolicyVersion.objects.count() == 1


def test_another_file_is_a_candidate_kept_once_and_decides_nothing() -> None:
    text = changed(session__idle_minutes=14)
    assert (see(text), see(text)) == (Seen.FOUND, Seen.KNOWN)
    row = PolicyVersion.objects.get(state=VersionState.FOUND)
    assert (row.content, row.origin) == (text, Origin.FILE)
    assert last("policy.found").data == {"version": row.version, "deciding": the_one().version}
    assert AuditEntry.objects.filter(name="policy.found").count() == 1
    assert the_one().version == settings.LIMITS.version


def test_an_unsafe_file_is_not_kept() -> None:
    with pytest.raises(limits.UnsafePolicy):
        see(changed(session__idle_minutes=1000))
    assert PolicyVersion.objects.count() == 1


@pytest.mark.control("v5.0.0-2.3.5")
def test_two_people_make_a_version_decide(mona: Administrator, omar: Administrator, found: Found) -> None:
    row, before = found(), the_one()
    mona.propose(row, rows=7, unchanged=4, takeovers_stopped=1, genuine_bothered=2)
    row.refresh_from_db()
    assert (row.state, row.proposed_by, row.against) == (VersionState.PROPOSED, mona.user.pk, before.version)
    assert row.replay is not None
    assert (row.replay["rows"], row.replay["changed"]) == (7, 3)
    assert the_one() == before
    omar.approve(row)
    row.refresh_from_db()
    before.refresh_from_db()
    assert the_one() == row
    assert (row.approved_by, before.state) == (omar.user.pk, VersionState.SUPERSEDED)
    assert before.superseded_at == row.approved_at
    proposed, approved = last("policy.proposed"), last("policy.approved")
    assert (proposed.actor, approved.actor) == (mona.user.pk, omar.user.pk)
    assert proposed.data["takeovers_stopped"] == 1
    assert approved.data == {"version": row.version, "replaces": before.version}
    for entry in (proposed, approved):
        assert DecisionEntry.objects.get(pk=str(entry.decision)).action == "staff_approve_policy"


def test_nobody_approves_their_own_proposal(mona: Administrator, found: Found) -> None:
    row = found()
    mona.propose(row)
    with pytest.raises(Refused) as refused:
        mona.approve(row)
    assert refused.value.reason is Reason.SAME_PERSON
    assert last("flow.refused").data["reason"] == Reason.SAME_PERSON
    assert the_one().version == settings.LIMITS.version


def test_what_nobody_proposed_cannot_be_approved(omar: Administrator, found: Found) -> None:
    with pytest.raises(Refused) as refused:
        omar.approve(found())
    assert refused.value.reason is Reason.NOT_PROPOSED


@pytest.mark.parametrize("verb", ["propose", "approve", "reject"])
@pytest.mark.parametrize("role", [*(set(Role) - {Role.ADMINISTRATOR}), None])
def test_only_administrators(mona: Administrator, omar: Administrator, found: Found, verb: str, role: Role) -> None:
    row = found()
    if verb == "approve":
        mona.propose(row)
    omar.role = role
    with pytest.raises(Refused) as refused:
        getattr(omar, verb)(row)
    assert refused.value.reason is Reason.NOT_AN_ADMINISTRATOR


@pytest.mark.parametrize("verb", ["propose", "approve", "reject"])
def test_a_stale_proof_is_asked_for_again(mona: Administrator, omar: Administrator, found: Found, verb: str) -> None:
    row = found()
    if verb == "approve":
        mona.propose(row)
    omar.session.level_at -= timedelta(seconds=600)
    with pytest.raises(ProveMore) as refused:
        getattr(omar, verb)(row)
    assert (refused.value.to, refused.value.within) == (Level.AAL2, 600)


def test_a_replay_of_another_version_is_none(mona: Administrator, found: Found) -> None:
    row, other = found(), found(session__idle_minutes=13)
    replayed(other)
    with pytest.raises(Refused) as refused:
        flows.propose(row.pk, lambda: mona.person, scopes.check, by=mona.by, at=clock.now())
    assert refused.value.reason is Reason.NO_REPLAY


@pytest.mark.parametrize(
    "columns",
    [{"finished_at": None}, {"asked_at": clock.now() - timedelta(hours=settings.LIMITS.staff.proposal_hours)}],
)
def test_nor_is_one_that_is_unfinished_or_old(mona: Administrator, found: Found, columns: dict[str, Any]) -> None:
    row = found()
    run = replayed(row)
    Replay.objects.filter(pk=run.pk).update(**columns)
    with pytest.raises(Refused) as refused:
        flows.propose(row.pk, lambda: mona.person, scopes.check, by=mona.by, at=clock.now())
    assert refused.value.reason is Reason.NO_REPLAY


def test_a_proposal_is_void_once_another_version_decides(
    mona: Administrator, omar: Administrator, found: Found
) -> None:
    row, other = found(), found(session__idle_minutes=13)
    mona.propose(row)
    mona.propose(other)
    omar.approve(row)
    with pytest.raises(Refused) as refused:
        omar.approve(other)
    assert refused.value.reason is Reason.BASE_CHANGED
    omar.propose(other)
    mona.approve(other)
    assert the_one() == other


def test_a_rejected_version_and_a_former_one_may_come_back(
    mona: Administrator, omar: Administrator, found: Found
) -> None:
    row, first = found(), the_one()
    omar.reject(row)
    row.refresh_from_db()
    assert (row.state, row.rejected_by) == (VersionState.REJECTED, omar.user.pk)
    assert last("policy.rejected").data == {"version": row.version}
    with pytest.raises(Refused):
        omar.reject(row)
    mona.propose(row)
    omar.approve(row)
    mona.propose(first)
    omar.approve(first)
    assert the_one() == first
    assert the_one().approved_by == omar.user.pk


def test_the_proposer_may_take_it_back(mona: Administrator, omar: Administrator, found: Found) -> None:
    row = found()
    mona.propose(row)
    mona.reject(row)
    with pytest.raises(Refused) as refused:
        omar.approve(row)
    assert refused.value.reason is Reason.NOT_PROPOSED


# What the database itself refuses


BROKEN: list[dict[str, Any]] = [
    {"proposed_by": "11111111-1111-4111-8111-111111111111", "approved_by": "11111111-1111-4111-8111-111111111111"},
    {"proposed_by": None, "approved_by": "11111111-1111-4111-8111-111111111111"},
    {"proposed_by": "11111111-1111-4111-8111-111111111111", "approved_by": None},
    {"proposed_by": None, "approved_by": None},
]


@pytest.mark.parametrize("people", BROKEN)
def test_the_database_wants_two_people(found: Found, people: dict[str, Any]) -> None:
    row = found()
    with pytest.raises(IntegrityError, match="policy_version_two_people"), transaction.atomic():
        PolicyVersion.objects.filter(pk=row.pk).update(
            state=VersionState.SUPERSEDED, approved_at=NOON, proposed_at=NOON, replay={}, **people
        )


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"state": VersionState.DECIDING}, "policy_version_one_decides"),
        ({"state": VersionState.SUPERSEDED}, "policy_version_decides_if_approved"),
        ({"state": VersionState.PROPOSED}, "policy_version_proposed_by_someone"),
        ({"origin": Origin.INSTALLATION}, "policy_version_one_installation"),
        (
            {
                "approved_at": NOON,
                "proposed_by": "11111111-1111-4111-8111-111111111111",
                "approved_by": "21111111-1111-4111-8111-111111111111",
            },
            "policy_version_replay_first",
        ),
    ],
)
def test_the_database_keeps_the_order(found: Found, columns: dict[str, Any], constraint: str) -> None:
    row = found()
    if columns.get("state") == VersionState.DECIDING:
        columns = columns | {"approved_at": NOON, "origin": Origin.UPGRADE}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        PolicyVersion.objects.filter(pk=row.pk).update(**columns)


def test_a_version_is_kept_once_and_for_ever(found: Found) -> None:
    row = found()
    for change in ({"content": "x"}, {"version": "x"}, {"found_at": NOON}):
        with pytest.raises(DatabaseError, match="keeps every version"), transaction.atomic():
            PolicyVersion.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(DatabaseError, match="keeps every version"), transaction.atomic():
        row.delete()
    twin = PolicyVersion(version=row.version, content="", origin=Origin.FILE, state=VersionState.FOUND, found_at=NOON)
    with pytest.raises(IntegrityError, match="version"), transaction.atomic():
        twin.save(force_insert=True)


# Upgrades


def outdated(**numbers: Any) -> PolicyVersion:
    """What older software approved: another number, a key less and a key that is gone."""
    tables = tomllib.loads(changed(**numbers))
    del tables["session"]["idle_warning_minutes"]
    tables["session"]["once_there"] = 3
    tables["actions"]["partner.mine"] = tables["actions"]["partner.change_payee"]
    row = the_one()
    flows._supersede(row, NOON)
    text = limits.as_toml(tables)
    return PolicyVersion.objects.create(
        version="0ld", content=text, origin=Origin.UPGRADE, state=VersionState.DECIDING, found_at=NOON, approved_at=NOON
    )


def test_an_upgrade_completes_what_was_approved_and_changes_none_of_it() -> None:
    old = outdated(session__idle_minutes=9, actions__sign_in__challenge_from="high")
    assert not old.is_usable
    row = flows.upgrade(settings.POLICY_TEXT, by=Actor.system(), at=NOON)
    assert the_one() == row
    found = row.limits()
    assert found.session.idle_minutes == 9
    assert found.session.idle_warning_minutes == settings.LIMITS.session.idle_warning_minutes
    assert found.actions["sign_in"].challenge_from == 2
    assert found.actions["partner.mine"] == settings.LIMITS.actions["partner.change_payee"]
    event = last("policy.upgraded").data
    assert (event["replaces"], event["added"]) == ("0ld", ["session.idle_warning_minutes"])
    assert event["dropped"] == ["session.once_there"]


def test_an_upgrade_never_brings_in_an_action_of_the_operators() -> None:
    old = outdated()
    tables = tomllib.loads(settings.POLICY_TEXT)
    del tables["actions"]["partner.change_payee"]
    extra = {"actions": tables["actions"] | {"partner.new": tables["actions"]["partner.payment"]}}
    row = flows.upgrade(limits.as_toml(tables | extra), by=Actor.system(), at=NOON)
    assert "partner.new" not in row.limits().actions
    assert "partner.change_payee" in row.limits().actions
    old.refresh_from_db()
    assert old.state == VersionState.SUPERSEDED


@pytest.mark.parametrize(("name", "word"), [("partner.mine", "hold"), ("use_scope.mine", "allow")])
def test_an_upgrade_says_the_safe_word_for_a_column_that_an_operators_row_lacks(name: str, word: str) -> None:
    old = outdated()
    tables = tomllib.loads(old.content)
    row = dict(tables["actions"]["see_profile"])
    del row["in_quarantine"]
    tables["actions"][name] = row
    done = upgrade.completed(tables, tomllib.loads(settings.POLICY_TEXT))
    assert done.tables["actions"][name] == row | {"in_quarantine": word}
    assert f"actions.{name}.in_quarantine" in done.added
    assert limits.parse(done.tables).actions[name].in_quarantine == word


def test_an_upgrade_that_equals_the_file_is_the_version_found_in_it() -> None:
    tables = tomllib.loads(settings.POLICY_TEXT)
    first = the_one()
    flows._supersede(first, NOON)
    del tables["session"]["device_days"]
    PolicyVersion.objects.create(
        version="0ld", content=limits.as_toml(tables), origin=Origin.UPGRADE, state=VersionState.DECIDING,
        found_at=NOON, approved_at=NOON,
    )  # fmt: skip
    row = flows.upgrade(settings.POLICY_TEXT, by=Actor.system(), at=NOON)
    assert row == first
    assert (the_one(), the_one().origin) == (first, Origin.UPGRADE)


def test_a_file_is_a_candidate_even_while_the_approved_version_cannot_be_used() -> None:
    outdated()
    text = changed(session__idle_minutes=14)
    assert see(text) is Seen.FOUND
    assert PolicyVersion.objects.get(state=VersionState.FOUND).content == text


def test_without_an_approved_version_there_is_nothing_to_upgrade() -> None:
    flows._supersede(the_one(), NOON)
    with pytest.raises(limits.UnsafePolicy, match="nothing to upgrade"):
        flows.upgrade(settings.POLICY_TEXT, by=Actor.system(), at=NOON)


def test_there_is_nothing_to_upgrade_while_all_is_well() -> None:
    with pytest.raises(limits.UnsafePolicy, match="nothing to upgrade"):
        flows.upgrade(changed(session__idle_minutes=9), by=Actor.system(), at=NOON)
