"""Versions of the policy as verbs: found in the file, proposed, approved, rejected, completed for newer software."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow, require, require_action
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.limits import Limits, UnsafePolicy
from ciam_portal.core.risk.kept import Numbers
from ciam_portal.core.risk.parameters import DEFAULT
from ciam_portal.core.roles import Role
from ciam_portal.governance import deciding, events, history, policy
from ciam_portal.governance import upgrade as upgrades
from ciam_portal.governance.models import PolicyVersion, Replay, RiskModel
from ciam_portal.governance.policy import Origin, VersionState
from ciam_portal.governance.replay import Report, of_json

REPLAYED = timedelta(days=30)


class Seen(StrEnum):
    """What a policy file is to the versions that are kept."""

    FIRST = "first"  # nothing decided before: now it does
    SAME = "same"  # it is what decides
    FOUND = "found"  # it was kept as a candidate just now
    KNOWN = "known"  # it was kept before


@dataclass(frozen=True, slots=True)
class Person:
    """Who of the staff asks: roles, and what the gate asks about their session."""

    roles: frozenset[Role]
    facts: gate.Facts


Gather = Callable[[], Person]
"""Who asks, as their rows stand under lock: asked in the transaction that decides, whatever was known before it."""
Check = Callable[[Limits], None]
"""What else a policy must satisfy where it is used, as at the start. Raises UnsafePolicy."""


class _Kept(Exception):
    """Another process kept this version in the same moment: nothing is left to do."""


# From the policy file


def see(text: str, *, by: Actor, at: datetime) -> Seen:
    """Keep what the policy file says. The very first version decides at once; any other is only a candidate.

    May be called by many processes at the same time and as often as they like.
    """
    file = limits.of_text(text)
    try:
        current = _deciding()
        if current is None:
            keep_first(text, by=by, at=at)
            return Seen.FIRST
        if _means_the_same(current, file):
            return Seen.SAME
        if not PolicyVersion.objects.filter(version=file.version).exists():
            keep_candidate(text, current.version, by=by, at=at)
            return Seen.FOUND
    except _Kept:
        current = _deciding()
        return Seen.SAME if current is not None and _means_the_same(current, file) else Seen.KNOWN
    return Seen.KNOWN


@flow
def keep_first(text: str, *, by: Actor, at: datetime) -> None:
    """The installation approves the policy that it came with. Only while no version was ever kept by it."""
    row = PolicyVersion(
        content=text, origin=Origin.INSTALLATION, state=VersionState.DECIDING, found_at=at, approved_at=at
    )
    _keep(row)
    record(events.PolicyApproved(version=Code(row.version)), about=None, by=by, at=at)
    transaction.on_commit(deciding.forget)


@flow
def keep_candidate(text: str, current: str, *, by: Actor, at: datetime) -> None:
    """The file holds a version that does not decide."""
    row = PolicyVersion(content=text, origin=Origin.FILE, state=VersionState.FOUND, found_at=at)
    _keep(row)
    record(events.PolicyFound(version=Code(row.version), deciding=Code(current)), about=None, by=by, at=at)


@flow
def upgrade(text: str, *, by: Actor, at: datetime) -> PolicyVersion:
    """Complete the approved version for this software: see ``deciding``. Raises UnsafePolicy if nothing is missing."""
    current = PolicyVersion.objects.select_for_update().filter(state=VersionState.DECIDING).first()
    if current is None:
        raise UnsafePolicy("No policy version is approved, so there is nothing to upgrade.")
    if current.is_usable:
        raise UnsafePolicy("The approved policy can be used by this software as it is: nothing to upgrade.")
    completed = upgrades.completed(limits.tables(current.content), limits.tables(text))
    content = limits.as_toml(completed.tables)
    version = limits.of_text(content).version
    row = PolicyVersion.objects.select_for_update().filter(version=version).first() or PolicyVersion(
        version=version, content=content, found_at=at
    )
    row.origin, row.state, row.against, row.approved_at = Origin.UPGRADE, VersionState.DECIDING, current.version, at
    row.proposed_by = row.proposed_at = row.approved_by = row.superseded_at = row.rejected_by = row.rejected_at = None
    _supersede(current, at)
    row.save()
    event = events.PolicyUpgraded(
        version=Code(row.version),
        replaces=Code(current.version),
        added=_codes(completed.added),
        dropped=_codes(completed.dropped),
    )
    record(event, about=None, by=by, at=at)
    transaction.on_commit(deciding.forget)
    return row


def _codes(keys: Iterable[str]) -> tuple[Code, ...]:
    return tuple(Code(key[:64]) for key in keys)


# Of the risk model


def see_model(*, by: Actor, at: datetime) -> None:
    """Keep the numbers that this software decides with. Raises UnsafePolicy if this version is kept with others."""
    kept = RiskModel.objects.filter(version=DEFAULT.version).first()
    if kept is None:
        keep_model(by=by, at=at)
    elif kept.numbers != Numbers().as_json():
        message = f"The points of the rules changed, and the risk model is still {kept.version}: raise its equations."
        raise UnsafePolicy(message)


@flow
def keep_model(*, by: Actor, at: datetime) -> None:
    """From now on it can be asked what these numbers would answer."""
    row = RiskModel(version=DEFAULT.version, numbers=Numbers().as_json(), found_at=at)
    RiskModel.objects.bulk_create([row], ignore_conflicts=True)
    record(events.ModelKept(version=Code(row.version)), about=None, by=by, at=at)


# By people


@flow
def begin_replay(version: UUID, gather: Gather, check: Check, *, by: Actor, at: datetime) -> Replay:
    """Have the decisions of the last 30 days asked again under this version; a job does it. Raises Refused.

    While one is under way, asking for it again changes nothing.
    """
    newest = codes.new_id()  # what is asked from here on is not of the past
    (row, current), person = _locked(version), gather()
    decision = require_action(Action.STAFF_APPROVE_POLICY, person.facts, about=None, by=by, at=at)
    require(policy.may_replay, _facts(row, current, check), _staff(person, by), about=None, by=by, at=at)
    since = at - REPLAYED
    run = Replay.objects.filter(candidate=row.version, finished_at=None).first() or Replay.objects.create(
        candidate=row.version, asked_by=by.id, asked_at=at, since=since, before=newest,
        total=history.size(since, newest), report=Report(row.version).as_json(),
    )  # fmt: skip
    event = events.PolicyReplayed(version=Code(row.version), rows=run.total)
    record(event, about=None, by=by, at=at, decision=decision)
    return run


def replay_of(row: PolicyVersion, at: datetime) -> Replay | None:
    """The last replay of this very version, complete or under way; None if it is too old to go by."""
    oldest = at - timedelta(hours=limits.current().staff.proposal_hours)
    return Replay.objects.filter(candidate=row.version, asked_at__gt=oldest).order_by("-asked_at", "-pk").first()


@flow
def propose(version: UUID, gather: Gather, check: Check, *, by: Actor, at: datetime) -> None:
    """A first person wants this version to decide and attaches what it would have changed. Raises Refused."""
    (row, current), person = _locked(version), gather()
    decision = require_action(Action.STAFF_APPROVE_POLICY, person.facts, about=None, by=by, at=at)
    run = replay_of(row, at)
    facts = _facts(row, current, check, has_replay=run is not None and run.finished_at is not None)
    require(policy.may_propose, facts, _staff(person, by), about=None, by=by, at=at)
    report = of_json(run.report) if run else Report(row.version)
    row.state, row.proposed_by, row.proposed_at = VersionState.PROPOSED, by.id, at
    row.against, row.replay = current.version if current else "", report.as_json()
    row.approved_by = row.approved_at = row.superseded_at = row.rejected_by = row.rejected_at = None
    row.save()
    event = events.PolicyProposed(
        version=Code(row.version),
        deciding=Code(current.version) if current else None,
        rows=report.rows,
        changed=report.changed,
        takeovers_stopped=report.takeovers_stopped,
        genuine_bothered=report.genuine_bothered,
    )
    record(event, about=None, by=by, at=at, decision=decision)


@flow
def approve(version: UUID, gather: Gather, check: Check, *, by: Actor, at: datetime) -> None:
    """A second person makes it decide, in every process within seconds. Raises ProveMore, OnHold or Refused."""
    (row, current), person = _locked(version), gather()
    decision = require_action(Action.STAFF_APPROVE_POLICY, person.facts, about=None, by=by, at=at)
    require(policy.may_approve, _facts(row, current, check), _staff(person, by), about=None, by=by, at=at)
    if current is not None:
        _supersede(current, at)
    row.state, row.approved_by, row.approved_at = VersionState.DECIDING, by.id, at
    row.save(update_fields=["state", "approved_by", "approved_at"])
    event = events.PolicyApproved(version=Code(row.version), replaces=Code(row.against) if row.against else None)
    record(event, about=None, by=by, at=at, decision=decision)
    transaction.on_commit(deciding.forget)


@flow
def reject(version: UUID, gather: Gather, check: Check, *, by: Actor, at: datetime) -> None:
    """Somebody says no; or the proposer takes the proposal back. Raises ProveMore, OnHold or Refused."""
    (row, current), person = _locked(version), gather()
    decision = require_action(Action.STAFF_APPROVE_POLICY, person.facts, about=None, by=by, at=at)
    require(policy.may_reject, _facts(row, current, check), _staff(person, by), about=None, by=by, at=at)
    row.state, row.rejected_by, row.rejected_at = VersionState.REJECTED, by.id, at
    row.save(update_fields=["state", "rejected_by", "rejected_at"])
    record(events.PolicyRejected(version=Code(row.version)), about=None, by=by, at=at, decision=decision)


def facts_of(row: PolicyVersion, check: Check) -> policy.VersionFacts:
    """What the policy asks about a version, as it stands; for pages that say what could be done."""
    return _facts(row, _deciding(), check)


def _facts(
    row: PolicyVersion, current: PolicyVersion | None, check: Check, *, has_replay: bool | None = None
) -> policy.VersionFacts:
    return policy.VersionFacts(
        state=VersionState(row.state),
        is_usable=_is_usable(row, check),
        proposed_by=row.proposed_by,
        has_replay=row.replay is not None if has_replay is None else has_replay,
        against=row.against or None,
        deciding=current.version if current else None,
    )


def _is_usable(row: PolicyVersion, check: Check) -> bool:
    try:
        check(row.limits())
    except UnsafePolicy:
        return False
    return True


def _staff(person: Person, by: Actor) -> policy.StaffFacts:
    return policy.StaffFacts(id=by.id, is_administrator=Role.ADMINISTRATOR in person.roles)


def _locked(version: UUID) -> tuple[PolicyVersion, PolicyVersion | None]:
    """This version and the one that decides, both locked. Whoever came second finds the first one's work."""
    current = PolicyVersion.objects.select_for_update().filter(state=VersionState.DECIDING).first()
    row = PolicyVersion.objects.select_for_update().get(pk=version)
    return row, _deciding() if current is None or current.pk == row.pk else current


def _deciding() -> PolicyVersion | None:
    return PolicyVersion.objects.filter(state=VersionState.DECIDING).first()


def _supersede(current: PolicyVersion, at: datetime) -> None:
    current.state, current.superseded_at = VersionState.SUPERSEDED, at
    current.save(update_fields=["state", "superseded_at"])


def _keep(row: PolicyVersion) -> None:
    row.version = limits.of_text(row.content).version
    PolicyVersion.objects.bulk_create([row], ignore_conflicts=True)
    if not PolicyVersion.objects.filter(pk=row.pk).exists():
        raise _Kept


def _means_the_same(current: PolicyVersion, file: Limits) -> bool:
    try:
        return limits.of_text(current.content).version == file.version
    except UnsafePolicy:
        return False
