"""What partners may send to manage their stream, and to poll it."""

from typing import Annotated, Any, Literal, NotRequired
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, WithJsonSchema, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from ciam_portal.core import fetch

_open = with_config(ConfigDict(strict=True, extra="ignore"))
_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
_MOST = 50

_Words = Annotated[str, Field(max_length=200, pattern=_PRINTABLE)]
_Uri = Annotated[str, Field(max_length=200, pattern=r"^[!-~]+$")]


def _reachable(url: str) -> str:
    if not fetch.acceptable(url):
        raise PydanticCustomError("address", "must be an https address in full")
    return url


def _as_id(text: object) -> object:
    try:
        return UUID(text) if isinstance(text, str) else text
    except ValueError:
        return UUID(int=0)  # nobody's: answered as any other that is unknown


_StreamId = Annotated[UUID, BeforeValidator(_as_id), WithJsonSchema({"type": "string"})]


@_open
class Push(TypedDict):
    """Signals are sent to an address of the partner's."""

    method: Literal["urn:ietf:rfc:8935"]
    endpoint_url: Annotated[str, AfterValidator(_reachable)]
    authorization_header: NotRequired[Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[!-~][ -~]*$")]]


@_open
class Poll(TypedDict):
    """Signals are fetched here."""

    method: Literal["urn:ietf:rfc:8936"]
    endpoint_url: NotRequired[str]


@_open
class Wanted(TypedDict):
    """A stream's configuration: what the partner may set, and what it may repeat if it is right (section 8.1.1)."""

    stream_id: NotRequired[_StreamId]
    iss: NotRequired[Any]
    aud: NotRequired[Any]
    events_supported: NotRequired[Any]
    events_delivered: NotRequired[Any]
    min_verification_interval: NotRequired[Any]
    events_requested: NotRequired[Annotated[list[_Uri], Field(max_length=_MOST)]]
    description: NotRequired[_Words]
    delivery: NotRequired[Annotated[Push | Poll, Field(discriminator="method")]]


@_open
class Status(TypedDict):
    """Section 8.1.2.2."""

    stream_id: _StreamId
    status: Literal["enabled", "paused", "disabled"]
    reason: NotRequired[_Words]


@_open
class Verification(TypedDict):
    """Section 8.1.4.2."""

    stream_id: _StreamId
    state: NotRequired[Annotated[str, Field(max_length=1024)]]


@_open
class Who(TypedDict):
    """A customer, as the partner's tokens name them (RFC 9493 section 3.2.3)."""

    format: Literal["iss_sub"]
    iss: str
    sub: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[!-~]+$")]


@_open
class Complex(TypedDict):
    """The same, in the way in which signals about one session say it."""

    format: Literal["complex"]
    user: Who


@_open
class About(TypedDict):
    """Sections 8.1.3.2 and 8.1.3.3."""

    stream_id: _StreamId
    subject: Annotated[Who | Complex, Field(discriminator="format")]


@_open
class Polling(TypedDict):
    """RFC 8936 section 2.2. We answer at once, whatever is said of that."""

    maxEvents: NotRequired[Annotated[int, Field(ge=0)]]
    returnImmediately: NotRequired[bool]
    ack: NotRequired[Annotated[list[str], Field(max_length=1000)]]
    setErrs: NotRequired[Annotated[dict[str, Any], Field(max_length=1000)]]


WANTED: TypeAdapter[Wanted] = TypeAdapter(Wanted)
STATUS: TypeAdapter[Status] = TypeAdapter(Status)
VERIFICATION: TypeAdapter[Verification] = TypeAdapter(Verification)
ABOUT: TypeAdapter[About] = TypeAdapter(About)
POLLING: TypeAdapter[Polling] = TypeAdapter(Polling)
