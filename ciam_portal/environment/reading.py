"""What a reading of the environment is: all of it is read, then everything that is wrong is said at once."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, NoReturn, Self, TypeVar, cast
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_NOT_AGAIN = 3  # the exit status at which gunicorn starts no other worker

Read = TypeVar("Read", bound=Callable[..., Any])


def refuse(sentence: str) -> NoReturn:
    """Stop the start."""
    raise ImproperlyConfigured(sentence)


@contextmanager
def plainly() -> Iterator[None]:
    """What stops the start in here is said as sentences, without a traceback."""
    try:
        yield
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(_NOT_AGAIN) from None


def noted(instead: Any) -> Callable[[Read], Read]:  # noqa: ANN401  (whatever is read)
    """A reading whose refusal is said at the end, with all others; until then ``instead`` stands for it."""

    def decorate(read: Read) -> Read:
        @wraps(read)
        def reading(environment: "Reading", *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (as above)
            try:
                return read(environment, *args, **kwargs)
            except ImproperlyConfigured as error:
                environment.wrong.append(str(error))
                return instead

        return cast("Read", reading)

    return decorate


@dataclass(frozen=True, slots=True)
class Reading:
    """The process environment, read once by settings. ``production`` unless CIAM_ENVIRONMENT says ``development``."""

    env: environ.Env
    production: bool
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def read(cls) -> Self:
        """Look at CIAM_ENVIRONMENT first: it decides how strict the rest is."""
        env = environ.Env()
        name = env.str("CIAM_ENVIRONMENT", "production")
        if name not in {"production", "development"}:
            refuse("CIAM_ENVIRONMENT must be 'production' or 'development'.")
        return cls(env, name == "production")

    def end(self) -> None:
        """All has been read: whatever is wrong is said now. Raises ImproperlyConfigured."""
        if self.wrong:
            refuse("\n".join(dict.fromkeys(self.wrong)))

    def text(self, name: str, what: str) -> str:
        """A value that must be there."""
        value: str = self.env.str(name, "")
        return value or refuse(f"{name} is not set: {what}")


def split(name: str, url: str) -> SplitResult:
    """The parts of an address."""
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
    except ValueError:
        refuse(f"{name} is no address: look at its host and port.")
    return parts


def is_https(name: str, url: str) -> bool:
    """Whether this is an address of an encrypted page or service."""
    parts = split(name, url)
    return parts.scheme == "https" and bool(parts.hostname)
