"""What a receipt says: the fields of ISO/IEC TS 27560:2023, as the claims of a JWT (RFC 7519).

``jti`` is the receipt's id, ``iss`` and ``iat`` its maker and when; ``seq`` and ``prev`` (the SHA-256 of the receipt
before it, base64url) chain the receipts of one person, who is named by a random id that stands nowhere else. Nothing
personal is hashed: what could be guessed and tried is not in it at all.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

SCHEMA = "ISO/IEC TS 27560:2023"
CONTROLLER, THIRD_PARTY = "pii_controller", "third_party"
_NOT_SAID = "not stated"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who is not the customer. The names are the standard's."""

    party_id: str
    party_type: str
    party_name: str
    party_address: str = ""
    party_contact: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a receipt stands in its person's chain."""

    person: UUID
    number: int
    before: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The text that was read: where it stands, the digest of what is read there, and its words in one language."""

    uri: str
    sha256: str
    language: str
    title: str
    text: str
    key: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was said, by whom, about what. ``by``: self, guardian, delegate, or nobody (the clock, a new text)."""

    record: UUID
    state: str
    by: str
    at: datetime
    until: datetime | None
    basis: str
    access: str
    channel: str
    categories: tuple[str, ...]
    optional: tuple[str, ...]
    scopes: tuple[str, ...]
    retention_days: int | None
    withdrawal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who answers for the data, who gets it beside them, and where it lies under whose law."""

    ours: Party
    others: tuple[Party, ...]
    jurisdiction: str
    locations: tuple[str, ...]


def payload(receipt: UUID, place: Place, choice: Choice, notice: Notice, parties: Parties) -> dict[str, Any]:
    """The claims of one receipt."""
    ours, others = parties.ours, parties.others
    speaker = {"self": str(place.person), "nobody": ours.party_id}.get(choice.by, choice.by)
    return {
        "iss": ours.party_id,
        "jti": str(receipt),
        "iat": int(choice.at.timestamp()),
        "seq": place.number,
        "prev": place.before,
        "schema_version": SCHEMA,
        "record_id": str(choice.record),
        "pii_principal_id": str(place.person),
        "events": [
            {
                "event_type": "automatic" if choice.by == "nobody" else "explicit",
                "event_state": choice.state,
                "event_time": _instant(choice.at),
                "validity_duration": _days((choice.until - choice.at).days) if choice.until else "until_withdrawn",
                "valid_until": _instant(choice.until) if choice.until else None,
                "entity_id": speaker,
            }
        ],
        "privacy_notice": {"uri": notice.uri, "sha256": notice.sha256},
        "language": notice.language,
        "purposes": [
            {
                "purpose": notice.title,
                "description": notice.text,
                "purpose_type": notice.key,
                "purpose_version": notice.version,
                "lawful_basis": choice.basis,
                "pii_information": [
                    {"pii_type": each, "pii_optional": each in choice.optional} for each in choice.categories
                ],
                "pii_controllers": [ours.party_id],
                "collection_method": choice.channel,
                "processing_method": choice.access,
                "scopes": list(choice.scopes),
                "storage_locations": list(parties.locations) or [_NOT_SAID],
                "retention_period": _days(choice.retention_days) if choice.retention_days else "account",
                "jurisdiction": parties.jurisdiction or _NOT_SAID,
                "recipient_third_parties": [each.party_id for each in others],
                "withdrawal_method": choice.withdrawal,
                "privacy_rights": _rights(choice.basis),
            }
        ],
        "party_identification": [
            {name: value for name, value in asdict(each).items() if value} for each in (ours, *others)
        ],
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _days(number: int) -> str:
    return f"P{number}D"  # ISO 8601


def _rights(basis: str) -> list[str]:
    """What the law gives in any case, and how it ends what rests on this basis (GDPR 7(3), 15 to 21)."""
    ends = {"consent": ["withdrawal"], "legitimate_interest": ["objection"]}.get(basis, [])
    return ["access", "rectification", "erasure", "restriction", "portability", *ends]
