"""``authorization_details`` (RFC 9396): what a partner asks a customer to approve, each of a type with its own form.

What is not in the form is refused, and so is the whole request with it. A detail is granted as it was asked, or not at
all; so a narrower one is never read as a wider. It is shown in our words, made from its fields.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired

from babel.numbers import get_currency_precision, is_currency
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from ciam_portal.core import misfit, strictjson, typed
from ciam_portal.core.policy.catalogue import PARTNER
from ciam_portal.core.words import Text, money
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.transactions import Transaction

Detail = dict[str, Any]
Said = tuple[tuple[str, str], ...]

ERROR = "invalid_authorization_details"
_MOST = 5
_LARGEST = 2**53 - 1
_closed = with_config(ConfigDict(strict=True, extra="forbid"))


class Unreadable(ValueError):
    """They cannot be read; says why in one sentence for whoever writes the partner's program."""


@dataclass(frozen=True, slots=True)
class Type:
    """One type. ``transaction`` is what a detail of it lets the partner do, once; ``says`` the same for a page.

    ``action``: the one that it is about; "": whichever an agent was let do, which it names.
    """

    title: Text
    form: TypeAdapter[Any]
    action: str
    transaction: Callable[[Detail], Transaction]
    says: Callable[[Detail], Said]


# --- a payment; its members are those of the example in RFC 9396 section 2


def _plain(text: str) -> str:
    try:
        known = typed.name(text)
    except typed.NotPlain:
        known = ""
    if known != text or not typed.is_plain(text):
        raise PydanticCustomError("not_plain", "must be plain text, without controls, look-alikes or spaces to spare")
    return text


def _checked(iban: str) -> str:
    """ISO 13616: moved to the end, the first four letters make a number that leaves 1 when divided by 97."""
    if int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 != 1:
        raise PydanticCustomError("no_iban", "must be an IBAN")
    return iban


def _counted(money: "Money") -> "Money":
    amount, digits = Decimal(money["amount"]), get_currency_precision(money["currency"])
    if not is_currency(money["currency"], "en"):
        raise PydanticCustomError("no_currency", "must have a currency of ISO 4217")
    if not 0 < amount.scaleb(digits) <= _LARGEST or amount != round(amount, digits):
        raise PydanticCustomError("no_amount", "must be an amount that can be paid in its currency")
    return money


@_closed
class Money(TypedDict):
    """An amount."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    amount: Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,4})?$")]


@_closed
class Account(TypedDict):
    """An account."""

    iban: Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"), AfterValidator(_checked)]


@_closed
class Payment(TypedDict):
    """One payment."""

    type: Literal["payment_initiation"]
    instructedAmount: Annotated[Money, AfterValidator(_counted)]
    creditorName: Annotated[str, Field(min_length=1, max_length=70), AfterValidator(_plain)]
    creditorAccount: Account
    remittanceInformationUnstructured: NotRequired[
        Annotated[str, Field(min_length=1, max_length=140), AfterValidator(_plain)]
    ]


def _payment(detail: Detail) -> Transaction:
    currency, amount = detail["instructedAmount"]["currency"], Decimal(detail["instructedAmount"]["amount"])
    minor = int(amount.scaleb(get_currency_precision(currency)))
    return Transaction(f"{PARTNER}payment", minor, currency, ("iban", detail["creditorAccount"]["iban"]))


def _says_payment(detail: Detail) -> Said:
    asked, iban = detail["instructedAmount"], detail["creditorAccount"]["iban"]
    said = (
        (_("Amount"), money(Decimal(asked["amount"]), asked["currency"])),
        (_("To"), detail["creditorName"]),
        (_("Account"), " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))),
    )
    reference = detail.get("remittanceInformationUnstructured")
    return (*said, (_("Reference"), reference)) if reference else said


# --- whatever an agent may be let do: as decisions name it (``POST /api/decisions``), so that just that is let through


@_closed
class About(TypedDict):
    """What it is about, as whoever does it will name it."""

    type: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:/-]+$")]
    id: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")]


@_closed
class OneAct(TypedDict):
    """One thing that an agent wants to do for its customer."""

    type: Literal["agent_action"]
    action: Annotated[str, Field(max_length=48, pattern=r"^(partner\.)?[a-z][a-z0-9_]{0,39}$")]
    amount: NotRequired[Annotated[Money, AfterValidator(_counted)]]
    resource: NotRequired[About]
    to: NotRequired[Annotated[str, Field(min_length=1, max_length=70), AfterValidator(_plain)]]


def _act(detail: Detail) -> Transaction:
    asked, about = detail.get("amount"), detail.get("resource", {"type": "", "id": ""})
    named = PARTNER + detail["action"].removeprefix(PARTNER)
    if asked is None:
        return Transaction(named, resource=(about["type"], about["id"]))
    minor = int(Decimal(asked["amount"]).scaleb(get_currency_precision(asked["currency"])))
    return Transaction(named, minor, asked["currency"], (about["type"], about["id"]))


def _says_act(detail: Detail) -> Said:
    asked, about = detail.get("amount"), detail.get("resource")
    said: list[tuple[str, str]] = []
    if asked:
        said.append((_("Amount"), money(Decimal(asked["amount"]), asked["currency"])))
    if "to" in detail:
        said.append((_("To"), detail["to"]))
    if about:
        said.append((_("About"), f"{about['type']} {about['id']}"))
    return tuple(said)


OF_AGENTS = "agent_action"
TYPES = {
    "payment_initiation": Type(
        lazy("A payment, once"), TypeAdapter(Payment), f"{PARTNER}payment", _payment, _says_payment
    ),
    OF_AGENTS: Type(lazy("One thing, once"), TypeAdapter(OneAct), "", _act, _says_act),
}
REGISTERED = tuple(name for name in TYPES if name != OF_AGENTS)
"""Those that a partner is registered for; the other is open to agents, within what they were let do."""


def open_to(partner: Partner) -> tuple[str, ...]:
    """The types that this partner may ask for: those that it was registered for; of an agent, what it does itself."""
    own = tuple(partner.authorization_details_types)
    if not partner.rules.asks:
        return own
    does = tuple(name for name in REGISTERED if name not in own and TYPES[name].action in partner.actions_allowed)
    return (*own, *does, OF_AGENTS)


def read(text: str, allowed: Collection[str]) -> tuple[Detail, ...]:
    """What ``authorization_details`` asks for, if all of it is of types that are ``allowed``. Raises Unreadable."""
    try:
        found = strictjson.loads(text)
    except strictjson.NoJSON:
        found = None
    if not isinstance(found, list) or not 0 < len(found) <= _MOST:
        message = f"authorization_details is a JSON array of 1 to {_MOST} objects"
        raise Unreadable(message)
    details = tuple(_read(each, allowed) for each in found)
    if len({transaction(each) for each in details}) < len(details):
        raise Unreadable("authorization_details asks for the same thing twice")
    return details


def _read(each: object, allowed: Collection[str]) -> Detail:
    name = each.get("type") if isinstance(each, dict) else None
    if not isinstance(name, str) or name not in TYPES or name not in allowed:
        raise Unreadable("authorization_details holds something of a type that is unknown, or not open to this app")
    try:
        detail: Detail = TYPES[name].form.validate_python(each)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Unreadable(misfit.sentence(first, whole=name, table="an object").rstrip(".")) from None
    return detail


def transaction(detail: Detail) -> Transaction:
    """What a detail lets the partner do, once."""
    return TYPES[detail["type"]].transaction(detail)


def described(detail: Detail) -> dict[str, Any]:
    """A detail for a page: its title, and its lines in the reader's language."""
    kind = TYPES[detail["type"]]
    return {"title": kind.title, "lines": kind.says(detail)}


def actions(names: Iterable[str]) -> frozenset[str]:
    """The actions that a partner registered for these types does with an approved detail only."""
    return frozenset(TYPES[name].action for name in names if name in REGISTERED)
