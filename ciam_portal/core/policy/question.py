"""The stable names of questions: what a stored decision keeps, and by what it is found to be asked again.

A name outlives the module and the function that answer it. Data only: whoever asks still names the function itself.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from ciam_portal.core.policy.decision import Decision

Asked = TypeVar("Asked", bound=Callable[..., Decision])

_BY_NAME: dict[str, Callable[..., Decision]] = {}
KNOWN: Mapping[str, Callable[..., Decision]] = MappingProxyType(_BY_NAME)
_NAMES: dict[Any, str] = {}


def question(name: str) -> Callable[[Asked], Asked]:
    """Give a question its name, ``theme.question``, for good. Raises ValueError if another one has it."""

    def give(asked: Asked) -> Asked:
        if name in _BY_NAME:
            message = f"Two questions are called {name}."
            raise ValueError(message)
        _BY_NAME[name], _NAMES[asked] = asked, name
        return asked

    return give


def name_of(asked: Callable[..., Decision]) -> str:
    """The name of a question. Raises KeyError if it has none, so nothing is decided that could not be asked again."""
    return _NAMES[asked]
