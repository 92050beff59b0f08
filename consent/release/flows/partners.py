"""A partner gets a token to act for itself, and gives back what it is done with."""

from datetime import datetime

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record, tallied, tally
from ciam_portal.core.flow import flow
from ciam_portal.oauth import tokens
from ciam_portal.oauth.families import Carried, Issued
from ciam_portal.oauth.models import AccessToken, Partner, RefreshToken
from consent.models import Consent
from consent.release import events
from consent.release.flows.family import coded


@flow
def authorize_partner(partner: Partner, carried: Carried, *, jkt: str, by: Actor, at: datetime) -> Issued:
    """A partner gets a token to act for itself: no customer, no customer's data."""
    issued = tokens.issue_to_partner(partner, carried, jkt=jkt, at=at)
    key = tally(events.PartnerAuthorized, *_alike(partner, carried, jkt), about=None, by=by, at=at)
    if key is not None:
        credential = partner.shown.pk if partner.shown else None
        event = events.PartnerAuthorized(partner=partner.pk, credential=credential, scopes=coded(carried.scopes))
        record(event, about=None, by=by, at=at, key=key)
    return issued


def authorize_again(partner: Partner, carried: Carried, *, by: Actor, at: datetime) -> Issued:
    """The same, of a moment ago, once more: in one statement, unless it is the first of its day."""
    alike = _alike(partner, carried, "")
    counted = tallied(events.PartnerAuthorized, *alike, about=None, by=by, at=at)
    issued = tokens.issue_another(partner, carried, counted, at=at)
    return issued or authorize_partner(partner, carried, jkt="", by=by, at=at)


def _alike(partner: Partner, carried: Carried, jkt: str) -> tuple[object, ...]:
    credential = partner.shown.pk if partner.shown else None
    return credential, bool(jkt), *carried.target.audience, *sorted(carried.scopes)


@flow
def give_back(found: AccessToken | RefreshToken, partner: Partner, *, by: Actor, at: datetime) -> int:
    """A partner is done with a token of its own; a refresh token takes its whole family with it."""
    if isinstance(found, RefreshToken):
        Consent.objects.select_for_update().filter(pk=found.consent_id).first()
        ended = tokens.end_family(found.token_family)
    else:
        ended = tokens.end_access(found)
    record(events.TokenReturned(partner=partner.pk, tokens_ended=ended), about=found.user_id, by=by, at=at)
    return ended
