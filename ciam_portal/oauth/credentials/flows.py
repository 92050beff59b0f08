"""A partner's credentials as verbs: the first, the next with an overlap, the end of one of two."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.words import Text, instant
from ciam_portal.oauth import events as events_of_partners
from ciam_portal.oauth.credentials import events, notices, policy
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.hashers import ClientSecret
from ciam_portal.oauth.models import Partner


@dataclass(frozen=True, slots=True)
class Shown:
    """What a partner shows from now on. Neither keys nor an address of them: a secret, which we make."""

    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""

    @property
    def kind(self) -> Credential.Kind:
        """What it is."""
        if self.jwks:
            return Credential.Kind.KEYS
        return Credential.Kind.PUBLISHED if self.jwks_uri else Credential.Kind.SECRET


SECRET = Shown()
_UTC = ZoneInfo("UTC")


@flow
def replace(
    partner: Partner, shown: Shown, *, at_once: bool = False, by: Actor, at: datetime
) -> tuple[Credential, str]:
    """Another one; the former works on for the overlap, or not at all (``at_once``). With its secret, if it is one.

    Raises Refused.
    """
    partner = Partner.objects.select_for_update().get(pk=partner.pk)
    own = _kept(partner)
    former = [each for each in own if each.is_live(at)]
    facts = policy.Holding(
        is_public=partner.is_public,
        keyed=partner.rules.keyed,
        others=0 if at_once else len(former),
        is_secret=shown.kind is Credential.Kind.SECRET,
        by_itself=_by_itself(partner, at) if by.kind is ActorKind.PARTNER else 0,
    )
    require(policy.may_replace, facts, about=None, by=by, at=at)
    until = at if at_once else at + timedelta(hours=limits.current().partners.overlap_hours)
    for each in own:
        if at_once or each not in former:
            each.end(at)
        else:
            each.outlived(until)
    made, secret = add(partner, shown, at)
    event = events.CredentialMade(
        partner=partner.pk,
        credential=made.pk,
        kind=Code(made.kind),
        expires_at=made.expires_at,
        former=former[0].pk if former else None,
        former_until=min(former[0].expires_at, until) if former else None,
    )
    record(event, about=None, by=by, at=at)
    _tell(partner, made, by, at, until=until if former else None)
    return made, secret


@flow
def end(credential: Credential, *, by: Actor, at: datetime) -> None:
    """One of two ends now: its answer was lost, or it was seen by others. Raises Refused."""
    partner = Partner.objects.select_for_update().get(pk=credential.partner_id)
    live = [each for each in _kept(partner) if each.is_live(at)]
    credential.refresh_from_db()
    facts = policy.Holding(
        is_public=partner.is_public,
        keyed=partner.rules.keyed,
        others=sum(each.pk != credential.pk for each in live),
        is_secret=credential.kind == Credential.Kind.SECRET,
        is_live=credential.is_live(at),
    )
    require(policy.may_end, facts, about=None, by=by, at=at)
    credential.end(at)
    record(events.CredentialEnded(partner=partner.pk, credential=credential.pk), about=None, by=by, at=at)


@flow
def remind(credential: Credential, *, by: Actor, at: datetime) -> None:
    """Its owner hears that it ends. Raises Refused: it was replaced, or they have heard meanwhile."""
    partner = Partner.objects.select_for_update().get(pk=credential.partner_id)
    credential.refresh_from_db()
    due = reminders_due(credential, at)
    if due <= credential.reminded:
        raise Refused(policy.Reason.OVER)
    credential.told(due)
    event = events.CredentialEnding(partner=partner.pk, credential=credential.pk, expires_at=credential.expires_at)
    record(event, about=None, by=by, at=at)
    notice = notices.CredentialEnds(
        partner=partner.name,
        is_secret=credential.kind == Credential.Kind.SECRET,
        ends=_instant(partner, credential.expires_at),
        link=links.absolute("console:index"),
    )
    tell(partner.owner, notice, to=partner.told, at=at)


def reminders_due(credential: Credential, at: datetime) -> int:
    """How many reminders are due; none for one that is over, or that has a successor."""
    live = list(credential.partner.credentials.live(at).order_by("made_at"))
    if not live or live[-1].pk != credential.pk:
        return 0
    return policy.reminders_due(credential.made_at, credential.expires_at, limits=limits.current(), at=at)


@flow
def switch_off(partner: Partner, *, by: Actor, at: datetime) -> None:
    """Nobody used it for long: it is off from now on, and its owner told. Raises Refused: it was used meanwhile."""
    found = unused(at).select_for_update(of=("self",)).filter(pk=partner.pk).first()
    if found is None:
        raise Refused(policy.Reason.IN_USE)
    Partner.objects.filter(pk=found.pk).update(is_enabled=False)
    since = found.used_at or found.enabled_at
    record(events_of_partners.PartnerUnused(partner=found.pk, since=since), about=None, by=by, at=at)
    notice = notices.SwitchedOff(partner=found.name, days=limits.current().partners.unused_days)
    tell(found.owner, notice, to=found.told, at=at)


def ending(at: datetime) -> QuerySet[Credential]:
    """What ends within the first reminder's days, of partners that are on and that somebody answers for."""
    until = at + timedelta(days=limits.current().partners.first_reminder_days)
    on = Credential.objects.live(at).filter(partner__is_enabled=True, partner__document__isnull=True)
    return on.filter(expires_at__lte=until).order_by("pk")


def unused(at: datetime) -> QuerySet[Partner]:
    """Partners that are on, that somebody answers for, and that were neither here nor switched on for so long."""
    since = at - timedelta(days=limits.current().partners.unused_days)
    idle = Q(used_at__lt=since) | Q(used_at=None)
    known = Partner.objects.filter(registration_source=Partner.RegistrationSource.MANUAL)
    rows: QuerySet[Partner] = known.filter(idle, is_enabled=True, enabled_at__lt=since).order_by("pk")
    return rows


def add(partner: Partner, shown: Shown, at: datetime) -> tuple[Credential, str]:
    """One more row, in a place that is free, and its secret ("": it is no secret). For flows that record it."""
    secret = codes.new_token() if shown.kind is Credential.Kind.SECRET else ""
    taken = {each.slot for each in _kept(partner)}
    rules = limits.current().partners
    made = Credential.objects.create(
        partner=partner,
        kind=shown.kind,
        slot=next(slot for slot in Credential.SLOTS if slot not in taken),
        digest=ClientSecret().encode(secret, "") if secret else "",
        jwks=shown.jwks,
        jwks_uri=shown.jwks_uri,
        made_at=at,
        expires_at=at + timedelta(days=rules.secret_days if secret else rules.keys_days),
    )
    return made, secret


def _by_itself(partner: Partner, at: datetime) -> int:
    """This one among them."""
    return 1 + Credential.objects.filter(partner=partner, made_at__gt=at - timedelta(days=1)).count()


def _tell(partner: Partner, made: Credential, by: Actor, at: datetime, *, until: datetime | None) -> None:
    notice = notices.CredentialReplaced(
        partner=partner.name,
        by_itself=by.kind is ActorKind.PARTNER,
        is_secret=made.kind == Credential.Kind.SECRET,
        former_ends=_instant(partner, until) if until and until > at else "",
    )
    tell(partner.owner, notice, to=partner.told, at=at)


def _instant(partner: Partner, at: datetime) -> Text:
    return instant(at, partner.owner.zone if partner.owner else _UTC)


def _kept(partner: Partner) -> list[Credential]:
    return list(partner.credentials.filter(ended_at=None).order_by("made_at"))
