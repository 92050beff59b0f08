"""What an ID token says: who signed in, when and how; fields are userinfo's, but those named (OIDC Core 5.4)."""

from datetime import datetime
from typing import Any

from accounts.step_up import facts as accounts_facts
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.oauth.claims import ID_TOKEN
from ciam_portal.oauth.claims import asked as asked_for
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.subjects import subject
from consent.ledger.shapes import Party, Way
from consent.permission import facts
from consent.release.flows.family import Exchanged
from consent.use import fields
from consent.use import flows as leaving
from consent.use.shapes import To


def claims(exchanged: Exchanged, partner: Partner, *, by: Actor, at: datetime) -> dict[str, Any]:
    """Its claims; what is released of its customer with them is in the ledger."""
    customer, session, now = exchanged.customer, exchanged.session, int(at.timestamp())
    named = _named(exchanged, partner, by=by, at=at)
    to = To(Party(partner.pk), Way.ID_TOKEN)
    released = leaving.release_to_app(exchanged.consent, customer, ("openid",), to, named=named, at=at)
    said: dict[str, Any] = fields.of(customer, released, (), named=named)
    said |= fields.verified_claims(customer, released, (), asked_for(ID_TOKEN, exchanged.named), named=named, at=at)
    said |= facts.signed_in(session)
    said |= {
        "sub": subject(partner, customer.pk),
        "aud": partner.client_id,
        "iat": now,
        "exp": now + limits.current().oauth.id_token_seconds,
    }
    more = {"nonce": exchanged.nonce, "sid": exchanged.sid}
    return said | {name: value for name, value in more.items() if value}


def _named(exchanged: Exchanged, partner: Partner, *, by: Actor, at: datetime) -> tuple[str, ...]:
    if not exchanged.named:
        return ()
    asked = accounts_facts.for_token(exchanged.customer, exchanged.session, by=by, at=at)
    return facts.named_now(ID_TOKEN, exchanged.named, exchanged.consent, asked, at, partner=partner)
