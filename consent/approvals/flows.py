"""An agent asks, its customer answers, the agent fetches a token for just that; or one of them ends it.

Locked in the order of the house: the consent, customer and session, the delegation, and then what was asked.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import cast
from uuid import UUID

from django.db import transaction

from accounts.customer import addresses
from accounts.models import Session, User
from accounts.step_up.flows import locked, shared
from accounts.trust import flows as trust
from accounts.trust.policy import Limited
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.decide import refusal
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, go_on, require
from ciam_portal.core.outbox.tell import put, tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.oauth import details, families, tokens
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.resources import targets
from consent.approvals import events, facts, lines, notices, policy
from consent.approvals.policy import Reason
from consent.approvals.shapes import State
from consent.delegation import facts as delegations
from consent.delegation import flows as delegating
from consent.delegation import lines as told
from consent.delegation import policy as acting
from consent.details import facts as approved
from consent.details import flows as approving
from consent.models import ApprovalRequest, Consent, Delegation
from consent.release import issuance
from consent.release.actors import in_app
from consent.release.events import Why
from consent.release.flows.family import Exchanged, handed_out, spoken

CHANNEL = "ciba"
PENDING, SLOW_DOWN, EXPIRED, DENIED = "authorization_pending", "slow_down", "expired_token", "access_denied"
OTHER_TARGET = "invalid_target"
_ID = "auth_req_id"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an agent asks for: these details, for a token at this resource. ``notify``: with what it is told (ping)."""

    details: tuple[Detail, ...]
    message: str
    resource: str
    seconds: int
    scopes: tuple[str, ...] = ()
    network: str = ""
    country: str = ""
    jkt: str = ""
    notify: str = ""


@flow
def ask(delegation: Delegation, wanted: Wanted, *, by: Actor, at: datetime) -> tuple[ApprovalRequest, str]:
    """It waits for the customer from now on, who is told. With its ``auth_req_id``: for one response, never to be kept.

    What the customer could not let it do anyway, nobody bothers them with. Raises Refused.
    """
    acts = delegating.held(delegation)
    for overdue in ApprovalRequest.objects.overdue(at).filter(delegation=acts):
        _end(overdue, State.EXPIRED, by=by, at=at)
    require(policy.may_ask, facts.for_asking(acts, at), about=acts.owner_id, by=by, at=at)
    _require_within(acts, wanted.details, by, at)
    value = codes.new_token()
    row = ApprovalRequest(
        digest=codes.digest(value, _ID),
        owner_id=acts.owner_id,
        partner=acts.agent,
        delegation=acts,
        consent=Consent.objects.live().get(customer=acts.owner_id, partner=acts.agent_id),
        asked=list(wanted.details),
        message=wanted.message,
        scopes=list(wanted.scopes),
        resource=wanted.resource,
        network=wanted.network,
        country=wanted.country,
        jkt=wanted.jkt,
        asked_at=at,
        expires_at=at + timedelta(seconds=wanted.seconds),
        interval=limits.current().asking.interval_seconds,
    )
    row.shown = facts.digest(row)
    if wanted.notify:
        row.write_ping(json.dumps({_ID: value, "token": wanted.notify}))
    row.save()
    _announce(row, acts.owner, wanted.seconds, at)
    actions = tuple(Code(details.transaction(each).action) for each in wanted.details)
    event = events.AgentAsked(partner=row.partner_id, delegation=acts.pk, asked=row.pk, actions=actions)
    record(event, about=row.owner_id, by=by, at=at)
    return row, value


@flow
def approve(asked: ApprovalRequest, session: Session, ticked: tuple[int, ...], *, by: Actor, at: datetime) -> None:
    """The customer of this session says yes to it, or to what they tick of it. Raises ProveMore, OnHold or Refused."""
    consent = _consent(asked)
    customer, session = locked(asked.owner_id, session.pk)
    acts, row = _acts(asked), _row(asked)
    require(policy.may_approve, facts.answering(row, by), about=row.owner_id, by=by, at=at)
    chosen = facts.chosen(row, ticked)
    if not chosen:
        raise Refused(Reason.NOTHING)
    trust.let(Limited.APPROVALS, customer, facts.approved_today(customer.pk, at), by=by, at=at)
    _require_within(acts, chosen, by, at)
    keys = approving.approve(consent, session, chosen, by=by, at=at)
    _tell_agent(row, at)
    row.session, row.details = session, list(keys)
    row.become(State.APPROVED, at)
    event = events.AgentApproved(partner=row.partner_id, asked=row.pk, details=keys)
    record(event, about=customer.pk, by=by, at=at)
    _answered(row, at)


@flow
def refuse(asked: ApprovalRequest, *, by: Actor, at: datetime) -> bool:
    """The customer says no; whether that was once too often, so that the agent is paused. Raises Refused."""
    acts, row = delegating.held(asked.delegation), _row(asked)
    require(policy.may_refuse, facts.answering(row, by), about=row.owner_id, by=by, at=at)
    _tell_agent(row, at)
    row.become(State.REFUSED, at)
    pauses = policy.is_worn_down(facts.answers(row), limits.current())
    event = events.AgentRefused(partner=row.partner_id, asked=row.pk, paused=pauses)
    record(event, about=row.owner_id, by=by, at=at)
    if pauses:
        delegating.pause(acts, by=Actor.system(), at=at)
    _answered(row, at)
    return pauses


@flow
def lapse(asked: ApprovalRequest, *, by: Actor, at: datetime) -> None:
    """Nobody answered in time. Raises Refused: meanwhile somebody did."""
    row = _row(asked)
    if row.state != State.WAITING or at < row.expires_at:
        raise Refused(Reason.OVER)
    _end(row, State.EXPIRED, by=by, at=at)


def of(agent: Partner, value: str) -> ApprovalRequest | None:
    """What this agent asked by this ``auth_req_id``, over or not; nothing of another agent's."""
    return ApprovalRequest.objects.filter(partner=agent, digest__in=codes.digests(value, _ID)).first()


@flow
def withdraw(asked: ApprovalRequest, *, by: Actor, at: datetime) -> None:
    """The agent takes it back, answered or not: it gets no token for it any more. What is over stays as it is."""
    row = _row(asked)
    if row.state in {State.WAITING, State.APPROVED}:
        _end(row, State.WITHDRAWN, by=by, at=at)
    else:
        state = Code(str(row.state))
        record(events.AskEnded(partner=row.partner_id, asked=row.pk, state=state), about=row.owner_id, by=by, at=at)


@delegating.ENDED.join
def end_asking(delegation: Delegation, *, by: Actor, at: datetime) -> None:
    """What waits, or was not fetched, rests on a delegation that is over, or is another now. Part of that flow."""
    for row in ApprovalRequest.objects.select_for_update().filter(delegation=delegation).open():
        _end(row, State.WITHDRAWN, by=by, at=at)


def poll(agent: Partner, value: str, resource: str, *, jkt: str, by: Actor, at: datetime) -> Exchanged | str | None:
    """The agent asks for the answer: a token, or why not yet, or not at all (OpenID CIBA Core section 11).

    None: no such request of this agent, one that was redeemed, or one for another key.
    """
    with transaction.atomic():
        mine = ApprovalRequest.objects.select_for_update().filter(partner=agent, digest__in=codes.digests(value, _ID))
        found = mine.first()
        patient = found is not None and found.poll(at)
    if found is None or found.state == State.USED or found.jkt not in {"", jkt}:
        return None
    if at >= found.expires_at:
        return EXPIRED
    if not patient:
        return SLOW_DOWN
    if found.state == State.APPROVED:
        return _redeem(found, agent, resource, jkt=jkt, by=by, at=at)
    return PENDING if found.state == State.WAITING else DENIED


@flow
def _redeem(
    asked: ApprovalRequest, agent: Partner, resource: str, *, jkt: str, by: Actor, at: datetime
) -> Exchanged | str | None:
    """The token, once. Whatever it rests on is asked again, under lock."""
    consent = _consent(asked)
    if asked.session_id is not None:
        shared(asked.owner_id, asked.session_id)
    row = _row(asked)
    target = targets.of(agent, [row.resource], resource)
    if row.state != State.APPROVED or row.session is None:
        _not_fetched(row, Why.ENDED, by, at)
        return None
    if target is None:
        _not_fetched(row, Why.NOT_ALLOWED, by, at)
        return OTHER_TARGET
    customer = User.objects.get(pk=row.owner_id)
    root = issuance.Root(agent, customer, row.session, consent, (row.resource,), row.delegation_id)
    answer = issuance.ask(root, Action.ISSUE_TOKEN, held=row.scopes, by=by, at=at)
    why, decision = issuance.why_not(answer, root, at)
    if why is not None or answer.acts is None:
        row.become(State.WITHDRAWN, at)
        _not_fetched(row, why or Why.NOT_ALLOWED, by, at, decision=decision)
        return DENIED
    row.become(State.USED, at)
    said = {each.pk: each.said for each in approved.standing(row.details)}
    owned = agent.pk, customer.pk, row.session.pk, consent.pk, codes.new_id()
    trunk = families.Root(*owned, jkt, (row.resource,), details=tuple(said))
    handed_out(root, target, answer, at)
    carried = families.Carried(target.scopes(answer.allowed), target, tuple(said), spoken(root, target, said))
    issued = tokens.exchanged(trunk, answer.acts.carry(carried, at), at=at)
    event = events.AnswerFetched(partner=agent.pk, asked=row.pk, session=row.session.pk)
    record(event, about=customer.pk, by=by, at=at, decision=decision)
    return Exchanged(issued, customer, row.session, consent, (), details=tuple(said.values()))


def _require_within(acts: Delegation, wanted: tuple[Detail, ...], by: Actor, at: datetime) -> None:
    """All of it, once its owner says yes, is what the agent was let do, within its limits.

    Only a no is kept: that it may be asked is not that it was done.
    """
    for each in wanted:
        act = in_app(details.transaction(each), cast("UUID", acts.agent_id), approved=True)
        known = delegations.of(acts, act, at=at)
        if (refused := refusal(acting.may_act, known, about=acts.owner_id, by=by, at=at)) is not None:
            go_on(refused)


def _consent(asked: ApprovalRequest) -> Consent:
    return Consent.objects.select_for_update(of=("self",)).select_related("partner").get(pk=asked.consent_id)


def _acts(asked: ApprovalRequest) -> Delegation:
    return delegations.with_people(Delegation.objects.filter(pk=asked.delegation_id)).get()


def _row(asked: ApprovalRequest) -> ApprovalRequest:
    """It as it stands, and nobody changes it before this flow is through."""
    rows = ApprovalRequest.objects.select_for_update(of=("self",)).select_related("partner", "owner", "session__device")
    return rows.get(pk=asked.pk)


def _announce(row: ApprovalRequest, owner: User, seconds: int, at: datetime) -> None:
    notice = notices.ApprovalWanted(
        who=row.partner.name,
        until=owner.local(row.expires_at),
        link=links.absolute("consent:approval", str(row.pk)),
        stop_link=links.absolute("consent:delegations"),
    )
    tell(owner, notice, to=addresses.proven(owner), at=at)
    transaction.on_commit(partial(facts.remember, owner.pk, seconds))


def _answered(row: ApprovalRequest, at: datetime) -> None:
    transaction.on_commit(partial(facts.forget, row.owner_id, at))


def _end(row: ApprovalRequest, state: State, *, by: Actor, at: datetime) -> None:
    _tell_agent(row, at)
    row.become(state, at)
    record(
        events.AskEnded(partner=row.partner_id, asked=row.pk, state=Code(state.value)), about=row.owner_id, by=by, at=at
    )
    _answered(row, at)


def _tell_agent(row: ApprovalRequest, at: datetime) -> None:
    """There is an answer to be fetched (section 10.2): after the commit, by the outbox."""
    if row.ping:
        content = json.loads(row.read_ping()) | {"partner": str(row.partner_id), "until": row.expires_at.isoformat()}
        put(None, f"ciba:{row.partner_id}", CHANNEL, content, at)


def _not_fetched(row: ApprovalRequest, why: Why, by: Actor, at: datetime, *, decision: UUID | None = None) -> None:
    event = events.AnswerNotFetched(partner=row.partner_id, asked=row.pk, why=why)
    record(event, about=row.owner_id, by=by, at=at, decision=decision)


told.ASKED.join(lines.of_agents)
