"""The requests of partners: what they ask, and what they present when they act."""

from dataclasses import dataclass

from ciam_portal.core.policy.catalogue import PARTNER
from ciam_portal.core.policy.channel import Channel
from ciam_portal.decisions import shapes
from ciam_portal.decisions.shapes import EVALUATION, QUESTION, REDEMPTION, read

LARGEST_BODY = 16_384


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


def question(body: bytes) -> Question:
    """From the body of ``POST /api/decisions``. Raises Malformed."""
    found = read(QUESTION, body)
    transaction = _transaction(found["action"], found, found.get("resource"))
    return Question(transaction, found["token"], found.get("channel", Channel.API))


def redemption(body: bytes) -> Redemption:
    """From the body of ``POST /api/approvals/redeem``. Raises Malformed."""
    found = read(REDEMPTION, body)
    return Redemption(_transaction(found["action"], found, found.get("resource")), found["approval"])


def evaluation(body: bytes) -> Question:
    """From the body of ``POST /access/v1/evaluation``. Raises Malformed."""
    found = read(EVALUATION, body)
    context = found["context"]
    transaction = _transaction(found["action"]["name"], context, found["resource"])
    return Question(transaction, context["token"], context.get("channel", Channel.API), found["subject"]["id"])


def _transaction(action: str, money: shapes.Money, about: shapes.Resource | None) -> Transaction:
    return Transaction(
        action=PARTNER + action.removeprefix(PARTNER),
        amount=money.get("amount"),
        currency=money.get("currency"),
        resource=(about["type"], about["id"]) if about else ("", ""),
    )
