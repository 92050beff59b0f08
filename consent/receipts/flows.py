"""Each thing that is said about consent has its receipt, signed and kept in the transaction that says it."""

from datetime import datetime

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from ciam_portal.oauth import jwts, keys
from ciam_portal.oauth.signing.models import Use
from consent.models import ConsentEvent, Receipt
from consent.receipts import facts, verifier
from consent.records.flows import CHANGED


@CHANGED.join
def sign(event: ConsentEvent, *, by: Actor, at: datetime) -> None:  # noqa: ARG001  (what is joined has one form)
    """The receipt of what was just said. The caller holds the person, so that one follows another."""
    key, receipt, place = keys.signing_key(use=Use.RECEIPTS), codes.new_id(), facts.next_place(event.subject)
    text = jwts.sign(facts.payload(event, receipt, place), key, verifier.KIND)
    Receipt.objects.create(id=receipt, event=event, subject=event.subject, number=place.number, at=at, text=text)
