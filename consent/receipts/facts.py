"""Gathers what a receipt says, and asks whether our record still says the same."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from ciam_portal.core.audit.actor import ActorKind
from ciam_portal.core.crypto import codes
from ciam_portal.core.words import sentence
from ciam_portal.oauth import jwts, keys
from ciam_portal.oauth.signing.models import Use
from consent.models import ConsentEvent, Receipt
from consent.purposes.facts import language_of
from consent.purposes.models import digest
from consent.purposes.policy import Recipient
from consent.receipts import shapes, verifier
from consent.receipts.verifier import Unbelievable, Wrong

_OURS = frozenset({Recipient.OURSELVES, Recipient.APP})
_OF_THE_RECORD = (
    "purpose_type", "purpose_version", "lawful_basis", "pii_information", "collection_method", "processing_method",
    "scopes", "retention_period",
)  # fmt: skip


def published(kid: str) -> list[Any]:
    """The key with this id, if it is one of those that receipts are verified with."""
    return keys.named(kid, Use.RECEIPTS)


def next_place(subject: UUID) -> shapes.Place:
    """Where this person's next receipt stands. The caller holds the person."""
    last = Receipt.objects.of(subject).first()
    if last is None:
        return shapes.Place(codes.new_id(), 1, None)
    return shapes.Place(UUID(verifier.says(last.text)["pii_principal_id"]), last.number + 1, jwts.hash_of(last.text))


def payload(event: ConsentEvent, receipt: UUID, place: shapes.Place, *, issuer: str = "") -> dict[str, Any]:
    """What the receipt of this event says, in the language of whoever is there."""
    issuer = issuer or settings.PUBLIC_URL
    parties = shapes.Parties(
        ours=shapes.Party(issuer, shapes.CONTROLLER, settings.PORTAL_NAME, issuer, settings.HELP_DESK.email),
        others=_others(event),
        jurisdiction=settings.JURISDICTION,
        locations=tuple(settings.STORAGE_LOCATIONS),
    )
    return shapes.payload(receipt, place, _choice(event, issuer), _notice(event, issuer), parties)


def recorded(receipt: verifier.Receipt) -> Receipt:
    """Our own copy of a receipt, if we have it and all that stands behind it says the same. Raises Unbelievable."""
    rows = Receipt.objects.select_related("event__version__purpose", "event__recipient")
    row = rows.filter(pk=_id(receipt)).first()
    if row is None:
        raise Unbelievable(Wrong.NO_RECORD, receipt.number)
    said, event = receipt.said, row.event
    if digest(event.version.texts) != said["privacy_notice"]["sha256"]:
        raise Unbelievable(Wrong.OTHER_TEXT, receipt.number)
    place = shapes.Place(UUID(said["pii_principal_id"]), row.number, said["prev"])
    if row.text != receipt.text or _comparable(payload(event, row.pk, place, issuer=said["iss"])) != _comparable(said):
        raise Unbelievable(Wrong.OTHER_RECORD, receipt.number)
    _between_its_neighbors(row)
    return row


def _between_its_neighbors(row: Receipt) -> None:
    """Whether those that we keep right before and after it are there and follow each other. Raises Unbelievable."""
    near = Receipt.objects.of(row.subject).filter(number__gte=row.number - 1, number__lte=row.number + 1)
    try:
        found = verifier.linked([verifier.signed(each.text, published) for each in near])
    except Unbelievable:
        raise Unbelievable(Wrong.BROKEN_RECORD, row.number) from None
    if found[0].number != max(1, row.number - 1):
        raise Unbelievable(Wrong.BROKEN_RECORD, row.number)


def has_left(row: Receipt) -> bool:
    """Whether the account it is about is there no more."""
    return not User.objects.filter(pk=row.subject).exists()


def _id(receipt: verifier.Receipt) -> UUID:
    return UUID(receipt.said["jti"])


def _comparable(said: dict[str, Any]) -> tuple[Any, ...]:
    """What of a receipt does not depend on the language it was made in, or on what parties are called today."""
    purpose = said["purposes"][0]
    return said["seq"], said["record_id"], said["events"], [purpose[name] for name in _OF_THE_RECORD]


def _choice(event: ConsentEvent, issuer: str) -> shapes.Choice:
    by = event.given_by if event.by_kind == ActorKind.CUSTOMER else event.by_kind
    page = "consent:choices" if event.recipient_id is None else "consent:index"
    return shapes.Choice(
        record=event.pk,
        state=event.state,
        by="nobody" if event.by_kind == ActorKind.SYSTEM else by,
        at=event.at,
        until=event.expires_at,
        basis=event.version.basis,
        access=event.access,
        channel=event.channel,
        categories=tuple(event.categories),
        optional=tuple(event.version.optional),
        scopes=tuple(event.scopes),
        retention_days=event.version.retention_days,
        withdrawal=issuer + reverse(page),
    )


def _notice(event: ConsentEvent, issuer: str) -> shapes.Notice:
    version = event.version
    language = language_of(version.texts)
    return shapes.Notice(
        uri=issuer + reverse("consent:receipt_notice", args=[version.pk]),
        sha256=version.text_sha256,
        language=language,
        title=version.texts[language]["title"],
        text=version.texts[language]["words"],
        key=event.purpose,
        version=version.number,
    )


def _others(event: ConsentEvent) -> tuple[shapes.Party, ...]:
    """Who gets it, beside ourselves."""
    if event.recipient is not None:
        partner = event.recipient
        return (shapes.Party(partner.client_id, shapes.THIRD_PARTY, partner.name, partner.homepage_url),)
    outside = (Recipient(each) for each in event.version.recipients if each not in _OURS)
    return tuple(shapes.Party(each.value, shapes.THIRD_PARTY, sentence(each)) for each in outside)
