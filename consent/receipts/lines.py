"""How a receipt reads: in plain words, made of what was signed and of nothing else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.words import Text, sentence
from consent.models import Receipt
from consent.purposes.policy import Basis
from consent.receipts import verifier
from consent.records.lines import STATES
from consent.records.policy import State

_SPEAKERS: dict[str, Text] = {
    "guardian": _("Somebody who looks after you"),
    "delegate": _("Somebody who acts for you"),
    "staff": _("Our help desk"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One receipt, for its reader."""

    id: UUID
    text: str
    said: dict[str, Any]

    @classmethod
    def of(cls, row: Receipt) -> Self:
        """One that we keep."""
        return cls(row.pk, row.text, verifier.says(row.text))

    @property
    def number(self) -> int:
        """Its place in the person's chain."""
        return int(self.said["seq"])

    @property
    def state(self) -> Text:
        """What became of it."""
        return STATES[State(self._event["event_state"])]

    @property
    def title(self) -> str:
        """What it is about, in the language in which it was read."""
        return str(self._purpose["purpose"])

    @property
    def words(self) -> str:
        """The sentence that was read."""
        return str(self._purpose["description"])

    @property
    def language(self) -> str:
        """In which language these two are."""
        return str(self.said["language"])

    @property
    def at(self) -> datetime | None:
        """When."""
        return parse_datetime(self._event["event_time"])

    @property
    def until(self) -> datetime | None:
        """Until when a yes counts; None: until it is taken back."""
        return parse_datetime(self._event["valid_until"] or "")

    @property
    def is_yes(self) -> bool:
        """Whether it says yes."""
        return bool(self._event["event_state"] == State.GIVEN)

    @property
    def speaker(self) -> Text:
        """Who said it, if it was not the reader; nothing for them, and for what nobody said."""
        return _SPEAKERS.get(self._event["entity_id"], "")

    @property
    def data(self) -> list[Text]:
        """Which data it is about."""
        known = (CATEGORIES.get(each["pii_type"]) for each in self._purpose["pii_information"])
        return [each.title for each in known if each is not None]

    @property
    def recipients(self) -> list[str]:
        """Who gets it, beside ourselves."""
        names = {each["party_id"]: each["party_name"] for each in self.said["party_identification"]}
        return [names[each] for each in self._purpose["recipient_third_parties"]]

    @property
    def basis(self) -> str:
        """On what its use rests."""
        return sentence(Basis(self._purpose["lawful_basis"]))

    @property
    def withdrawal(self) -> str:
        """The page on which it can be taken back."""
        return str(self._purpose["withdrawal_method"])

    @property
    def notice(self) -> dict[str, str]:
        """Where the full text stands, and its digest."""
        return dict(self.said["privacy_notice"])

    @property
    def _event(self) -> dict[str, Any]:
        return dict(self.said["events"][0])

    @property
    def _purpose(self) -> dict[str, Any]:
        return dict(self.said["purposes"][0])
