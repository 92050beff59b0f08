"""Purposes as verbs: brought by the installation, drafted, proposed, approved, made active, retired."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps.registry import Apps
from django.apps.registry import apps as all_apps
from django.db import transaction
from django.db.models import Max

from accounts.models import Session, User
from accounts.step_up.flows import by_staff
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Decision
from ciam_portal.core.privileges import OFFICERS
from ciam_portal.core.roles import standing_roles_of
from consent.purposes import events, facts, policy
from consent.purposes.models import Purpose, PurposeVersion
from consent.purposes.policy import OPEN, State, Terms
from consent.purposes.shipped import NEEDED, SHIPPED


def on_migrated(apps: Apps = all_apps, **_: Any) -> None:  # noqa: ANN401  (a signal's words)
    """After ``migrate``: every database has the purposes that the portal comes with."""
    try:
        apps.get_model("consent", "PurposeVersion")
    except LookupError:  # migrated to a state before it
        return
    known = set(Purpose.objects.values_list("key", flat=True))
    if missing := tuple(each.key for each in SHIPPED if each.key not in known):
        install(missing, by=Actor.system(), at=clock.now())


@flow
def install(keys: tuple[str, ...], *, by: Actor, at: datetime) -> None:
    """The installation approves what it comes with. What staff made of a purpose since is never touched."""
    for shipped in SHIPPED:
        if shipped.key not in keys:
            continue
        purpose = Purpose.objects.create(key=shipped.key, made_at=at)
        version = PurposeVersion(
            purpose=purpose, number=1, state=State.ACTIVE, approved_at=at, activated_at=at, proposed_at=at
        )
        version.write(shipped.texts, shipped.terms, None, at, is_material=True)
    record(events.PurposesInstalled(tuple(Code(key) for key in keys)), about=None, by=by, at=at)
    _forget()


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody wants a purpose to say. ``is_material``: they think that everybody should be asked again."""

    terms: Terms
    texts: dict[str, dict[str, str]]
    is_material: bool


@flow
def draft(key: str, said: Said, staff: User, shown: str, *, by: Actor, at: datetime) -> PurposeVersion:
    """Write, or write on, the next version of a purpose, or the first of another. Raises Refused.

    ``shown``: the seal of the draft that was changed; empty: there was none.
    """
    purpose = _purpose(key, at)
    active, on_its_way = _active(purpose), purpose.versions.filter(state__in=OPEN).first()
    row = on_its_way or PurposeVersion(purpose=purpose, number=_next(purpose), state=State.DRAFT)
    is_said = on_its_way is not None and (row.terms(), row.texts) == (said.terms, said.texts)  # pressed twice
    asked = policy.VersionFacts(State(row.state), is_as_shown=row.seal == shown or is_said)
    require(policy.may_draft, asked, _staff(staff), about=None, by=by, at=at)
    row.write(said.texts, said.terms, by.id, at, is_material=_is_material(active, said.terms, said=said.is_material))
    event = events.PurposeDrafted(purpose=Code(key), number=row.number, text=Code(row.text_sha256))
    record(event, about=None, by=by, at=at)
    return row


@flow
def propose(version: PurposeVersion, staff: User, session: Session, *, shown: str, by: Actor, at: datetime) -> None:
    """A first person puts it before a second one. Raises ProveMore, OnHold or Refused."""
    row, active, decision = _permitted(policy.may_propose, version, staff, session, shown=shown, by=by, at=at)
    is_material = _is_material(active, row.terms(), said=row.is_material)
    row.propose(active.pk if active else None, by.id, at, is_material=is_material)
    event = events.PurposeProposed(
        purpose=Code(row.purpose.key), number=row.number, text=Code(row.text_sha256), material=row.is_material
    )
    record(event, about=None, by=by, at=at, decision=decision)


@flow
def approve(version: PurposeVersion, staff: User, session: Session, *, shown: str, by: Actor, at: datetime) -> None:
    """A second person approves just what was shown to them. Raises ProveMore, OnHold or Refused."""
    row, _now, decision = _permitted(policy.may_approve, version, staff, session, shown=shown, by=by, at=at)
    row.approve(by.id, at)
    event = events.PurposeApproved(
        purpose=Code(row.purpose.key), number=row.number, text=Code(row.text_sha256), material=row.is_material
    )
    record(event, about=None, by=by, at=at, decision=decision)


@flow
def reject(version: PurposeVersion, staff: User, session: Session, *, shown: str, by: Actor, at: datetime) -> None:
    """Somebody sends it back, to be written again. Raises ProveMore, OnHold or Refused."""
    row, _now, decision = _permitted(policy.may_reject, version, staff, session, shown=shown, by=by, at=at)
    row.send_back()
    event = events.PurposeRejected(purpose=Code(row.purpose.key), number=row.number)
    record(event, about=None, by=by, at=at, decision=decision)


@flow
def activate(version: PurposeVersion, staff: User, session: Session, *, shown: str, by: Actor, at: datetime) -> None:
    """It holds from now on, in every process within seconds. Raises ProveMore, OnHold or Refused."""
    row, active, decision = _permitted(policy.may_activate, version, staff, session, shown=shown, by=by, at=at)
    if active is not None:
        active.retire(at)
    row.activate(at)
    replaced = active.number if active else 0
    event = events.PurposeActivated(
        purpose=Code(row.purpose.key), number=row.number, replaces=replaced, text=Code(row.text_sha256)
    )
    record(event, about=None, by=by, at=at, decision=decision)
    _forget()


@flow
def retire(version: PurposeVersion, staff: User, session: Session, *, shown: str, by: Actor, at: datetime) -> None:
    """Nothing is used for it any more; or what was on its way is given up. Raises ProveMore, OnHold or Refused."""
    row, _now, decision = _permitted(policy.may_retire, version, staff, session, shown=shown, by=by, at=at)
    was = row.state
    row.retire(at)
    event = events.PurposeRetired(purpose=Code(row.purpose.key), number=row.number, was=Code(was))
    record(event, about=None, by=by, at=at, decision=decision)
    _forget()


def facts_of(row: PurposeVersion, active: PurposeVersion | None, shown: str) -> policy.VersionFacts:
    """What the policy asks about a version; for pages that say what could be done, too."""
    return policy.VersionFacts(
        state=State(row.state),
        drafted_by=row.drafted_by,
        proposed_by=row.proposed_by,
        against=row.against,
        active=active.pk if active else None,
        is_as_shown=row.seal == shown,
        is_new=active is None or (active.terms(), active.text_sha256) != (row.terms(), row.text_sha256),
        is_sound=not policy.wrong(row.terms(), CATEGORIES),
        is_intact=row.is_intact,
        is_needed=row.purpose.key in NEEDED,
    )


def _purpose(key: str, at: datetime) -> Purpose:
    """Locked, and made if there is none."""
    Purpose.objects.bulk_create([Purpose(key=key, made_at=at)], ignore_conflicts=True)
    return Purpose.objects.select_for_update().get(key=key)


def _permitted(
    question: Callable[..., Decision], version: PurposeVersion, staff: User, session: Session,
    *, shown: str, by: Actor, at: datetime,
) -> tuple[PurposeVersion, PurposeVersion | None, UUID | None]:  # fmt: skip
    """This version and the one that is active, neither of which anybody changes meanwhile, and the gate's decision.

    Raises ProveMore, OnHold or Refused: this person may not do so now.
    """
    purpose = Purpose.objects.select_for_update().get(pk=version.purpose_id)
    row, active = PurposeVersion.objects.select_related("purpose").get(pk=version.pk), _active(purpose)
    decision = by_staff(Action.STAFF_DECIDE_PURPOSE, staff, session, about=None, by=by, at=at)
    require(question, facts_of(row, active, shown), _staff(staff), about=None, by=by, at=at)
    return row, active, decision


def _active(purpose: Purpose) -> PurposeVersion | None:
    return purpose.versions.filter(state=State.ACTIVE).first()


def _next(purpose: Purpose) -> int:
    return int(purpose.versions.aggregate(last=Max("number"))["last"] or 0) + 1


def _is_material(active: PurposeVersion | None, terms: Terms, *, said: bool) -> bool:
    """After one that was edited everybody is asked: what people said yes to is not what stands there."""
    return policy.is_material(active.terms() if active and active.is_intact else None, terms, said=said)


def _staff(person: User) -> policy.StaffFacts:
    return policy.StaffFacts(person.pk, bool(OFFICERS & standing_roles_of(person)))


def _forget() -> None:
    """Here at once; elsewhere, and by whoever read meanwhile, once it is committed."""
    facts.forget()
    transaction.on_commit(facts.forget)
