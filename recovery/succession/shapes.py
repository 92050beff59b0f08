"""What a succession is made of: what somebody may get, where a case stands, and what staff have seen."""

from enum import StrEnum

from ciam_portal.core.policy.reason import Worded


class May(StrEnum):
    """What a successor gets in the end. Nobody ever gets a password, a sign-in method or an address."""

    BILLS = "bills"
    DETAILS = "details"


class Stands(StrEnum):
    """Where a named successor stands."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    GONE = "gone"


class Kind(Worded):
    """What has happened to the customer."""

    DEATH = "death", "They have died"
    INCAPACITY = "incapacity", "They cannot look after it themselves"


class State(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    PROPOSED = "proposed"
    WAITS = "waits"
    GRANTED = "granted"
    REJECTED = "rejected"
    STOPPED = "stopped"


LIVE = (State.OPEN, State.PROPOSED, State.WAITS)


class Via(StrEnum):
    """By what a case was stopped, or what was granted taken back."""

    LINK = "link"
    SIGN_IN = "sign_in"
    SESSION = "session"
    REMOVED = "removed"  # the customer named nobody any more


class Seen(Worded):
    """A document that one of the staff has seen. The document itself is never kept."""

    DEATH_CERTIFICATE = "death_certificate", "Death certificate"
    PROBATE = "probate", "Certificate of inheritance, or probate"
    COURT_ORDER = "court_order", "Order of a court"
    CARE_POWER = "care_power", "Lasting power of attorney"
    DOCTOR = "doctor", "Statement of a doctor"


class How(Worded):
    """How it was seen."""

    IN_PERSON = "in_person", "In person, the original"
    BY_POST = "by_post", "By post, the original"
    REGISTER = "register", "In the register of whoever issued it"


FITS = {
    Kind.DEATH: frozenset({Seen.DEATH_CERTIFICATE, Seen.PROBATE}),
    Kind.INCAPACITY: frozenset({Seen.COURT_ORDER, Seen.CARE_POWER}),
}
"""Of these one has to have been seen; a doctor's word alone gives nobody anything."""
