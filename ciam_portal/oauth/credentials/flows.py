"""A partner's credentials as verbs: the first, the next with an overlap, the end of one of two."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.words import instant
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
        former_ends=instant(until, partner.owner.zone if partner.owner else _UTC) if until and until > at else "",
    )
    tell(partner.owner, notice, to=partner.told, at=at)


def _kept(partner: Partner) -> list[Credential]:
    return list(partner.credentials.filter(ended_at=None).order_by("made_at"))
