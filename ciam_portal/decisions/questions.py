"""The requests of partners: what they ask, and what they present when they act."""

from dataclasses import dataclass, replace

from ciam_portal.core.policy.catalogue import PARTNER
from ciam_portal.core.policy.channel import Channel
from ciam_portal.decisions import shapes
from ciam_portal.decisions.shapes import EVALUATION, EVALUATIONS, QUESTION, REDEMPTION
from ciam_portal.oauth.bodies import Malformed, read
from ciam_portal.oauth.transactions import Transaction

_STOPS = {"deny_on_first_deny": False, "permit_on_first_permit": True}


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


@dataclass(frozen=True, slots=True)
class Evaluations:
    """Questions in AuthZEN's shape, or why nothing can be decided about one. ``stop_at``: the answer that ends them."""

    asked: tuple[Question | Malformed, ...]
    is_list: bool
    stop_at: bool | None


def question(body: object) -> Question:
    """From the body of ``POST /api/decisions``. Raises Malformed."""
    found = read(QUESTION, body)
    return Question(_transaction(found), found["token"], Channel(found.get("channel", Channel.API)))


def redemption(body: object) -> Redemption:
    """From the body of ``POST /api/approvals/redeem``. Raises Malformed."""
    found = read(REDEMPTION, body)
    return Redemption(_transaction(found), found["approval"])


def evaluation(body: object) -> Question | Malformed:
    """From the body of ``POST /access/v1/evaluation``. Raises Malformed if it is none of AuthZEN's."""
    found = read(EVALUATION, body)
    about = found["resource"]
    known = {name: value for name, value in found.get("context", {}).items() if name in shapes.Question.__annotations__}
    known |= {"action": found["action"]["name"], "resource": {"type": about["type"], "id": about["id"]}}
    try:
        return replace(question(known), subject=found["subject"]["id"])
    except Malformed as error:
        return error


def evaluations(body: object) -> Evaluations:
    """From the body of ``POST /access/v1/evaluations``. Raises Malformed if it is none of AuthZEN's."""
    found = read(EVALUATIONS, body)
    parts = found.get("evaluations") or []
    asked = tuple(_tried(found | part) for part in parts or [{}])
    semantic = found.get("options", {}).get("evaluations_semantic", "")
    return Evaluations(asked, bool(parts), _STOPS.get(semantic))


def _tried(body: object) -> Question | Malformed:
    try:
        return evaluation(body)
    except Malformed as error:
        return error


def _transaction(found: shapes.Transaction) -> Transaction:
    about = found.get("resource")
    return Transaction(
        action=PARTNER + found["action"].removeprefix(PARTNER),
        amount=found.get("amount"),
        currency=found.get("currency"),
        resource=(about["type"], about["id"]) if about else ("", ""),
    )
