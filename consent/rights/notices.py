"""What people are told about requests about data. Nobody can mute them."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class RequestReceived(NoticeBase):
    """We have the customer's request, and answer until then. ``restricted``: the use of their data rests meanwhile."""

    template: ClassVar[str] = "rights_asked"
    what: Text
    until: str
    number: str
    restricted: bool
    link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class RequestExtended(NoticeBase):
    """It takes longer."""

    template: ClassVar[str] = "rights_extended"
    what: Text
    why: Text
    until: str
    number: str
    link: str


@dataclass(frozen=True, slots=True)
class RequestAnswered(NoticeBase):
    """It is answered. ``lifted``: with it, the use of their data goes on."""

    template: ClassVar[str] = "rights_answered"
    what: Text
    answer: Text
    number: str
    lifted: bool
    link: str


@dataclass(frozen=True, slots=True)
class RestrictionLifted(NoticeBase):
    """The customer ended the restriction of use."""

    template: ClassVar[str] = "rights_lifted"
    link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class RequestsWait(NoticeBase):
    """To a privacy officer: so many wait, some of them for too long. It names nobody."""

    template: ClassVar[str] = "rights_waiting"
    to_owner: ClassVar[bool] = False
    requests: int
    late: int
    until: str
    link: str
