"""A customer allows, narrows, refuses and withdraws."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.customer import addresses
from accounts.lock.flows import locks
from accounts.models import Session, User
from accounts.step_up import facts as accounts_facts
from accounts.step_up.flows import locked, shared
from accounts.trust import flows as trust
from accounts.trust.policy import Limited
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require, require_action
from ciam_portal.core.outbox.notice import NoticeBase
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.themes import Joined
from ciam_portal.oauth import families, scopes, tokens
from ciam_portal.oauth.authorization import AuthorizationRequest, GrantAction
from ciam_portal.oauth.models import Partner, Resource
from ciam_portal.oauth.profiles import Kind
from ciam_portal.oauth.resources import ours
from ciam_portal.oauth.subjects import subject
from consent.models import Consent
from consent.permission import events, facts, notices, policy
from consent.records import facts as records
from consent.records import settle
from consent.records.policy import Reason as Unchanged
from consent.records.policy import State
from consent.release import actors, issuance
from consent.release import events as release_events

ENDED = Joined[Callable[..., object]]()
"""What ends with a connection: ``(consent, *, by, at)``, in that flow, which holds the consent."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A customer's answer to a partner: what was on the page, what of it they ticked, and which texts they ``read``.

    ``read`` is by purpose (``consent.records.facts.texts``). ``resources``: where the partner may use it, beside our
    own APIs. ``action``: what the partner asked to become of its grant.
    """

    shown: tuple[str, ...]
    ticked: tuple[str, ...]
    read: Mapping[str, str]
    resources: tuple[str, ...] = ()
    action: GrantAction | None = None


@flow
def give(session: Session, partner: Partner, answered: Answered, *, by: Actor, at: datetime) -> Consent:
    """The customer of this session answers a partner's question: allows what they tick, declines the rest.

    What they allowed before, were not asked about and still counts stays, unless it is replaced. Raises ProveMore,
    OnHold or Refused, if the texts have changed among others.
    """
    shown, ticked = answered.shown, answered.ticked
    consent, is_new, former = _mine(session.customer_id, partner, answered.action, at)
    customer, session = locked(session.customer_id, session.pk)
    partner = Partner.objects.get(pk=partner.pk)
    giving = facts.for_giving(partner, customer, shown, ticked, at, read=answered.read)
    require(policy.may_give, giving, about=customer.pk, by=by, at=at)
    if is_new:
        trust.let(Limited.APPS, customer, facts.connected_today(customer, partner.pk, at), by=by, at=at)
    counted = records.connected(customer.pk, partner.pk, consent.declined, at)
    before = counted.kept & frozenset(consent.scopes)
    places, resources = frozenset(consent.resources), frozenset(ours.of_others(answered.resources))
    is_replaced = answered.action is GrantAction.REPLACE
    allowed = _ordered(set(ticked) | (frozenset() if is_replaced else before - set(shown)))
    if actions := facts.agreeing(partner, {*ticked, *resources}, before | places, is_new=is_new):
        asked = accounts_facts.for_action(customer, session, by=by, at=at)
        for action in actions:
            require_action(action, asked, about=customer.pk, by=by, at=at)
        letting = facts.for_letting_out(customer, session, set(ticked) - before)
        if letting.guarded:
            require(policy.may_let_out, letting, about=customer.pk, by=by, at=at)
    declined = _ordered((set(consent.declined) | set(shown)) - set(allowed))
    if former is not None:
        _ended(former, by, at)
    consent.answer(list(allowed), list(declined), at, resources=resources if is_replaced else places | resources)
    settle.connected(consent, shown, by=by, at=at)
    fresh = Resource.objects.filter(url__in=resources - places)
    names, keys = [each.name for each in fresh], tuple(each.pk for each in fresh)
    if is_new:
        event = events.ConsentGiven(
            consent=consent.pk,
            partner=partner.pk,
            allowed=_coded(allowed),
            declined=_coded(declined),
            resources=keys,
        )
        record(event, about=customer.pk, by=by, at=at)
        titles = (*(scope.title for scope in scopes.described(allowed)), *names)
        notice = notices.AppConnected(partner=partner.name, allowed=titles, **_doors())
        _tell(consent, notice, at)
    else:
        gone = Resource.objects.filter(url__in=places.difference(consent.resources)).values_list("pk", flat=True)
        _record_change(consent, before, by, at, resources=keys, gone=tuple(gone))
        titles = (*(scope.title for scope in scopes.described(set(allowed) - before)), *names)
        if titles:
            more = notices.AppMayMore(partner=partner.name, added=titles, **_doors())
            _tell(consent, more, at)
    return consent


def _doors() -> dict[str, str]:
    return {"link": links.absolute("consent:index"), "password_link": links.absolute("account_reset_password")}


@flow
def let_in(
    consent: Consent, session: Session, asked: AuthorizationRequest, details: tuple[UUID, ...] = (),
    *, by: Actor, at: datetime,
) -> str:  # fmt: skip
    """An authorization code for what is asked and allowed, made under the lock on the consent. Raises Refused.

    ``details``: what the customer has just approved of what is asked for by itself. Where the partner changes a grant,
    what it held of it before ends (Grant Management for OAuth 2.0).
    """
    consent = Consent.objects.select_for_update(of=("self",)).select_related("customer", "partner").get(pk=consent.pk)
    shared(consent.customer_id, session.pk)
    customer, partner = User.objects.get(pk=consent.customer_id), consent.partner
    session = Session.objects.select_related("device").get(pk=session.pk)
    if asked.grant_action is GrantAction.REPLACE:
        tokens.revoke(consent.pk)
    elif asked.grant_action is GrantAction.MERGE:
        tokens.end_refreshing(consent.pk)
    held = tuple(name for name in asked.scopes if name in partner.scopes_allowed)
    acts = actors.standing_of(partner, customer.pk)
    root = issuance.Root(partner, customer, session, consent, asked.resources, acts)
    standing = issuance.may_begin(root, held=held, by=by, at=at)
    own = partner.pk, customer.pk, session.pk, consent.pk, codes.new_id()
    trunk = families.Root(*own, asked.jkt, asked.resources, asked.named, details)
    value = tokens.new_code(
        trunk,
        standing.allowed,
        redirect_uri=asked.redirect_uri,
        challenge=asked.code_challenge,
        nonce=asked.nonce,
        at=at,
    )
    event = release_events.CodeIssued(consent=consent.pk, partner=partner.pk, scopes=_coded(standing.allowed))
    record(event, about=customer.pk, by=by, at=at)
    return value


@flow
def deny(customer: User, partner: Partner, asked: tuple[str, ...], *, by: Actor, at: datetime) -> None:
    """The customer says no. What they allowed before stays as it was."""
    record(events.ConsentDenied(partner=partner.pk, asked=_coded(asked)), about=customer.pk, by=by, at=at)


@flow
def narrow(consent: Consent, removed: tuple[str, ...], *, by: Actor, at: datetime) -> None:
    """The customer takes back a part. Tokens that are out open no more of it from the next request. Raises Refused."""
    consent = Consent.objects.select_for_update().get(pk=consent.pk)
    require(policy.may_narrow, facts.for_change(consent, by, removed), about=consent.customer_id, by=by, at=at)
    before = frozenset(consent.scopes)
    gone = before & set(removed)
    consent.answer(list(_ordered(before - gone)), list(_ordered(set(consent.declined) | gone)), at)
    settle.connected(consent, (), by=by, at=at)
    _record_change(consent, before, by, at)


@flow
def lose(consent: Consent, *, by: Actor, at: datetime) -> None:
    """What of it no longer counts, because its time is up or its text is another, falls out; it is asked anew.

    Raises Refused: all of it counts.
    """
    consent = Consent.objects.select_for_update().get(pk=consent.pk)
    counted = records.connected(consent.customer_id, consent.partner_id, consent.declined, at)
    before = frozenset(consent.scopes)
    consent.answer(list(_ordered(before & counted.kept)), consent.declined, at)
    written = settle.connected(consent, (), by=by, at=at)
    if consent.ended_at is not None or (before <= counted.kept and not written):
        raise Refused(Unchanged.STILL_GOOD)
    _record_change(consent, before, by, at)


@flow
def withdraw(consent: Consent, *, by: Actor, at: datetime) -> None:
    """The customer changes their mind; from this instant the partner gets nothing. Raises Refused."""
    consent = Consent.objects.select_for_update(of=("self",)).select_related("customer", "partner").get(pk=consent.pk)
    require(policy.may_withdraw, facts.for_change(consent, by), about=consent.customer_id, by=by, at=at)
    consent.end(at)
    _ended(consent, by, at)
    _tell(consent, notices.AppDisconnected(partner=consent.partner.name), at)


@flow
def lapse(consent: Consent, *, by: Actor, at: datetime) -> None:
    """Nobody used it for long: it is over. Raises Refused: it was used meanwhile."""
    rows = Consent.objects.unused(at).select_for_update(of=("self",)).select_related("customer", "partner")
    found = rows.filter(pk=consent.pk).first()
    if found is None:
        raise Refused(policy.Reason.IN_USE)
    found.end(at)
    for part in ENDED:
        part(found, by=by, at=at)
    settle.disconnected(found, State.EXPIRED, by=by, at=at)
    event = events.ConsentLapsed(consent=found.pk, partner=found.partner_id, tokens_ended=tokens.revoke(found.pk))
    record(event, about=found.customer_id, by=by, at=at)
    _tell(found, notices.AppLapsed(partner=found.partner.name, days=limits.current().oauth.unused_days), at)


@flow
def tell_of_lapsed(partner: Partner, count: int, *, by: Actor, at: datetime) -> None:
    """Who answers for an app hears how many of its connections ended, and of nobody whose."""
    record(events.PartnerToldOfLapsed(partner=partner.pk, consents=count), about=None, by=by, at=at)
    notice = notices.ConnectionsLapsed(partner=partner.name, count=count, days=limits.current().oauth.unused_days)
    tell(partner.owner, notice, to=partner.told, at=at)


@locks.ENDS.join
def withdraw_since(customer: UUID, since: datetime, *, by: Actor, at: datetime) -> int:
    """Withdraw what was given or widened from an instant on: part of an undo. How many.

    What a widened consent held before is not kept, so all of it ends; the customer connects the app again.
    """
    of_late = Consent.objects.live().filter(customer=customer, changed_at__gte=since)
    found = list(of_late.select_for_update().order_by("pk"))  # all of them first: the person's own lock comes last
    for consent in found:
        withdraw(consent, by=by, at=at)
    return len(found)


def _ended(consent: Consent, by: Actor, at: datetime) -> None:
    """What hung from it ends with it; what was said under it is the last to be locked."""
    for part in ENDED:
        part(consent, by=by, at=at)
    settle.disconnected(consent, State.WITHDRAWN, by=by, at=at)
    ended = tokens.revoke(consent.pk)
    event = events.ConsentWithdrawn(consent=consent.pk, partner=consent.partner_id, tokens_ended=ended)
    record(event, about=consent.customer_id, by=by, at=at)


def _tell(consent: Consent, notice: NoticeBase, at: datetime) -> None:
    """Its customer hears. Of an agent they hear what it may do for them, or no more, and that says it all."""
    if consent.partner.kind is not Kind.AGENT:
        tell(consent.customer, notice, to=addresses.proven(consent.customer), at=at)


def _mine(
    customer: UUID, partner: Partner, action: GrantAction | None, at: datetime
) -> tuple[Consent, bool, Consent | None]:
    """The connection, whether it is a fresh one, and the former whose place it takes: there is one with each app."""
    live = Consent.objects.between(customer, partner.pk).live().select_for_update()
    found = live.first()
    if found is not None and action is not GrantAction.CREATE:
        return found, False, None
    if found is not None:
        found.end(at)
    try:
        with transaction.atomic():
            own = {"customer_id": customer, "partner": partner, "sub": subject(partner, customer), "given_at": at}
            return Consent.objects.create(scopes=[], changed_at=at, **own), True, found
    except IntegrityError:
        # Two tabs answered at the same moment; the other one's answer is there now.
        return live.get(), False, found


def _record_change(
    consent: Consent, before: frozenset[str], by: Actor, at: datetime,
    *, resources: tuple[UUID, ...] = (), gone: tuple[UUID, ...] = (),
) -> None:  # fmt: skip
    after = frozenset(consent.scopes)
    event = events.ConsentChanged(
        consent=consent.pk,
        partner=consent.partner_id,
        allowed=_coded(consent.scopes),
        declined=_coded(consent.declined),
        added=_coded(_ordered(after - before)),
        removed=_coded(_ordered(before - after)),
        resources=resources,
        resources_removed=gone,
    )
    record(event, about=consent.customer_id, by=by, at=at)


def _ordered(names: set[str] | frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in scopes.SCOPES if name in names)


def _coded(names: tuple[str, ...] | list[str]) -> tuple[Code, ...]:
    return tuple(Code(name) for name in names)
