"""The requests of partners: what they ask, and what they present when they act."""

from dataclasses import dataclass
from typing import Any

from ciam_portal.core.policy.catalogue import PARTNER
from ciam_portal.core.policy.channel import Channel
from ciam_portal.decisions.shapes import Part, Table, Text, Whole

LARGEST_BODY = 16_384
CHANNELS = (Channel.API, Channel.GATEWAY, Channel.MOBILE)
_NAME = r"[a-z][a-z0-9_]{0,39}"

_ACTION = Text("The action, as the policy file names it; the prefix may be left out.", 48, rf"(partner\.)?{_NAME}")
_TOKEN = Text("The customer's access token.", 255)
_CHANNEL = Text('Through which entry point it comes: "api" unless said otherwise.', 16, choices=tuple(CHANNELS))
_MONEY: dict[str, Part] = {
    "amount": Whole("In minor units of the currency: 12.50 EUR is 1250. Written without a point.", 0, 2**53 - 1),
    "currency": Text("ISO 4217.", 3, r"[A-Z]{3}"),
}
_MONEY_NAMES = tuple(_MONEY)
_RESOURCE = {
    "type": Text("What kind of thing the action is about.", 64, r"[A-Za-z0-9_.:/-]+"),
    "id": Text("Which one. Yours: it is compared, never read.", 200),
}
_TRANSACTION: dict[str, Part] = {"action": _ACTION, **_MONEY, "resource": Table("What it is about.", _RESOURCE)}

QUESTION = Table(
    "A transaction of the caller's own, about to be done for the customer of this token.",
    {**_TRANSACTION, "token": _TOKEN, "channel": _CHANNEL},
    frozenset({*_MONEY, "resource", "channel"}),
    _MONEY_NAMES,
)
REDEMPTION = Table(
    "The very transaction that was approved, and its approval.",
    {"approval": Text("The approval.", 64), **_TRANSACTION},
    frozenset({*_MONEY, "resource"}),
    _MONEY_NAMES,
)
EVALUATION = Table(
    "The same question in the shape of AuthZEN 1.0.",
    {
        "subject": Table(
            "The customer, under the name that the caller knows.",
            {"type": Text("Any.", 64), "id": Text("The customer's sub.", 255)},
            is_open=True,
        ),
        "action": Table("What is to be done.", {"name": _ACTION}, is_open=True),
        "resource": Table("What it is about.", _RESOURCE, is_open=True),
        "context": Table(
            "With what it comes.",
            {"token": _TOKEN, **_MONEY, "channel": _CHANNEL},
            frozenset({*_MONEY, "channel"}),
            _MONEY_NAMES,
            is_open=True,
        ),
    },
    is_open=True,
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is to be done. ``amount`` and ``currency`` None: the caller named none."""

    action: str
    amount: int | None = None
    currency: str | None = None
    resource: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Question:
    """May this be done for the customer of this token? ``subject``: who the caller says that is, if it says so."""

    transaction: Transaction
    token: str
    channel: Channel = Channel.API
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Redemption:
    """It is being done, with this approval."""

    transaction: Transaction
    approval: str


def question(body: object) -> Question:
    """From the body of ``POST /api/decisions``. Raises Malformed."""
    found = QUESTION.read("", body)
    return Question(_transaction(found), found["token"], Channel(found.get("channel", Channel.API)))


def redemption(body: object) -> Redemption:
    """From the body of ``POST /api/approvals/redeem``. Raises Malformed."""
    found = REDEMPTION.read("", body)
    return Redemption(_transaction(found), found["approval"])


def evaluation(body: object) -> Question:
    """From the body of ``POST /access/v1/evaluation``. Raises Malformed."""
    found = EVALUATION.read("", body)
    context = found["context"]
    plain = context | {"action": found["action"]["name"], "resource": found["resource"]}
    channel = Channel(context.get("channel", Channel.API))
    return Question(_transaction(plain), context["token"], channel, found["subject"]["id"])


def _transaction(found: dict[str, Any]) -> Transaction:
    resource = found.get("resource", {"type": "", "id": ""})
    return Transaction(
        action=PARTNER + found["action"].removeprefix(PARTNER),
        amount=found.get("amount"),
        currency=found.get("currency"),
        resource=(resource["type"], resource["id"]),
    )
