"""What the owner of an app does about it, in a session that has proven enough; and what staff decide."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from accounts.models import Session, User
from accounts.step_up.flows import by_staff, permitted
from ciam_portal.console import events, notices, policy
from ciam_portal.console.models import ChangeRequest
from ciam_portal.console.policy import State
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.roles import Role, standing_roles_of
from ciam_portal.oauth import agents, partners
from ciam_portal.oauth.credentials import flows as credentials
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.scopes import OWN


class Wanted(NamedTuple):
    """How an owner wants an app to be set up: all of it that they can ask for."""

    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    actions: tuple[str, ...] = ()

    @classmethod
    def as_now(cls, app: Partner) -> Self:
        """How it is set up."""
        return cls(tuple(app.redirect_uris.split()), tuple(app.scopes_allowed), tuple(app.actions_allowed))


@flow
def replace(
    partner: Partner,
    shown: credentials.Shown,
    person: User,
    session: Session,
    *,
    at_once: bool,
    by: Actor,
    at: datetime,
) -> str:
    """Another secret ("" if it is keys), the former one works on for a while. Raises ProveMore, OnHold, Refused."""
    _own(partner, person, session, by, at)
    _made, secret = credentials.replace(partner, shown, at_once=at_once, by=by, at=at)
    record(events.Managed(partner=partner.pk), about=person.pk, by=by, at=at)
    return secret


@flow
def end(credential: Credential, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """One of two ends now. Raises ProveMore, OnHold, Refused."""
    _own(credential.partner, person, session, by, at)
    credentials.end(credential, by=by, at=at)
    record(events.Managed(partner=credential.partner_id), about=person.pk, by=by, at=at)


@flow
def let_act(partner: Partner, person: User, session: Session, *, on: bool, by: Actor, at: datetime) -> None:
    """Whether customers may act for others in it. Raises Unacceptable, ProveMore, OnHold, Refused."""
    _own(partner, person, session, by, at)
    partners.let_act(partner, on=on, by=by, at=at)
    record(events.DelegatesLet(partner=partner.pk, enabled=on), about=person.pk, by=by, at=at)


@flow
def ask(
    partner: Partner,
    wanted: Wanted,
    person: User,
    session: Session,
    *,
    by: Actor,
    at: datetime,
) -> ChangeRequest:
    """The owner asks for the app to be set up otherwise. Raises Unacceptable, ProveMore, OnHold, Refused."""
    person, session = permitted(Action.MANAGE_PARTNER, person, session, by=by, at=at)
    partner = Partner.objects.select_for_update().get(pk=partner.pk)
    partners.check_change(partner, *wanted)
    app = policy.AppFacts(
        owner=partner.owner_id,
        asks=person.pk,
        has_open=partner.change_requests.filter(state=State.OPEN).exists(),
        is_new=list(map(set, wanted)) != list(map(set, Wanted.as_now(partner))),
    )
    require(policy.may_ask, app, about=person.pk, by=by, at=at)
    made = ChangeRequest.objects.create(
        partner=partner,
        redirect_uris=list(wanted.redirect_uris),
        scopes=list(wanted.scopes),
        actions=list(wanted.actions),
        state=State.OPEN,
        asked_by=person.pk,
        asked_at=at,
    )
    event = events.ChangeAsked(
        partner=partner.pk,
        change=made.pk,
        scopes_added=_beyond(wanted.scopes, partner.scopes_allowed),
        scopes_removed=_beyond(partner.scopes_allowed, wanted.scopes),
        redirect_uris=len(wanted.redirect_uris),
        actions_added=_beyond(wanted.actions, partner.actions_allowed),
        actions_removed=_beyond(partner.actions_allowed, wanted.actions),
    )
    record(event, about=person.pk, by=by, at=at)
    return made


@flow
def take_back(change: ChangeRequest, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """The owner no longer wants it. Raises ProveMore, OnHold, Refused."""
    person, session = permitted(Action.MANAGE_PARTNER, person, session, by=by, at=at)
    partner, change = _locked(change)
    app = policy.AppFacts(partner.owner_id, person.pk, has_open=change.state == State.OPEN)
    require(policy.may_take_back, app, about=person.pk, by=by, at=at)
    _decide(change, State.WITHDRAWN, person.pk, by, at)


@flow
def approve(change: ChangeRequest, staff: User, session: Session, *, by: Actor, at: datetime) -> None:
    """A second person makes it so. Raises ProveMore, OnHold, Refused."""
    partner, change = _locked(change)
    decision = by_staff(Action.STAFF_DECIDE_PARTNER, staff, session, about=partner.owner_id, by=by, at=at)
    require(policy.may_approve, _facts(change, partner, staff), about=partner.owner_id, by=by, at=at)
    try:
        partners.check_change(partner, tuple(change.redirect_uris), tuple(change.scopes), tuple(change.actions))
    except partners.Unacceptable:
        raise Refused(policy.Reason.FITS_NO_MORE) from None
    uris = " ".join(change.redirect_uris)
    own = [name for name in partner.scopes_allowed if name in OWN]  # as it stands now, whatever it was when they asked
    names = [*(name for name in change.scopes if name not in OWN), *own]
    wanted = {"redirect_uris": uris, "scopes_allowed": names, "actions_allowed": change.actions}
    Partner.objects.filter(pk=partner.pk).update(**wanted)
    _decide(change, State.APPROVED, staff.pk, by, at, decision=decision)
    _tell(partner, at, approved=True)


@flow
def reject(change: ChangeRequest, staff: User, session: Session, *, by: Actor, at: datetime) -> None:
    """Staff say no. Raises ProveMore, OnHold, Refused."""
    partner, change = _locked(change)
    decision = by_staff(Action.STAFF_DECIDE_PARTNER, staff, session, about=partner.owner_id, by=by, at=at)
    require(policy.may_reject, _facts(change, partner, staff), about=partner.owner_id, by=by, at=at)
    _decide(change, State.REJECTED, staff.pk, by, at, decision=decision)
    _tell(partner, at, approved=False)


@flow
def switch(partner: Partner, staff: User, session: Session, *, on: bool, by: Actor, at: datetime) -> None:
    """Staff switch an app off, or on again. Raises ProveMore, OnHold, Refused."""
    by_staff(Action.STAFF_DECIDE_PARTNER, staff, session, about=partner.owner_id, by=by, at=at)
    facts = policy.StaffFacts(staff.pk, Role.ADMINISTRATOR in standing_roles_of(staff))
    require(policy.may_switch, facts, about=None, by=by, at=at)
    partners.switch(partner, on=on, by=by, at=at)


@flow
def retire(partner: Partner, staff: User, session: Session, *, by: Actor, at: datetime) -> None:
    """Staff switch an app off for good. Raises ProveMore, OnHold, Refused."""
    by_staff(Action.STAFF_DECIDE_PARTNER, staff, session, about=partner.owner_id, by=by, at=at)
    facts = policy.StaffFacts(staff.pk, Role.ADMINISTRATOR in standing_roles_of(staff))
    require(policy.may_switch, facts, about=None, by=by, at=at)
    agents.retire(partner, by=by, at=at)


def _own(partner: Partner, person: User, session: Session, by: Actor, at: datetime) -> None:
    """Only its owner, in a session that has proven enough."""
    person, session = permitted(Action.MANAGE_PARTNER, person, session, by=by, at=at)
    owner = Partner.objects.values_list("owner_id", flat=True).get(pk=partner.pk)
    require(policy.may_manage, policy.AppFacts(owner, person.pk), about=person.pk, by=by, at=at)


def _locked(change: ChangeRequest) -> tuple[Partner, ChangeRequest]:
    partner = Partner.objects.select_for_update().get(pk=change.partner_id)
    return partner, ChangeRequest.objects.select_for_update().get(pk=change.pk)


def _facts(change: ChangeRequest, partner: Partner, staff: User) -> policy.ChangeFacts:
    is_administrator = Role.ADMINISTRATOR in standing_roles_of(staff)
    return policy.ChangeFacts(State(change.state), change.asked_by, partner.owner_id, staff.pk, is_administrator)


def _beyond(names: Iterable[str], others: Collection[str]) -> tuple[Code, ...]:
    return tuple(Code(name) for name in names if name not in others)


def _decide(
    change: ChangeRequest, state: State, decider: UUID, by: Actor, at: datetime, *, decision: UUID | None = None
) -> None:
    change.settle(state, decider, at)
    event = events.ChangeDecided(partner=change.partner_id, change=change.pk, state=Code(state))
    record(event, about=None, by=by, at=at, decision=decision)


def _tell(partner: Partner, at: datetime, *, approved: bool) -> None:
    link = f"{links.absolute('console:index')}{partner.pk}/"
    tell(partner.owner, notices.ChangeDecided(partner.name, approved, link), to=partner.told, at=at)
