"""The base of every policy's reasons: a stable code, and the one sentence that the customer reads."""

from enum import StrEnum
from typing import Self


class ReasonBase(StrEnum):
    """Why not (yet). Members are ``CODE = "code", "The sentence."``; ``words`` is the sentence."""

    words: str

    def __new__(cls, value: str, words: str) -> Self:
        """A code with its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        return member
