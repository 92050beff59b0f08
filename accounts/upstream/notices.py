"""What people are told about linked sign-ins. Security notices: nobody can mute them."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import ChangeNotice


@dataclass(frozen=True, slots=True)
class SignInLinked(ChangeNotice):
    """Another service's word lets them in from now on."""

    template: ClassVar[str] = "sign_in_linked"
    service: str
    security_link: str
    undo_link: str = ""
    undo_until: str = ""


@dataclass(frozen=True, slots=True)
class SignInUnlinked(ChangeNotice):
    """It no longer does."""

    template: ClassVar[str] = "sign_in_unlinked"
    service: str
    security_link: str
    undo_link: str = ""
    undo_until: str = ""
