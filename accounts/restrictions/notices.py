"""What customers are told about restrictions by staff. Security notices: nobody can mute them."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import ChangeNotice, NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class AccountSuspended(ChangeNotice):
    """Nobody comes in until then. ``number``: by which the help desk finds it."""

    template: ClassVar[str] = "account_suspended"
    reason: Text
    until: str
    number: str


@dataclass(frozen=True, slots=True)
class MoreProofAsked(ChangeNotice):
    """Everything asks for the strongest proof until then."""

    template: ClassVar[str] = "account_more_proof"
    reason: Text
    until: str
    number: str
    security_link: str


@dataclass(frozen=True, slots=True)
class DataHeld(ChangeNotice):
    """Nothing of the customer's is erased until then, whatever they ask for. ``number``: as above."""

    template: ClassVar[str] = "account_data_held"
    reason: Text
    until: str
    number: str


@dataclass(frozen=True, slots=True)
class RestrictionEnded(ChangeNotice):
    """Staff ended a restriction early. ``kind``: suspend, step_up or legal_hold."""

    template: ClassVar[str] = "account_restriction_ended"
    kind: str


@dataclass(frozen=True, slots=True)
class StillSuspended(NoticeBase):
    """A new password is set, and the account is still suspended."""

    template: ClassVar[str] = "account_still_suspended"
    until: str
