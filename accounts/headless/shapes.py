"""What the app may send: types that both read a body and describe it (as JSON Schema, in the OpenAPI document)."""

from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

_closed = with_config(ConfigDict(strict=True, extra="forbid"))


def _text(words: str, longest: int) -> Any:  # noqa: ANN401  (as pydantic types Field)
    return Field(description=words, min_length=1, max_length=longest)


Email = Annotated[str, _text("The email address, as it was typed.", 512)]
Password = Annotated[str, _text("The password, as it was typed.", 2048)]
Secret = Annotated[str, _text("The code, as it was typed.", 64)]


@_closed
class SignUp(TypedDict):
    """A new account; or, after a challenge, the ticket and its work alone."""

    email: NotRequired[Email]
    password: NotRequired[Password]
    begun: NotRequired[Annotated[str, _text("What the configuration gave when the form was opened.", 8192)]]
    zone: NotRequired[Annotated[str, _text("The time zone of the device, by its IANA name.", 64)]]
    ticket: NotRequired[Annotated[str, _text("The ticket of the challenge.", 8192)]]
    work: NotRequired[Annotated[str, _text("One number for each part, with commas between.", 256)]]


@_closed
class Credentials(TypedDict):
    """A sign-in."""

    email: Email
    password: Password


@_closed
class Code(TypedDict):
    """A code of an app, a backup code, or one that came by mail."""

    code: Secret


@_closed
class Key(TypedDict):
    """What the link in the mail ends with."""

    key: Annotated[str, _text("The last part of the link's path.", 512)]


@_closed
class PasswordAgain(TypedDict):
    """The password once more."""

    password: Password


@_closed
class NewPassword(TypedDict):
    """The password there is, and the one to come."""

    current_password: Password
    new_password: Password


@_closed
class Address(TypedDict):
    """Whose account is meant."""

    email: Email


@_closed
class Shown(TypedDict):
    """What a passkey made of the options, and the ceremony that they came with."""

    ceremony: Annotated[str, _text("As it came with the options.", 64)]
    credential: Annotated[dict[str, Any], Field(description="PublicKeyCredential.toJSON(), as WebAuthn has it.")]


@_closed
class Nothing(TypedDict):
    """An empty object."""


SIGN_UP: TypeAdapter[SignUp] = TypeAdapter(SignUp)
CREDENTIALS: TypeAdapter[Credentials] = TypeAdapter(Credentials)
CODE: TypeAdapter[Code] = TypeAdapter(Code)
KEY: TypeAdapter[Key] = TypeAdapter(Key)
PASSWORD: TypeAdapter[PasswordAgain] = TypeAdapter(PasswordAgain)
NEW_PASSWORD: TypeAdapter[NewPassword] = TypeAdapter(NewPassword)
ADDRESS: TypeAdapter[Address] = TypeAdapter(Address)
SHOWN: TypeAdapter[Shown] = TypeAdapter(Shown)
NOTHING: TypeAdapter[Nothing] = TypeAdapter(Nothing)
