"""A device asks, its customer answers on another one, the device gets its tokens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.db import transaction

from accounts.budgets import counter as budget
from accounts.models import Session, User
from accounts.step_up.flows import shared
from ciam_portal.core import typed as typing
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused, TooMany
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from ciam_portal.oauth import backchannel, families
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.resources.targets import Target
from consent.device import events, policy
from consent.device.policy import Answering, Reason, State
from consent.models import Consent, DeviceCode
from consent.permission import flows as permission
from consent.purposes.shipped import OF_SCOPES
from consent.records.policy import Reason as Choice
from consent.release import issuance
from consent.release.events import Why
from consent.release.flows.family import Exchanged, begin_family, read

PENDING, SLOW_DOWN, EXPIRED, DENIED = "authorization_pending", "slow_down", "expired_token", "access_denied"
_DEVICE, _USER, _TRIES = "device code", "user code", "user_codes"
_AN_HOUR = 3600
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device asks from."""

    network: str
    country: str


@flow
def ask(partner: Partner, scopes: tuple[str, ...], place: Place, *, by: Actor, at: datetime) -> tuple[str, str]:
    """A device waits from now on. Its device code, and the code that it shows: for one response, never to be kept."""
    device, shown, rules = codes.new_token(), codes.new_user_code(), limits.current().oauth
    row = DeviceCode.objects.create(
        digest=codes.digest(device, _DEVICE),
        user_code=codes.digest(shown, _USER),
        partner=partner,
        scopes=list(scopes),
        network=place.network,
        country=place.country,
        asked_at=at,
        expires_at=at + timedelta(seconds=rules.device_code_seconds),
        interval=rules.device_interval_seconds,
    )
    record(events.DeviceAsked(partner=partner.pk, code=row.pk), about=None, by=by, at=at)
    return device, f"{shown[:4]}-{shown[4:]}"


@flow
def type_code(session: Session, text: str, *, by: Actor, at: datetime) -> DeviceCode | None:
    """The customer of this session types what their device shows; from now on only this session can answer for it.

    None: no device shows this, or somebody else typed it first; that is counted. Raises TooMany. Only this customer can
    use up their tries.
    """
    most, who = limits.current().oauth.device_tries, str(session.customer_id)
    if budget.made(_TRIES, who) >= most:
        raise TooMany(Reason.TOO_MANY_CODES, retry_after=budget.wait(_TRIES, who))
    shown = codes.digests(typing.code(text[:_LONGEST]).upper(), _USER)
    rows = DeviceCode.objects.select_for_update(of=("self",)).select_related("partner")
    found = rows.filter(user_code__in=shown).first()
    answer = found and policy.may_answer(_answering(found, session), limits=limits.current(), at=at)
    if found is None or not isinstance(answer, Allow):
        budget.count(_TRIES, who, seconds=_AN_HOUR)
        record(events.DeviceCodeTyped(code=None), about=session.customer_id, by=by, at=at)
        return None
    found.session = session
    found.become(State.WAITING)
    record(events.DeviceCodeTyped(code=found.pk), about=session.customer_id, by=by, at=at)
    return found


@flow
def allow(
    found: DeviceCode, session: Session, ticked: tuple[str, ...], read: dict[str, str], *, by: Actor, at: datetime
) -> None:
    """The customer allows the device what they tick, having ``read`` what for. Raises ProveMore, OnHold or Refused."""
    shown = tuple(name for name in found.scopes if OF_SCOPES.get(name) in read)
    if not read:
        raise Refused(Choice.NOT_CURRENT)
    answered = permission.Answered(shown, ticked, read)
    consent = permission.give(session, found.partner, answered, by=by, at=at)
    found = _still_waits(found, session, by, at)
    session = Session.objects.select_related("customer", "device").get(pk=session.pk)
    root = issuance.Root(found.partner, session.customer, session, consent)
    standing = issuance.may_begin(root, held=ticked, by=by, at=at)
    found.consent, found.scopes = consent, list(standing.allowed)
    found.become(State.ALLOWED)
    scopes = tuple(Code(name) for name in standing.allowed)
    event = events.DeviceAllowed(consent=consent.pk, partner=found.partner_id, code=found.pk, scopes=scopes)
    record(event, about=session.customer_id, by=by, at=at)


@flow
def refuse(found: DeviceCode, session: Session, *, by: Actor, at: datetime) -> None:
    """The customer says no. Raises Refused if it is answered already."""
    found = _still_waits(found, session, by, at)
    found.become(State.REFUSED)
    record(events.DeviceRefused(partner=found.partner_id, code=found.pk), about=session.customer_id, by=by, at=at)


def poll(partner: Partner, value: str, target: Target, *, jkt: str, by: Actor, at: datetime) -> Exchanged | str | None:
    """The device asks for its tokens: these, or why not yet, or not at all (RFC 8628 section 3.5).

    None: no such code of this partner, or one that was redeemed.
    """
    with transaction.atomic():
        mine = DeviceCode.objects.select_for_update().filter(partner=partner, digest__in=codes.digests(value, _DEVICE))
        found = mine.first()
        patient = found is not None and found.poll(at)
    if found is None or found.state == State.REDEEMED:
        return None
    if at >= found.expires_at:
        return EXPIRED
    if not patient:
        return SLOW_DOWN
    if found.state == State.ALLOWED:
        return _redeem(found, partner, target, jkt=jkt, by=by, at=at)
    return DENIED if found.state == State.REFUSED else PENDING


@flow
def _redeem(
    found: DeviceCode, partner: Partner, target: Target, *, jkt: str, by: Actor, at: datetime
) -> Exchanged | str | None:
    """The tokens of a device that was allowed. Whatever they rest on is asked again, under lock."""
    # A constraint: what is allowed was allowed by somebody.
    consent = Consent.objects.select_for_update().get(pk=cast("UUID", found.consent_id))
    shared(consent.customer_id, cast("UUID", found.session_id))
    found = DeviceCode.objects.select_for_update(of=("self",)).select_related("session__device").get(pk=found.pk)
    customer, session = User.objects.get(pk=consent.customer_id), found.session
    if found.state != State.ALLOWED or session is None:
        gone = events.DeviceNotConnected(partner=partner.pk, code=found.pk, why=Why.ENDED)
        record(gone, about=customer.pk, by=by, at=at)
        return None
    root = issuance.Root(partner, customer, session, consent)
    asked = issuance.ask(root, Action.ISSUE_TOKEN, held=found.scopes, by=by, at=at)
    why, decision = issuance.why_not(asked, root, at)
    if why is not None:
        found.become(State.REFUSED)
        event = events.DeviceNotConnected(partner=partner.pk, code=found.pk, why=why)
        record(event, about=customer.pk, by=by, at=at, decision=decision)
        return DENIED
    found.become(State.REDEEMED)
    trunk = families.Root(partner.pk, customer.pk, session.pk, consent.pk, codes.new_id(), jkt)
    issued = begin_family(trunk, root, asked, target, {}, at=at)
    connected = events.DeviceConnected(
        consent=consent.pk,
        partner=partner.pk,
        session=session.pk,
        family=trunk.family,
        scopes=tuple(Code(name) for name in issued.scopes),
    )
    record(connected, about=customer.pk, by=by, at=at, decision=decision)
    read(consent, issued, at)
    return Exchanged(issued, customer, session, consent, (), sid=backchannel.took_part(partner, session.pk))


def _still_waits(found: DeviceCode, session: Session, by: Actor, at: datetime) -> DeviceCode:
    """It, locked, if this session may answer for it now. Raises Refused."""
    rows = DeviceCode.objects.select_for_update(of=("self",)).select_related("partner")
    found = rows.get(pk=found.pk)
    require(policy.may_answer, _answering(found, session), about=session.customer_id, by=by, at=at)
    return found


def _answering(found: DeviceCode, session: Session) -> Answering:
    partner, state = found.partner, State(found.state)
    serves = partner.is_enabled and partner.serves(session.customer_id)
    return Answering(state, found.expires_at, found.session_id, session.pk, serves)
