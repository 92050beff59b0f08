"""What an answer to a machine rests on, noted while it is made: then it can be given again (``ciam_portal.repeats``).

Only what is read by a prepared statement can be asked about anew, so an answer that ran any other is not repeated; nor
is one whose view did not say ``may_repeat``: it may have used something up.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_READ_NOTHING = ("SAVEPOINT", "RELEASE")


@dataclass(slots=True)
class Grounds:
    """``reads``: a statement that says which versions of rows it finds, its values, and what it said.

    ``made``: what makes the body anew, where each must have its own.
    """

    may_repeat: bool = False
    reads: list[tuple[str, Sequence[Any], str]] = field(default_factory=list)
    uses: list[Callable[[datetime], None]] = field(default_factory=list)
    asks: list[Callable[[Mapping[str, Any]], bool]] = field(default_factory=list)
    made: Callable[[datetime], bytes] | None = None
    statements: int = 0
    written: int = 0

    @property
    def are_known(self) -> bool:
        """Whether there is nothing else that it rests on."""
        return self.may_repeat and self.statements == len(self.reads) + self.written

    def counted(self, execute: Callable[..., Any], statement: str, *asked: Any) -> Any:  # noqa: ANN401  (Django's)
        """A wrapper for the statements of a connection."""
        self.statements += not statement.startswith(_READ_NOTHING)
        return execute(statement, *asked)


noting: ContextVar[Grounds | None] = ContextVar("grounds", default=None)


def may_repeat(*asks: Callable[[Mapping[str, Any]], bool]) -> None:
    """Said by a view: the same request may be answered the same, unless one of these says no.

    Each is asked every time, last of all, about the request as WSGI knows it.
    """
    if grounds := noting.get():
        grounds.may_repeat = True
        grounds.asks.extend(asks)


def uses(again: Callable[[datetime], None], *, statements: int) -> None:
    """What was written for this answer, by so many statements, and how it is counted when the answer is given again."""
    if grounds := noting.get():
        grounds.written += statements
        grounds.uses.append(again)


def makes(anew: Callable[[datetime], bytes], *, statements: int) -> None:
    """What was written for this answer, by so many statements, is for it alone: another body is made each time."""
    if grounds := noting.get():
        grounds.written += statements
        grounds.made = anew
