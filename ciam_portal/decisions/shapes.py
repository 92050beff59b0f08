"""What partners may send: types that both read a body and describe it (as JSON Schema, in the OpenAPI document)."""

from typing import Annotated, Any, Literal, NotRequired, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

T = TypeVar("T")
_closed = with_config(ConfigDict(strict=True, extra="forbid"))
_open = with_config(ConfigDict(strict=True, extra="ignore"))
_MOST_AT_ONCE = 50
# No control characters, ends of lines or marks that turn the direction of text, in words that every dialect reads.
_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$"
_BOTH = {"dependentRequired": {"amount": ["currency"], "currency": ["amount"]}}


def _text(words: str, longest: int, pattern: str = _PRINTABLE) -> Any:  # noqa: ANN401  (as pydantic types Field)
    return Field(description=words, min_length=1, max_length=longest, pattern=pattern)


def _both(found: T) -> T:
    if isinstance(found, dict) and ("amount" in found) is not ("currency" in found):
        raise PydanticCustomError("alone", "must have both amount and currency, or neither")
    return found


_Priced = Annotated[T, AfterValidator(_both), Field(json_schema_extra=_BOTH)]
_NAMED = "The action, as the policy file names it; the prefix may be left out."
_MINOR = "In minor units of the currency: 12.50 EUR is 1250. Written without a point."
_CONTEXT = "Token, amount, currency and channel, as in the plain question. Without a token the answer is false."
_ENTRY = 'Through which entry point it comes: "api" unless said otherwise.'


@_closed
class Resource(TypedDict):
    """What it is about."""

    type: Annotated[str, _text("What kind of thing the action is about.", 64, r"^[A-Za-z0-9_.:/-]+$")]
    id: Annotated[str, _text("Which one. Yours: it is compared, never read.", 200)]


class Transaction(TypedDict):
    """What a partner is about to do."""

    action: Annotated[str, _text(_NAMED, 48, r"^(partner\.)?[a-z][a-z0-9_]{0,39}$")]
    amount: NotRequired[Annotated[int, Field(description=_MINOR, ge=0, le=2**53 - 1)]]
    currency: NotRequired[Annotated[str, _text("ISO 4217.", 3, "^[A-Z]{3}$")]]
    resource: NotRequired[Resource]


@_closed
class Question(Transaction):
    """A transaction of the caller's own, about to be done for the customer of this token."""

    token: Annotated[str, _text("The customer's access token.", 255)]
    channel: NotRequired[Annotated[Literal["api", "gateway", "mobile"], Field(description=_ENTRY)]]


@_closed
class Redemption(Transaction):
    """The very transaction that was approved, and its approval."""

    approval: Annotated[str, _text("The approval.", 64)]


@_open
class Named(TypedDict):
    """A subject or a resource of AuthZEN 1.0. The subject's id is the customer's sub."""

    type: str
    id: str


@_open
class Verb(TypedDict):
    """An action of AuthZEN 1.0."""

    name: str


@_open
class Evaluation(TypedDict):
    """A question in the shape of AuthZEN 1.0. What the plain question could not say in its place is answered false."""

    subject: Named
    action: Verb
    resource: Named
    context: NotRequired[Annotated[dict[str, Any], Field(description=_CONTEXT)]]


@_open
class Options(TypedDict):
    """When to stop; without a word all are answered."""

    evaluations_semantic: NotRequired[Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"]]


@_open
class Evaluations(TypedDict, total=False):
    """Several of these. What one leaves out is taken from beside the list; without a list it is one question."""

    subject: Any
    action: Any
    resource: Any
    context: Any
    evaluations: Annotated[list[dict[str, Any]], Field(max_length=_MOST_AT_ONCE)]
    options: Options


QUESTION: TypeAdapter[Question] = TypeAdapter(_Priced[Question])
REDEMPTION: TypeAdapter[Redemption] = TypeAdapter(_Priced[Redemption])
EVALUATION: TypeAdapter[Evaluation] = TypeAdapter(Evaluation)
EVALUATIONS: TypeAdapter[Evaluations] = TypeAdapter(Evaluations)
