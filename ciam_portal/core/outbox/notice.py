"""The base of every app's notices: what a person is told, and with which template."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class By(StrEnum):
    """How a message travels."""

    MAIL = "mail"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class NoticeBase:
    """One message. Fields are the template's words (text, numbers, links; no objects).

    ``template`` names ``mail/<template>.txt`` (``mail.py`` says how it is written), and ``sms/<template>.txt`` if it
    can be told by text message. Security notices cannot be muted.
    """

    template: ClassVar[str] = ""


class ChangeNotice(NoticeBase):
    """What an account rests on has changed, is about to, or was copied: told at every proven address and number.

    Such a notice is spread (``accounts.lock.flows.everywhere``), so it has a text message too.
    """

    __slots__ = ()
