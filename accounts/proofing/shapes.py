"""What a proof of identity is made of."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from ciam_portal.core.policy.reason import Worded


class State(StrEnum):
    """Where a check stands."""

    STARTED = "started"
    NOTED = "noted"  # one of the staff has seen it; another decides
    PASSED = "passed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


LIVE = (State.STARTED, State.NOTED)


class Strength(StrEnum):
    """How much a piece of evidence is worth (NIST SP 800-63A-4 section 2.4)."""

    FAIR = "fair"
    STRONG = "strong"
    SUPERIOR = "superior"


class Pathway(Worded):
    """How it was shown (NIST SP 800-63A-4 section 2.1)."""

    ONSITE = "onsite", "In person"
    REMOTE_ATTENDED = "remote_attended", "In a video call"
    REMOTE_UNATTENDED = "remote_unattended", "Online"


class Document(Worded):
    """What was shown."""

    PASSPORT = "passport", "Passport"
    ID_CARD = "id_card", "Identity card"
    RESIDENCE_PERMIT = "residence_permit", "Residence permit"
    DRIVING_LICENCE = "driving_licence", "Driving licence"
    CREDENTIAL = "credential", "Digital ID"
    SERVICE = "service", "Statement of an identity service"


PAPERS = (Document.PASSPORT, Document.ID_CARD, Document.RESIDENCE_PERMIT, Document.DRIVING_LICENCE)


class Why(Worded):
    """Why a check did not pass. The customer reads one sentence for all of them (63A 3.2.1(6))."""

    NOT_CONVINCED = "not_convinced", "What was shown does not convince"
    NOT_THE_PERSON = "not_the_person", "It is somebody else's"
    FORGED = "forged", "It is forged, or was altered"
    EXPIRED_DOCUMENT = "expired_document", "The document has expired"
    SERVICE_SAID_NO = "service_said_no", "The service did not confirm it"
    REFUSED_BY_PERSON = "refused_by_person", "The customer stopped it"


class Found(Worded):
    """What staff find when two accounts seem to be one person's."""

    DIFFERENT = "different", "Two different people"
    BOTH_ALLOWED = "both_allowed", "One person, who may have both accounts"
    ONE_ACCOUNT = "one_account", "One person, who may have one account only"
    NOT_THEIRS = "not_theirs", "What was shown here is not this person's"


COUNTS = frozenset({Found.DIFFERENT, Found.BOTH_ALLOWED})
"""After these the evidence counts; after the others it goes."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a provider says it has seen. ``number`` is never kept, only a keyed digest of it."""

    name: str
    birth_date: date
    document: Document
    issuer: str
    number: str
    strength: Strength
    pathway: Pathway
    expires_at: datetime | None = None
