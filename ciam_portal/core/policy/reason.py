"""Codes that people read as words: what is chosen from a list, and the base of every policy's reasons."""

from enum import StrEnum
from typing import Self


class Worded(StrEnum):
    """Members are ``CODE = "code", "The words."``; ``Kind("code")`` finds one, or raises ValueError."""

    words: str

    def __new__(cls, code: str, words: str = "") -> Self:
        """A code with its words."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.words = words
        return member


class ReasonBase(Worded):
    """Why not (yet). ``words`` is the one sentence that the customer reads."""
