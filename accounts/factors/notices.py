"""What people are told about their second factors. Security notices: nobody can mute them."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import ChangeNotice
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class FactorAdded(ChangeNotice):
    """There is one more way to prove. ``what`` is "an authenticator app" or "the passkey …"."""

    template: ClassVar[str] = "factor_added"
    what: Text
    security_link: str
    undo_link: str = ""
    undo_until: str = ""


@dataclass(frozen=True, slots=True)
class FactorRemoved(ChangeNotice):
    """One way to prove is gone; ``last``: only the password is left."""

    template: ClassVar[str] = "factor_removed"
    what: Text
    last: bool
    security_link: str
    undo_link: str = ""
    undo_until: str = ""


@dataclass(frozen=True, slots=True)
class BackupCodesMade(ChangeNotice):
    """A new set of backup codes; older ones are dead."""

    template: ClassVar[str] = "factor_backup_codes_made"
    count: int
    security_link: str
    undo_link: str = ""
    undo_until: str = ""


@dataclass(frozen=True, slots=True)
class BackupCodeUsed(ChangeNotice):
    """A backup code was used; ``few``: it is time for new ones."""

    template: ClassVar[str] = "factor_backup_code_used"
    left: int
    few: bool
    security_link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class AppSwitchedOff(ChangeNotice):
    """So many wrong codes in a row were typed that the authenticator app opens nothing any more."""

    template: ClassVar[str] = "factor_app_off"
    count: int
    security_link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class PasskeyRefused(ChangeNotice):
    """A passkey answered as if it had been copied."""

    template: ClassVar[str] = "factor_passkey_refused"
    name: str
    security_link: str
    password_link: str
