"""The base of every app's notices: what a person is told, and with which template."""

from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.words import Text

PUSH = "push"
"""The channel to browsers (``accounts.push``). It has no address of a person's, so it is no medium."""


class Medium(models.TextChoices):
    """How a message gets there; for people, what it is sent to."""

    MAIL = "mail", _("Email address")
    SMS = "sms", _("Phone number")

    @property
    def is_there(self) -> bool:
        """Whether anything can go this way: text messages only with a carrier."""
        return self is not Medium.SMS or bool(settings.SMS_CARRIER)

    @classmethod
    def ways(cls) -> "list[Medium]":
        """Those that are there."""
        return [medium for medium in cls if medium.is_there]


def language_of(customer: object) -> str:
    """In which language somebody is told things."""
    locale = getattr(customer, "locale", "")
    return locale if locale in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


@dataclass(frozen=True, slots=True)
class Asked:
    """For what a message was asked, by whom (a pseudonym), and whether we do not know who that is."""

    purpose: str
    source: str
    stranger: bool


@dataclass(frozen=True, slots=True)
class NoticeBase:
    """One message. Fields are the template's words (text, numbers, links; no objects).

    Beside them the owner reads ``when`` it was, in their own time, and ``where`` from, if a person asked for it.
    A text that is translated when it is read (``Text``) is read in the language of whom it is about.

    ``template`` names ``mail/<template>.txt`` (``mail.py`` says how it is written), and ``sms/<template>.txt`` if it
    can be told by text message. ``purpose``: for what its customer's address is used; what a customer may refuse names
    its own. Security notices cannot be refused.

    ``push``: what browsers are told beside the mail, where that is switched on: a sentence that says nothing of
    anybody, for it is shown on a locked screen. ``push_page``: the page it leads to; ``push_minutes``: how long it is
    news, if shorter than others.
    """

    template: ClassVar[str] = ""
    purpose: ClassVar[str] = "security_notices"
    to_owner: ClassVar[bool] = True  # False: to somebody who may not learn where the customer is
    push: ClassVar[Text] = ""
    push_page: ClassVar[str] = "accounts:activity"
    push_minutes: ClassVar[int] = 0


class ChangeNotice(NoticeBase):
    """What an account rests on has changed, is about to, or was copied: told at every proven address and number.

    Such a notice is announced (``accounts.lock.flows.everywhere``), so it has a text message too.
    """

    __slots__ = ()
    push: ClassVar[Text] = _("Something in your account has changed. Was it you?")
