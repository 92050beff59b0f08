"""What is recorded is told to the partners that asked to hear of it; and partners manage what they hear."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from accounts.lock.flows import reversible
from accounts.models import Change
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.record import HEARD, record
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.tell import put
from ciam_portal.core.policy import limits
from ciam_portal.oauth.models import Participant, Partner
from ciam_portal.oauth.subjects import subject
from ciam_portal.signals import events, meanings
from ciam_portal.signals.meanings import Meaning, Of
from ciam_portal.signals.models import Former, Signal, Stream, Subject
from consent.models import Consent
from consent.permission.models import ConsentQuerySet

CHANNEL = "signals"
_BY = {ActorKind.CUSTOMER: "user", ActorKind.STRANGER: "user", ActorKind.STAFF: "admin"}
_OF_POLICY = frozenset({"risk_rose"})
# What is kept of what stood there before, and the scope that shows it.
_BEFORE = {Of.EMAIL: (Change.Kind.EMAIL, "email"), Of.PHONE: (Change.Kind.PHONE, "phone")}


# --- what is told


@HEARD.join
def tell(event: AuditEvent, *, about: UUID, by: Actor, at: datetime) -> None:
    """Part of the transaction in which it happened. Nobody hears of a customer who has no live consent with them."""
    meant = meanings.meant(event)
    if isinstance(event, meanings.SHOWN_ANEW):
        _tell_of_recycled(about, at)
    if not meant:
        return
    said = _told_of(event, by, at)
    for stream, consent in _hearing(about):
        if any(each.type == meanings.ENABLED for each in meant):  # what was said to come does not come, or another time
            Signal.objects.filter(stream=stream, consent=consent.pk, due_at__gt=at).delete()
        rows = [row for meaning in meant for row in _signals(meaning, stream, consent, said, at)]
        Signal.objects.bulk_create(rows)
        if rows and stream.is_pushed:
            _push(stream, at)


def _tell_of_recycled(customer: UUID, at: datetime) -> None:
    """Partners that knew somebody else by what they may see of this customer now: whoever has it is another person."""
    for consent in _with_streams(customer).select_related("customer"):
        stream, who = consent.partner.stream, consent.customer
        for of, value in ((Of.EMAIL, who.email), (Of.PHONE, who.phone)):
            scope = _BEFORE[of][1]
            if not value or scope not in consent.scopes or meanings.IDENTIFIER_RECYCLED not in stream.delivered:
                continue
            known = Former.objects.filter(stream=stream, digest__in=codes.digests(value, scope))
            if known.exclude(customer=customer).delete()[0]:
                content = _content(Meaning(meanings.IDENTIFIER_RECYCLED, of), stream, customer, {}, at)
                Signal.new(stream, consent.pk, content | {"sub_id": _identifier(of, value)}, at).save(force_insert=True)
                if stream.is_pushed:
                    _push(stream, at)


def _with_streams(customer: UUID) -> ConsentQuerySet:
    told = [Stream.Status.ENABLED, Stream.Status.PAUSED]
    live = Consent.objects.live().filter(customer=customer, partner__is_enabled=True, partner__stream__status__in=told)
    return live.select_related("partner__stream")


def _hearing(customer: UUID) -> list[tuple[Stream, Consent]]:
    known = {(each.partner.stream.pk, subject(each.partner, customer)): each for each in _with_streams(customer)}
    wanted = Subject.objects.filter(stream__in=[stream for stream, _sub in known], sub__in=[sub for _s, sub in known])
    asked = set(wanted.values_list("stream", "sub")) if known else set()
    return [(consent.partner.stream, consent) for key, consent in known.items() if key in asked]


def _signals(meaning: Meaning, stream: Stream, consent: Consent, said: dict[str, Any], at: datetime) -> list[Signal]:
    """What this partner hears of it: nothing, one, or one for each of several sessions."""
    if meaning.type not in stream.delivered or meaning.partner not in {None, stream.partner_id}:
        return []
    needs = [_BEFORE[meaning.of][1]] if meaning.of in _BEFORE else []
    if not set(needs) <= set(consent.scopes):
        return []
    content = _content(meaning, stream, consent.customer_id, said, at)
    stands = None if meaning.type == meanings.PURGED else consent.pk
    subjects = _subjects(meaning, stream, consent, at)
    return [Signal.new(stream, stands, content | {"sub_id": each}, meaning.due or at) for each in subjects]


def _content(meaning: Meaning, stream: Stream, customer: UUID, said: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "type": meaning.type,
        "event": dict(meaning.says) | (said if meaning.is_caep else {}),
        "claims": list(meaning.claims),
        "needs": [_BEFORE[meaning.of][1]] if meaning.of in _BEFORE else [],
        # One cause, one number; another for each partner, or two could compare whom they know.
        "txn": codes.digest(f"{stream.pk} {customer} {at.isoformat()}", "signals"),
    }


def _identifier(of: Of, value: str) -> dict[str, str]:
    name = "email" if of is Of.EMAIL else "phone_number"
    return {"format": name, name: value}


def _told_of(event: AuditEvent, by: Actor, at: datetime) -> dict[str, Any]:
    """What all of CAEP's events say."""
    why = "policy" if getattr(event, "reason", "") in _OF_POLICY else _BY.get(by.kind, "system")
    return {"event_timestamp": int(at.timestamp()), "initiating_entity": why, "reason_admin": {"en": event.name}}


def _subjects(meaning: Meaning, stream: Stream, consent: Consent, at: datetime) -> list[dict[str, Any]]:
    partner, customer = consent.partner, consent.customer_id
    if meaning.of in _BEFORE:
        kind, scope = _BEFORE[meaning.of]
        change = Change.objects.filter(customer=customer, kind=kind, at=at).first()
        was = reversible.unseal(change).decode() if change else ""
        if was:
            Former.objects.create(stream=stream, customer=customer, digest=codes.digest(was, scope), at=at)
        return [_identifier(meaning.of, was)] if was else []
    user = {"format": "iss_sub", "iss": settings.PUBLIC_URL, "sub": subject(partner, customer)}
    if meaning.of is Of.ACCOUNT:
        return [user]
    part = Participant.objects.filter(partner=partner, session__customer=customer)
    part = part.filter(session=meaning.session) if meaning.session else part.filter(session__ended_at=at)
    sids = part.values_list("pk", flat=True)
    return [{"format": "complex", "user": user, "session": {"format": "opaque", "id": sid.hex}} for sid in sids]


def _push(stream: Stream, at: datetime) -> None:
    put(None, _kind(stream), CHANNEL, {"stream": str(stream.pk)}, at)


def _kind(stream: Stream) -> str:
    return f"signals:{stream.partner_id}"


@transaction.atomic
def push_what_waits(at: datetime) -> int:
    """To the streams that no message of the outbox speaks of: what came due, or was left. How many streams."""
    spoken_of = set(Notice.objects.filter(channel=CHANNEL, state=Notice.State.WAITING).values_list("kind", flat=True))
    pushed = Stream.objects.filter(status=Stream.Status.ENABLED, method=Stream.Method.PUSH, partner__is_enabled=True)
    found = pushed.filter(Exists(Signal.objects.due(at).filter(stream=OuterRef("pk"))))
    silent = [stream for stream in found if _kind(stream) not in spoken_of]
    for stream in silent:
        _push(stream, at)
    return len(silent)


# --- what partners want to hear


class OneIsEnough(Exception):
    """The partner has a stream already."""


@flow
def create(partner: Partner, wanted: dict[str, Any], *, by: Actor, at: datetime) -> Stream:
    """A stream with these properties (of the model's names). Raises OneIsEnough."""
    stream = Stream(partner=partner, created_at=at)
    _set(stream, wanted)
    try:
        with transaction.atomic():
            stream.save(force_insert=True)
    except IntegrityError:
        raise OneIsEnough from None
    record(events.StreamCreated(partner=partner.pk, stream=stream.pk), about=None, by=by, at=at)
    return stream


@flow
def change(stream: Stream, wanted: dict[str, Any], *, by: Actor, at: datetime) -> Stream:
    """Other properties. What waits goes the new way."""
    stream = _locked(stream)
    _set(stream, wanted)
    stream.save()
    record(events.StreamChanged(partner=stream.partner_id, stream=stream.pk), about=None, by=by, at=at)
    _send_what_waits(stream, at)
    return stream


def _set(stream: Stream, wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if name == "authorization":
            stream.seal_authorization(value)
        else:
            setattr(stream, name, value)


@flow
def set_status(stream: Stream, status: Stream.Status, reason: str, *, by: Actor, at: datetime) -> Stream:
    """Signals are sent, held for later, or dropped."""
    stream = _locked(stream)
    stream.status, stream.reason = status, reason
    stream.save(update_fields=["status", "reason"])
    dropped = stream.signals.all().delete()[0] if status == Stream.Status.DISABLED else 0
    event = events.StreamStatusChanged(
        partner=stream.partner_id, stream=stream.pk, status=Code(status.value), dropped=dropped
    )
    record(event, about=None, by=by, at=at)
    _send_what_waits(stream, at)
    return stream


@flow
def delete(stream: Stream, *, by: Actor, at: datetime) -> None:
    """It ends, with what waits on it and all that it asked to hear of."""
    stream = _locked(stream)
    dropped = stream.signals.count()
    record(events.StreamDeleted(partner=stream.partner_id, stream=stream.pk, dropped=dropped), about=None, by=by, at=at)
    stream.delete()


def _locked(stream: Stream) -> Stream:
    return Stream.objects.select_for_update(of=("self",)).select_related("partner").get(pk=stream.pk)


def _send_what_waits(stream: Stream, at: datetime) -> None:
    if stream.is_pushed and stream.signals.exists():
        _push(stream, at)


@transaction.atomic
def verify(stream: Stream, state: str | None, at: datetime) -> bool:
    """Say something on the stream, so that its partner sees that it works (section 8.1.4). False: too soon again."""
    stream = _locked(stream)
    least = timedelta(seconds=limits.current().signals.verification_seconds)
    if stream.verified_at is not None and at < stream.verified_at + least:
        return False
    stream.verified_at = at
    stream.save(update_fields=["verified_at"])
    if stream.status == Stream.Status.DISABLED:
        return True
    content = {
        "type": meanings.VERIFICATION,
        "event": {} if state is None else {"state": state},
        "txn": codes.new_id().hex,
        "sub_id": {"format": "opaque", "id": stream.pk.hex},
    }
    Signal.new(stream, None, content, at).save(force_insert=True)
    if stream.is_pushed:
        _push(stream, at)
    return True


def add(stream: Stream, sub: str) -> bool:
    """It wants to hear of this customer, if there is one. False: it asked for too many."""
    if stream.subjects.count() >= limits.current().signals.subjects:
        return stream.subjects.filter(sub=sub).exists()
    Subject.objects.get_or_create(stream=stream, sub=sub)
    return True


def remove(stream: Stream, sub: str) -> None:
    """Of this one no more; what was still to be told of others stays."""
    stream.subjects.filter(sub=sub).delete()


def taken(stream: Stream, ids: Collection[UUID]) -> None:
    """The partner has these signals, or refused them for good: either way they are done with."""
    stream.signals.filter(pk__in=ids).delete()
